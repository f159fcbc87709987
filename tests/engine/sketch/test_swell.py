"""Held notes swell: how much, where, and that nothing jumps."""

from __future__ import annotations

import numpy as np
import pytest

from hitpoint.engine.sketch.envelope import Scratch
from hitpoint.engine.sketch.swell import RATE, corners, depth_db, swell


def gain_db(seconds: float, release: int = 4_800) -> np.ndarray:
    length = round(seconds * RATE)
    shape = np.ones(length + release, np.float32)
    swell(shape, length, Scratch())
    return 20 * np.log10(shape.astype(float))


def test_a_short_note_is_left_alone():
    assert not gain_db(0.35).any()


def test_longer_notes_swell_more_up_to_a_limit():
    depths = [depth_db(round(seconds * RATE)) for seconds in (0.5, 1, 1.5, 2, 4, 8)]
    assert depths == sorted(depths) and depths[0] == 0 and depths[-1] == depths[-2]
    assert depths[-1] <= 9


@pytest.mark.parametrize("seconds", [1.2, 2.0, 4.0, 9.0])
def test_a_note_speaks_then_grows_then_lets_go(seconds: float):
    gain = gain_db(seconds)
    (_, first), (grows, low), (height, high), (end, last) = corners(round(seconds * RATE))
    assert gain[0] == pytest.approx(first, abs=0.01) and first > low
    assert gain[grows] == pytest.approx(low, abs=0.01) and gain.min() > low - 0.01
    assert gain[height] == pytest.approx(high, abs=0.01) and gain.max() < high + 0.01
    assert high - low == pytest.approx(depth_db(round(seconds * RATE)))
    assert low < last < high and gain[end - 1] == pytest.approx(last, abs=0.01)
    assert np.all(np.diff(gain[grows:height]) >= -1e-4) and np.all(np.diff(gain[height:end]) <= 1e-4)


@pytest.mark.parametrize("seconds", [0.5, 0.8, 1.2, 2.0, 4.0])
def test_no_step_is_heard_where_its_parts_meet(seconds: float):
    assert np.abs(np.diff(gain_db(seconds)[: round(seconds * RATE)])).max() < 0.01


@pytest.mark.parametrize("seconds", [1.0, 2.0, 4.0])
def test_a_note_that_swells_is_as_strong_as_one_that_does_not(seconds: float):
    gain = gain_db(seconds)[: round(seconds * RATE)]
    assert 10 * np.log10(np.mean(10 ** (gain / 10))) == pytest.approx(0, abs=1.2)
