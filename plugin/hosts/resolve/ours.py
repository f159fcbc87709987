"""What Hitpoint has put into a timeline, as it was when it lay there: noted in our state folder, since
Resolve keeps nothing of ours with a clip. Without the note a clip of ours still counts as ours by its bin,
and as worked on, so that nothing is taken away.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from ....engine.errors import InputError
from ....engine.paths import state_dir
from ....engine.serial import from_json, pretty
from ....engine.store.durable import durable_write
from ....engine.types import Placement
from ....export.earlier import base_and_version
from ....export.timeline import track_name
from ..base import HostError, Landed
from ..settle import EarlierClip, EarlierTrack
from .frames import Clock
from .items import Item, Lane, Track, fps_of, same_path
from .opened import Opened

_STEM = track_name("")


@dataclass(frozen=True, slots=True)
class PlacedClip:
    """A clip of ours as it read back. `path` is the medium's, which may be a copy of the placement's file;
    `track` is the name; `source` as Resolve tells it, `source_first` as it was asked for."""

    ident: str
    job: str
    take: str
    track: str
    placement: Placement
    path: str
    in_frame: int
    out_frame_exclusive: int
    source: tuple[float, float] | None
    source_first: int


@dataclass(frozen=True, slots=True)
class PlacedMarker:
    job: str
    ident: str
    frame: int
    name: str


@dataclass(frozen=True, slots=True)
class PlacedTrack:
    name: str
    stem: str


@dataclass(frozen=True, slots=True)
class Placed:
    """All that lies on one timeline. `landed` by job: what was told when it was placed."""

    SCHEMA: ClassVar[str] = "hitpoint.resolve-placed.1"

    timeline: str
    clips: tuple[PlacedClip, ...] = ()
    tracks: tuple[PlacedTrack, ...] = ()
    markers: tuple[PlacedMarker, ...] = ()
    landed: Mapping[str, Landed] = field(default_factory=dict)

    def of_job(self, job: str) -> list[PlacedClip]:
        return [clip for clip in self.clips if clip.job == job]


def note_folder() -> Path:
    return state_dir() / "hosts" / "resolve"


def _note(timeline: str) -> Path:
    return note_folder() / f"placed-{hashlib.sha256(timeline.encode()).hexdigest()[:24]}.json"


def noted(timeline: str) -> Placed:
    """HostError for a note that cannot be read."""
    path = _note(timeline)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Placed(timeline)
    except OSError as error:
        raise HostError(f"'{path}' cannot be read ({error.strerror}): check its permissions") from error
    try:
        return from_json(Placed, json.loads(data))
    except (ValueError, InputError) as error:
        raise HostError(
            f"'{path}', which says what Hitpoint placed, cannot be read: move it away, then what lies there "
            "stays as it is"
        ) from error


def note(placed: Placed) -> None:
    """OutputError where the disk refuses."""
    durable_write(_note(placed.timeline), pretty(placed))


@dataclass(frozen=True, slots=True)
class OurClip:
    """A clip of ours as it lies there now. `known`: as it was placed; None for a copy of one, for half of one
    that was cut in two, and where nothing is noted. `plain`: a new clip from `source_first` on would sound
    just so."""

    item: Item
    known: PlacedClip | None
    job: str
    take: str
    touched: bool
    placement: Placement
    plain: bool
    source_first: int = 0


@dataclass(frozen=True, slots=True)
class OurTrack:
    """A track that we made, its items, and those of them that are ours."""

    track: Track
    stem: str
    touched: bool
    clips: tuple[OurClip, ...]

    def earlier(self) -> EarlierTrack:
        return EarlierTrack(
            key=str(self.track.index),
            name=self.track.name,
            stem=self.stem,
            enabled=self.track.enabled,
            touched=self.touched,
            clips=tuple(
                EarlierClip(one.item.ident, one.placement, one.touched, one.job, one.plain)
                for one in self.clips
            ),
        )


@dataclass(frozen=True, slots=True)
class Ours:
    """Of one timeline, at one moment. `strays` lie on tracks of the editor's."""

    tracks: tuple[OurTrack, ...]
    strays: tuple[OurClip, ...] = ()

    def clips(self) -> Iterable[OurClip]:
        for track in self.tracks:
            yield from track.clips
        yield from self.strays

    def idents(self) -> set[str]:
        return {one.item.ident for one in self.clips()}

    def by_ident(self) -> dict[str, OurClip]:
        return {one.item.ident: one for one in self.clips()}


# Whether the level or the fades of the item on that audio track, at that frame, are as they were made; None
# where nobody can say.
Levels = Mapping[tuple[int, int], bool]


def may_hold(placed: Placed, names: Collection[str]) -> Callable[[Track], bool]:
    """Which tracks of a timeline with audio tracks of these names may hold music of ours."""
    known = {one.name for one in placed.tracks}
    renamed = not known <= set(names)
    return lambda track: (
        track.kind == "audio" and (renamed or track.name in known or track.name.startswith(_STEM))
    )


def found(
    opened: Opened,
    lanes: Sequence[Lane],
    placed: Placed,
    in_our_bin: Iterable[str],
    levels: Levels | None = None,
) -> Ours:
    """What of ours there is among `lanes`. `in_our_bin`: paths of the media there. Without `levels`, only
    where things lie is looked at; with them, what is not among them counts as worked on."""
    lanes = [(track, lane) for track, lane in lanes if track.kind == "audio"]
    names = {track.name for track, _ in lanes}
    by_ident = {clip.ident: clip for clip in placed.clips}
    here = {item.ident for _, lane in lanes for item in lane}
    # A number that is another since the project was opened again: told by the place instead.
    lost = [clip for clip in placed.clips if clip.ident not in here]
    paths = [clip.path for clip in placed.clips]
    bin_paths = list(in_our_bin)
    our_tracks: list[OurTrack] = []
    strays: list[OurClip] = []
    for track, lane in lanes:
        clips: list[OurClip] = []
        for item in lane:
            known = by_ident.get(item.ident)
            if known is None:
                known = next((one for one in lost if _is_at(one, item, track)), None)
                if known is not None:
                    lost.remove(known)
            on_stem_track = track.name.startswith(_STEM)
            if (
                known is None
                and not any(same_path(item.path, path) for path in paths)
                and not (on_stem_track and any(same_path(item.path, path) for path in bin_paths))
            ):
                continue
            clips.append(_our_clip(item, known, placed, track, opened.clock, levels))
        stem = _stem(track, lane, clips, placed, names)
        if stem is None:
            strays.extend(clips)
            continue
        known_track = any(one.name == track.name for one in placed.tracks)
        touched = track.locked or not known_track or len(clips) < len(lane)
        our_tracks.append(OurTrack(track, stem, touched, tuple(clips)))
    return Ours(tuple(our_tracks), tuple(strays))


def _is_at(clip: PlacedClip, item: Item, track: Track) -> bool:
    return (
        clip.track == track.name
        and same_path(clip.path, item.path)
        and (clip.in_frame, clip.out_frame_exclusive) == (item.in_frame, item.out_frame_exclusive)
        and clip.source == item.source
    )


def _our_clip(
    item: Item,
    known: PlacedClip | None,
    placed: Placed,
    track: Track,
    clock: Clock,
    levels: Levels | None,
) -> OurClip:
    level_kept = levels is None or levels.get((track.index, item.in_frame), False)
    plain = level_kept and item.enabled
    if known is None:
        like = next((one for one in placed.clips if same_path(one.path, item.path)), None)
        if like is None:
            return OurClip(item, None, "", "", True, _unknown(item, track), False)
        now = _now(item, like, clock)
        return OurClip(item, None, like.job, like.take, True, now, plain, _first(item, like))
    moved = not _is_at(known, item, track)
    placement = _now(item, known, clock) if moved else known.placement
    touched = moved or not plain
    return OurClip(item, known, known.job, known.take, touched, placement, plain, _first(item, known))


def _first(item: Item, known: PlacedClip) -> int:
    if not item.source or not known.source:
        return known.source_first
    return known.source_first + round(item.source[0] - known.source[0])


def _now(item: Item, known: PlacedClip, clock: Clock) -> Placement:
    """What of the file it plays now, and where."""
    shift = 0
    if item.source and known.source and item.medium is not None:
        shift = round((item.source[0] - known.source[0]) / fps_of(item.medium).fps * clock.rate.fps)
    return replace(
        known.placement,
        in_frame=item.in_frame,
        out_frame_exclusive=item.out_frame_exclusive,
        source_in_frame=known.placement.source_in_frame + shift,
    )


def _unknown(item: Item, track: Track) -> Placement:
    return Placement(
        track=track.name,
        cue="",
        stem=_stem_of_name(track.name),
        path=item.path,
        sha256="",
        in_frame=item.in_frame,
        out_frame_exclusive=item.out_frame_exclusive,
        source_in_frame=0,
        available_frames=item.frames,
    )


def _stem(
    track: Track, lane: list[Item], clips: list[OurClip], placed: Placed, names: set[str]
) -> str | None:
    """The stem that a track of ours is for; None for one of the editor's. One that was given another name is
    known by holding nothing but what lay together on a track that is gone."""
    for one in placed.tracks:
        if one.name == track.name:
            return one.stem
    if track.name.startswith(_STEM) and clips:
        return _stem_of_name(track.name)
    before = {one.known.track for one in clips if one.known}
    if clips and len(clips) == len(lane) and len(before) == 1 and not before & names:
        return clips[0].placement.stem
    return None


def _stem_of_name(name: str) -> str:
    return base_and_version(name)[0].removeprefix(_STEM)
