"""Whether generated music repeats a training piece: distance to the nearest stretch of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import librosa
import numpy as np
import numpy.typing as npt
import torch

Sound = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float32]

# Stretches that are compared: as long as three bars, moved by a tenth of a second.
STRETCH_S = 5.0
_RATE = 10
_BANDS = 40


def log_mel(sound: Sound, rate: int) -> Floats:
    """float32 [T,40] in dB at 10 a second, the level of the whole taken out, the last 60 dB kept."""
    hop = rate // _RATE
    mel = librosa.feature.melspectrogram(y=sound, sr=rate, n_fft=4096, hop_length=hop, n_mels=_BANDS)
    log = librosa.power_to_db(mel, ref=float(mel.max()) or 1.0, top_db=60).T
    return np.asarray(log - log.mean(), np.float32)


def nearest_of(sounds: Sequence[Floats], others: Iterable[Floats]) -> npt.NDArray[np.float64]:
    """For each piece: mean over its stretches of the distance, dB root mean square, to the nearest of others.

    All are `log_mel`. A stretch that was copied has distance 0. The others are gone through once.
    """
    length = round(STRETCH_S * _RATE)
    cut = [_stretches(sound, length)[::length] for sound in sounds]
    own = torch.from_numpy(np.concatenate(cut))
    best = torch.full((len(own),), torch.inf)
    for other in others:
        theirs = torch.from_numpy(np.ascontiguousarray(_stretches(other, length)))
        best = torch.minimum(best, torch.cdist(own, theirs).amin(dim=1))
    distances = (best / own.shape[1] ** 0.5).numpy()
    ends = np.cumsum([len(stretches) for stretches in cut])
    return np.array([part.mean() for part in np.split(distances, ends[:-1])])


def _stretches(rows: Floats, length: int) -> Floats:
    """[T - length + 1, length * bands]"""
    windows = np.lib.stride_tricks.sliding_window_view(rows, length, axis=0)
    return windows.transpose(0, 2, 1).reshape(len(windows), -1)
