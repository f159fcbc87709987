"""`technical_ours`: what is wrong with a file whatever its music; 0 is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

from ..audio.loudness import LevelMeter
from ..errors import InputError
from ..timebase import SAMPLE_RATE

_BLOCK_S = 0.05
_SILENT = 10 ** (-60 / 20)
# Full scale of 16 bits: what was cut off there lies a step below 1.
_FULL = 1 - 2.0**-15
_AT_ONCE = SAMPLE_RATE  # samples


@dataclass(frozen=True, slots=True)
class Technical:
    """loudness_error_lu  integrated loudness minus the one wanted; None where there is too little sound
    true_peak_dbtp     None for silence
    silence            share of 50 ms blocks below -60 dBFS (root mean square over all channels)
    clipped            samples at full scale, all channels
    dc                 the largest mean of a channel, as a magnitude, full scale 1
    length_error       samples too many (or, negative, too few)
    """

    loudness_error_lu: float | None
    true_peak_dbtp: float | None
    silence: float
    clipped: int
    dc: float
    length_error: int


def technical(
    sound: npt.NDArray[np.floating], rate: int, *, wanted_lufs: float, wanted_samples: int
) -> Technical:
    """Of float [n] or [n, 1 or 2] at `rate` Hz. InputError for sound that is empty or not all numbers.

    Loudness is BS.1770's, measured at 48 kHz.
    """
    if sound.ndim not in (1, 2) or not len(sound) or not np.isfinite(sound).all():
        raise InputError(f"sound of shape {sound.shape} cannot be judged: give samples, all of them numbers")
    data = sound.reshape(len(sound), -1).astype(np.float32, copy=False)
    at = data if rate == SAMPLE_RATE else np.asarray(soxr.resample(data, rate, SAMPLE_RATE, quality="VHQ"))
    meter = LevelMeter(data.shape[1])
    for first in range(0, len(at), _AT_ONCE):
        meter.feed(at[first : first + _AT_ONCE])
    level = meter.level()
    return Technical(
        loudness_error_lu=None if level.lufs is None else level.lufs - wanted_lufs,
        true_peak_dbtp=level.true_peak_dbtp,
        silence=_silence(data, rate),
        clipped=int((np.abs(data) >= _FULL).sum()),
        dc=float(np.abs(data.mean(axis=0, dtype=np.float64)).max()),
        length_error=len(sound) - wanted_samples,
    )


def _silence(data: npt.NDArray[np.float32], rate: int) -> float:
    starts = np.arange(0, len(data), max(1, round(_BLOCK_S * rate)))
    squares = np.square(data, dtype=np.float64).mean(axis=1)
    means = np.add.reduceat(squares, starts) / np.diff(starts, append=len(data))
    return float((np.sqrt(means) < _SILENT).mean())
