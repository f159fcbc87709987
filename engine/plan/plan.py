"""The Plan of one cue: hits, tempo map, sections, energy. Made once, given to every generator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import Problem
from ..style import HALF_TIME, load_style
from ..timebase import SAMPLE_RATE, format_timecode
from ..types import Cue, Hit, Picture, Plan, Score
from .energy import bar_energy, bar_valence
from .hits import settle, spot
from .like import followed_energy, likeness_of
from .mood import lift, mood_of
from .sections import divide
from .tempo import TOLERANCE_SAMPLES, TempoLimits, TempoMap, fit_tempo

# Where strong hits crowd, the base tempo may rise to this, whatever the style likes: the feel is then half
# time.
_FASTEST_BASE_BPM = 168.0
# The last chord gets at least this long before the cue ends.
_ENDING_S = 1.3


def make_plan(cue: Cue, picture: Picture, score: Score) -> Plan:
    """Deterministic: nothing but the three arguments decides it."""
    hits = spot(cue, picture)
    followed, mood = likeness_of(score), mood_of(score)
    tempo_map = _tempo_map(cue, hits, score, near=followed is not None and followed.bpm is not None)
    segments = tempo_map.segments
    hits = settle(cue, picture, hits, tempo_map.downbeats())
    bare = Plan(cue.name, cue.samples, hits, segments, (), (), 0)
    bars = bare.bars
    energy, valence = bar_energy(cue, picture, bars), bar_valence(cue, picture, bars)
    if followed is not None:
        energy = followed_energy(followed, cue, bars, energy)
    if mood is not None:
        energy, valence = lift(energy, mood.energy), lift(valence, mood.valence)
    hit_bars = frozenset(
        index
        for index, downbeat in enumerate(bare.downbeats)
        if any(hit.strong and abs(hit.sample - downbeat) <= TOLERANCE_SAMPLES for hit in hits)
    )
    return Plan(
        cue=cue.name,
        samples=cue.samples,
        hits=hits,
        segments=segments,
        sections=divide(energy, valence, hit_bars),
        energy=tuple(round(float(value), 4) for value in energy),
        ending_bar=_ending_bar(bare, hit_bars),
        speech=tuple(
            (cue.sample(span.in_frame), cue.sample(span.out_frame_exclusive)) for span in picture.speech
        ),
        problems=_unmet(cue, bare),
    )


def _tempo_map(cue: Cue, hits: Sequence[Hit], score: Score, *, near: bool) -> TempoMap:
    """The map in the score's family, which hits may make faster.

    A tempo that is to stay `near` the family may be doubled where that is felt as half time, and is left
    only for a must that cannot be met in it.
    """
    low, high = score.tempo_family_bpm
    if near:
        families = [(low, high)]
        if 2 * low > load_style(score.style).tempo_bpm[1] * HALF_TIME and 2 * high <= _FASTEST_BASE_BPM:
            families.append((2 * low, 2 * high))
        maps = [fit_tempo(cue.samples, hits, _limits(family)) for family in families]
        strong = [hit for hit in hits if hit.strong]
        missed = [_missed(found, strong) for found in maps]
        fewest = min(range(len(maps)), key=lambda index: len(missed[index]))
        if not any(hit.kind == "must" for hit in missed[fewest]):
            return maps[fewest]
    return fit_tempo(cue.samples, hits, _limits((low, high), fastest=_FASTEST_BASE_BPM))


def _limits(family: tuple[float, float], *, fastest: float = 0.0) -> TempoLimits:
    low, high = family
    return TempoLimits(family_bpm=(low, max(high, fastest)), preferred_bpm=float(np.sqrt(low * high)))


def _missed(tempo_map: TempoMap, hits: Sequence[Hit]) -> list[Hit]:
    downbeats = np.array(tempo_map.downbeats())
    return [hit for hit in hits if np.abs(downbeats - hit.sample).min() > TOLERANCE_SAMPLES]


def _ending_bar(plan: Plan, hit_bars: frozenset[int]) -> int:
    """The last bar that leaves its chord time to sound; a strong hit near the end is the ending itself."""
    latest = plan.samples - round(_ENDING_S * SAMPLE_RATE)
    inside = [bar for bar in plan.bars if 0 <= bar.start_sample < plan.samples]
    timely = [bar.index for bar in inside if bar.start_sample <= latest]
    on_hit = [bar.index for bar in inside if bar.index in hit_bars and bar.start_sample > latest]
    if on_hit:
        return on_hit[-1]
    return timely[-1] if timely else inside[0].index if inside else 0


def _unmet(cue: Cue, plan: Plan) -> tuple[Problem, ...]:
    """A sentence for every must that no downbeat meets, naming what stands in its way."""
    downbeats = np.array(plan.downbeats)
    problems = []
    for hit in plan.hits:
        if hit.kind != "must" or np.abs(downbeats - hit.sample).min() <= TOLERANCE_SAMPLES:
            continue
        rivals = [other for other in plan.hits if other is not hit and other.strong]
        rivals.sort(key=lambda other: (other.kind != "must", abs(other.frame - hit.frame)))
        against = f"the {_said(cue, rivals[0])}" if rivals else "the start of the cue"
        text = (
            f"the {_said(cue, hit)} cannot be met together with {against}: "
            "move one of them, or make one a 'would'"
        )
        problems.append(Problem("must-unmet", text))
    return tuple(problems)


def _said(cue: Cue, hit: Hit) -> str:
    at = format_timecode(hit.frame + cue.start_timecode_frame, cue.rate, drop=cue.drop_frame)
    what = "must" if hit.kind == "must" else "hit"
    return f"{what} '{hit.name}' at {at}" if hit.name else f"{what} at {at}"
