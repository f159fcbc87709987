"""The tempo map: bars and tempi so that strong hits fall on downbeats (dynamic programme over hits).

Nodes are the cue's start, its strong hits and its end. An edge is a segment of n beats at one tempo
between two nodes; hits passed inside it count where they happen to fall. The best path is found for each
base tempo of the family, and the best of these is the map. Odd bars are 2/4, 3/4 or 5/4, never two in a
row; a segment has at least two bars; all other limits are TempoLimits. Where they are those of sections, an
odd bar or a large step of tempo ends one, at a strong hit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ..timebase import SAMPLE_RATE
from ..types import Hit, TempoSegment
from .bars import BarCosts, Odd, Rewards, fill, rewards
from .limits import TempoLimits, hit_weight
from .path import Edge, Fan, Node, Way, best_path

# A hit counts as met within this.
TOLERANCE_SAMPLES = round(0.040 * SAMPLE_RATE)
# What the map aims for: a beat this much before or after the hit. Early is heard sooner than late, and the
# ear and the measurement need some of the tolerance for themselves.
_EARLY_SAMPLES = round(0.016 * SAMPLE_RATE)
_LATE_SAMPLES = round(0.024 * SAMPLE_RATE)

Floats = npt.NDArray[np.float64]

# Leaving the preferred base tempo by a quarter.
_TASTE_COST = 0.5
# Two bars of which one may be 2/4.
_FEWEST_BEATS = 6
# A node may leave its hit by these.
_NUDGES = (-round(0.014 * SAMPLE_RATE), 0, round(0.022 * SAMPLE_RATE))
_NUDGE_COST = 0.5
# Less than two bars.
_SHORT = {2: (2,), 3: (3,), 4: (4,), 5: (5,), 6: (4, 2), 7: (4, 3)}
# Candidates kept for one edge: a longer edge could be cut into beats in thousands of ways that sound alike.
_MOST_COUNTS = 48


@dataclass(frozen=True, slots=True)
class TempoMap:
    segments: tuple[TempoSegment, ...]
    base_bpm: float
    score: float

    def downbeats(self) -> list[int]:
        """Samples of all bar lines, the last one included."""
        lines = [
            segment.beat_sample(sum(segment.beats_per_bar[:bar]))
            for segment in self.segments
            for bar in range(len(segment.beats_per_bar))
        ]
        return [*lines, self.segments[-1].end_sample_exclusive]


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays of an earlier map: segments from its start up to a bar line, and from another one to its
    end. Without a head (tail) the search is free to the cue's start (end)."""

    head: tuple[TempoSegment, ...] = ()
    tail: tuple[TempoSegment, ...] = ()


def fit_tempo(samples: int, hits: Sequence[Hit], limits: TempoLimits | None = None) -> TempoMap:
    """The best tempo map for a cue of `samples` 48 kHz samples. Deterministic; always finds one.

    Its first bar may begin before the cue (a pick-up) and its last may end after it, when a strong hit
    lies so near to an end of the cue that no two bars fit between.
    """
    limits = limits or TempoLimits()
    found = refit_tempo(samples, hits, limits, Kept())
    return found if found is not None else _even(samples, limits)


def refit_tempo(samples: int, hits: Sequence[Hit], limits: TempoLimits, kept: Kept) -> TempoMap | None:
    """The best map that keeps some of its segments; None where there is no way between them."""
    inside = [hit for hit in hits if 0 <= hit.sample < samples]
    low, high = limits.family_bpm
    bases = tuple(np.arange(low, high + 1e-9, limits.base_step_bpm).tolist())
    search = _Search(samples, inside, limits, kept)
    ranked = search.within_odd_share(search.nodes(frozenset()), bases)
    found = ranked[0] if ranked else None
    missed = search.missed(found)
    if missed:
        # A nudge costs error at a hit that would be exact otherwise: only the missed and their neighbours get
        # it.
        near = frozenset(order for place in missed for order in (place - 1, place, place + 1))
        bases = tuple(sorted(one.base_bpm for one in ranked[: limits.nudged_bases])) or bases
        nudged = search.within_odd_share(search.nodes(near), bases)
        if nudged and (found is None or nudged[0].score > found.score):
            found = nudged[0]
    return found


def section_borders(segments: Sequence[TempoSegment], limits: TempoLimits) -> frozenset[int]:
    """Bars at which a section has to begin: after an odd bar, and where the tempo steps too far for one."""
    if not limits.by_section:
        return frozenset()
    borders, bar = set(), 0
    for before, after in pairwise(segments):
        bar += len(before.beats_per_bar)
        step = abs(math.log(after.bpm / before.bpm))
        if before.beats_per_bar[-1] != 4 or step > math.log1p(limits.calm_step):
            borders.add(bar)
    return frozenset(borders)


def _odd_share(tempo_map: TempoMap) -> float:
    bars = [beats for segment in tempo_map.segments for beats in segment.beats_per_bar]
    return sum(beats != 4 for beats in bars) / len(bars)


def _even(samples: int, limits: TempoLimits) -> TempoMap:
    """For cues too short or too awkward for two bars inside the family: whole bars at the nearest tempo."""
    middle = math.sqrt(limits.family_bpm[0] * limits.family_bpm[1])
    beats = max(2, round(samples / SAMPLE_RATE * middle / 60))
    bars = _SHORT[beats] if beats in _SHORT else (4,) * round(beats / 4)
    segment = TempoSegment(0, samples, bars)
    return TempoMap((segment,), segment.bpm, -math.inf)


class _Search:
    """The search between what is kept; what its edges' hits are worth is reckoned once for all prices."""

    def __init__(self, samples: int, hits: Sequence[Hit], limits: TempoLimits, kept: Kept) -> None:
        self._limits = limits
        self._kept = kept
        # Between these something is searched.
        self._first = kept.head[-1].end_sample_exclusive if kept.head else 0
        self._last = kept.tail[0].start_sample if kept.tail else samples
        self._strong = sorted(
            {hit.sample for hit in hits if hit.strong and self._first < hit.sample < self._last}
        )
        self._times = np.array([hit.sample for hit in hits], dtype=np.float64)
        self._weights = np.array([hit_weight(hit, limits) for hit in hits], dtype=np.float64)
        self._worth: dict[tuple[int, int, range], list[Rewards]] = {}

    def nodes(self, nudged: frozenset[int]) -> tuple[Node, ...]:
        """Nodes of what is searched; `nudged` are orders of those that may leave their hits."""
        nodes = [Node(self._first, 0, 0)]
        for order, sample in enumerate(self._strong, start=1):
            offsets = _NUDGES if order in nudged else (0,)
            nodes += [Node(sample + offset, order, offset) for offset in offsets]
        nodes.append(Node(self._last, len(self._strong) + 1, 0))
        return tuple(node for node in nodes if self._first <= node.sample <= self._last)

    def missed(self, found: TempoMap | None) -> list[int]:
        """Which strong hits, counted from 1 in time, lie on no downbeat."""
        if found is None:
            return list(range(1, len(self._strong) + 1))
        downbeats = np.array(found.downbeats())
        return [
            order
            for order, sample in enumerate(self._strong, start=1)
            if np.abs(downbeats - sample).min() > TOLERANCE_SAMPLES
        ]

    def within_odd_share(self, nodes: tuple[Node, ...], bases: Sequence[float]) -> list[TempoMap]:
        """The map of each base tempo, best first, that one with no more odd bars than allowed. They get
        dearer until it has; dearer than the last price they are not used at all."""
        for price in self._limits.odd_prices:
            ranked = self._fit(nodes, BarCosts(price), bases, allow_odd=True)
            if ranked and _odd_share(ranked[0]) <= self._limits.odd_share:
                return ranked
        return self._fit(nodes, BarCosts(), bases, allow_odd=False)

    def _fit(
        self, nodes: tuple[Node, ...], costs: BarCosts, bases: Sequence[float], *, allow_odd: bool
    ) -> list[TempoMap]:
        edges: list[list[Edge]] = [[] for _ in nodes]
        for start, node in enumerate(nodes):
            for end in range(start + 1, len(nodes)):
                hops = nodes[end].order - node.order
                if hops > self._limits.skip:
                    break
                if hops > 0:
                    edge = self._edge(nodes, start, end, costs, allow_odd)
                    if edge.ways:
                        edges[start].append(edge)
        head, tail = self._kept.head, self._kept.tail
        places = [Node(one.start_sample, place, 0) for place, one in enumerate(head)]
        places += [replace(node, order=node.order + len(head)) for node in nodes]
        last = places[-1].order + 1
        places += [Node(one.end_sample_exclusive, last + place, 0) for place, one in enumerate(tail)]
        between = [
            [
                Edge(edge.start + len(head), edge.end + len(head), edge.seconds, edge.ways)
                for edge in beginning
            ]
            for beginning in edges[:-1]
        ]
        chain = [[_kept_edge(one, place)] for place, one in enumerate(head)]
        chain += between
        chain += [[_kept_edge(one, len(chain) + place)] for place, one in enumerate(tail)]
        fans = [Fan(beginning) for beginning in [*chain, []]]
        gains = [
            float(self._weights[np.abs(self._times - node.sample) <= TOLERANCE_SAMPLES].sum())
            - (_NUDGE_COST if node.nudge else 0)
            for node in places
        ]
        found = []
        for base in bases:
            way = best_path(places, fans, gains, base, self._limits, (not head, not tail))
            if way is not None:
                found.append(TempoMap(way[0], base, way[1] - taste_cost(base, self._limits)))
        # Equal to the ninth digit is equal.
        return sorted(found, key=lambda one: (-round(one.score, 9), one.base_bpm))

    def _edge(self, nodes: tuple[Node, ...], start: int, end: int, costs: BarCosts, allow_odd: bool) -> Edge:
        first, last = nodes[start].sample, nodes[end].sample
        seconds = (last - first) / SAMPLE_RATE
        counts = _beat_counts(seconds, self._limits, allow_odd)
        odd: Odd = "none" if not allow_odd else "last" if self._limits.by_section else "anywhere"
        free = start == 0 and not self._kept.head
        ways = []
        for found in self._rewards(first, last, counts):
            filled = fill(found, costs, odd_first=free, odd=odd)
            if filled is not None:
                ways.append(Way(filled.bars, math.log(60 * found.beats / seconds), filled.gain))
        return Edge(start, end, seconds, tuple(ways))

    def _rewards(self, first: int, last: int, counts: range) -> list[Rewards]:
        known = self._worth.get((first, last, counts))
        if known is None and counts:
            # What a node meets is counted with the node.
            inner = (self._times > first + TOLERANCE_SAMPLES) & (self._times < last - TOLERANCE_SAMPLES)
            beats = np.arange(counts.start, counts.stop, counts.step)
            places = (self._times[inner] - first) / (last - first) * beats[:, None]
            window = (_EARLY_SAMPLES * beats / (last - first), _LATE_SAMPLES * beats / (last - first))
            known = self._worth[first, last, counts] = rewards(beats, places, self._weights[inner], window)
        return known or []


def _kept_edge(segment: TempoSegment, place: int) -> Edge:
    """What its hits gain is the same on every way."""
    seconds = (segment.end_sample_exclusive - segment.start_sample) / SAMPLE_RATE
    way = Way(segment.beats_per_bar, math.log(60 * segment.beats / seconds), 0.0)
    return Edge(place, place + 1, seconds, (way,))


def taste_cost(base: float, limits: TempoLimits) -> float:
    """What a base tempo costs by itself."""
    return _TASTE_COST * (math.log(base / limits.preferred_bpm) / math.log(1.25)) ** 2


def _beat_counts(seconds: float, limits: TempoLimits, allow_odd: bool) -> range:
    slowest = limits.family_bpm[0] / (1 + limits.deviation)
    fastest = limits.family_bpm[1] * (1 + limits.deviation)
    fewest = max(math.ceil(seconds * slowest / 60), _FEWEST_BEATS)
    counts = range(fewest, math.floor(seconds * fastest / 60) + 1)
    stride = 1 if allow_odd else 4
    if len(counts) > _MOST_COUNTS * stride:
        stride = -(-len(counts) // (_MOST_COUNTS * 4)) * 4
    if stride == 1:
        return counts
    return range(-(-max(counts.start, 8) // 4) * 4, counts.stop, stride)
