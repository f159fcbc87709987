"""A plan on the beats that music really has: one tempo segment a bar, all else moved onto those bars."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from ..types import Plan, Section, TempoSegment

Samples = npt.NDArray[np.int64]


def plan_on_beats(plan: Plan, beats: Samples, downbeat: int, meter: int) -> Plan:
    """`plan` with the bars of `beats` (samples of the cue, ascending, two bars at least).

    Bars begin at every `meter`-th beat from index `downbeat` on; where the music has no beat up to the cue's
    ends, its nearest bars go on at their tempo. Hits and speech stay; energy, sections and the ending are
    those of the same moments.
    """
    lines = _lines(beats[downbeat::meter], plan.samples)
    segments = tuple(TempoSegment(start, end, (meter,)) for start, end in pairwise(lines))
    before = replace(plan, segments=segments, energy=(), sections=(), ending_bar=0)
    middles = [(start + end) // 2 for start, end in pairwise(lines)]
    places = [_bar_at(plan, middle) for middle in middles]
    ending = plan.bars[plan.ending_bar].start_sample if plan.bars else plan.samples
    inside = [bar for bar, line in enumerate(lines[:-1]) if line < plan.samples]
    return replace(
        before,
        energy=tuple(plan.energy[place] for place in places),
        sections=_sections(plan, places),
        ending_bar=min(inside, key=lambda bar: abs(lines[bar] - ending)),
    )


def _lines(downbeats: Samples, samples: int) -> list[int]:
    """Bar lines from the last one at or before the cue's start to the first one at or after its end."""
    lines = [int(line) for line in downbeats]
    first, last = lines[1] - lines[0], lines[-1] - lines[-2]
    while lines[0] > 0:
        lines.insert(0, lines[0] - first)
    while lines[-1] < samples:
        lines.append(lines[-1] + last)
    start = bisect_right(lines, 0) - 1
    end = next(index for index, line in enumerate(lines) if line >= samples)
    return lines[start : end + 1]


def _bar_at(plan: Plan, sample: int) -> int:
    """The plan's bar at a moment; before its first bar the first, after its last the last."""
    return max(0, bisect_right(plan.downbeats, sample) - 1)


def _sections(plan: Plan, places: list[int]) -> tuple[Section, ...]:
    """The plan's sections over bars that lie where its bars `places` lay."""

    def section_of(bar: int) -> int:
        held = (i for i, section in enumerate(plan.sections) if bar < section.end_bar_exclusive)
        return next(held, len(plan.sections) - 1)

    out = []
    for index, run in groupby(enumerate(places), key=lambda item: section_of(item[1])):
        bars = [bar for bar, _ in run]
        if plan.sections:
            out.append(replace(plan.sections[index], start_bar=bars[0], end_bar_exclusive=bars[-1] + 1))
    return tuple(out)
