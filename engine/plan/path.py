"""The best way from a cue's start to its end over segments of steady tempo, for one base tempo."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ..timebase import SAMPLE_RATE
from ..types import TempoSegment
from .limits import TempoLimits

Floats = npt.NDArray[np.float64]

# Unit costs, measured on random cut lists: leaving the base tempo and stepping cost with the square of their
# size.
_DRIFT_COST = 0.12
_STEP_COST = 0.10
_COST_UNIT = 0.04
_LABELS = 24
# Tempi closer than this are one state.
_SAME_TEMPO = 0.002
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
    log_bpm: Floats


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
    edges: Sequence[Sequence[Edge]],
    gains: Sequence[float],
    base: float,
    limits: TempoLimits,
) -> tuple[tuple[TempoSegment, ...], float] | None:
    """Segments from the first node to the last around a base tempo, and their score; None where there is no
    way. `edges` and `gains` are those of each node.
    """
    log_base, reach = math.log(base), math.log1p(limits.deviation)
    total = nodes[-1].sample
    arriving: list[list[_Label]] = [[] for _ in nodes]
    arriving[0].append(_Label(0.0, math.nan, 0))
    for place, node in enumerate(nodes[1:-1], start=1):
        if node.sample < _FREE_END_SAMPLES:
            arriving[place].append(_Label(gains[place] - _PICKUP_COST, math.nan, place))
    finished: list[_Label] = []
    for place, node in enumerate(nodes):
        here = _keep_best(arriving[place])
        if not here:
            continue
        if node.sample > total - _FREE_END_SAMPLES:
            at_end = node.sample == total
            for label in here:
                # What comes after an odd bar is a section, and to an open end there are but a few bars.
                if label.way is not None and (at_end or not (limits.by_section and label.ends_odd)):
                    cost = _OPEN_END_COST * (not at_end) + _SHORT_END_COST * (
                        label.bars < limits.section_bars
                    )
                    finished.append(replace(label, score=label.score - cost))
        joints = _Joints(here, limits)
        for edge in edges[place]:
            usable = np.flatnonzero(np.abs(edge.log_bpm - log_base) <= reach)
            if usable.size == 0:
                continue
            tempo = edge.log_bpm[usable]
            drift = _DRIFT_COST * ((tempo - log_base) / _COST_UNIT) ** 2 * edge.seconds / 4
            ranked = joints.ranked(tempo)
            choice = np.argmax(ranked, axis=0)
            for column, chosen in enumerate(choice):
                score = float(ranked[chosen, column])
                if score > -math.inf:
                    way = edge.ways[usable[column]]
                    score += way.gain - float(drift[column]) + gains[edge.end]
                    before = here[chosen]
                    bars = joints.bars(int(chosen), way)
                    arriving[edge.end].append(_Label(score, way.log_bpm, edge.end, bars, before, way))
    if not finished:
        return None
    best = max(finished, key=lambda label: (label.score, -label.log_bpm, label.node))
    return _segments(nodes, best), best.score


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

    def bars(self, chosen: int, way: Way) -> int:
        """Bars since the last border of sections once `way` is gone, counted as far as they matter."""
        if not self._section_bars:
            return 0
        label = self._labels[chosen]
        border = label.ends_odd or abs(way.log_bpm - label.log_bpm) > self._calm
        return min(self._section_bars, (0 if border else label.bars) + len(way.bars))


def _keep_best(found: list[_Label]) -> list[_Label]:
    """The best few by score, one for each state that can be told apart."""
    kept: dict[tuple[int, int, bool], _Label] = {}
    for label in sorted(found, key=lambda label: -label.score):
        tempo = -1 if math.isnan(label.log_bpm) else round(label.log_bpm / _SAME_TEMPO)
        cell = (tempo, label.bars, label.bars > 0 and label.ends_odd)
        if cell not in kept:
            kept[cell] = label
            if len(kept) == _LABELS:
                break
    return list(kept.values())


def _segments(nodes: Sequence[Node], last: _Label) -> tuple[TempoSegment, ...]:
    segments: list[TempoSegment] = []
    label = last
    while label.before is not None:
        assert label.way is not None
        segments.append(
            TempoSegment(nodes[label.before.node].sample, nodes[label.node].sample, label.way.bars)
        )
        label = label.before
    segments.reverse()
    segments[0] = _with_pickup(segments[0])
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
