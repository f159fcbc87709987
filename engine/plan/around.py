"""A plan solved again around what changed: the tempo map well before and after it stays as it was.

The stretch between two bar lines is searched as the whole is, with the kept segments as its only ways on
either side; so joints cost, and count as sections' borders, as anywhere else. The base tempo stays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ..timebase import SAMPLE_RATE
from ..types import Cue, Hit, Picture, Plan, Score, TempoSegment
from ..wishes import wishes_of
from .fitting import Fitted, fit_cue, limits_of, missed
from .hits import spot
from .limits import TempoLimits
from .path import drift_cost
from .plan import plan_on
from .tempo import Kept, TempoMap, refit_tempo, section_borders, taste_cost

# Bars this near to a change are searched again; where that meets too little, those that are further away.
_NEAR_S = (8.0, 20.0)
# Up to as much further on, the border of two segments is taken rather than a bar line inside one.
_BORDER_S = 6.0
# Nearer to an end of the cue than this nothing is kept.
_LEAST_KEPT_S = 6.0
# Bars of a segment that is cut in two.
_FEWEST_BARS = 2


def solve_around(cue: Cue, picture: Picture, score: Score, before: Plan) -> Plan:
    """The Plan of a cue whose hits are others than those `before` was made of, all else as it was.

    Its hits are those of `make_plan`, and so are the musts that are met: where the search around the change
    leaves one that might be met, the whole is searched.
    """
    hits = spot(cue, picture)
    found = _refitted(cue, picture, score, hits, before)
    return plan_on(cue, picture, score, hits, found or fit_cue(cue, hits, score))


def changed_samples(before: Plan, after: Plan) -> tuple[int, int] | None:
    """The stretch, in samples of the cue, whose bars are not the same in both; None where all are."""
    old = {(bar.start_sample, bar.end_sample_exclusive, bar.beats) for bar in before.bars}
    new = {(bar.start_sample, bar.end_sample_exclusive, bar.beats) for bar in after.bars}
    other = [span for span in old ^ new if span[1] > 0 and span[0] < after.samples]
    if not other:
        return None
    return max(min(span[0] for span in other), 0), min(max(span[1] for span in other), after.samples)


def _refitted(cue: Cue, picture: Picture, score: Score, hits: tuple[Hit, ...], before: Plan) -> Fitted | None:
    """The map around the changes; None where only the whole search can tell."""
    old = _map_of(cue, score, before)
    if old is None:
        return None
    tempo_map, limits = old
    changed = _changed(cue, picture, hits, before)
    musts = [hit for hit in hits if hit.kind == "must"]
    for near_s in _NEAR_S if changed else ():
        near = round(near_s * SAMPLE_RATE)
        found = tempo_map
        for first, last in _stretches(changed, near):
            kept = _kept(cue.samples, found.segments, first, last, near)
            again = refit_tempo(cue.samples, hits, limits, kept)
            # Without a way between what is kept the musts there decide what becomes of it.
            found = again or found
        left = missed(found.downbeats(), musts)
        # One that was missed and lies elsewhere is missed as before.
        elsewhere = [hit for hit in left if all(abs(hit.sample - place) > near for place in changed)]
        if len(elsewhere) == len(left) == len(missed(tempo_map.downbeats(), elsewhere)):
            return Fitted(found, before.fit, section_borders(found.segments, limits))
    if changed:
        return None
    return Fitted(tempo_map, before.fit, section_borders(tempo_map.segments, limits))


def _map_of(cue: Cue, score: Score, plan: Plan) -> tuple[TempoMap, TempoLimits] | None:
    """The plan's own map, with limits for its base tempo alone; None where it is of other limits or of
    another cue. The base is the one that the map costs least around: by it the map was chosen."""
    if plan.samples != cue.samples:
        return None
    for limits in limits_of(cue, score, plan.fit):
        low, high = limits.family_bpm
        bases = [
            low + step * limits.base_step_bpm for step in range(int((high - low) / limits.base_step_bpm) + 1)
        ]
        reach = math.log1p(limits.deviation) + 1e-6
        costs = {}
        for base in bases:
            tempi = [(math.log(one.bpm / base), one) for one in plan.segments]
            if all(abs(away) <= reach for away, _ in tempi):
                costs[base] = sum(drift_cost(away, _seconds(one)) for away, one in tempi)
                costs[base] += taste_cost(base, limits)
        if costs:
            base = min(costs, key=lambda base: (costs[base], base))
            return TempoMap(plan.segments, base, -costs[base]), replace(limits, family_bpm=(base, base))
    return None


def _seconds(segment: TempoSegment) -> float:
    return (segment.end_sample_exclusive - segment.start_sample) / SAMPLE_RATE


def _changed(cue: Cue, picture: Picture, hits: Sequence[Hit], before: Plan) -> list[int]:
    """Samples of hits that came, went or are asked for otherwise, in time."""
    cuts = {cut.frame: cut.kind for cut in picture.cuts}
    wished = {wish.frame for wish in wishes_of(cue).hits}

    def told(hit: Hit) -> tuple[int, str, str, float]:
        # The strength of a cut is settled by the map; the editor's stays.
        own = hit.kind == "would" and cuts.get(hit.frame) == hit.name and hit.frame not in wished
        return hit.sample, hit.kind, hit.name, 0.0 if own else hit.strength

    return sorted({hit[0] for hit in {told(hit) for hit in hits} ^ {told(hit) for hit in before.hits}})


def _stretches(changed: Sequence[int], near: int) -> list[tuple[int, int]]:
    """Changes that are near to each other are one."""
    out = [(changed[0], changed[0])]
    for sample in changed[1:]:
        if sample - out[-1][1] <= 2 * near:
            out[-1] = (out[-1][0], sample)
        else:
            out.append((sample, sample))
    return out


def _kept(samples: int, segments: Sequence[TempoSegment], first: int, last: int, near: int) -> Kept:
    """What stays of a map when hits between two samples changed."""
    lines = _joints(samples, segments)
    border = round(_BORDER_S * SAMPLE_RATE)
    left = [line for line in lines if line[0] <= first - near]
    right = [line for line in lines if line[0] >= last + near]
    head: tuple[TempoSegment, ...] = ()
    tail: tuple[TempoSegment, ...] = ()
    if left:
        at = max([line for line in left if line[1] and line[0] >= left[-1][0] - border] or left)[0]
        head = _until(segments, at)
    if right:
        at = min([line for line in right if line[1] and line[0] <= right[0][0] + border] or right)[0]
        tail = _from(segments, at)
    return Kept(head, tail)


def _joints(samples: int, segments: Sequence[TempoSegment]) -> list[tuple[int, bool]]:
    """Bar lines at which a map may be cut, in time, and whether two segments meet there."""
    least = round(_LEAST_KEPT_S * SAMPLE_RATE)
    out = [(one.start_sample, True) for one in segments[1:]]
    for one in segments:
        # An odd bar leads to what follows it: neither is taken from the other.
        bars = one.beats_per_bar
        for bar in range(_FEWEST_BARS, len(bars) - _FEWEST_BARS + 1):
            if bars[bar - 1] == bars[bar] == 4:
                out.append((one.beat_sample(sum(bars[:bar])), False))
    return sorted(line for line in out if least <= line[0] <= samples - least)


def _until(segments: Sequence[TempoSegment], at: int) -> tuple[TempoSegment, ...]:
    whole = [one for one in segments if one.end_sample_exclusive <= at]
    cut = next((one for one in segments if one.start_sample < at < one.end_sample_exclusive), None)
    if cut is not None:
        bars = [bar for bar, end in _ends(cut) if end <= at]
        whole.append(TempoSegment(cut.start_sample, at, tuple(bars)))
    return tuple(whole)


def _from(segments: Sequence[TempoSegment], at: int) -> tuple[TempoSegment, ...]:
    whole = [one for one in segments if one.start_sample >= at]
    cut = next((one for one in segments if one.start_sample < at < one.end_sample_exclusive), None)
    if cut is not None:
        bars = [bar for bar, end in _ends(cut) if end > at]
        whole.insert(0, TempoSegment(at, cut.end_sample_exclusive, tuple(bars)))
    return tuple(whole)


def _ends(segment: TempoSegment) -> list[tuple[int, int]]:
    """The segment's bars, each with the sample at which it ends."""
    beats = 0
    out = []
    for bar in segment.beats_per_bar:
        beats += bar
        out.append((bar, segment.beat_sample(beats)))
    return out
