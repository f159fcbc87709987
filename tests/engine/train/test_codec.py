from __future__ import annotations

import numpy as np
import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.models.config import SpectralConfig
from hitpoint.engine.models.spectral.analysis import analyse
from hitpoint.engine.models.spectral.codec import SpectralCodec
from hitpoint.engine.models.spectral.state import spectral_shapes
from hitpoint.engine.progress import Step
from hitpoint.engine.train.codec import fit_codec, k_means

SMALL = SpectralConfig(cardinality=64, components=24)


def _melody(seed: int) -> np.ndarray:
    random = np.random.Generator(np.random.PCG64(seed))
    clock = np.arange(8_000) / 32_000
    notes = [np.sin(2 * np.pi * 220 * 2 ** (random.integers(0, 13) / 12) * clock) for _ in range(40)]
    return np.concatenate([0.3 * note * np.exp(-8 * clock) for note in notes]).astype(np.float32)


def test_the_same_sounds_and_seed_give_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = (fit_codec([_melody(0), _melody(1)], SMALL, seed=seed) for seed in (3, 3, 4))
    assert {name: array.shape for name, array in first.items()} == spectral_shapes(SMALL)
    assert all(array.dtype == np.float32 for array in first.values())
    assert all(first[name].tobytes() == again[name].tobytes() for name in first)
    assert any(first[name].tobytes() != other[name].tobytes() for name in first)


def test_every_book_brings_the_codec_nearer() -> None:
    sound = _melody(5)
    state = fit_codec([_melody(0), _melody(1), sound], SMALL, seed=3)
    codec = SpectralCodec(state, SMALL)
    codes = codec.encode(sound[:, None])
    _, shapes = codec.told_by(codes)
    blank = state | {f"book.{k}": np.zeros_like(state[f"book.{k}"]) for k in (2, 3)}
    _, coarse = SpectralCodec(blank, SMALL).told_by(codes)
    _, finest = SpectralCodec(state | {"book.3": blank["book.3"]}, SMALL).told_by(codes)
    true = np.concatenate([piece for _, piece in analyse(sound, SMALL)])
    errors = [float(np.square(told - true).mean()) for told in (coarse, finest, shapes)]
    assert errors[0] > errors[1] > errors[2]


def test_k_means_finds_clusters_that_are_there() -> None:
    random = np.random.Generator(np.random.PCG64(1))
    centres = 10 * random.standard_normal((4, 3)).astype(np.float32)
    points = np.repeat(centres, 50, axis=0) + 0.01 * random.standard_normal((200, 3)).astype(np.float32)
    words = k_means(points, 40, random)
    near = np.abs(points[:, None] - words[None]).sum(axis=2).min(axis=1)
    assert np.median(near) < 0.1


def test_too_little_music_is_told() -> None:
    with pytest.raises(InputError, match="too few"):
        fit_codec([_melody(0)[:6_400]], SMALL, seed=0)
    with pytest.raises(InputError, match="no music"):
        fit_codec([], SMALL, seed=0)


def test_progress_ends_at_the_last_book() -> None:
    told: list[Step] = []
    fit_codec([_melody(0)], SMALL, seed=0, progress=told.append)
    assert told[-1].done == told[-1].total == SMALL.codebooks
