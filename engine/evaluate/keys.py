"""The key and the tempo of music against those that were asked for: `key_acc`, `tempo_acc`.

Scores by the rules of MIREX; the keys themselves are found by Krumhansl and Kessler's profiles (Psychological
Review 89, 1982), which any ear of a machine here shares: it errs, and equally for every system.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import librosa
import numpy as np
import numpy.typing as npt

from .onsets import RATE

Floats = npt.NDArray[np.float64]
Mode = Literal["major", "minor"]

# MIREX's audio tempo task counts a tempo within 4 %, and allows the levels above and below the beat.
TEMPO_TOLERANCE = 0.04
_LEVELS = (1.0, 2.0, 1 / 2, 3.0, 1 / 3)
_FOURIER = 4096
_PROFILES = {
    "major": np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88]),
    "minor": np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17]),
}
_MODES: tuple[Mode, ...] = ("major", "minor")


@dataclass(frozen=True, slots=True)
class Key:
    """tonic: 0 is C, 11 is B."""

    tonic: int
    mode: Mode


def mean_chroma(at_analysis_rate: npt.NDArray[np.float32]) -> Floats:
    """How much of each pitch class sounds, float64 [12] from C on, of mono at 22,050 Hz; zeros in silence."""
    chroma = librosa.feature.chroma_stft(
        y=at_analysis_rate, sr=RATE, n_fft=_FOURIER, hop_length=_FOURIER // 2, tuning=0.0, norm=None
    )
    return np.asarray(chroma.mean(axis=1), np.float64)


def key_of(chroma: Floats) -> Key | None:
    """The key whose profile correlates best with a chroma [12]; None where no pitch stands out."""
    if float(np.ptp(chroma)) <= 1e-9 * float(np.abs(chroma).max(initial=0.0)):
        return None
    found = [
        (float(np.corrcoef(chroma, np.roll(_PROFILES[mode], tonic))[0, 1]), mode, tonic)
        for mode in _MODES
        for tonic in range(12)
    ]
    _, mode, tonic = max(found, key=lambda item: item[0])
    return Key(tonic, mode)


def key_score(asked: Key, found: Key | None) -> float:
    """`key_acc`: 1 for the key, .5 a fifth above it, .3 its relative, .2 its parallel, else 0 (MIREX)."""
    if found is None:
        return 0.0
    up = (found.tonic - asked.tonic) % 12
    if found.mode == asked.mode:
        return {0: 1.0, 7: 0.5}.get(up, 0.0)
    relative = 9 if asked.mode == "major" else 3
    return {0: 0.2, relative: 0.3}.get(up, 0.0)


def tempo_correct(asked_bpm: float, found_bpm: float) -> tuple[bool, bool]:
    """`tempo_acc`: whether a tempo is within 4 % of the one asked for; and also allowing twice, half, three
    times and a third of it.
    """
    near = [
        abs(found_bpm - level * asked_bpm) <= TEMPO_TOLERANCE * level * asked_bpm * (1 + 1e-9)
        for level in _LEVELS
    ]
    return near[0], any(near)
