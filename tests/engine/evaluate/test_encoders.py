from __future__ import annotations

import numpy as np
import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.evaluate.curves import curve_corr, event_curve, shuffled_curve_corr
from hitpoint.engine.evaluate.encoders import log_mel, mel, pixels

_RATE = 32_000


def _random(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def test_pixels_are_lab_as_opencv_has_it() -> None:
    cv2 = pytest.importorskip("cv2")
    picture = _random(0).integers(0, 256, (48, 64, 3), np.uint8)
    # Flat cells of 3 by 4: their means are their colours.
    picture = np.repeat(np.repeat(picture[::3, ::4], 3, axis=0), 4, axis=1)
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[::3, ::4]
    row = pixels(picture[None])[0].reshape(16, 16, 4)
    ours = row[:, :, :3] - row[:, :, :3].mean()
    assert ours == pytest.approx(lab - lab.mean(), abs=0.5)


def test_the_fourth_channel_is_the_energy_of_the_gradient() -> None:
    flat = np.full((1, 90, 160, 3), 100, np.uint8)
    striped = flat.copy()
    striped[:, :, 80::2] = 140
    row = pixels(striped)[0].reshape(16, 16, 4)
    assert np.ptp(row[:, :7, 3]) == pytest.approx(0, abs=1e-4)
    assert (row[:, 9:, 3] > row[:, :7, 3] + 10).all()


def test_cells_cover_any_size_of_picture() -> None:
    for height, width in ((16, 16), (17, 31), (90, 160), (101, 37)):
        rows = pixels(_random(1).integers(0, 256, (2, height, width, 3), np.uint8))
        assert rows.shape == (2, 1024) and np.isfinite(rows).all()
        assert rows.mean(axis=1) == pytest.approx(0, abs=1e-3)
    with pytest.raises(InputError, match="16"):
        pixels(np.zeros((1, 15, 20, 3), np.uint8))


def test_black_pictures_say_nothing() -> None:
    assert (pixels(np.zeros((2, 20, 20, 3), np.uint8)) == 0).all()


def test_brightness_and_layout_are_both_seen_to_jump() -> None:
    layout = np.full((3, 40, 60, 3), 80, np.uint8)
    for index in range(3):
        layout[index, :, 20 * index : 20 * index + 20] = (140, 120, 100)
    film = np.repeat(layout, 48, axis=0)
    film[24:36] += 100
    times = np.arange(144) / 24
    curve = event_curve(pixels(film), times)
    for at in (50, 75, 100, 200):
        assert curve[at - 1 : at + 3].max() > curve[[at - 12, at + 12]].max() + 0.2
    assert curve[100] > curve[50]


def test_a_sound_begins_in_mel_where_it_begins() -> None:
    time = np.arange(10 * _RATE) / _RATE
    sound = 0.2 * np.sin(2 * np.pi * 220 * time)
    for at in (3.0, 6.5):
        sound += (time >= at) * 0.5 * np.sin(2 * np.pi * 880 * time) * np.exp(-4 * np.maximum(time - at, 0))
    features, times = mel(sound, _RATE)
    assert features.shape == (1001, 128) and times[-1] == 10
    curve = event_curve(features, times, smooth_s=0, duration_s=10.0)
    for at in (3.0, 6.5):
        assert abs(curve[round(at * 50) - 50 : round(at * 50) + 50].argmax() - 50) <= 1


@pytest.mark.parametrize("rate", [22_050, 32_000, 44_100, 48_000])
def test_bands_hold_the_tone_that_they_are_given_at_any_rate(rate: int) -> None:
    time = np.arange(2 * rate) / rate
    low, high = (log_mel(0.5 * np.sin(2 * np.pi * hz * time), rate)[100] for hz in (110.0, 3520.0))
    assert low.argmax() < 12 < 50 < high.argmax()
    # Every band hears something of noise, the lowest included.
    noise = log_mel(_random(4).standard_normal(2 * rate).astype(np.float32), rate)
    assert (noise.mean(axis=0) > noise.max() - 12).all()


def test_silence_says_nothing_and_does_not_change() -> None:
    features, times = mel(np.zeros(_RATE, np.float32), _RATE)
    assert (features == 0).all()
    assert (event_curve(features, times) == 0).all()


def test_onset_and_event_curves_of_pairs_correlate_above_shuffled_pairs() -> None:
    films, musics = [], []
    for seed in range(6):
        random = _random(10 + seed)
        moments = np.sort(random.uniform(0.5, 9.5, 7))
        looks = random.integers(0, 256, (8, 32, 48, 3), np.uint8)
        film = looks[np.searchsorted(moments, np.arange(240) / 24, side="right")]
        sound = np.zeros(10 * _RATE, np.float32)
        for at in moments:
            start = round(at * _RATE)
            count = min(16000, len(sound) - start)
            hertz = 110 * 2 ** random.uniform(0, 3)
            tone = np.sin(2 * np.pi * hertz * np.arange(count) / _RATE) * np.exp(-np.arange(count) / 8000)
            sound[start : start + count] += (0.5 * tone).astype(np.float32)
        films.append(event_curve(pixels(film), np.arange(240) / 24, duration_s=10.0))
        musics.append(event_curve(*mel(sound, _RATE), duration_s=10.0))
    own = [curve_corr(films[i], musics[i]) for i in range(6)]
    others = shuffled_curve_corr(films, [*musics[:3], *(music[:400] for music in musics[3:])], seed=0)
    assert np.mean([pair.r for pair in own]) > others.mean() + 0.3
    assert np.abs([pair.best_lag_s for pair in own]).max() <= 0.1
