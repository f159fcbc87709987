from __future__ import annotations

import numpy as np
import pytest

from clicks import click_music
from hitpoint.engine.errors import InputError
from hitpoint.engine.evaluate.hits import near
from hitpoint.engine.evaluate.matching import beat_f
from hitpoint.engine.evaluate.onsets import Strength, beat_times, onset_strength, onset_times
from sounds import RATE as TONE_RATE
from sounds import put, tone

_RATE = 32_000


def _bursts(times: np.ndarray, duration_s: float, gains: np.ndarray | None = None) -> np.ndarray:
    random = np.random.Generator(np.random.PCG64(0))
    sound = np.zeros(round(duration_s * _RATE), np.float32)
    shape = np.exp(-np.arange(3200) / 600)
    for index, at in enumerate(times):
        start = round(at * _RATE)
        gain = 0.5 if gains is None else gains[index]
        sound[start : start + 3200] += (gain * random.standard_normal(3200) * shape).astype(np.float32)
    return sound


def test_bursts_are_heard_where_they_begin_and_nowhere_else() -> None:
    times = np.arange(1, 19, 0.61)
    found = onset_times(onset_strength(_bursts(times, 20), _RATE))
    assert near(times, found, 0.04).all() and len(found) == len(times)


@pytest.mark.parametrize("picking", ["d2m", "loris"])
def test_one_huge_hit_hides_soft_ones_from_the_published_pickings(picking: str) -> None:
    times = np.arange(1.0, 19.0, 2.0)
    even = onset_times(onset_strength(_bursts(times, 20), _RATE), picking)  # type: ignore[arg-type]
    assert near(times, even, 0.05).all()
    curve = onset_strength(_bursts(times, 20), _RATE)
    huge = curve.values.copy()
    huge[500] = 12 * huge.max()
    assert len(onset_times(Strength(huge, 20.0), picking)) == 1  # type: ignore[arg-type]


def _ringing(times: np.ndarray, seconds: int) -> np.ndarray:
    """Plucked notes that ring over each other, mono at TONE_RATE."""
    sound = np.zeros(seconds * TONE_RATE, np.float32)
    for index, at in enumerate(times):
        put(sound, tone(220 * 2 ** ([0, 3, 7, 10, 12, 5, 8][index % 7] / 12), 2.0), float(at), 0.1)
    return sound


def test_fine_ears_hear_ringing_notes_within_25_milliseconds_and_the_published_ones_later() -> None:
    times = np.arange(0.5, 19, 0.37)
    late = {}
    for fine in (False, True):
        found = onset_times(onset_strength(_ringing(times, 20), TONE_RATE, fine=fine))
        assert near(times, found, 0.07).mean() > 0.9
        late[fine] = np.median([found[np.abs(found - at).argmin()] - at for at in times])
    assert 0 < late[True] < 0.025
    assert late[False] > late[True] + 0.005


def test_published_pickings_refuse_ears_that_they_were_not_made_for() -> None:
    with pytest.raises(AssertionError, match="published"):
        onset_times(onset_strength(_bursts(np.array([1.0]), 3), _RATE, fine=True), "loris")


def test_silence_has_no_onsets_and_no_beats() -> None:
    silence = onset_strength(np.zeros(_RATE * 5, np.float32), _RATE)
    assert len(onset_times(silence)) == 0
    beats, tempo = beat_times(silence)
    assert len(beats) == 0 and tempo == 0


def test_beats_of_a_click_track_are_tracked() -> None:
    music = click_music(2, 30, drift=0.0, bpm=110)
    beats, tempo = beat_times(onset_strength(music.sound[:, 0], 48_000))
    assert beat_f(music.beats / 48_000, beats) > 0.9
    assert tempo == pytest.approx(110, rel=0.04)


def test_what_is_no_sound_is_refused() -> None:
    for sound in (np.zeros(0), np.zeros((4, 2)), np.array([0.0, np.nan])):
        with pytest.raises(InputError, match="mono"):
            onset_strength(sound, _RATE)
