from __future__ import annotations

import numpy as np
import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.evaluate.energy import (
    between,
    loudness_per_second,
    motion_per_second,
    onsets_per_second,
    per_second,
    within,
)
from hitpoint.engine.evaluate.onsets import HOP, RATE, Strength


def _pieces(count: int, *, follows: bool, level: bool, seed: int = 0) -> tuple[list, list]:
    """Motion and energy a second: `level` shared by piece, `follows` shared within a piece."""
    random = np.random.Generator(np.random.PCG64(seed))
    motions, energies = [], []
    for _ in range(count):
        length = int(random.integers(14, 30))
        mean, walk = random.uniform(0, 4), np.cumsum(random.standard_normal(length)) / 3
        other = np.cumsum(random.standard_normal(length)) / 3
        walk, other = walk - walk.mean(), other - other.mean()
        motions.append(mean + walk)
        energies.append((mean if level else random.uniform(0, 4)) + (walk if follows else other))
    return energies, motions


def test_energy_by_piece_and_energy_by_second_are_told_apart() -> None:
    level = _pieces(40, follows=False, level=True)
    assert between(*level, seed=0).r == pytest.approx(1, abs=0.01)
    assert abs(within(*level, seed=0).r or 1) < 0.3
    follow = _pieces(40, follows=True, level=False)
    assert abs(between(*follow, seed=0).r or 1) < 0.35
    assert within(*follow, seed=0).r == pytest.approx(1)


def test_shuffled_pairs_have_no_correlation_and_never_reach_true_ones() -> None:
    pairs = _pieces(40, follows=True, level=True)
    for found in (between(*pairs, seed=1), within(*pairs, seed=1)):
        assert found.shuffled is not None and abs(found.shuffled) < 0.1
        assert found.shuffled_as_high == 0
        assert found.interval is not None and found.interval[0] > 0.5


def test_unrelated_pairs_have_an_interval_around_zero() -> None:
    found = within(*_pieces(60, follows=False, level=False, seed=2), seed=0)
    assert found.interval is not None and found.interval[0] < 0 < found.interval[1]


def test_a_piece_that_never_changes_is_skipped_and_counted() -> None:
    energies, motions = _pieces(8, follows=True, level=True)
    energies[3] = np.full(len(energies[3]), 2.0)
    found = within(energies, motions, seed=0)
    assert (found.pieces, found.skipped) == (7, 1) and found.r == pytest.approx(1)
    still = within([np.ones(9)] * 4, motions[:4], seed=0)
    assert still.r is None and still.skipped == 4
    assert between([np.ones(9)] * 4, motions[:4], seed=0).r is None


def test_unequal_numbers_of_films_and_musics_are_refused() -> None:
    with pytest.raises(InputError, match="pairs"):
        within([np.ones(3)], [], seed=0)


def test_loudness_is_in_decibels_of_whole_seconds() -> None:
    time = np.arange(3 * 32_000 + 500) / 32_000
    sound = np.sin(2 * np.pi * 440 * time) * np.where(time < 1, 1.0, np.where(time < 2, 0.1, 0.0))
    assert loudness_per_second(sound, 32_000) == pytest.approx([-3.01, -23.01, -60], abs=0.01)


def test_onset_energy_is_the_mean_strength_of_each_second() -> None:
    values = np.zeros(int(3.5 * RATE / HOP))
    values[round(1.5 * RATE / HOP)] = 43
    found = onsets_per_second(Strength(values, 3.5))
    assert len(found) == 3 and found[1] == pytest.approx(1, abs=0.05) and found[0] == found[2] == 0


@pytest.mark.parametrize("fps", [12, 24])
def test_motion_does_not_depend_on_the_rate_of_pictures_nor_on_a_cut(fps: int) -> None:
    times = np.arange(4 * fps) / fps
    level = np.where(times < 2, 10 * times, 20 + 30 * (times - 2))
    pictures = np.repeat(level[:, None, None, None], 12, axis=1).repeat(12, axis=2).repeat(3, axis=3)
    pictures[times >= 3.5] += 90
    found = motion_per_second(pictures.round().astype(np.uint8), times, 4.0)
    assert found[:2] == pytest.approx([10, 10], abs=3) and found[2:] == pytest.approx([30, 30], abs=6.1)


def test_a_second_without_values_is_refused() -> None:
    with pytest.raises(InputError, match="second 1"):
        per_second([1.0, 2.0], [0.5, 2.5], 3.0)
