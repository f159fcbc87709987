"""What a listener would say of a piece: major or minor, and which orchestration. For the swap of pictures.

The mode is read from the thirds over known roots, so no network decides it. The orchestration is told by a
linear reader of timbre, fitted on ground truth that went through the codec, checked on pieces it never saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import librosa
import numpy as np
import numpy.typing as npt

from ...sketch.composer import ChordSpan
from ...timebase import SAMPLE_RATE

Floats = npt.NDArray[np.float64]
Sound = npt.NDArray[np.float32]

_HOP = 2048
_BANDS = 48
# Ridge of the linear reader, in units of standardised features.
_RIDGE = 10.0


def major(sound: Sound, rate: int, chords: Sequence[ChordSpan]) -> float:
    """Major thirds over minor ones above the chords' roots, as a log ratio: above 0 is major.

    sound: mono float32 [n]; chords on the clock of the cue (48 kHz). nan where nothing sounds.
    """
    if not sound.any():
        return float("nan")
    chroma = librosa.feature.chroma_cqt(y=sound, sr=rate, hop_length=_HOP, tuning=0.0)
    at = (np.arange(chroma.shape[1]) * _HOP / rate * SAMPLE_RATE).astype(np.int64)
    big = small = 0.0
    for chord in chords:
        inside = (at >= chord.start_sample) & (at < chord.end_sample_exclusive)
        root = chord.pcs[0]
        big += float(chroma[(root + 4) % 12, inside].sum())
        small += float(chroma[(root + 3) % 12, inside].sum())
    return float(np.log(big / small)) if big > 0 and small > 0 else float("nan")


def timbre(sound: Sound, rate: int) -> Floats:
    """float64 [4 * 48]: mean, deviation, rise and change of each band of log-mel, its level taken out."""
    mel = librosa.feature.melspectrogram(y=sound, sr=rate, n_fft=2048, hop_length=512, n_mels=_BANDS)
    log = librosa.power_to_db(mel, ref=float(mel.max()) or 1.0, top_db=70)
    level = log - log.mean()
    steps = np.diff(log, axis=1)
    return np.concatenate(
        [level.mean(axis=1), log.std(axis=1), np.maximum(steps, 0).mean(axis=1), np.abs(steps).mean(axis=1)]
    )


@dataclass(frozen=True, slots=True)
class PaletteReader:
    """Scores of each class are a linear function of the standardised timbre."""

    mean: Floats
    spread: Floats
    weights: Floats

    def __call__(self, features: Floats) -> int:
        standard = (features - self.mean) / self.spread
        return int(np.argmax(np.append(standard, 1.0) @ self.weights))


def fit_reader(features: Sequence[Floats], labels: Sequence[int], classes: int) -> PaletteReader:
    """Ridge regression on the classes' indicators."""
    rows = np.stack(features)
    mean, spread = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
    standard = np.concatenate([(rows - mean) / spread, np.ones((len(rows), 1))], axis=1)
    wanted = np.eye(classes)[np.asarray(labels)]
    ridge = _RIDGE * np.eye(standard.shape[1])
    return PaletteReader(mean, spread, np.linalg.solve(standard.T @ standard + ridge, standard.T @ wanted))
