"""Timelines by chance, and music of clicks to place on them. Everything comes from the seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path

from fakes.resolve.fake import FakeResolve
from fakes.resolve.made import dissolve, made, put, shot, title
from fakes.resolve.render import RATE, Heard
from fakes.resolve.sound import click_wav, onsets, samples_of
from fakes.resolve.state import Bin, Edit, Mark, Medium
from fakes.resolve.traps import Traps

from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Placement
from hitpoint.plugin.hosts.base import HostMarker, Landing

RATES = (Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001))
STEMS = ("drums", "bass", "harmony", "melody", "pads")
# What a right adapter overcomes, some at a time. Those that turn a fact off make the fake forgiving.
OVERCOME: tuple[dict[str, object], ...] = (
    {"handles_dead": True},
    {"rate_as": "df"},
    {"rate_as": "number"},
    {"flaky_false": frozenset({"DeleteClips"})},
    {"flaky_false": frozenset({"SaveProject", "SetCurrentFolder"})},
    {"flaky_false": frozenset({"SetTrackName", "AddTrack", "AppendToTimeline"})},
    {"flaky_false": frozenset({"AddMarker", "SetCurrentTimeline"})},
    {"wav_always_24": True},
    {"version": "21.0.3.8"},
    {"version": "18.6.2.2"},
    {"edition": "free"},
    {"mono_default": False},
    {"marker_floats": False},
    {"unset_marks_omitted": False},
    {"hasattr_lies": False},
    {"transitions_listed": False},
    {"generators_listed": False},
    {"bad_path_shortens": False},
    {"index_appends": False},
    {"lengths_floored": False},
    {"wav_rate_frozen": False},
    {"zero_sources": True},
    {"modal_at_call": 40, "modal_s": 0.001},
    {"dropped_at_append": 1},
    {"dropped_at_append": 2},
)
# What ends in a refusal, or in the middle.
BREAKS: tuple[dict[str, object], ...] = (
    {"dropped_at_append": 1, "dropped_appends": 10**6},
    {"dropped_at_append": 2, "dropped_appends": 10**6},
    {"vanishing": 1},
    {"vanishing": 10**6},
    {"none_from": frozenset({"AddTrack"})},
    {"none_from": frozenset({"ImportMedia"})},
    {"none_from": frozenset({"AppendToTimeline"})},
    {"none_from": frozenset({"SetTrackName"})},
    {"none_from": frozenset({"SaveProject"})},
    {"timeline_switched_at_call": -1},
    {"project_switched_at_call": -1},
    {"killed_at_call": -1},
    {"killed_at_call": -1, "killed_after": True},
)


@dataclass(frozen=True)
class World:
    """`expected`: for every placement the samples from the timeline's start at which its clicks sound.
    `breaks`: what goes wrong, with calls still to be chosen (-1)."""

    seed: int
    fake: FakeResolve
    edit: Edit
    landing: Landing
    expected: dict[tuple[str, int], tuple[int, ...]]
    breaks: dict[str, object] | None

    @property
    def counts_otherwise(self) -> bool:
        """Whether sound may count at another rate than the timeline's."""
        return self.edit.fps != self.fake.films[0].fps or self.fake.traps.wav_always_24


def random_world(seed: int, sounds: Path, *, plain: bool = False) -> World:
    """`plain`: no faults, and one rate for all."""
    chance = random.Random(seed)
    fps = RATES[seed % len(RATES)]
    traps = Traps()
    for one in chance.sample(OVERCOME, 0 if plain else chance.randint(0, 3)):
        traps = replace(traps, **one)  # type: ignore[arg-type]
    fake = FakeResolve(traps)
    edit = _edit(fake, chance, fps)
    if plain:
        fake.films[0].fps = fps
    landing, expected = music(chance, edit, sounds)
    breaks = chance.choice(BREAKS) if not plain and chance.random() < 0.4 else None
    return World(seed, fake, edit, landing, expected, breaks)


def usual_world(traps: Traps, fps: Fraction, sounds: Path) -> World:
    """An everyday cut from 01:00:00:00, and two cues of two stems for it."""
    fake = made(traps, fps=fps)
    fake.new_film("another project", timelines=("Timeline 1",))
    landing, expected = _landing(fake.edit, [(50, 130), (140, 225)], STEMS[:2], ((12, 24), (48, 0)), sounds)
    return World(0, fake, fake.edit, landing, expected, None)


def _start(chance: random.Random, fps: Fraction) -> tuple[int, bool]:
    base = -(-fps.numerator // fps.denominator)
    hour = 3600 * base
    if fps.denominator == 1001 and base % 30 == 0 and chance.random() < 0.3:
        return hour - 108 * base // 30, True
    return chance.choice((hour, hour, hour, 0, 10 * hour, hour - 7, chance.randrange(23 * hour))), False


def _edit(fake: FakeResolve, chance: random.Random, fps: Fraction) -> Edit:
    """A cut with all that lies on tracks: gaps, speeds, dissolves, titles, locked music, markers."""
    project_fps = chance.choice((fps, fps, fps, *RATES))
    film = fake.film = fake.new_film("a film", project_fps)
    rushes = Bin(fake.ident("bin"), "rushes")
    film.root.bins += [rushes, Bin(fake.ident("bin"), "music")]
    film.current_bin = chance.choice([film.root, *film.root.bins])
    fake.new_film("another project", timelines=("Timeline 1",))
    fake.new_edit(film, "an older cut", fps=chance.choice(RATES))
    start, drop_frame = _start(chance, fps)
    audio = tuple(chance.choice(("mono", "stereo", "5.1")) for _ in range(chance.randint(1, 3)))
    edit = fake.new_edit(film, "cut", fps=fps, start=start, drop_frame=drop_frame, video=2, audio=audio)
    at = 0
    for number in range(chance.randint(2, 9)):
        at += chance.choice((0, 0, 0, 17))
        speed = chance.choice((1, 1, 1, 2, Fraction(1, 2), -1))
        frames = chance.randint(12, 120)
        path = f"/rushes/shot{chance.randint(1, 4)}-{number}.mov"
        at += shot(fake, film, edit, rushes, path, at, frames, source_in=chance.randint(0, 30), speed=speed)
        if number and chance.random() < 0.3:
            dissolve(fake, edit, edit.of_kind("video")[0], at - frames, 2 * chance.randint(1, 5))
    if chance.random() < 0.5:
        title(fake, edit, edit.of_kind("video")[1], chance.randrange(at), chance.randint(5, 40))
    if len(audio) > 1:
        song = fake.know(Medium("/music/song.wav", samples=RATE * 900, channels=2))
        lane = edit.of_kind("audio")[-1]
        source = fake.take_in(film, film.root.bins[1], song.path)
        assert source is not None
        put(fake, lane, source, start + at // 4, at // 2, 0, Fraction(at // 2) / fps * source.fps)
        lane.locked, lane.name = chance.random() < 0.5, chance.choice(("Music", "Stem: drums", lane.name))
        lane.enabled = chance.random() < 0.8
    for frame in sorted(chance.sample(range(at), chance.randint(0, 5))):
        edit.marks.append(Mark(frame, chance.choice(("Red", "Blue")), f"note {frame}", "seen", 1))
    if chance.random() < 0.3:
        edit.mark_in, edit.mark_out = at // 5, at // 2
    edit.playhead = chance.randrange(at)
    return edit


def music(
    chance: random.Random, edit: Edit, sounds: Path
) -> tuple[Landing, dict[tuple[str, int], tuple[int, ...]]]:
    """One to three cues of one to three stems, and where their clicks are to be heard."""
    whole = edit.end - edit.start
    borders = sorted(chance.sample(range(whole), 2 * chance.randint(1, min(3, whole // 4))))
    cues = [
        (first, last) for first, last in zip(borders[::2], borders[1::2], strict=True) if last - first > 3
    ]
    cues = cues or [(0, min(whole, 150))]
    handles = [(chance.choice((0, 12, 48)), chance.choice((0, 24))) for _ in cues]
    return _landing(edit, cues, chance.sample(STEMS, chance.randint(1, 3)), handles, sounds)


def _landing(
    edit: Edit,
    cues: Sequence[tuple[int, int]],
    stems: Sequence[str],
    handles: Sequence[tuple[int, int]],
    sounds: Path,
) -> tuple[Landing, dict[tuple[str, int], tuple[int, ...]]]:
    rate = Rate(edit.fps.numerator, edit.fps.denominator)
    placements, expected = [], {}
    for number, ((first, last), (head, tail)) in enumerate(zip(cues, handles, strict=True), 1):
        for stem in stems:
            path, clicks = _clicks(sounds, rate, head, last - first, tail, STEMS.index(stem))
            placements.append(
                Placement(
                    f"Stem: {stem}", f"1m{number}", stem, str(path), "0" * 64, first, last, head,
                    head + last - first + tail,
                )
            )  # fmt: skip
            enters = rate.sample(head)
            expected[f"Stem: {stem}", first] = tuple(rate.sample(first) + click - enters for click in clicks)
    marks = [
        HostMarker(f"1m{number}@{first}", first, first + 1, "must: door", "it shuts", "RED")
        for number, (first, _) in enumerate(cues, 1)
    ]
    return Landing(f"job{edit.ident}", "sketch, seed 7", rate, tuple(placements), tuple(marks)), expected


def _clicks(
    sounds: Path, rate: Rate, head: int, frames: int, tail: int, stem: int
) -> tuple[Path, tuple[int, ...]]:
    """A file with clicks before, in and behind the cue, and those that the cue lets be heard. Files of equal
    length are shared."""
    first, last = rate.sample(head), rate.sample(head + frames)
    clicks = (first + 400 + 100 * stem, (first + last) // 2, last - 300 - 100 * stem)
    others = [first // 2] if head else []
    path = sounds / f"{rate.num}-{rate.den}-{head}-{frames}-{tail}-{stem}.wav"
    if not path.exists():
        click_wav(path, rate.sample(head + frames + tail), [*others, *clicks], 0)
    return path, tuple(sorted(set(clicks)))


@cache
def _clicks_in(path: str, size: int) -> tuple[int, ...]:
    return tuple(onsets(samples_of(Path(path)), dead_s=0))


def heard_clicks(one: Heard) -> tuple[int, ...]:
    """Samples from the timeline's start at which clicks of the item sound."""
    end = one.source_sample + one.samples
    clicks = _clicks_in(one.path, Path(one.path).stat().st_size)
    return tuple(one.sample + at - one.source_sample for at in clicks if one.source_sample <= at < end)
