"""The tempo map: bars and tempi so that strong hits fall on downbeats (dynamic programme over hits).

Nodes are the cue's start, its strong hits and its end. An edge is a segment of n beats at one tempo
between two nodes; hits passed inside it count where they happen to fall. The best path is found for each
base tempo of the family, and the best of these is the map. Limits: odd bars are 2/4, 3/4 or 5/4, at most
18 % of the bars and never two in a row; a segment has at least two bars; tempo steps are at most 6 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ..timebase import SAMPLE_RATE
from ..types import Hit, TempoSegment
from .bars import BarCosts, fill_bars

# A hit counts as met within this.
TOLERANCE_SAMPLES = round(0.040 * SAMPLE_RATE)
# What the map aims for: a beat this much before or after the hit. Early is heard sooner than late, and the
# ear and the measurement need some of the tolerance for themselves.
_EARLY_SAMPLES = round(0.016 * SAMPLE_RATE)
_LATE_SAMPLES = round(0.024 * SAMPLE_RATE)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TempoLimits:
    """What the programme may do; the defaults are the product's."""

    # Base tempi tried, beats a minute.
    family_bpm: tuple[float, float] = (84.0, 168.0)
    base_step_bpm: float = 2.0
    # Base tempo taken when the hits do not care.
    preferred_bpm: float = 108.0
    # How far a segment may leave the base tempo.
    deviation: float = 0.08
    # Largest ratio between the tempi of neighbouring segments, less one.
    step: float = 0.06
    odd_share: float = 0.18
    # Nodes that an edge may pass over.
    skip: int = 6
    # Weight of a must hit; of a strong would hit at strength 1; of a weak one.
    must_weight: float = 60.0
    strong_weight: float = 4.0
    weak_weight: float = 0.3


# Unit costs, measured on random cut lists: leaving the base tempo and stepping cost with the square of their
# size.
_DRIFT_COST = 0.12
_STEP_COST = 0.10
_COST_UNIT = 0.04
# Leaving the preferred base tempo by a quarter.
_TASTE_COST = 0.5
_LABELS = 24
# Tempi closer than this are one state.
_SAME_TEMPO = 0.002
# Two bars of which one may be 2/4.
_FEWEST_BEATS = 6
# A node may leave its hit by these.
_NUDGES = (-round(0.014 * SAMPLE_RATE), 0, round(0.022 * SAMPLE_RATE))
_NUDGE_COST = 0.5
# A hit this near to the cue's start or end may be where the first segment begins or the last one ends.
_FREE_END_SAMPLES = 4 * SAMPLE_RATE
_PICKUP_COST = 1.0
_OPEN_END_COST = 1.0
_ODD_PRICES = (1.0, 1.6, 2.6, 4.5, 9.0, 30.0)
# Less than two bars.
_SHORT = {2: (2,), 3: (3,), 4: (4,), 5: (5,), 6: (4, 2), 7: (4, 3)}
# Candidates kept for one edge: a longer edge could be cut into beats in thousands of ways that sound alike.
_MOST_COUNTS = 48


@dataclass(frozen=True, slots=True)
class _Way:
    """One way through an edge: its bars, log tempo, and gain before the costs that depend on the base."""

    bars: tuple[int, ...]
    log_bpm: float
    gain: float


@dataclass(frozen=True, slots=True)
class _Edge:
    start: int
    end: int
    seconds: float
    ways: tuple[_Way, ...]
    log_bpm: Floats
    gain: Floats


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
class _Node:
    """A place where a segment may begin or end; `order` counts the hits in time, 0 is the cue's start."""

    sample: int
    order: int
    nudge: int


def fit_tempo(samples: int, hits: Sequence[Hit], limits: TempoLimits | None = None) -> TempoMap:
    """The best tempo map for a cue of `samples` 48 kHz samples. Deterministic; always finds one.

    Its first bar may begin before the cue (a pick-up) and its last may end after it, when a strong hit
    lies so near to an end of the cue that no two bars fit between.
    """
    limits = limits or TempoLimits()
    inside = [hit for hit in hits if 0 <= hit.sample < samples]
    exact = _nodes(samples, inside, nudged=frozenset())
    found = _within_odd_share(exact, inside, limits)
    missed = _missed(found, inside)
    if missed:
        # A nudge costs error at a hit that would be exact otherwise: only the missed and their neighbours get
        # it.
        near = frozenset(order for place in missed for order in (place - 1, place, place + 1))
        nudged = _within_odd_share(_nodes(samples, inside, nudged=near), inside, limits)
        if nudged is not None and (found is None or nudged.score > found.score):
            found = nudged
    return found if found is not None else _even(samples, limits)


def _within_odd_share(nodes: tuple[_Node, ...], hits: Sequence[Hit], limits: TempoLimits) -> TempoMap | None:
    """Odd bars get dearer until their share keeps to the limit; at the last price there are none at all."""
    for price in _ODD_PRICES:
        found = _fit(nodes, hits, limits, BarCosts(price), allow_odd=price < _ODD_PRICES[-1])
        if found is not None and _odd_share(found) <= limits.odd_share:
            return found
    return None


def _nodes(samples: int, hits: Sequence[Hit], *, nudged: frozenset[int]) -> tuple[_Node, ...]:
    strong = sorted({hit.sample for hit in hits if hit.strong and hit.sample > 0})
    nodes = [_Node(0, 0, 0)]
    for order, sample in enumerate(strong, start=1):
        offsets = _NUDGES if order in nudged else (0,)
        nodes += [_Node(sample + offset, order, offset) for offset in offsets]
    nodes.append(_Node(samples, len(strong) + 1, 0))
    return tuple(node for node in nodes if 0 <= node.sample <= samples)


def _missed(found: TempoMap | None, hits: Sequence[Hit]) -> list[int]:
    """Which strong hits, counted from 1 in time, lie on no downbeat."""
    strong = sorted({hit.sample for hit in hits if hit.strong and hit.sample > 0})
    if found is None:
        return list(range(1, len(strong) + 1))
    downbeats = np.array(found.downbeats())
    return [
        order
        for order, sample in enumerate(strong, start=1)
        if np.abs(downbeats - sample).min() > TOLERANCE_SAMPLES
    ]


def hit_weight(hit: Hit, limits: TempoLimits) -> float:
    if hit.kind == "must":
        return limits.must_weight
    if hit.kind == "avoid":
        return -limits.strong_weight / 2
    if hit.strong:
        return limits.strong_weight * (0.5 + 0.5 * hit.strength)
    return limits.weak_weight * (0.4 + 0.6 * hit.strength / 0.5)


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


def _fit(
    nodes: tuple[_Node, ...], hits: Sequence[Hit], limits: TempoLimits, costs: BarCosts, *, allow_odd: bool
) -> TempoMap | None:
    times = np.array([hit.sample for hit in hits], dtype=np.float64)
    weights = np.array([hit_weight(hit, limits) for hit in hits], dtype=np.float64)
    edges: list[list[_Edge]] = [[] for _ in nodes]
    for start, node in enumerate(nodes):
        for end in range(start + 1, len(nodes)):
            hops = nodes[end].order - node.order
            if hops > limits.skip:
                break
            if hops > 0:
                edge = _edge(nodes, start, end, times, weights, limits, costs, allow_odd)
                if edge.ways:
                    edges[start].append(edge)
    gains = [
        float(weights[np.abs(times - node.sample) <= TOLERANCE_SAMPLES].sum())
        - (_NUDGE_COST if node.nudge else 0)
        for node in nodes
    ]
    low, high = limits.family_bpm
    best: TempoMap | None = None
    for base in np.arange(low, high + 1e-9, limits.base_step_bpm):
        found = _path(nodes, edges, gains, float(base), limits)
        if found is None:
            continue
        taste = _TASTE_COST * (math.log(base / limits.preferred_bpm) / math.log(1.25)) ** 2
        found = TempoMap(found.segments, found.base_bpm, found.score - taste)
        if best is None or found.score > best.score + 1e-9:
            best = found
    return best


def _edge(
    nodes: tuple[_Node, ...],
    start: int,
    end: int,
    times: Floats,
    weights: Floats,
    limits: TempoLimits,
    costs: BarCosts,
    allow_odd: bool,
) -> _Edge:
    first, last = nodes[start].sample, nodes[end].sample
    length = last - first
    seconds = length / SAMPLE_RATE
    counts = _beat_counts(seconds, limits, allow_odd)
    # What a node meets is counted with the node.
    inner = (times > first + TOLERANCE_SAMPLES) & (times < last - TOLERANCE_SAMPLES)
    places = (times[inner] - first) / length if length else times[:0]
    ways = []
    for beats in counts:
        filled = fill_bars(
            beats,
            places * beats,
            weights[inner],
            (_EARLY_SAMPLES * beats / length, _LATE_SAMPLES * beats / length),
            costs,
            odd_first=start == 0,
            allow_odd=allow_odd,
        )
        if filled is not None:
            ways.append(_Way(filled.bars, math.log(60 * beats / seconds), filled.gain))
    log_bpm = np.array([way.log_bpm for way in ways])
    return _Edge(start, end, seconds, tuple(ways), log_bpm, np.array([way.gain for way in ways]))


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


@dataclass(frozen=True, slots=True)
class _Label:
    """One of the best ways to reach a node. A label without tempo stands where no segment has begun yet."""

    score: float
    log_bpm: float
    node: int
    before: _Label | None = None
    way: _Way | None = None


def _path(
    nodes: tuple[_Node, ...], edges: list[list[_Edge]], gains: list[float], base: float, limits: TempoLimits
) -> TempoMap | None:
    log_base, reach, most = math.log(base), math.log1p(limits.deviation), math.log1p(limits.step)
    near_end = _FREE_END_SAMPLES
    total = nodes[-1].sample
    arriving: list[list[_Label]] = [[] for _ in nodes]
    arriving[0].append(_Label(0.0, math.nan, 0))
    for place, node in enumerate(nodes[1:-1], start=1):
        if node.sample < near_end:
            arriving[place].append(_Label(gains[place] - _PICKUP_COST, math.nan, place))
    finished: list[_Label] = []
    for place, node in enumerate(nodes):
        here = _keep_best(arriving[place])
        if not here:
            continue
        if node.sample > total - near_end:
            cost = 0.0 if node.sample == total else _OPEN_END_COST
            finished += [
                _Label(label.score - cost, label.log_bpm, place, label.before, label.way)
                for label in here
                if label.way is not None
            ]
        scores = np.array([label.score for label in here])
        tempi = np.array([label.log_bpm for label in here])
        free = np.isnan(tempi)
        for edge in edges[place]:
            usable = np.flatnonzero(np.abs(edge.log_bpm - log_base) <= reach)
            if usable.size == 0:
                continue
            tempo = edge.log_bpm[usable]
            drift = _DRIFT_COST * ((tempo - log_base) / _COST_UNIT) ** 2 * edge.seconds / 4
            jump = np.abs(tempo[None, :] - tempi[:, None])
            jump[free] = 0.0
            ranked = scores[:, None] - _STEP_COST * (jump / _COST_UNIT) ** 2
            ranked[jump > most] = -np.inf
            choice = np.argmax(ranked, axis=0)
            for column, chosen in enumerate(choice):
                score = float(ranked[chosen, column])
                if score > -math.inf:
                    way = edge.ways[usable[column]]
                    score += way.gain - float(drift[column]) + gains[edge.end]
                    arriving[edge.end].append(_Label(score, way.log_bpm, edge.end, here[chosen], way))
    if not finished:
        return None
    best = max(finished, key=lambda label: (label.score, -label.log_bpm, label.node))
    return TempoMap(_segments(nodes, best), base, best.score)


def _keep_best(found: list[_Label]) -> list[_Label]:
    """The best few by score, one for each tempo that can be told apart."""
    kept: dict[int, _Label] = {}
    for label in sorted(found, key=lambda label: -label.score):
        cell = -1 if math.isnan(label.log_bpm) else round(label.log_bpm / _SAME_TEMPO)
        if cell not in kept:
            kept[cell] = label
            if len(kept) == _LABELS:
                break
    return list(kept.values())


def _segments(nodes: tuple[_Node, ...], last: _Label) -> tuple[TempoSegment, ...]:
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
