"""Plans without an engine: strong hits are bar lines, always, unless two are nearer than half a second."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hitpoint.engine.types import Cue, Cut, Hit, Picture, Plan, Score, Section, SpottedCue, TempoSegment
from hitpoint.engine.wishes import Wishes, wishes_of
from hitpoint.ui.ports import Choice, HitRow, Planned, Word
from hitpoint.ui.session import Controls

_SAME_FRAMES = 3
_BAR_SAMPLES = 2 * 48_000
_NEAREST_SAMPLES = 24_000
_KEYS = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")


def fake_picture(cue: Cue) -> Picture:
    """Motion rises over the cue; every shot's beginning is a cut, each third one a strong one."""
    frames = cue.frames
    rising = tuple(index / frames for index in range(frames))
    half = (0.5,) * frames
    cuts = tuple(
        Cut(shot.in_frame, 0.9 if index % 3 == 0 else 0.3)
        for index, shot in enumerate(cue.shots)
        if shot.in_frame > cue.in_frame
    )
    return Picture(cue.rate, cue.in_frame, rising, half, half, half, half, cuts)


def fake_planned(cue: Cue, picture: Picture, controls: Controls, seed: int, *, full: bool) -> Planned:
    wishes = wishes_of(cue)
    hits = tuple(sorted(_hits(cue, picture, wishes), key=lambda hit: hit.frame))
    joints = _joints(cue, hits)
    segments = tuple(_segment(start, end) for start, end in pairwise(joints))
    bars = sum(len(segment.beats_per_bar) for segment in segments)
    plan = Plan(
        cue.name,
        cue.samples,
        hits,
        segments,
        tuple(_sections(bars)),
        tuple((index + 1) / bars for index in range(bars)),
        ending_bar=bars - 1,
    )
    tonic = 2 if wishes.tonic is None else wishes.tonic
    tempo = wishes.tempo_bpm or (90.0, 126.0)
    spotting = (SpottedCue(cue.name, cue.in_frame, cue.out_frame_exclusive),)
    style = "cinematic" if controls.style == "auto" else controls.style
    score = Score(seed, style, tonic, tempo, (), {}, spotting)
    rows = tuple(_row(cue, plan, hit, wishes) for hit in hits)
    return Planned(score, plan, rows, _sentence(plan, tonic, wishes, controls), full)


def _hits(cue: Cue, picture: Picture, wishes: Wishes) -> Iterable[Hit]:
    spoken = [wish.frame for wish in wishes.hits]
    for cut in picture.cuts:
        free = all(abs(cut.frame - frame) > _SAME_FRAMES for frame in spoken)
        if free and cut.frame not in wishes.removed:
            yield Hit(cut.frame, cue.sample(cut.frame), "would", cut.strength)
    for marker in cue.markers:
        if marker.hit is not None and marker.in_frame not in (*spoken, *wishes.removed):
            yield Hit(marker.in_frame, cue.sample(marker.in_frame), marker.hit, 1.0, marker.name)
    for wish in wishes.hits:
        if cue.in_frame <= wish.frame < cue.out_frame_exclusive:
            yield Hit(wish.frame, cue.sample(wish.frame), wish.kind, wish.strength, wish.name)


def _joints(cue: Cue, hits: Iterable[Hit]) -> list[int]:
    joints = [0]
    for hit in hits:
        far = cue.samples - hit.sample >= _NEAREST_SAMPLES and hit.sample - joints[-1] >= _NEAREST_SAMPLES
        if hit.strong and far:
            joints.append(hit.sample)
    return [*joints, cue.samples]


def _segment(start: int, end: int) -> TempoSegment:
    bars = max(1, round((end - start) / _BAR_SAMPLES))
    return TempoSegment(start, end, (4,) * bars)


def _sections(bars: int) -> Iterable[Section]:
    parts = min(3, bars)
    for index, label in zip(range(parts), "ABA", strict=False):
        yield Section(label, bars * index // parts, bars * (index + 1) // parts, (index + 1) / parts, 0.4)


def _row(cue: Cue, plan: Plan, hit: Hit, wishes: Wishes) -> HitRow:
    late = min((downbeat - hit.sample for downbeat in plan.downbeats), key=abs)
    error = float(late * cue.rate.fps / 48_000)
    from_wish = any(wish.frame == hit.frame for wish in wishes.hits)
    return HitRow(hit.frame, hit.kind, hit.strength, hit.name, hit.strong, abs(error) < 1, error, from_wish)


def _sentence(plan: Plan, tonic: int, wishes: Wishes, controls: Controls) -> tuple[Word, ...]:
    bpm = round(sum(segment.bpm for segment in plan.segments) / len(plan.segments))
    mode = wishes.mode or "minor"
    return (
        Word("mood", controls.mood or "tense", (("tense", Choice(mood="")), ("calm", Choice(mood="calm")))),
        Word(
            "course",
            "building",
            (
                ("building", Choice(course=())),
                ("falling", Choice(course=(1.0, 0.5, 0.0))),
                ("steady", Choice(course=(0.5, 0.5))),
            ),
        ),
        Word(
            "tempo",
            f"{bpm} bpm",
            (("as the style is", Choice(plain=True)), ("slower", Choice(tempo_bpm=(70.0, 84.0)))),
        ),
        Word(
            "key",
            f"{_KEYS[tonic]} {mode}",
            (("as it is", Choice(plain=True)), ("F major", Choice(tonic=5, mode="major"))),
        ),
    )
