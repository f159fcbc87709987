"""Bands of the two kinds of spectra: narrow ones of the long window, wide ones of the short one. Pure tables.

Long windows tell pitches apart and blur attacks; short windows tell when, hardly what. A step of the codec is
one long spectrum's shape (what) and the levels of a few wide bands at every reading of the short window (how
loud, and when).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.sparse

from ..config import SpectralConfig

Floats = npt.NDArray[np.float32]

_LOWEST_HZ, _HIGHEST_SHARE = 30.0, 0.97
# Where bands turn from evenly spaced to evenly proportioned.
_NARROW_TURN_HZ, _WIDE_TURN_HZ = 280.0, 300.0
# Added to every power of a spectrum, so that silence has a logarithm: 70 dB or more below a full-scale tone.
LONG_FLOOR_A_SAMPLE = 1e-5
SHORT_FLOOR = 1e-3


@dataclass(frozen=True, slots=True)
class Bands:
    """Everything about frequency that one configuration fixes. Bins are those of the window in question.

    narrow    sparse [bands, bins]: power spectrum to mean power of the narrow bands
    below     int [bins]: the narrow band under (or at) a bin; above_share [bins]: weight of the next one
    long_wide, short_wide   [levels, bins]: shares of bins in the wide bands; every column sums to 1
    narrow_wide             [levels, bands]: the same for narrow bands
    long_window, short_window   hann; and a sine, for analysis and synthesis both
    """

    narrow: scipy.sparse.csr_array
    below: npt.NDArray[np.intp]
    above_share: Floats
    long_wide: Floats
    short_wide: Floats
    narrow_wide: Floats
    long_window: Floats
    short_window: Floats

    def spread(self, narrow: Floats) -> Floats:
        """Logarithms of narrow bands [..., bands] at the long window's bins, straight lines between."""
        low, high = narrow[..., self.below], narrow[..., self.below + 1]
        return np.asarray(low + (high - low) * self.above_share)


@cache
def bands_of(config: SpectralConfig) -> Bands:
    rate, long, short = config.sample_rate, config.fft, 2 * config.spectrum_hop
    long_hz = np.arange(long // 2 + 1) * rate / long
    short_hz = np.arange(short // 2 + 1) * rate / short
    highest = _HIGHEST_SHARE * rate / 2
    centres = _evenly(config.bands, highest, _NARROW_TURN_HZ)
    wide = _evenly(config.levels, 0.9 * highest, _WIDE_TURN_HZ)
    below = np.clip(np.searchsorted(centres, long_hz, "right") - 1, 0, len(centres) - 2)
    share = (long_hz - centres[below]) / (centres[below + 1] - centres[below])
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(long) / long)
    sine = np.sin(np.pi * (np.arange(short) + 0.5) / short)
    return Bands(
        narrow=_triangles(centres, long_hz),
        below=below,
        above_share=np.clip(share, 0, 1).astype(np.float32),
        long_wide=_shares(wide, long_hz),
        short_wide=_shares(wide, short_hz),
        narrow_wide=_shares(wide, centres),
        long_window=hann.astype(np.float32),
        short_window=sine.astype(np.float32),
    )


def _evenly(count: int, highest_hz: float, turn_hz: float) -> npt.NDArray[np.float64]:
    """Frequencies from the lowest to the highest, evenly spaced well below `turn_hz`, in ratio well above."""
    ends = np.log1p(np.array([_LOWEST_HZ, highest_hz]) / turn_hz)
    return np.asarray(turn_hz * np.expm1(np.linspace(ends[0], ends[1], count)))


def _triangles(centres: npt.NDArray[np.float64], hertz: npt.NDArray[np.float64]) -> scipy.sparse.csr_array:
    """Weighted means around each centre, to the neighbouring centres or one bin, whichever is further."""
    bin_hz = hertz[1]
    gaps = np.diff(centres)
    low = np.minimum(centres - np.concatenate((gaps[:1], gaps)), centres - bin_hz)[:, None]
    high = np.maximum(centres + np.concatenate((gaps, gaps[-1:])), centres + bin_hz)[:, None]
    middle = centres[:, None]
    weights = np.maximum(0, np.minimum((hertz - low) / (middle - low), (high - hertz) / (high - middle)))
    return scipy.sparse.csr_array((weights / weights.sum(axis=1, keepdims=True)).astype(np.float32))


def _shares(centres: npt.NDArray[np.float64], hertz: npt.NDArray[np.float64]) -> Floats:
    rows = [np.interp(hertz, centres, row) for row in np.eye(len(centres))]
    return np.asarray(rows, np.float32)


def short_spectra(sound: Floats, config: SpectralConfig) -> npt.NDArray[np.complex64]:
    """Spectra of the short window, [readings, bins].

    Reading j is centred on sample (j + 1/2) * spectrum_hop of the sound; what lies outside is silence.
    """
    hop = config.spectrum_hop
    padded = np.pad(sound, (hop // 2, hop - hop // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[::hop]
    return np.asarray(scipy.fft.rfft(frames * bands_of(config).short_window, axis=1))


def power(spectra: npt.NDArray[np.complex64]) -> Floats:
    return np.square(spectra.real) + np.square(spectra.imag)
