"""Where sounds begin and where beats lie, as librosa hears them: the ears of the metrics.

The published ears: mono at 22,050 Hz, window 2,048, hop 512 (23 ms). On notes that ring on they hear an onset
35 to 43 ms late (median over three rendered pieces), so that a tolerance of 40 ms counts about half of what
is exactly on time. The fine ears differ in window 1,024 and hop 220 (10 ms) only, and are 13 to 20 ms late:
use them for tolerances below 100 ms, and name them as the variant.

librosa scales a clip's onset strength to [0, 1], so one huge hit hides soft ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import librosa
import numpy as np
import numpy.typing as npt
import soxr

from ..errors import InputError

Floats = npt.NDArray[np.float64]

RATE = 22_050
HOP = 512
FINE_HOP = 220
_WINDOW, _FINE_WINDOW = 2048, 1024
# How peaks are picked: librosa's own way, and those of the two published beat scores, in hops.
Picking = Literal["librosa", "d2m", "loris"]
_PICKING: Mapping[Picking, Mapping[str, Any]] = {
    "librosa": {},
    "d2m": {"wait": 1, "delta": 0.2, "pre_avg": 1, "post_avg": 1, "pre_max": 1, "post_max": 1},
    "loris": {"wait": 1, "delta": 0.2, "pre_avg": 3, "post_avg": 3, "pre_max": 3, "post_max": 3},
}


@dataclass(frozen=True, slots=True)
class Strength:
    """How strongly sound begins around time i * hop / RATE, float64 [1 + samples // hop], of `duration_s`."""

    values: Floats
    duration_s: float
    hop: int = HOP

    @property
    def times_s(self) -> Floats:
        return np.arange(len(self.values), dtype=np.float64) * (self.hop / RATE)


def at_analysis_rate(sound: npt.NDArray[np.floating], rate: int) -> npt.NDArray[np.float32]:
    """Mono float [n] at `rate` Hz as float32 [n'] at 22,050 Hz. InputError for nothing, or nothing finite."""
    if sound.ndim != 1 or not len(sound) or not np.isfinite(sound).all():
        raise InputError(
            f"sound of shape {sound.shape} cannot be judged: give mono samples, all of them numbers"
        )
    return np.asarray(soxr.resample(sound.astype(np.float32, copy=False), rate, RATE, quality="HQ"))


def onset_strength(sound: npt.NDArray[np.floating], rate: int, *, fine: bool = False) -> Strength:
    """librosa's spectral flux of mono float [n] at `rate` Hz, by the published or the fine ears.

    InputError for sound that is none.
    """
    at = at_analysis_rate(sound, rate)
    hop, window = (FINE_HOP, _FINE_WINDOW) if fine else (HOP, _WINDOW)
    values = librosa.onset.onset_strength(y=at, sr=RATE, hop_length=hop, n_fft=window)
    return Strength(np.asarray(values, np.float64), len(sound) / rate, hop)


def onset_times(strength: Strength, picking: Picking = "librosa") -> Floats:
    """Seconds at which sounds begin, rising. The published beat scores' pickings count hops of 512."""
    assert picking == "librosa" or strength.hop == HOP, "d2m and loris are defined for the published ears"
    if not strength.values.any():
        return np.zeros(0)
    found = librosa.onset.onset_detect(
        onset_envelope=strength.values, sr=RATE, hop_length=strength.hop, units="time", **_PICKING[picking]
    )
    return np.asarray(found, np.float64)


def beat_times(strength: Strength) -> tuple[Floats, float]:
    """Seconds of librosa's beats (dynamic programming, Ellis 2007), rising, and their tempo in bpm.

    No beats and tempo 0 where nothing begins.
    """
    if not strength.values.any():
        return np.zeros(0), 0.0
    tempo, beats = librosa.beat.beat_track(
        onset_envelope=strength.values, sr=RATE, hop_length=strength.hop, units="time"
    )
    return np.asarray(beats, np.float64), float(np.atleast_1d(tempo)[0])
