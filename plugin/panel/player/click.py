"""The click: one short tone a beat of the plan, higher on the downbeat; and the bar that is counted in."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from ....engine.timebase import SAMPLE_RATE
from ....engine.types import Plan

Floats = npt.NDArray[np.float32]
LENGTH = SAMPLE_RATE // 30
_DOWNBEAT_HZ, _BEAT_HZ = 1_600.0, 1_000.0
_PEAK = 0.25  # -12 dB: over music, not above it


@cache
def tone(downbeat: bool) -> Floats:
    """One click, float32 [LENGTH, 1], silent at both ends."""
    time_s = np.arange(LENGTH) / SAMPLE_RATE
    wave = np.sin(2 * np.pi * (_DOWNBEAT_HZ if downbeat else _BEAT_HZ) * time_s)
    # Rises in 1 ms, falls by 60 dB.
    shape = np.minimum(1, time_s * 1_000) * np.exp(-6.9 * np.arange(LENGTH) / LENGTH)
    shape *= np.minimum(1, (LENGTH - 1 - np.arange(LENGTH)) / 48)
    return np.asarray(wave * shape * _PEAK, np.float32)[:, None]


@dataclass(frozen=True, slots=True)
class CountIn:
    """A bar before the music: `samples` long; clicks at `beats`, the first a downbeat."""

    samples: int
    beats: tuple[int, ...]


class Clicks:
    """The beats of a plan, as sound."""

    def __init__(self, plan: Plan | None) -> None:
        self._plan = plan
        self._beats = plan.beats if plan else ()
        self._downbeats = frozenset(plan.downbeats) if plan else frozenset()

    def add(self, at: int, out: Floats, gain: Floats | np.float32, *, since: int) -> None:
        """Add the clicks from the cue's sample `at` on to `out` [n, 2]; none of a beat before `since`."""
        first = bisect_left(self._beats, max(since, at - LENGTH + 1))
        for beat in self._beats[first:]:
            if beat >= at + len(out):
                return
            put(out, beat - at, beat in self._downbeats, gain)

    def count_in(self, at: int) -> CountIn | None:
        """The bar to count before the cue's sample `at`, as long as the bar there. None without a plan."""
        if self._plan is None or not self._plan.bars:
            return None
        bars = self._plan.bars
        bar = bars[min(max(bisect_left(self._plan.downbeats, at + 1) - 1, 0), len(bars) - 1)]
        beats = tuple(bar.sample(beat) - bar.start_sample for beat in range(bar.beats))
        return CountIn(bar.end_sample_exclusive - bar.start_sample, beats)


def put(out: Floats, at: int, downbeat: bool, gain: Floats | np.float32) -> None:
    """Add one click that begins at `at` of `out`, as far as it lies inside."""
    begin, end = max(at, 0), min(at + LENGTH, len(out))
    if begin < end:
        some = gain[begin:end] if isinstance(gain, np.ndarray) else gain
        out[begin:end] += tone(downbeat)[begin - at : end - at] * some
