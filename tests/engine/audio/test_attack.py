"""When a sound is heard to begin."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from hitpoint.engine.audio.attack import attack_s
from hitpoint.engine.errors import InputError

RATE = 48_000
Floats = npt.NDArray[np.float32]


def rising(attack: float, seconds: float = 1.5, hertz: float = 330.0) -> Floats:
    """A tone whose amplitude grows in a straight line for `attack` s, then holds, and stops in 50 ms."""
    time = np.arange(round(seconds * RATE)) / RATE
    shape = np.clip(time / max(attack, 1e-4), 0, 1) * np.clip((seconds - time) / 0.05, 0, 1)
    return (np.sin(2 * np.pi * hertz * time) * shape).astype(np.float32)


def test_a_click_and_a_drum_are_heard_at_once():
    click = np.zeros(4_800, np.float32)
    click[0] = 1
    assert attack_s(click, RATE) == 0
    time = np.arange(RATE // 4) / RATE
    noise = np.random.Generator(np.random.PCG64(1)).standard_normal(len(time))
    drum = np.sin(2 * np.pi * 180 * time) * np.exp(-time * 18) + 0.4 * noise * np.exp(-time * 60)
    assert attack_s(drum, RATE) < 0.002


@pytest.mark.parametrize("attack", [0.05, 0.2, 0.6])
def test_a_straight_rise_is_heard_ten_decibels_under_its_height(attack: float):
    assert attack_s(rising(attack), RATE) == pytest.approx(10 ** (-10 / 20) * attack, abs=0.006)


def test_silence_before_a_note_is_part_of_its_attack():
    late = np.concatenate((np.zeros(4_800, np.float32), rising(0.1)))
    assert attack_s(late, RATE) == pytest.approx(attack_s(rising(0.1), RATE) + 0.1, abs=0.001)


def test_level_and_rate_do_not_matter():
    sound = rising(0.2)
    assert attack_s(sound * np.float32(0.01), RATE) == pytest.approx(attack_s(sound, RATE))
    assert attack_s(sound[::2], RATE // 2) == pytest.approx(attack_s(sound, RATE), abs=0.001)


def test_a_note_that_swells_after_its_attack_is_not_late_for_that():
    time = np.arange(3 * RATE) / RATE
    sound = rising(0.02, 3.0) * (1 + 4 * np.clip(time - 1, 0, 1)).astype(np.float32)
    assert attack_s(sound, RATE) < 0.012


def test_two_tones_that_beat_are_heard_as_their_mean_is():
    """Crests of a room or of two strings raise the greatest level for moments only."""
    sound = rising(0.3)
    time = np.arange(len(sound)) / RATE
    beating = (sound * (1 + 0.4 * np.cos(2 * np.pi * 7 * time))).astype(np.float32)
    assert attack_s(beating, RATE) == pytest.approx(attack_s(sound, RATE), abs=0.02)


def test_a_silent_note_has_no_onset():
    with pytest.raises(InputError, match="silent"):
        attack_s(np.zeros(4_800, np.float32), RATE)
