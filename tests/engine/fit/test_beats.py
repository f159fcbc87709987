from __future__ import annotations

import numpy as np
import pytest

from clicks import click_music
from hitpoint.engine.audio.onset import onset_curve
from hitpoint.engine.fit.beats import find_beats
from hitpoint.engine.timebase import SAMPLE_RATE

SECOND = SAMPLE_RATE


def _f_measure(found: np.ndarray, known: np.ndarray, tolerance_s: float = 0.04) -> float:
    if not len(found):
        return 0.0
    near = tolerance_s * SECOND
    right = np.mean([np.abs(known - beat).min() <= near for beat in found])
    heard = np.mean([np.abs(found - beat).min() <= near for beat in known])
    return float(2 * right * heard / (right + heard)) if right + heard else 0.0


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("off_beats", [False, True])
def test_beats_of_drifting_click_music_are_found(seed: int, off_beats: bool) -> None:
    music = click_music(seed, 40, off_beats=off_beats)
    found = find_beats(onset_curve(music.sound))
    assert _f_measure(found.beats, music.beats) > 0.97
    assert found.confidence > 0.9 and found.meter == 4
    assert _f_measure(found.downbeats, music.beats[::4]) > 0.9
    assert (np.diff(found.beats) > 0).all()


def test_a_beat_lies_within_a_hundredth_of_a_second_of_its_sound() -> None:
    music = click_music(3, 30)
    found = find_beats(onset_curve(music.sound)).beats
    errors = [np.abs(found - beat).min() for beat in music.beats[2:-2]]
    assert max(errors) < 0.010 * SECOND


def test_a_tempo_that_goes_from_90_to_130_is_followed() -> None:
    random = np.random.Generator(np.random.PCG64(1))
    beats, now = [], 0.3
    while now < 58:
        beats.append(now)
        now += 60 / (90 + 40 * now / 60)
    sound = np.zeros((60 * SECOND, 1), np.float32)
    click = (0.5 * random.standard_normal(4800) * np.exp(-np.arange(4800) / 1000)).astype(np.float32)
    for beat in beats:
        at = round(beat * SECOND)
        sound[at : at + 4800, 0] += click
    found = find_beats(onset_curve(sound))
    assert _f_measure(found.beats, np.array(beats) * SECOND) > 0.97


def test_silent_bars_in_the_middle_are_counted_through() -> None:
    music = click_music(5, 40, drift=0.0, bpm=100)
    sound = music.sound.copy()
    sound[18 * SECOND : 22 * SECOND] = 0
    found = find_beats(onset_curve(sound))
    assert _f_measure(found.beats, music.beats) > 0.95


def _sounds() -> dict[str, np.ndarray]:
    random = np.random.Generator(np.random.PCG64(1))
    time = np.arange(30 * SECOND) / SECOND
    scattered = np.zeros(30 * SECOND)
    for at in np.cumsum(random.exponential(0.4, 70)):
        start = round(at * SECOND)
        size = max(0, min(4800, len(scattered) - start))
        scattered[start : start + size] += np.exp(-np.arange(size) / 1200) * random.standard_normal(size) / 2
    return {
        "noise": 0.1 * random.standard_normal(30 * SECOND),
        "pad": sum(
            0.1 * np.sin(2 * np.pi * f * time) * (1 + 0.3 * np.sin(f + time / 2)) for f in (110, 165, 220)
        ),
        "scattered": scattered,
        "silence": np.zeros(30 * SECOND),
        "short": 0.1 * random.standard_normal(SECOND // 2),
        "nothing": np.zeros(0),
    }


@pytest.mark.parametrize("name", _sounds())
def test_music_without_a_pulse_is_said_to_have_none(name: str) -> None:
    sound = _sounds()[name].astype(np.float32)[:, None]
    assert find_beats(onset_curve(sound)).confidence < 0.2
