"""Worlds to work in: a Resolve with a project and a timeline that an editor might have."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .fake import FakeResolve
from .state import Bin, Edit, Film, Lane, Mark, Medium, Piece, Source
from .traps import Traps

SHOTS = (48, 60, 36, 72, 24, 50, 46)


def made(
    traps: Traps | None = None,
    *,
    fps: Fraction | int = 24,
    start: int | None = None,
    drop_frame: bool = False,
    project_fps: Fraction | int | None = None,
    shots: tuple[int, ...] = SHOTS,
    media: tuple[str, ...] = (),
    extras: bool = True,
    audio: tuple[str, ...] = ("stereo", "stereo"),
) -> FakeResolve:
    """A project "a film" with the timeline "cut" open: its shots end to end on Video 1, with sound linked to
    them on Audio 1, media with the timecode 01:00:00:00.

    `project_fps` where the timeline has a rate of its own. `media` silent ones for the shots, in turn.
    `extras`: a second timeline, a bin that is current, a dissolve, a title, a locked track with music, and
    markers.
    """
    fake = FakeResolve(traps)
    fps = Fraction(fps)
    film = fake.film = fake.new_film("a film", Fraction(project_fps if project_fps is not None else fps))
    rushes = Bin(fake.ident("bin"), "rushes")
    film.root.bins.append(rushes)
    if extras:
        fake.new_edit(film, "an older cut", fps=fps)
    edit = fake.new_edit(film, "cut", fps=fps, start=start, drop_frame=drop_frame, video=2, audio=audio)
    at = 0
    for index, frames in enumerate(shots):
        path = media[index % len(media)] if media else f"/rushes/shot{index + 1}.mov"
        heard = not media
        at += shot(fake, film, edit, rushes, path, at, frames, source_in=12 if heard else 0, sound=heard)
    if extras:
        _extras(fake, film, edit, shots)
    return fake


def shot(
    fake: FakeResolve,
    film: Film,
    edit: Edit,
    where: Bin,
    path: str,
    at: int,
    frames: int,
    *,
    source_in: int = 0,
    speed: Fraction | int = 1,
    sound: bool = True,
) -> int:
    """A picture with its sound at record frame `at`; how many frames it takes. Negative `speed` runs
    backwards."""
    medium = fake.medium(path) or fake.know(
        Medium(
            path,
            fps=edit.fps,
            frames=source_in + int(abs(Fraction(speed)) * frames) + 24,
            timecode=_hour(edit.fps),
            channels=2 if sound else 0,
        )
    )
    source = fake.take_in(film, where, medium.path)
    assert source is not None
    span = Fraction(speed) * frames
    first = Fraction(source_in) if span >= 0 else source_in - span
    made_pieces = []
    lanes = [edit.of_kind("video")[0], *(edit.of_kind("audio")[:1] if medium.channels and sound else [])]
    for lane in lanes:
        piece = put(fake, lane, source, edit.start + at, frames, first, first + span)
        piece.sources_unknown = fake.traps.zero_sources
        made_pieces.append(piece)
    for one in made_pieces:
        one.links = [other.ident for other in made_pieces if other is not one]
    return frames


def _hour(fps: Fraction) -> int:
    return 3600 * -(-fps.numerator // fps.denominator)


def put(
    fake: FakeResolve, lane: Lane, source: Source | None, start: int, frames: int, *span: Any, **given: Any
) -> Piece:
    """An item on the track; `start` absolute, `span` the source frames."""
    first, last = span or (0, frames)
    name = given.pop("name", source.name if source else "")
    piece = Piece(fake.ident("item"), name, start, frames, source, Fraction(first), Fraction(last), **given)
    lane.pieces.append(piece)
    return piece


def dissolve(fake: FakeResolve, edit: Edit, lane: Lane, cut: int, frames: int) -> Piece:
    """A transition that straddles the cut at record frame `cut`."""
    start = edit.start + cut - frames // 2
    return put(fake, lane, None, start, frames, name="Cross Dissolve", kind="transition")


def title(fake: FakeResolve, edit: Edit, lane: Lane, at: int, frames: int) -> Piece:
    return put(fake, lane, None, edit.start + at, frames, name="Text+", kind="generator")


def _extras(fake: FakeResolve, film: Film, edit: Edit, shots: tuple[int, ...]) -> None:
    pictures, titles = edit.of_kind("video")[:2]
    whole = sum(shots)
    if len(shots) > 1:
        dissolve(fake, edit, pictures, shots[0], 8)
    title(fake, edit, titles, 6, min(24, whole - 6))
    music = Bin(fake.ident("bin"), "music")
    film.root.bins.append(music)
    film.current_bin = music
    song = fake.know(Medium("/music/song.wav", samples=48_000 * 600, channels=2))
    source = fake.take_in(film, music, song.path)
    if len(edit.of_kind("audio")) > 1 and source is not None:
        lane = edit.of_kind("audio")[1]
        put(fake, lane, source, edit.start + 10, whole - 20, 0, Fraction(whole - 20) / edit.fps * source.fps)
        lane.locked, lane.name = True, "Music"
    edit.marks.append(Mark(shots[0], "Red", "must: door", "it shuts", 1))
    edit.marks.append(Mark(min(whole - 1, shots[0] + 20), "Blue", "a note", "look at this", 12))
    edit.playhead = min(30, whole - 1)
