"""Which onset of the music meets which hit, and how little the music must be stretched for it.

A dynamic programme over pairs of a hit and an onset. Between two chosen pairs the music runs at one speed, at
most 4 % off its own; hits that are passed in between count when an onset happens to be near. Pure functions
on values; all positions are 48 kHz samples: `source` of the music as generated, `target` of the fitted file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ..progress import Cancel
from ..timebase import SAMPLE_RATE
from ..types import Hit
from .beats import Beats

Floats = npt.NDArray[np.float64]
Samples = npt.NDArray[np.int64]
# Ascending (source, target) anchors, straight lines in between.
Warp = tuple[tuple[int, int], ...]

MOST_STRETCH = 0.04
TOLERANCE = round(0.040 * SAMPLE_RATE)

_SHORTEST = SAMPLE_RATE
# Beats of finished music lie within 4 ms of where the warp puts them: what shall be met is brought nearer
# than the tolerance by that.
_NEAR = round(0.035 * SAMPLE_RATE)
# An anchor may lie this far beside its hit, where that saves stretching.
_BESIDE = round(0.032 * SAMPLE_RATE)
_BESIDE_SHARE = 0.95
# Hits passed between two anchors, and how far music may have run away from its own clock, offset included.
_MOST_PASSED = 12
_FARTHEST = 8 * SAMPLE_RATE
# Onsets that are thought of for one hit: music has 20 to 60 in that stretch, noise has hundreds.
_MOST_ONSETS = 120
# A must is worth more than all else together; a beat that begins a bar more than another, than an off-beat.
_MUST = 100.0
# Nobody marks a place to be kept clear in passing: more than the strongest wish.
_AVOID = 1.5
_DOWNBEAT, _BEAT, _OFF_BEAT = 1.0, 0.9, 0.7
# Onsets weaker than ordinary beats meet a hit where nothing clearer can.
_WEAK_SHARE = 0.7
# Stretching by 4 % costs this much a second, squared below it: half of what bending a plan's tempo costs.
_STRETCH_COST = 0.015
_ANCHOR_COST = 0.02
# A second of music cut off at the start; a second of silence at the end.
_LATE_COST, _SILENT_COST = 0.02, 1.0


@dataclass(frozen=True, slots=True)
class Match:
    """`warp` maps all of the target; `met`: for every wanted hit, whether a clear onset is within 40 ms."""

    warp: Warp
    met: tuple[bool, ...]

    @property
    def stretches(self) -> tuple[float, ...]:
        """Of each piece: target length over source length."""
        return tuple((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(self.warp))


def match(
    beats: Beats,
    hits: Sequence[Hit],
    *,
    head_samples: int,
    target_samples: int,
    source_samples: int,
    most_stretch: float = MOST_STRETCH,
    cancel: Cancel | None = None,
) -> Match:
    """The warp of `source_samples` of music onto `target_samples` (head handle, cue, tail handle).

    Every piece is stretched by at most `most_stretch` and lasts at least a second, except the last and the
    first, which are not stretched when shorter. Where the music is too short its end is silence. Cancelled
    between hits.
    """
    work = _Work(beats, hits, head_samples, target_samples, source_samples, most_stretch)
    warp = work.best(cancel or Cancel())
    return Match(warp, met(beats.clear_onsets, hits, warp, head_samples=head_samples))


def straight(target_samples: int, offset: int = 0) -> Warp:
    """The music as it is, from `offset` on."""
    return ((offset, 0), (offset + target_samples, target_samples))


def warped(samples: Samples, warp: Warp) -> Samples:
    """Target positions of source positions; beyond the warp's ends its slopes go on."""
    source = np.array([anchor[0] for anchor in warp], np.float64)
    target = np.array([anchor[1] for anchor in warp], np.float64)
    piece = np.clip(np.searchsorted(source, samples, side="right") - 1, 0, len(source) - 2)
    slope = (target[piece + 1] - target[piece]) / (source[piece + 1] - source[piece])
    return np.rint(target[piece] + (samples - source[piece]) * slope).astype(np.int64)


def met(onsets: Samples, hits: Sequence[Hit], warp: Warp, *, head_samples: int) -> tuple[bool, ...]:
    """For every hit but the `avoid`s, whether one of `onsets` lies within 40 ms of it after `warp`."""
    onsets = warped(onsets, warp)
    wanted = np.array([hit.sample + head_samples for hit in hits if hit.kind != "avoid"], np.int64)
    return tuple(bool(value) for value in _distance(onsets, wanted) <= TOLERANCE)


def _distance(onsets: npt.NDArray[np.number], at: npt.NDArray[np.number]) -> Floats:
    """From each of `at` to the nearest of `onsets` (ascending); infinite without any."""
    if not len(onsets):
        return np.full(at.shape, np.inf)
    after = np.clip(np.searchsorted(onsets, at), 0, len(onsets) - 1)
    before = np.maximum(after - 1, 0)
    near = np.minimum(np.abs(onsets[after] - at), np.abs(onsets[before] - at))
    return np.asarray(near, np.float64)


@dataclass(slots=True)
class _Column:
    """The pairs of one hit: source and target positions, what they are worth, and the best path to each."""

    source: Samples
    target: Samples
    gain: Floats
    score: Floats
    # Column and row of the pair before, -1 for the start, and the source position where the music starts.
    column: Samples
    row: Samples
    start: Samples


class _Work:
    def __init__(
        self, beats: Beats, hits: Sequence[Hit], head: int, target: int, source: int, most: float
    ) -> None:
        self.most = most
        self.length, self.available = target, source
        self.onsets = beats.audible_onsets
        self.worth = _worth(self.onsets, beats)
        placed = sorted((hit for hit in hits), key=lambda hit: hit.sample)
        self.at = np.array([hit.sample + head for hit in placed], np.int64)
        self.weight = np.array([_weight(hit) for hit in placed])
        self.columns: list[_Column] = []

    def best(self, cancel: Cancel) -> Warp:
        for index in range(len(self.at)):
            cancel.check()
            self.columns.append(self._column(index))
        ends = [self._end(column, index) for index, column in enumerate(self.columns)]
        best = self._untouched()
        choice: tuple[int, int] | None = None
        for index, scores in enumerate(ends):
            if len(scores) and scores.max() > best:
                best, choice = float(scores.max()), (index, int(scores.argmax()))
        return self._walk(*choice) if choice is not None else straight(self.length)

    def _column(self, index: int) -> _Column:
        column = self._pairs(index)
        if not len(column.source):
            return column
        self._from_start(column, index)
        for earlier in range(max(0, index - _MOST_PASSED - 1), index):
            self._from(earlier, column, index)
        return column

    def _pairs(self, index: int) -> _Column:
        """All onsets that could meet this hit, also a little beside it; for an `avoid` the gaps."""
        at = int(self.at[index])
        none = np.zeros(0, np.int64)
        if not 0 <= at <= self.length:
            return _Column(none, none, np.zeros(0), np.zeros(0), none, none, none)
        spare = max(0, self.available - self.length)
        low = at - min(_FARTHEST, at * self.most)
        high = at + min(_FARTHEST, at * self.most + spare)
        inside = np.flatnonzero((self.onsets >= low) & (self.onsets <= high))
        if len(inside) > _MOST_ONSETS:
            # Those worth most, and of equals the nearest.
            order = np.lexsort((np.abs(self.onsets[inside] - at), -self.worth[inside]))
            inside = np.sort(inside[order[:_MOST_ONSETS]])
        onsets, worth = self.onsets[inside], self.worth[inside]
        if self.weight[index] < 0:
            source = (onsets[1:] + onsets[:-1])[np.diff(onsets) > 3 * TOLERANCE] // 2
            beside, gain = np.zeros_like(source), np.zeros(len(source))
        else:
            source = np.concatenate((onsets, onsets, onsets))
            beside = np.repeat((0, -_BESIDE, _BESIDE), len(onsets))
            share = np.where(beside == 0, 1.0, _BESIDE_SHARE)
            gain = self.weight[index] * np.concatenate((worth, worth, worth)) * share
        fits = (at + beside >= 0) & (at + beside <= self.length)
        source, beside, gain = source[fits], beside[fits], gain[fits]
        empty = np.full(len(source), -1, np.int64)
        score = np.full(len(source), -np.inf)
        return _Column(source, at + beside, gain, score, empty, empty.copy(), empty.copy())

    def _from_start(self, column: _Column, index: int) -> None:
        spare = max(0, self.available - self.length)
        offset = np.clip(column.source - column.target, 0, spare)
        ratio = column.target / np.maximum(column.source - offset, 1)
        fits = (column.target > 0) & (np.abs(ratio - 1) <= self.most)
        fits &= (column.target >= _SHORTEST) | (column.source - offset == column.target)
        if index > _MOST_PASSED:
            return
        score = column.gain - self._stretched(ratio, column.target) - _LATE_COST * offset / SAMPLE_RATE
        score += self._passed(range(index), offset, np.zeros_like(offset), ratio)
        score = np.where(fits, score, -np.inf)
        column.score[:] = score
        column.start[fits] = offset[fits]

    def _from(self, earlier: int, column: _Column, index: int) -> None:
        before = self.columns[earlier]
        if not len(before.source):
            return
        length = column.target[None, :] - before.target[:, None]
        source = column.source[None, :] - before.source[:, None]
        ratio = length / np.where(source > 0, source, 1)
        fits = (source > 0) & (np.abs(ratio - 1) <= self.most) & (length >= _SHORTEST)
        fits &= np.isfinite(before.score)[:, None]
        old, new = np.nonzero(fits)
        if not len(old):
            return
        ratio, length = ratio[old, new], length[old, new]
        score = before.score[old] + column.gain[new] - _ANCHOR_COST - self._stretched(ratio, length)
        score += self._passed(range(earlier + 1, index), before.source[old], before.target[old], ratio)
        order = np.lexsort((score, new))
        last = np.flatnonzero(np.diff(new[order], append=-1))
        for pick in order[last]:
            place = new[pick]
            if score[pick] > column.score[place]:
                column.score[place] = score[pick]
                column.column[place], column.row[place] = earlier, old[pick]

    def _end(self, column: _Column, index: int) -> Floats:
        """Scores of ending after each pair of a column."""
        length = self.length - column.target
        source, ratio = self._rest(column.source, length)
        missing = np.maximum(0, column.source + source - self.available) / SAMPLE_RATE
        score = column.score - self._stretched(ratio, length) - _SILENT_COST * missing
        passed = range(index + 1, len(self.at))
        return np.asarray(score + self._passed(passed, column.source, column.target, ratio))

    def _rest(self, source: Samples, length: Samples) -> tuple[Samples, Floats]:
        """How much music the last piece takes: its own length, less where there is less."""
        least = np.where(length >= _SHORTEST, np.ceil(length / (1 + self.most)), length).astype(np.int64)
        taken = np.maximum(np.minimum(length, self.available - source), least)
        return taken, length / np.maximum(taken, 1)

    def _untouched(self) -> float:
        none = np.zeros(1, np.int64)
        missing = max(0, self.length - self.available) / SAMPLE_RATE
        kept = self._passed(range(len(self.at)), none, none, np.ones(1))
        return float(kept[0]) - _SILENT_COST * missing

    def _passed(self, hits: range, source: Samples, target: Samples, ratio: Floats) -> Floats:
        """What hits between anchors are worth: met by chance, or an `avoid` that is not kept clear."""
        out = np.zeros(len(source))
        for hit in hits:
            at = source + (self.at[hit] - target) / ratio
            near = _distance(self.onsets, at) * ratio
            weight = self.weight[hit]
            out += np.where(near <= (_NEAR if weight > 0 else TOLERANCE), weight * _BEAT, 0.0)
        return out

    def _stretched(self, ratio: Floats, length: Samples) -> Floats:
        with np.errstate(divide="ignore"):
            bend = np.log(np.maximum(ratio, 1e-9)) / MOST_STRETCH
        return np.asarray(_STRETCH_COST * np.square(bend) * length / SAMPLE_RATE)

    def _walk(self, index: int, row: int) -> Warp:
        column = self.columns[index]
        source, target = int(column.source[row]), int(column.target[row])
        taken, _ = self._rest(np.array([source]), np.array([self.length - target]))
        anchors = [(source + int(taken[0]), self.length)] if self.length > target else []
        while index >= 0:
            column = self.columns[index]
            anchors.append((int(column.source[row]), int(column.target[row])))
            start = int(column.start[row])
            index, row = int(column.column[row]), int(column.row[row])
        anchors.append((start, 0))
        return tuple(anchors[::-1])


def _worth(onsets: Samples, beats: Beats) -> Floats:
    """What it is worth when an onset meets a hit: beats that begin bars sound intended, off-beats less."""
    clear = _distance(beats.clear_onsets, onsets) == 0
    on_beat = _distance(beats.beats, onsets) <= TOLERANCE
    on_downbeat = _distance(beats.downbeats, onsets) <= TOLERANCE
    worth = np.where(on_downbeat, _DOWNBEAT, np.where(on_beat, _BEAT, _OFF_BEAT))
    return worth * np.where(clear, 1.0, _WEAK_SHARE)


def _weight(hit: Hit) -> float:
    if hit.kind == "must":
        return _MUST
    return hit.strength if hit.kind == "would" else -_AVOID
