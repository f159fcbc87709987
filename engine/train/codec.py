"""Fits the spectral codec: principal components of shapes, then residual k-means, in a minute or two.

Nothing is trained by gradients: what is fitted is means, a basis and codewords (models/spectral/state.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse

from ..errors import InputError
from ..models.config import SpectralConfig
from ..models.spectral.analysis import analyse
from ..models.spectral.quantise import nearest
from ..models.spectral.state import (
    BACK,
    INTO,
    LEVEL_MEAN,
    MEAN,
    book,
    check_spectral,
    level_books,
    shape_books,
)
from ..progress import Progress, Step, silent

Floats = npt.NDArray[np.float32]

# Steps that are learned from: more make no better codewords, only longer waits.
_MOST_STEPS = 80_000
_ROUNDS = 15
_STAGE = "codec"


def fit_codec(
    sounds: Iterable[Floats], config: SpectralConfig, *, seed: int, progress: Progress = silent
) -> dict[str, Floats]:
    """Arrays of a codec (`spectral_shapes`) fitted to mono float32 [n] sounds at the codec's rate.

    The same sounds and seed give the same bytes on one machine. InputError for fewer steps than codewords.
    """
    check_spectral(config)
    levels, shapes = _steps(sounds, config, progress)
    if len(levels) < config.cardinality:
        raise InputError(
            f"{len(levels)} steps of music are too few for {config.cardinality} codewords: give more music"
        )
    random = np.random.Generator(np.random.PCG64(seed))
    if len(levels) > _MOST_STEPS:
        drawn = np.sort(random.choice(len(levels), _MOST_STEPS, replace=False))
        levels, shapes = levels[drawn], shapes[drawn]
    out: dict[str, Floats] = {LEVEL_MEAN: levels.mean(axis=0), MEAN: shapes.mean(axis=0)}
    basis = _principal(shapes - out[MEAN], config.components)
    out[INTO], out[BACK] = np.ascontiguousarray(basis.T), basis
    done = 0
    vectors: tuple[Floats, Floats] = (levels - out[LEVEL_MEAN], np.matmul(shapes - out[MEAN], out[INTO]))
    coded: tuple[Sequence[int], Sequence[int]] = (level_books(config), shape_books(config))
    for indices, left in zip(coded, vectors, strict=True):
        for index in indices:
            codewords = k_means(left, config.cardinality, random)
            out[book(index)] = codewords
            left = left - codewords[nearest(left, codewords)]
            done += 1
            progress(Step(_STAGE, done, config.codebooks, f"codebook {index}"))
    return out


def k_means(vectors: Floats, count: int, random: np.random.Generator, rounds: int = _ROUNDS) -> Floats:
    """Codewords [count, d] of vectors [n, d], n >= count; one that nothing is near to starts again."""
    words = vectors[random.choice(len(vectors), count, replace=False)]
    for _ in range(rounds):
        owner = nearest(vectors, words)
        members = scipy.sparse.csr_array(
            (np.ones(len(owner), np.float32), (owner, np.arange(len(owner)))), (count, len(owner))
        )
        sizes = np.bincount(owner, minlength=count)
        words = np.asarray((members @ vectors) / np.maximum(sizes, 1)[:, None].astype(np.float32))
        empty = np.flatnonzero(sizes == 0)
        words[empty] = vectors[random.choice(len(vectors), len(empty), replace=False)]
    return words


def _steps(sounds: Iterable[Floats], config: SpectralConfig, progress: Progress) -> tuple[Floats, Floats]:
    """Levels and shapes of every step of all sounds."""
    levels: list[Floats] = []
    shapes: list[Floats] = []
    seconds = 0.0
    for sound in sounds:
        for some_levels, some_shapes in analyse(sound, config):
            levels.append(some_levels)
            shapes.append(some_shapes)
        seconds += len(sound) / config.sample_rate
        progress(Step(_STAGE, 0, config.codebooks, f"{seconds / 60:.0f} min of music heard"))
    if not levels:
        raise InputError("there is no music to fit a codec to: give some")
    return np.concatenate(levels), np.concatenate(shapes)


def _principal(centred: Floats, count: int) -> Floats:
    """The first principal components, [count, d], signs fixed so that the largest entry is positive."""
    _, vectors = np.linalg.eigh(np.cov(centred.T.astype(np.float64)))
    basis = vectors[:, ::-1][:, :count].T
    largest = np.abs(basis).argmax(axis=1)
    basis = basis * np.sign(basis[np.arange(len(basis)), largest])[:, None]
    return np.ascontiguousarray(basis, np.float32)
