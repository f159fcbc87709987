"""The meters say what the engine's own measurement says."""

from __future__ import annotations

import numpy as np
import pytest

from hitpoint.engine.audio.loudness import LevelMeter
from hitpoint.plugin.panel.player.meters import Meters
from hitpoint.ui.ports import Levels


def noise(seconds: float, gain: float) -> np.ndarray:
    draw = np.random.default_rng(6)
    return (draw.normal(0, gain, (int(seconds * 48_000), 2))).astype(np.float32)


def fed(meters: Meters, wave: np.ndarray) -> Levels:
    for at in range(0, len(wave), 512):
        meters.feed(wave[at : at + 512])
    return meters.levels


def test_they_agree_with_the_measurement_of_the_whole() -> None:
    wave = noise(4, 0.1)
    levels = fed(Meters(), wave)
    whole = LevelMeter()
    whole.feed(wave)
    expected = whole.level()
    assert levels.integrated_lufs == pytest.approx(expected.lufs, abs=0.1)
    assert levels.true_peak_dbtp == pytest.approx(expected.true_peak_dbtp, abs=0.3)


def test_momentary_falls_where_the_music_stops_and_integrated_stays() -> None:
    meters = Meters()
    loud = fed(meters, noise(3, 0.1))
    quiet = fed(meters, np.zeros((48_000, 2), np.float32))
    assert loud.momentary_lufs is not None
    assert quiet.momentary_lufs is None
    assert quiet.integrated_lufs == pytest.approx(loud.integrated_lufs, abs=0.5)


def test_silence_has_no_level_and_a_reset_forgets() -> None:
    meters = Meters()
    assert fed(meters, np.zeros((48_000, 2), np.float32)) == Levels(None, None, None)
    fed(meters, noise(1, 0.1))
    meters.reset()
    assert meters.levels == Levels(None, None, None)
