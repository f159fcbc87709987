"""Mean spectra of a sound and what lies in a band of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.signal

from ...timebase import SAMPLE_RATE

Doubles = npt.NDArray[np.float64]

# IEC 61260: middles of the octaves, each from 1 / sqrt(2) to sqrt(2) times that.
OCTAVES_HZ = (62.5, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)
# Bins of 5.9 Hz: the lowest octave has eight.
_WINDOW = 8192
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Spectra:
    """Mean power of left and right and their shared power (real part), float64 [bins], and each bin's Hz."""

    left: Doubles
    right: Doubles
    shared: Doubles
    hertz: Doubles

    def band(self, low_hz: float, high_hz: float) -> tuple[float, float, float]:
        """Sums of (left, right, shared) over low <= Hz < high."""
        inside = (self.hertz >= low_hz) & (self.hertz < high_hz)
        return (
            float(self.left[inside].sum()),
            float(self.right[inside].sum()),
            float(self.shared[inside].sum()),
        )

    def octave(self, middle_hz: float) -> tuple[float, float, float]:
        """`band` of one octave."""
        return self.band(middle_hz / 2**0.5, middle_hz * 2**0.5)


def spectra(sound: npt.NDArray[np.floating]) -> Spectra:
    """Welch's mean over windows of 171 ms that overlap by half: float [n, 2] at 48 kHz, any n.

    Sums over bins are mean squares of the sound (as far as the windows cover it).
    """
    window = scipy.signal.get_window("hann", _WINDOW)
    hop = _WINDOW // 2
    frames = max(1, 1 + (len(sound) - _WINDOW) // hop)
    sums = np.zeros((3, _WINDOW // 2 + 1))
    for first in range(0, frames, _AT_ONCE):
        last = min(first + _AT_ONCE, frames)
        part = np.asarray(sound[first * hop : (last - 1) * hop + _WINDOW], np.float64)
        if len(part) < _WINDOW:
            part = np.concatenate((part, np.zeros((_WINDOW - len(part), 2))))
        cut = np.lib.stride_tricks.sliding_window_view(part, _WINDOW, axis=0)[::hop]
        left, right = np.moveaxis(scipy.fft.rfft(cut * window, axis=2), 1, 0)
        sums[0] += (np.abs(left) ** 2).sum(axis=0)
        sums[1] += (np.abs(right) ** 2).sum(axis=0)
        sums[2] += (left.real * right.real + left.imag * right.imag).sum(axis=0)
    # Each bin stands for its mirror image, too.
    sums *= 2 / (frames * _WINDOW * float((window**2).sum()))
    return Spectra(sums[0], sums[1], sums[2], np.asarray(scipy.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE)))


def level_db(power: float) -> float:
    """10 log10, not below -120."""
    return 10 * log10(max(power, 1e-12))
