from __future__ import annotations

import numpy as np
import pytest

from hitpoint.engine.evaluate.hits import accent_z, cut_hit, downbeat_hit, hit_rate, near
from hitpoint.engine.evaluate.onsets import HOP, RATE, Strength
from hitpoint.engine.evaluate.statistics import bootstrap_interval

_DURATION_S = 30.0


def _random(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def _cuts(seed: int) -> np.ndarray:
    return np.sort(_random(seed).uniform(0, _DURATION_S, 10))


def test_near_is_right_at_the_edge_of_the_tolerance() -> None:
    found = near([1.0, 1.0, 2.0, 3.0], [1.04, 2.041, 2.9599], 0.04)
    assert found.tolist() == [True, True, False, False]
    assert not near([1.0], [], 0.04).any()


def test_random_onsets_meet_cuts_no_more_than_chance() -> None:
    above = [
        [
            rate.above
            for rate in cut_hit(
                _cuts(seed), _random(1000 + seed).uniform(0, _DURATION_S, 60), _DURATION_S, seed=seed
            )
        ]
        for seed in range(150)
    ]
    for values in np.array(above).T:
        low, high = bootstrap_interval(values, seed=0)
        assert low <= 0 <= high and high - low < 0.06


@pytest.mark.parametrize("seed", range(5))
def test_onsets_placed_on_the_cuts_stand_far_above_chance(seed: int) -> None:
    cuts = _cuts(seed)
    onsets = np.concatenate((cuts + _random(seed).uniform(-0.02, 0.02, 10), _random(seed).uniform(0, 30, 40)))
    for rate in cut_hit(cuts, onsets, _DURATION_S, seed=seed):
        assert rate.share == 1 and rate.z > (5 if rate.tolerance_s < 0.1 else 3.5)
    assert cut_hit(cuts, cuts, _DURATION_S, seed=seed)[0].z > 5


def test_chance_is_the_share_of_time_that_onsets_cover() -> None:
    onsets = np.arange(0, 30, 0.5)
    rate = hit_rate(_cuts(3), onsets, _DURATION_S, tolerance_s=0.07, seed=1, shifts=4000)
    assert rate.chance == pytest.approx(0.14 / 0.5, abs=0.01)


def test_a_turn_goes_round_the_clips_end() -> None:
    # One moment, one onset: whatever lies where, every turn covers the same share of the circle.
    rates = [
        hit_rate([at], [0.0], 10.0, tolerance_s=0.5, seed=2, shifts=4000).chance for at in (0.0, 5.0, 9.9)
    ]
    assert rates == pytest.approx([0.1] * 3, abs=0.02)


def test_music_that_begins_everywhere_earns_nothing() -> None:
    rate = hit_rate(_cuts(4), np.arange(0, 30, 0.05), _DURATION_S, tolerance_s=0.04, seed=0)
    assert rate.share == 1 and rate.above == 0 and np.isnan(rate.z)


def test_no_cuts_have_no_rate_and_no_onsets_have_rate_zero() -> None:
    empty = hit_rate([], [1.0], _DURATION_S, tolerance_s=0.04, seed=0)
    assert empty.moments == 0 and np.isnan(empty.share) and np.isnan(empty.above)
    silent = hit_rate([1.0], [], _DURATION_S, tolerance_s=0.04, seed=0)
    assert silent.share == silent.chance == silent.above == 0


def test_planned_downbeats_are_met_by_music_on_the_plan_and_shifted_ones_by_chance() -> None:
    planned = np.arange(0.1, 29, 2.0)
    onsets = np.arange(0.1, 29, 0.5) + 0.01
    on_plan = downbeat_hit(planned, onsets, _DURATION_S, seed=5)
    assert on_plan.share == 1 and on_plan.chance == pytest.approx(0.16, abs=0.07)
    off_plan = downbeat_hit(planned + 0.25, onsets, _DURATION_S, seed=5)
    assert off_plan.share == 0


def test_one_seed_gives_one_number() -> None:
    cuts, onsets = _cuts(6), _random(7).uniform(0, 30, 50)
    assert cut_hit(cuts, onsets, 30.0, seed=8) == cut_hit(cuts, onsets, 30.0, seed=8)
    assert cut_hit(cuts, onsets, 30.0, seed=8) != cut_hit(cuts, onsets, 30.0, seed=9)


def _strength(peaks: np.ndarray, seed: int = 0) -> Strength:
    values = _random(seed).gamma(1.0, 0.2, int(_DURATION_S * RATE / HOP) + 2)
    values[np.round(peaks * RATE / HOP).astype(int)] += 5
    return Strength(values, _DURATION_S)


def test_accents_on_the_cuts_stand_out_and_accents_elsewhere_do_not() -> None:
    cuts = _cuts(9)
    assert accent_z(cuts, _strength(cuts), seed=0).z > 3
    # Accents all over the clip: a cut is worth what any moment is.
    values = [accent_z(cuts, _strength(_random(s).uniform(0, 30, 60), s), seed=s).z for s in range(100, 180)]
    low, high = bootstrap_interval(values, seed=0)
    assert low <= 0 <= high


def test_accents_are_undefined_without_cuts_and_for_music_that_never_changes() -> None:
    assert np.isnan(accent_z([], _strength(_cuts(1)), seed=0).z)
    assert np.isnan(accent_z([1.0], Strength(np.full(1300, 0.3), 30.0), seed=0).z)


def test_a_cut_beyond_the_last_onset_frame_is_judged_by_the_last() -> None:
    strength = Strength(np.array([0.0, 0.0, 1.0]), 30.0)
    assert accent_z([29.0], strength, seed=0).at_cuts > 1
