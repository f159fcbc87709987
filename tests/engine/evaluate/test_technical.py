from __future__ import annotations

import numpy as np
import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.evaluate.technical import technical


def _tone(rate: int, seconds: float, gain: float) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return (gain * np.sin(2 * np.pi * 997 * time)).astype(np.float32)


@pytest.mark.parametrize("rate", [32_000, 48_000])
def test_a_sine_in_one_channel_has_the_loudness_that_the_standard_says(rate: int) -> None:
    # BS.1770: 0 dBFS at 997 Hz in one channel is -3.01 LUFS.
    found = technical(_tone(rate, 5, 0.1), rate, wanted_lufs=-23.01, wanted_samples=5 * rate)
    assert found.loudness_error_lu == pytest.approx(0, abs=0.05)
    assert found.true_peak_dbtp == pytest.approx(-20, abs=0.1)
    assert (found.silence, found.clipped, found.length_error) == (0, 0, 0)
    assert found.dc < 1e-6


def test_what_is_wrong_is_counted() -> None:
    sound = np.stack([_tone(48_000, 4, 0.25), _tone(48_000, 4, 0.25)], axis=1)
    sound[:48_000] = 0
    sound[100_000:100_007, 1] = 1.0
    sound[:, 0] += 0.02
    found = technical(sound, 48_000, wanted_lufs=-14, wanted_samples=192_010)
    assert found.clipped == 7 and found.length_error == -10
    assert found.dc == pytest.approx(0.02, abs=1e-4)
    # A constant is no silence.
    assert found.silence == 0
    assert technical(sound - [[0.02, 0]], 48_000, wanted_lufs=-14, wanted_samples=1).silence == 0.25


def test_silence_has_no_loudness_error_and_no_peak() -> None:
    found = technical(np.zeros(48_000, np.float32), 48_000, wanted_lufs=-14, wanted_samples=48_000)
    assert found.loudness_error_lu is None and found.true_peak_dbtp is None and found.silence == 1


def test_what_is_no_sound_is_refused() -> None:
    with pytest.raises(InputError, match="numbers"):
        technical(np.array([0.0, np.inf]), 48_000, wanted_lufs=-14, wanted_samples=2)
