"""Whether music returns where the film returns, and whether long music stays one piece."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import librosa
import numpy as np
import numpy.typing as npt

from ..errors import InputError
from .keys import Key, key_of, mean_chroma
from .onsets import HOP, RATE, at_analysis_rate
from .statistics import pearson

Floats = npt.NDArray[np.float64]

BLOCK_S = 2.0
SEGMENT_S = 10
_MFCC = 20
_LEAST = 1e-8


def block_means(features: npt.NDArray[np.floating], times: npt.ArrayLike, duration_s: float) -> Floats:
    """Means over whole 2 s, float64 [duration // 2, d], of rows [n, d] at `times` [n] seconds.

    InputError when 2 s hold no row.
    """
    count = math.floor(duration_s / BLOCK_S + 1e-9)
    index = np.floor(np.asarray(times, np.float64) / BLOCK_S + 1e-9).astype(np.int64)
    out = np.zeros((count, features.shape[1]))
    for block in range(count):
        rows = features[index == block]
        if not len(rows):
            raise InputError(
                f"nothing is known of seconds {2 * block} to {2 * block + 2}: give denser frames"
            )
        out[block] = rows.mean(axis=0, dtype=np.float64)
    return out


def ssm_corr(video: Floats, music: Floats) -> float:
    """`ssm_corr_ours`: Pearson's r of the upper triangles of the cosine self-similarities of two [n, d].

    Rows are `block_means` of `encoders.pixels` and `encoders.mel`. nan below three rows or where nothing
    varies. InputError when there are not equally many.
    """
    if len(video) != len(music):
        raise InputError(f"{len(video)} blocks of film and {len(music)} of music cannot be compared: cut one")
    upper = np.triu_indices(len(video), 1)
    return pearson(_similar(video)[upper], _similar(music)[upper])


def _similar(rows: Floats) -> Floats:
    unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _LEAST)
    return np.asarray(unit @ unit.T)


@dataclass(frozen=True, slots=True)
class Segments:
    """What whole 10 s of music are like: features [n, 52] (mean chroma of length 1, means and deviations of
    20 MFCC), tempi in bpm (nan without a pulse), keys (None without pitch).
    """

    features: Floats
    tempi_bpm: Floats
    keys: tuple[Key | None, ...]


def segments(sound: npt.NDArray[np.floating], rate: int) -> Segments:
    """The segments of mono float [n] at `rate` Hz; what is left over at the end is not looked at."""
    at = at_analysis_rate(sound, rate)
    size = SEGMENT_S * RATE
    # Resampling may end a sample early.
    count = (len(at) + RATE // 100) // size
    features, tempi, keys = [], [], []
    for index in range(count):
        part = at[index * size : (index + 1) * size]
        chroma = mean_chroma(part)
        timbre = librosa.feature.mfcc(y=part, sr=RATE, n_mfcc=_MFCC, hop_length=HOP)
        unit = chroma / max(float(np.linalg.norm(chroma)), _LEAST)
        features.append(np.concatenate((unit, timbre.mean(axis=1), timbre.std(axis=1))))
        strength = librosa.onset.onset_strength(y=part, sr=RATE, hop_length=HOP)
        pulse = strength.any()
        tempi.append(
            float(librosa.feature.tempo(onset_envelope=strength, sr=RATE, hop_length=HOP)[0])
            if pulse
            else np.nan
        )
        keys.append(key_of(chroma))
    rows = np.array(features, np.float64) if features else np.zeros((0, 12 + 2 * _MFCC))
    return Segments(rows, np.array(tempi), tuple(keys))


@dataclass(frozen=True, slots=True)
class Scaling:
    """Mean and deviation of each feature over training music, float64 [52] each."""

    mean: Floats
    deviation: Floats


def scaling(training: Sequence[Segments]) -> Scaling:
    """The statistics of training music. InputError when it has no two segments."""
    rows = np.concatenate([piece.features for piece in training]) if training else np.zeros((0, 1))
    if len(rows) < 2:
        raise InputError("features cannot be scaled by fewer than two segments: give more training music")
    return Scaling(rows.mean(axis=0), np.maximum(rows.std(axis=0), _LEAST))


@dataclass(frozen=True, slots=True)
class Coherence:
    """`coherence_ours`: up, down, down; nan below two segments (that have a pulse, or a pitch).

    cosine                  mean over neighbouring segments, of scaled features
    tempo_octaves           deviation of log2 tempo, twice and half a tempo being the same
    key_changes_per_minute
    """

    cosine: float
    tempo_octaves: float
    key_changes_per_minute: float


def coherence(piece: Segments, scale: Scaling) -> Coherence:
    rows = (piece.features - scale.mean) / scale.deviation
    cosine = tempo = changes = float("nan")
    if len(rows) > 1:
        unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _LEAST)
        cosine = float(np.mean([a @ b for a, b in pairwise(unit)]))
    known = piece.tempi_bpm[~np.isnan(piece.tempi_bpm)]
    if len(known) > 1:
        tempo = _folded_deviation(np.log2(known))
    keys = [key for key in piece.keys if key is not None]
    if len(keys) > 1:
        minutes = (len(keys) - 1) * SEGMENT_S / 60
        changes = sum(a != b for a, b in pairwise(keys)) / minutes
    return Coherence(cosine, tempo, changes)


def _folded_deviation(octaves: Floats) -> float:
    """Deviation around the circular mean, each value taken in the octave that is nearest to it."""
    centre = np.angle(np.exp(2j * np.pi * octaves).mean()) / (2 * np.pi)
    away = (octaves - centre + 0.5) % 1.0 - 0.5
    return float(away.std())
