"""How much of its groove a cue spends on hits: the map that is chosen, and the curve it is chosen from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..style import HALF_TIME, load_style
from ..types import Cue, Fit, Hit, Picture, Plan, Score, TempoSegment
from ..wishes import wishes_of
from .asked import asked_of, asked_tempo
from .hits import spot
from .like import likeness_of
from .limits import REACHES, Reach, TempoLimits
from .tempo import TOLERANCE_SAMPLES, TempoMap, fit_tempo, section_borders

# Where strong hits crowd, the base tempo may rise to this, whatever the style likes: the feel is then half
# time.
_FASTEST_BASE_BPM = 168.0
# Strong hits up to which a third fit is a matter of tenths of a second.
_MOST_BETWEEN = 10


@dataclass(frozen=True, slots=True)
class Fitted:
    """A tempo map, what it kept to, and the bars at which a section has to begin."""

    tempo_map: TempoMap
    fit: Fit
    borders: frozenset[int]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What one reach buys and what it costs.

    met        strong hits, as they were found in the picture, that a downbeat meets, of `hits`
    odd_bars   bars that are not 4/4, of `bars`
    step       largest change of tempo where no section begins, as a share
    chosen     whether it is the plan's own
    """

    reach: Reach
    met: int
    hits: int
    odd_bars: int
    bars: int
    step: float
    chosen: bool = False


def fit_cue(cue: Cue, hits: Sequence[Hit], score: Score) -> Fitted:
    """The map of the score's fit; a tight one, where that meets more musts."""
    found, borders = _fitted(cue, hits, score, score.fit)
    musts = [hit for hit in hits if hit.kind == "must"]
    if score.fit != "tight" and (left := missed(found.downbeats(), musts)):
        tight, free = _fitted(cue, hits, score, "tight")
        if len(missed(tight.downbeats(), musts)) < len(left):
            return Fitted(tight, "tight", free)
    return Fitted(found, score.fit, borders)


def groove_curve(cue: Cue, picture: Picture, score: Score, plan: Plan) -> tuple[CurvePoint, ...]:
    """Hits met against groove for each reach, from steady to tight; the plan's own is marked. Empty without
    strong hits.

    Costs a fit for each reach but the plan's. Where many hits make that slow, "between" is left out.
    """
    hits = spot(cue, picture)
    strong = [hit for hit in hits if hit.strong]
    points = []
    for reach in REACHES if strong else ():
        if reach == "between" and len(strong) > _MOST_BETWEEN:
            continue
        chosen = reach == plan.fit
        if chosen:
            segments, downbeats = plan.segments, plan.downbeats
            borders = section_borders(segments, TempoLimits().reaching(reach))
        else:
            found, borders = _fitted(cue, hits, score, reach)
            segments, downbeats = found.segments, tuple(found.downbeats())
        bars = [beats for segment in segments for beats in segment.beats_per_bar]
        met = len(strong) - len(missed(downbeats, strong))
        step = round(_largest_step(segments, borders), 4)
        odd = sum(beats != 4 for beats in bars)
        points.append(CurvePoint(reach, met, len(strong), odd, len(bars), step, chosen))
    return tuple(points)


def missed(downbeats: Sequence[int], hits: Sequence[Hit]) -> list[Hit]:
    """The hits that no downbeat meets."""
    lines = np.array(downbeats)
    return [hit for hit in hits if np.abs(lines - hit.sample).min() > TOLERANCE_SAMPLES]


def _fitted(cue: Cue, hits: Sequence[Hit], score: Score, reach: Reach) -> tuple[TempoMap, frozenset[int]]:
    """The map in the score's family, which hits may make faster; and bars at which a section has to begin.

    A tempo that the editor or a temp track gave is left only for a must that cannot be met in it; that of a
    temp track may be doubled where that is felt as half time.
    """
    *narrow, wide = limits_of(cue, score, reach)
    if narrow:
        maps = [fit_tempo(cue.samples, hits, limits) for limits in narrow]
        strong = [hit for hit in hits if hit.strong]
        left = [missed(found.downbeats(), strong) for found in maps]
        fewest = min(range(len(maps)), key=lambda index: len(left[index]))
        if not any(hit.kind == "must" for hit in left[fewest]):
            return maps[fewest], section_borders(maps[fewest].segments, narrow[fewest])
    found = fit_tempo(cue.samples, hits, wide)
    return found, section_borders(found.segments, wide)


def limits_of(cue: Cue, score: Score, reach: Reach) -> tuple[TempoLimits, ...]:
    """The limits that a cue's map may be made in: the widest last, before it those that are tried first."""
    score = asked_of(score, wishes_of(cue))
    low, high = score.tempo_family_bpm
    followed = likeness_of(score)
    asked = asked_tempo(score)
    families = []
    if asked or (followed is not None and followed.bpm is not None):
        families = [(low, high)]
        doubled = 2 * low > load_style(score.style).tempo_bpm[1] * HALF_TIME and 2 * high <= _FASTEST_BASE_BPM
        if doubled and not asked:
            families.append((2 * low, 2 * high))
    wide = _limits((low, high), reach, fastest=_FASTEST_BASE_BPM)
    return (*(_limits(family, reach) for family in families), wide)


def _limits(family: tuple[float, float], reach: Reach, *, fastest: float = 0.0) -> TempoLimits:
    low, high = family
    limits = TempoLimits(family_bpm=(low, max(high, fastest)), preferred_bpm=float(np.sqrt(low * high)))
    return limits.reaching(reach)


def _largest_step(segments: Sequence[TempoSegment], borders: frozenset[int]) -> float:
    steps, bar = [0.0], 0
    for before, after in pairwise(segments):
        bar += len(before.beats_per_bar)
        if bar not in borders:
            steps.append(abs(after.bpm / before.bpm - 1))
    return max(steps)
