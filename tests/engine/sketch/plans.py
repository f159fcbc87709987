"""Plans and requests made by hand, so that the composer is judged alone."""

from __future__ import annotations

from collections.abc import Sequence

from hitpoint.engine.generator import TakeRequest
from hitpoint.engine.plan.theme import make_theme
from hitpoint.engine.style import load_style
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import (
    Cue,
    Hit,
    HitKind,
    Picture,
    Plan,
    Score,
    Section,
    Shot,
    TempoSegment,
)

SECOND = 48_000
# (label, bars, energy, valence)
SectionSketch = tuple[str, int, float, float]

FILM: tuple[SectionSketch, ...] = (
    ("A", 6, 0.25, 0.4),
    ("B", 8, 0.5, 0.55),
    ("A", 6, 0.35, 0.4),
    ("C", 8, 0.85, 0.7),
    ("A", 4, 0.45, 0.45),
)


def make_plan(
    sections: Sequence[SectionSketch] = FILM,
    *,
    bpm: float = 104.0,
    hit_bars: Sequence[int] = (6, 10, 14, 20, 24, 28),
    must_bars: Sequence[int] = (20,),
    off_ms: float = 0.0,
    odd_bars: dict[int, int] | None = None,
    speech_s: Sequence[tuple[float, float]] = (),
    avoid_bars: Sequence[int] = (),
    name: str = "cue",
) -> Plan:
    """Constant tempo; hits on the downbeats of `hit_bars`, moved by `off_ms`; the last bar is the ending."""
    odd = odd_bars or {}
    beats = [odd.get(bar, 4) for bar in range(sum(section[1] for section in sections))]
    samples = round(sum(beats) * 60 / bpm * SECOND)
    segment = TempoSegment(0, samples, tuple(beats))
    downbeats = [segment.beat_sample(sum(beats[:bar])) for bar in range(len(beats))]
    off = round(off_ms * SECOND / 1000)

    def hit(bar: int, kind: HitKind) -> Hit:
        sample = downbeats[bar] + off
        return Hit(round(sample * 24 / SECOND), sample, kind, 0.8, f"bar {bar}")

    kinds: dict[int, HitKind] = dict.fromkeys(hit_bars, "would")
    kinds.update(dict.fromkeys(must_bars, "must"))
    kinds.update(dict.fromkeys(avoid_bars, "avoid"))
    out: list[Section] = []
    energy: list[float] = []
    for label, bars, force, valence in sections:
        out.append(Section(label, len(energy), len(energy) + bars, force, valence))
        energy += [force] * bars
    return Plan(
        cue=name,
        samples=samples,
        hits=tuple(hit(bar, kinds[bar]) for bar in sorted(kinds) if bar < len(beats)),
        segments=(segment,),
        sections=tuple(out),
        energy=tuple(energy),
        ending_bar=len(beats) - 1,
        speech=tuple((round(a * SECOND), round(b * SECOND)) for a, b in speech_s),
    )


def make_request(plan: Plan, *, style: str = "cinematic", seed: int = 1, tonic: int = 2) -> TakeRequest:
    rate = Rate(24)
    frames = -(-plan.samples * 24 // SECOND)
    cue = Cue(plan.cue, rate, 0, frames, (Shot("shot", 0, frames, "gap"),))
    curve = (0.5,) * frames
    return TakeRequest(
        cue=cue,
        picture=Picture(rate, 0, curve, curve, curve, curve, curve, ()),
        score=Score(seed, style, tonic, load_style(style).tempo_bpm, (make_theme(seed),), {}),
        plan=plan,
        handle_frames=(0, 48),
    )
