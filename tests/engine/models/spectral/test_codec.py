"""The spectral codec: what every codec promises, and what this one must keep of a tune."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from hitpoint.engine.errors import EngineFault, InputError, OptionError
from hitpoint.engine.models.config import SpectralConfig
from hitpoint.engine.models.spectral.analysis import analyse
from hitpoint.engine.models.spectral.codec import FILE, SpectralCodec
from hitpoint.engine.models.spectral.levels import shaped
from hitpoint.engine.models.spectral.phases import BLOCK_STEPS, sound_of
from hitpoint.engine.models.spectral.state import spectral_shapes
from hitpoint.engine.models.state import random_state
from hitpoint.engine.models.weights import write_tensors
from hitpoint.engine.train.codec import fit_codec

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
RATE = 32_000
SMALL = SpectralConfig(cardinality=64, components=24)
STEREO = replace(SMALL, channels=2)


def tune(seconds: float, seed: int) -> Floats:
    """Plucked chords with a click at each attack, four a second, of few pitches."""
    random = np.random.Generator(np.random.PCG64(seed))
    total = round(seconds * RATE)
    out = np.zeros(total + RATE, np.float32)
    for start in range(0, total, RATE // 4):
        clock = np.arange(RATE // 2) / RATE
        for pitch in random.choice([48, 52, 55, 60, 64, 67, 72], 3, replace=False):
            hertz = 440 * 2 ** ((pitch - 69) / 12)
            lines = sum(np.sin(2 * np.pi * hertz * n * clock) / n for n in range(1, 6))
            out[start : start + len(clock)] += (0.1 * lines * np.exp(-6 * clock)).astype(np.float32)
        out[start : start + 200] += (0.2 * random.standard_normal(200)).astype(np.float32)
    return out[:total]


@pytest.fixture(scope="module")
def fitted() -> SpectralCodec:
    return SpectralCodec(fit_codec([tune(20, seed) for seed in range(2)], SMALL, seed=1), SMALL)


def decoded(codec: SpectralCodec, codes: Ints) -> Floats:
    return np.concatenate(list(codec.decode(codes)))


def random_codes(config: SpectralConfig, steps: int) -> Ints:
    random = np.random.Generator(np.random.Philox(3))
    return random.integers(0, config.cardinality, (config.codebooks * config.channels, steps))


@pytest.mark.parametrize("config", [SMALL, STEREO], ids=["mono", "stereo"])
@pytest.mark.parametrize("steps", [1, 2, 7, BLOCK_STEPS - 1, BLOCK_STEPS, BLOCK_STEPS + 1, 133])
def test_a_step_is_a_fiftieth_of_a_second_exactly(config: SpectralConfig, steps: int) -> None:
    codec = SpectralCodec(random_state(spectral_shapes(config), 2), config)
    sound = decoded(codec, random_codes(config, steps))
    assert sound.dtype == np.float32 and sound.shape == (640 * steps, config.channels)
    assert np.isfinite(sound).all()


@pytest.mark.parametrize("samples", [1, 639, 640, 641, 6_400, 320_001])
def test_every_begun_step_is_encoded(samples: int) -> None:
    codec = SpectralCodec(random_state(spectral_shapes(STEREO), 2), STEREO)
    codes = codec.encode(np.full((samples, 2), 0.1, np.float32))
    assert codes.shape == (8, -(-samples // 640)) and codes.dtype == np.int64
    assert codes.min() >= 0 and codes.max() < STEREO.cardinality


def test_sides_are_interleaved_and_stay_apart(fitted: SpectralCodec) -> None:
    codec = SpectralCodec(fitted._arrays, STEREO)
    left, right = tune(2, 5), tune(2, 6)
    codes = codec.encode(np.stack((left, right), axis=1))
    assert np.array_equal(codes[0::2], fitted.encode(left[:, None]))
    assert np.array_equal(codes[1::2], fitted.encode(right[:, None]))
    assert np.array_equal(decoded(codec, codes)[:, 1:], decoded(fitted, codes[1::2]))


def test_what_is_no_music_is_refused(fitted: SpectralCodec) -> None:
    with pytest.raises(EngineFault, match="codebooks"):
        list(fitted.decode(np.zeros((3, 5), np.int64)))
    with pytest.raises(EngineFault, match="codebooks"):
        list(fitted.decode(np.zeros((4, 0), np.int64)))
    for bad in (-1, SMALL.cardinality):
        with pytest.raises(EngineFault, match="outside"):
            list(fitted.decode(np.full((4, 5), bad, np.int64)))
    with pytest.raises(EngineFault, match="channels"):
        fitted.encode(np.zeros((100, 2), np.float32))
    with pytest.raises(InputError, match="too short"):
        fitted.encode(np.zeros((0, 1), np.float32))


def test_the_arrays_must_be_the_configurations(fitted: SpectralCodec, tmp_path: Path) -> None:
    with pytest.raises(EngineFault, match="book"):
        SpectralCodec(fitted._arrays, replace(SMALL, cardinality=32))
    with pytest.raises(InputError, match=FILE):
        SpectralCodec(tmp_path, SMALL)
    with pytest.raises(OptionError, match="levels"):
        spectral_shapes(replace(SMALL, level_books=4))


def test_a_folders_codec_is_the_arrays_and_may_be_closed(fitted: SpectralCodec, tmp_path: Path) -> None:
    write_tensors(tmp_path / FILE, spectral_shapes(SMALL), fitted._arrays)
    codec = SpectralCodec(tmp_path, SMALL)
    sound = tune(1, 8)[:, None]
    codes = codec.encode(sound)
    codec.close()
    assert np.array_equal(codes, fitted.encode(sound))
    assert np.array_equal(decoded(codec, codes), decoded(fitted, codes))


def test_the_published_size_is_small() -> None:
    shapes = spectral_shapes(SpectralConfig()).values()
    assert 4 * sum(int(np.prod(shape)) for shape in shapes) < 5_000_000


def test_blocks_of_any_length_make_one_sound(fitted: SpectralCodec) -> None:
    levels, shapes = (np.concatenate(part) for part in zip(*analyse(tune(4, 9), SMALL), strict=True))
    magnitudes = np.concatenate(list(fitted._magnitudes(fitted.codes_of(levels, shapes))))

    def made(step: int) -> Floats:
        pieces = (magnitudes[at : at + step] for at in range(0, len(magnitudes), step))
        told = (levels[at : at + step] for at in range(0, len(levels), step))
        return np.concatenate(list(shaped(sound_of(pieces, SMALL), told, SMALL)))

    whole = made(len(magnitudes))
    for step in (1, 17, 50, 73):
        assert np.abs(made(step) - whole).max() <= 0.01 * np.sqrt(np.mean(whole**2))


def test_no_border_of_blocks_can_be_told_from_other_moments(fitted: SpectralCodec) -> None:
    clock = np.arange(8 * RATE) / RATE
    held = (0.2 * (np.sin(2 * np.pi * 220 * clock) + np.sin(2 * np.pi * 330 * clock))).astype(np.float32)
    levels, shapes = (np.concatenate(part) for part in zip(*analyse(held, SMALL), strict=True))
    magnitudes = np.concatenate(list(fitted._magnitudes(fitted.codes_of(levels, shapes))))
    steady = np.broadcast_to(magnitudes[100:300].mean(axis=0), magnitudes.shape)
    sound = np.concatenate(list(sound_of([np.ascontiguousarray(steady)], SMALL)))
    bends = np.abs(np.diff(sound, 2))
    borders = np.arange(2, len(steady) // BLOCK_STEPS) * BLOCK_STEPS * 640
    near = max(float(bends[border - 640 : border + 640].max()) for border in borders)
    inside = [border + BLOCK_STEPS * 320 for border in borders[:-1]]
    assert near < 1.5 * max(float(bends[at - 640 : at + 640].max()) for at in inside)


@pytest.mark.parametrize("offset", [10, 320, 630])
def test_a_click_comes_out_within_ten_milliseconds_of_its_step(offset: int) -> None:
    random = np.random.Generator(np.random.PCG64(0))
    clicks = np.zeros(8 * RATE, np.float32)
    starts = [640 * step + offset for step in range(20, 390, 37)]
    for start in starts:
        burst = random.standard_normal(600) * np.exp(-np.arange(600) / 120)
        clicks[start : start + 600] += (0.3 * burst).astype(np.float32)
    codec = SpectralCodec(fit_codec([clicks, tune(20, 1)], SMALL, seed=2), SMALL)
    sound = decoded(codec, codec.encode(clicks[:, None]))[:, 0]
    loud = np.sqrt(np.convolve(np.square(sound), np.full(96, 1 / 96), "same"))
    for start in starts:
        around = loud[start - 3_200 : start + 3_200]
        found = start - 3_200 + int(np.argmax(around > 0.4 * around.max()))
        step = start // 640 * 640
        assert step - 320 <= found <= step + 640 + 320
