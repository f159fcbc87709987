"""A look-ahead true-peak limiter that answers with a gain curve, not with sound.

The curve is computed on the mix and multiplied into every stem, so that the stems still add up to the mix.
Shape: the gain that each 4x-oversampled peak needs; released exponentially (80 ms); its minimum held 5 ms to
both sides; smoothed by two box averages that together reach as far as the hold, so the smoothed curve never
lies above what a peak needs.

Work is cut on the stream's own grid of one second, whatever the caller's blocks: same bytes for every block
size.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from ..timebase import SAMPLE_RATE
from .oversample import AFTER, BEFORE, CHUNK, chunk_bounds, groups, peaks_between

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

_GRID = 375 * CHUNK  # one second
_HOLD = 240  # samples to each side: 5 ms
_BOX = 2 * (_HOLD // 2) + 1
_LOOK = 2 * _HOLD
_RELEASE = 0.080 * SAMPLE_RATE
_INAUDIBLE = 1e-7


class Limiter:
    """Gain curve that keeps `gain` times the stream under `ceiling` (linear, true peak).

    `feed()` gives the curve for samples fed earlier (float64 [m], `gain` included, m any number), `end()` the
    rest.
    """

    def __init__(self, ceiling: float, gain: float, channels: int = 2) -> None:
        self._ceiling = ceiling
        self._gain = gain
        self._samples = 0
        self._emitted = 0
        self._largest = 0.0
        self._input: Floats = np.zeros((BEFORE, channels), np.float32)
        self._decaying = 0.0
        # Reduction (1 - gain) from _LOOK samples before the next grid cell to be emitted.
        self._reduction: Doubles = np.zeros(_LOOK)

    @property
    def largest_reduction(self) -> float:
        """1 - the smallest factor of the curve so far, the constant gain left out."""
        return self._largest

    def feed(self, block: Floats) -> Doubles:
        self._samples += len(block)
        return self._run(block)

    def end(self) -> Doubles:
        """The curve of the samples not yet answered; the stream is over."""
        missing = self._samples - self._emitted
        silence = np.zeros((missing + 2 * _GRID + _LOOK, self._input.shape[1]), np.float32)
        out = self._run(silence)[:missing]
        self._emitted = self._samples
        return out

    def _run(self, block: Floats) -> Doubles:
        data = np.concatenate((self._input, block))
        cells = max(0, (len(data) - BEFORE - AFTER) // _GRID)
        parts = [self._reduction]
        for cell in range(cells):
            needed = self._needed(data[cell * _GRID : (cell + 1) * _GRID + BEFORE + AFTER])
            parts.append(self._released(needed))
        self._input = data[cells * _GRID :]
        reduction = np.concatenate(parts)
        out = []
        while len(reduction) >= _GRID + 2 * _LOOK:
            out.append(self._curve(reduction[: _GRID + 2 * _LOOK]))
            reduction = reduction[_GRID:]
        self._reduction = reduction
        self._emitted += _GRID * len(out)
        return np.concatenate(out) if out else np.zeros(0)

    def _needed(self, padded: Floats) -> Doubles:
        """Reduction each sample of one grid cell needs."""
        needed = np.zeros(_GRID)
        bounds = chunk_bounds(padded).max(axis=1)
        (chunks,) = np.nonzero(bounds * self._gain > self._ceiling)
        for some in groups(len(chunks)):
            at = chunks[some]
            envelope = np.zeros((CHUNK, len(at)))
            for channel in range(padded.shape[1]):
                np.maximum(envelope, peaks_between(padded, at, np.full(len(at), channel)), out=envelope)
            envelope *= self._gain
            needed.reshape(-1, CHUNK)[at] = (1 - self._ceiling / np.maximum(envelope, self._ceiling)).T
        return needed

    def _released(self, needed: Doubles) -> Doubles:
        """r[n] = max(needed[n], a r[n - 1]), as a running maximum on an exponentially growing scale."""
        if self._decaying < _INAUDIBLE and not needed.any():
            self._decaying = 0.0
            return needed
        growth = np.exp(np.arange(1, _GRID + 1) / _RELEASE)
        released = np.maximum.accumulate(np.maximum(needed * growth, self._decaying)) / growth
        self._decaying = float(released[-1])
        return np.asarray(released)

    def _curve(self, around: Doubles) -> Doubles:
        if not around.any():
            return np.full(_GRID, self._gain)
        held = scipy.ndimage.maximum_filter1d(around, 2 * _HOLD + 1, mode="nearest")[_HOLD:-_HOLD]
        smooth = scipy.ndimage.uniform_filter1d(held, _BOX, mode="nearest")
        smooth = scipy.ndimage.uniform_filter1d(smooth, _BOX, mode="nearest")[_HOLD:-_HOLD]
        self._largest = max(self._largest, float(smooth.max()))
        return np.asarray(self._gain * (1 - smooth))
