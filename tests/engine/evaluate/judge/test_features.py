"""What the judge looks at: pictures and sound as numbers, ten times a second."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.evaluate.judge.features import (
    PICTURE_CHANNELS,
    PICTURE_CHANNELS_PLAIN,
    SOUND_BANDS,
    SOUND_CHANNELS,
    mel,
    pixels,
)

Floats = npt.NDArray[np.float32]
CHROMA = slice(2 * SOUND_BANDS + 1, 2 * SOUND_BANDS + 13)


def flat(*colours: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    return np.array(colours, np.uint8)[:, None, None].repeat(90, 1).repeat(160, 2)


def tones(*notes: int, seconds: float = 2.0) -> Floats:
    at = np.arange(round(seconds * 32_000)) / 32_000
    found = np.mean([np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * at) for note in notes], 0)
    return np.asarray(0.3 * found, np.float32)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((128, 128, 128), (53.59, 0, 0)),
    ],
)
def test_mean_colour_is_cie_lab(rgb: tuple[int, int, int], lab: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(pixels(flat(rgb))[0, :3], lab, atol=0.03)


def test_shapes_are_as_promised_and_a_flat_picture_has_no_detail() -> None:
    found = pixels(flat((10, 80, 200), (10, 80, 200)))
    assert found.shape == (2, PICTURE_CHANNELS) and found.dtype == np.float32
    np.testing.assert_allclose(found[:, PICTURE_CHANNELS_PLAIN:], 0, atol=1e-3)


def test_change_is_seen_where_it_is_and_the_first_picture_is_no_mark() -> None:
    pictures = flat((50, 50, 50), (50, 50, 50), (50, 50, 50))
    pictures[2, :20, :40] = 250
    change = pixels(pictures)[:, 10:PICTURE_CHANNELS_PLAIN].reshape(3, 4, 4)
    assert not change[:2].any()
    assert change[2].argmax() == 0 and change[2, 0, 0] > 50 and not change[2, 1:, 1:].any()
    moving = pixels(pictures[1:])
    assert np.array_equal(moving[0, 6:PICTURE_CHANNELS_PLAIN], moving[1, 6:PICTURE_CHANNELS_PLAIN])


def test_a_picture_has_the_same_features_whatever_its_size() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), np.uint8)
    small, large = (pixels(picture.repeat(n, 1).repeat(n, 2)) for n in (1, 3))
    lab = slice(PICTURE_CHANNELS_PLAIN, PICTURE_CHANNELS_PLAIN + 3 * 256)
    np.testing.assert_allclose(small[:, lab], large[:, lab], atol=1e-3)


def test_sound_has_ten_rows_a_second_and_silence_is_the_floor() -> None:
    found = mel(np.zeros(48_000, np.float32))
    assert found.shape == (15, SOUND_CHANNELS) and found.dtype == np.float32
    assert (found[:, :SOUND_BANDS] == -80).all() and not found[:, SOUND_BANDS:].any()


def test_gain_moves_all_bands_alike_and_nothing_else() -> None:
    noise = np.random.default_rng(0).standard_normal(64_000).astype(np.float32)
    change = mel(noise * np.float32(10 ** (-3 / 20)))[2:-2] - mel(noise)[2:-2]
    np.testing.assert_allclose(change[:, :SOUND_BANDS], -3, atol=1e-3)
    np.testing.assert_allclose(change[:, SOUND_BANDS:], 0, atol=1e-3)


def test_a_note_is_its_pitch_class() -> None:
    for note in (57, 60, 76):
        assert (mel(tones(note))[3:-3, CHROMA].argmax(1) == note % 12).all()


def test_mode_is_heard_in_every_key() -> None:
    for tonic in range(48, 60):
        major, minor = (mel(tones(tonic, tonic + third, tonic + 7))[10] for third in (4, 3))
        assert major[-4] > major[-3] + 0.1 and minor[-3] > minor[-4] + 0.1
        assert major[-2] > major[-1] and minor[-1] > minor[-2]


def test_an_onset_rises_in_its_row() -> None:
    sound = np.zeros(64_000, np.float32)
    sound[32_000:] = tones(60, seconds=1)
    rises = mel(sound)[:, 2 * SOUND_BANDS]
    assert rises.argmax() in (9, 10)


def test_what_is_no_picture_or_sound_is_said() -> None:
    with pytest.raises(InputError, match="no RGB"):
        pixels(np.zeros((2, 20, 20, 4), np.uint8))
    with pytest.raises(InputError, match="too small"):
        pixels(np.zeros((2, 15, 20, 3), np.uint8))
    with pytest.raises(InputError, match="no mono"):
        mel(np.zeros((32_000, 2), np.float32))
