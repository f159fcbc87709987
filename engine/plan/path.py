"""The best way from a cue's start to its end over segments of steady tempo, for one base tempo."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt

from ..timebase import SAMPLE_RATE
from ..types import TempoSegment
from .limits import TempoLimits

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

# Unit costs, measured on random cut lists: leaving the base tempo and stepping cost with the square of their
# size.
_DRIFT_COST = 0.12
_STEP_COST = 0.10
_COST_UNIT = 0.04
_LABELS = 24
# Tempi closer than this are one state.
_SAME_TEMPO = 0.002
# More than twice as many as there are bars in the shortest section.
_STATES = 64
# A hit this near to the cue's start or end may be where the first segment begins or the last one ends.
_FREE_END_SAMPLES = 4 * SAMPLE_RATE
_PICKUP_COST = 1.0
_OPEN_END_COST = 1.0
# A last section that is shorter than a section should be.
_SHORT_END_COST = 2.0


@dataclass(frozen=True, slots=True)
class Node:
    """A place where a segment may begin or end; `order` counts the hits in time, 0 is the cue's start."""

    sample: int
    order: int
    nudge: int


@dataclass(frozen=True, slots=True)
class Way:
    """One way through an edge: its bars, log tempo, and gain before the costs that depend on the base."""

    bars: tuple[int, ...]
    log_bpm: float
    gain: float


@dataclass(frozen=True, slots=True)
class Edge:
    """A segment from one node to another, by their places, with all ways to fill it."""

    start: int
    end: int
    seconds: float
    ways: tuple[Way, ...]


class Fan:
    """All that begins at one node: its edges' ways in one row, in the order of their ends. Arrays are
    [ways]."""

    __slots__ = ("bars", "borders", "ends", "ends_odd", "gain", "log_bpm", "seconds", "ways")

    def __init__(self, edges: Sequence[Edge]) -> None:
        self.ways = [way for edge in edges for way in edge.ways]
        counts = [len(edge.ways) for edge in edges]
        # Nodes that the edges lead to, and where the ways of each begin in the row.
        self.ends = [edge.end for edge in edges]
        self.borders = np.cumsum([0, *counts])
        self.seconds = np.repeat([edge.seconds for edge in edges], counts)
        self.log_bpm: Floats = np.array([way.log_bpm for way in self.ways])
        self.gain: Floats = np.array([way.gain for way in self.ways])
        self.bars = np.array([len(way.bars) for way in self.ways], dtype=np.int64)
        self.ends_odd = np.array([way.bars[-1] != 4 for way in self.ways], dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class _Label:
    """One of the best ways to reach a node. A label without tempo stands where no segment has begun yet.

    `bars` counts those since the last border of sections, as far as their number matters.
    """

    score: float
    log_bpm: float
    node: int
    bars: int = 0
    before: _Label | None = None
    way: Way | None = None

    @property
    def ends_odd(self) -> bool:
        return self.way is not None and self.way.bars[-1] != 4


def best_path(
    nodes: Sequence[Node],
    fans: Sequence[Fan],
    gains: Sequence[float],
    base: float,
    limits: TempoLimits,
    free_ends: tuple[bool, bool] = (True, True),
) -> tuple[tuple[TempoSegment, ...], float] | None:
    """Segments from the first node to the last around a base tempo, and their score; None where there is no
    way. `fans` and `gains` are those of each node. At a free end of the cue a segment may begin (end) at a
    node near to it, and bars of its tempo fill the rest.
    """
    log_base, reach = math.log(base), math.log1p(limits.deviation)
    total = nodes[-1].sample
    arriving: list[list[tuple[_Found, slice]]] = [[] for _ in nodes]
    finished: list[_Label] = []
    for place, node in enumerate(nodes):
        first = None
        if place == 0:
            first = _Label(0.0, math.nan, 0)
        elif free_ends[0] and node.sample < _FREE_END_SAMPLES and place < len(nodes) - 1:
            first = _Label(gains[place] - _PICKUP_COST, math.nan, place)
        here = _keep_best(first, arriving[place], place)
        arriving[place].clear()
        if not here:
            continue
        at_end = node.sample == total
        if at_end or (free_ends[1] and node.sample > total - _FREE_END_SAMPLES):
            for label in here:
                # What comes after an odd bar is a section, and to an open end there are but a few bars.
                if label.way is not None and (at_end or not (limits.by_section and label.ends_odd)):
                    cost = _OPEN_END_COST * (not at_end) + _SHORT_END_COST * (
                        label.bars < limits.section_bars
                    )
                    finished.append(replace(label, score=label.score - cost))
        fan = fans[place]
        usable = np.flatnonzero(np.abs(fan.log_bpm - log_base) <= reach)
        if usable.size == 0:
            continue
        tempo = fan.log_bpm[usable]
        drift = drift_cost(tempo - log_base, fan.seconds[usable])
        joints = _Joints(here, limits)
        ranked = joints.ranked(tempo)
        choice = np.argmax(ranked, axis=0)
        best = ranked[choice, np.arange(len(choice))]
        met = np.repeat([gains[end] for end in fan.ends], np.diff(fan.borders))
        scores = best + (fan.gain[usable] - drift + met[usable])
        there = np.flatnonzero(best > -math.inf)
        usable, choice = usable[there], choice[there]
        found = _Found(here, fan, scores[there], usable, choice, joints.bars(choice, fan, usable))
        borders = np.searchsorted(usable, fan.borders).tolist()
        for end, (low, high) in zip(fan.ends, pairwise(borders), strict=True):
            if high > low:
                arriving[end].append((found, slice(low, high)))
    if not finished:
        return None
    last = max(finished, key=lambda label: (label.score, -label.log_bpm, label.node))
    return _segments(nodes, last, free_ends), last.score


@overload
def drift_cost(away: float, seconds: float) -> float: ...
@overload
def drift_cost(away: Floats, seconds: Floats) -> Floats: ...
def drift_cost(away: float | Floats, seconds: float | Floats) -> float | Floats:
    """What segments cost that last so long at log tempi so far from the base's."""
    return _DRIFT_COST * (away / _COST_UNIT) ** 2 * seconds / 4


class _Joints:
    """What it costs to go on from some labels at another tempo, and where that begins a new section."""

    def __init__(self, labels: Sequence[_Label], limits: TempoLimits) -> None:
        self._labels = labels
        self._section_bars = limits.section_bars
        self._most, self._calm = math.log1p(limits.step), math.log1p(limits.calm_step)
        self._scores = np.array([label.score for label in labels])
        self._tempi = np.array([label.log_bpm for label in labels])
        self._free = np.isnan(self._tempi)
        self._odd = np.array([label.ends_odd for label in labels])
        self._bars = np.array([label.bars for label in labels], dtype=np.int64)
        self._young = np.array([label.bars < limits.section_bars for label in labels])

    def ranked(self, tempi: Floats) -> Floats:
        """Scores, [labels, tempi]; -inf for a step too large, or for a section that would be too short."""
        jump = np.abs(tempi[None, :] - self._tempi[:, None])
        jump[self._free] = 0.0
        ranked = self._scores[:, None] - _STEP_COST * (jump / _COST_UNIT) ** 2
        ranked[jump > self._most] = -np.inf
        if self._section_bars:
            border = (jump > self._calm) | self._odd[:, None]
            ranked[border & self._young[:, None] & ~self._free[:, None]] = -np.inf
        return np.asarray(ranked)

    def bars(self, chosen: Places, fan: Fan, ways: Places) -> Places:
        """Bars since the last border of sections once `ways` of `fan` are gone from the `chosen` labels,
        counted as far as they matter; [ways]."""
        if not self._section_bars:
            return np.zeros(len(ways), np.int64)
        border = self._odd[chosen] | (np.abs(fan.log_bpm[ways] - self._tempi[chosen]) > self._calm)
        return np.minimum(self._section_bars, np.where(border, 0, self._bars[chosen]) + fan.bars[ways])


class _Found(NamedTuple):
    """Labels to be, of which only the best are made. `labels` are where `fan` begins; arrays are [found]: the
    score, which way is taken from which label, and the bars since the last border."""

    labels: Sequence[_Label]
    fan: Fan
    scores: Floats
    ways: Places
    chosen: Places
    bars: Places


def _keep_best(first: _Label | None, found: Sequence[tuple[_Found, slice]], node: int) -> list[_Label]:
    """The best few by score, one for each state that can be told apart; `first` goes before its equals."""
    if not found:
        return [] if first is None else [first]
    scores = np.concatenate([one.scores[part] for one, part in found])
    bars = np.concatenate([one.bars[part] for one, part in found])
    ways = [one.ways[part] for one, part in found]
    tempi = np.concatenate([one.fan.log_bpm[way] for (one, _), way in zip(found, ways, strict=True)])
    odd = np.concatenate([one.fan.ends_odd[way] for (one, _), way in zip(found, ways, strict=True)])
    states = np.rint(tempi / _SAME_TEMPO) * _STATES + 2 * bars + (odd & (bars > 0))
    which = np.repeat(np.arange(len(found)), [len(way) for way in ways]).tolist()
    places = np.concatenate([np.arange(part.start, part.stop) for _, part in found]).tolist()
    kept: list[_Label] = []
    seen: set[float] = set()
    cells, ranking = states.tolist(), scores.tolist()
    for index in np.argsort(-scores, kind="stable").tolist():
        if first is not None and first.score >= ranking[index]:
            kept.append(first)
            first = None
            if len(kept) == _LABELS:
                break
        if cells[index] in seen:
            continue
        seen.add(cells[index])
        one, place = found[which[index]][0], places[index]
        way = one.fan.ways[one.ways[place]]
        before = one.labels[one.chosen[place]]
        kept.append(_Label(ranking[index], way.log_bpm, node, int(bars[index]), before, way))
        if len(kept) == _LABELS:
            break
    else:
        if first is not None:
            kept.append(first)
    return kept


def _segments(nodes: Sequence[Node], last: _Label, free_ends: tuple[bool, bool]) -> tuple[TempoSegment, ...]:
    segments: list[TempoSegment] = []
    label = last
    while label.before is not None:
        assert label.way is not None
        segments.append(
            TempoSegment(nodes[label.before.node].sample, nodes[label.node].sample, label.way.bars)
        )
        label = label.before
    segments.reverse()
    if free_ends[0]:
        segments[0] = _with_pickup(segments[0])
    if free_ends[1]:
        segments[-1] = _with_open_end(segments[-1], nodes[-1].sample)
    return tuple(segments)


def _with_pickup(first: TempoSegment) -> TempoSegment:
    """Whole 4/4 bars before the first segment at its own tempo, until they cover the cue's start."""
    bar = Fraction(4 * (first.end_sample_exclusive - first.start_sample), first.beats)
    bars = math.ceil(first.start_sample / bar)
    start = first.start_sample - round(bars * bar)
    return TempoSegment(start, first.end_sample_exclusive, (4,) * bars + first.beats_per_bar)


def _with_open_end(last: TempoSegment, samples: int) -> TempoSegment:
    """Whole 4/4 bars after the last segment at its own tempo, until they cover the cue's end."""
    bar = Fraction(4 * (last.end_sample_exclusive - last.start_sample), last.beats)
    bars = math.ceil((samples - last.end_sample_exclusive) / bar)
    end = last.end_sample_exclusive + round(bars * bar)
    return TempoSegment(last.start_sample, end, last.beats_per_bar + (4,) * bars)
