"""Tips of peaks, taken off by a soft clipper before the limiter turns anything down.

Strokes of several players that fall on one sample stand far over the music around them, for a few samples.
A limiter would turn the whole mix down around each of them; a clipper rounds those samples alone. What it
takes is taken from the stems that make the peak (by the cube of their share of it), so that the stems still
add up to the mix and what sustains beside a stroke is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

# The curve bends from a decibel under the ceiling on, towards one over it: the limiter does the rest.
_KNEE_DB, _TOP_DB = -1.0, 1.0
# Nor is any sample turned down further: more is heard as distortion, and is for the limiter.
MOST_DB = 3.0


@dataclass(frozen=True, slots=True)
class Shave:
    """The clipper for sound that will be multiplied by `gain` and limited to `ceiling` (linear)."""

    ceiling: float
    gain: float

    def mix(self, sound: Floats) -> Floats:
        """`sound`, float32 of any shape, with its peaks rounded; itself where none is as high."""
        over = np.abs(sound) > self._knee
        if not over.any():
            return sound
        out = sound.copy()
        out[over] = self._rounded(sound[over])
        return out

    def stems(self, blocks: Sequence[Floats]) -> Sequence[Floats]:
        """The same of stems: float32 [n, 2] each, whose sum is rounded as `mix` would."""
        mix = blocks[0].copy()
        for block in blocks[1:]:
            mix += block
        over = np.abs(mix) > self._knee
        if not over.any():
            return blocks
        peaks = mix[over].astype(np.float64)
        excess = peaks - self._rounded(mix[over])
        parts = np.stack([block[over] for block in blocks]).astype(np.float64)
        weights = np.maximum(parts * np.sign(peaks), 0) ** 3
        parts -= excess * weights / weights.sum(axis=0)
        out = []
        for block, part in zip(blocks, parts, strict=True):
            rounded = block.copy()
            rounded[over] = part
            out.append(rounded)
        return out

    @property
    def _knee(self) -> np.float32:
        return np.float32(self.ceiling / self.gain * 10 ** (_KNEE_DB / 20))

    def _rounded(self, peaks: Floats) -> Floats:
        knee = float(self._knee)
        room = self.ceiling / self.gain * 10 ** (_TOP_DB / 20) - knee
        high = np.abs(peaks.astype(np.float64))
        bent = np.maximum(knee + room * np.tanh((high - knee) / room), high * 10 ** (-MOST_DB / 20))
        return np.asarray(np.copysign(bent, peaks), np.float32)
