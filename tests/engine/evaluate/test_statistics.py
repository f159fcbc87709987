from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from hitpoint.engine.errors import InputError
from hitpoint.engine.evaluate.statistics import (
    Result,
    bootstrap_interval,
    derangements,
    paired_permutation,
    pearson,
    result,
    shuffled,
)
from hitpoint.engine.serial import canonical, from_json, to_json


def _random(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def test_the_interval_of_a_mean_is_scipys() -> None:
    values = _random(1).gamma(2.0, 1.0, 80)
    ours = bootstrap_interval(values, seed=2)
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=2000, method="percentile", random_state=_random(3)
    ).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.05)


def test_the_interval_of_a_correlation_is_drawn_over_rows() -> None:
    random = _random(4)
    x = random.standard_normal(100)
    rows = np.stack((x, x + random.standard_normal(100)), axis=1)
    low, high = bootstrap_interval(rows, seed=0, statistic=lambda r: pearson(r[:, 0], r[:, 1]))
    theirs = scipy.stats.pearsonr(*rows.T).confidence_interval()
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=0.06)


def test_intervals_hold_the_true_mean_as_often_as_they_say() -> None:
    random = _random(5)
    held = 0
    for seed in range(200):
        low, high = bootstrap_interval(random.standard_normal(40), seed=seed, draws=500)
        held += low <= 0 <= high
    assert 0.89 <= held / 200 <= 0.99


@pytest.mark.parametrize("shift", [0.0, 0.4, 0.9])
def test_the_permutation_test_is_scipys(shift: float) -> None:
    random = _random(6)
    a, b = random.standard_normal(12) + shift, random.standard_normal(12)
    theirs = scipy.stats.permutation_test(
        (a, b), lambda x, y: np.mean(x - y), permutation_type="samples", n_resamples=np.inf
    ).pvalue
    assert paired_permutation(a, b, seed=7) == pytest.approx(theirs, abs=0.015)


def test_a_system_does_not_differ_from_itself() -> None:
    values = _random(8).standard_normal(30)
    assert paired_permutation(values, values, seed=0) == 1.0


def test_clips_without_a_value_are_left_out_and_counted() -> None:
    found = result("key", [1.0, np.nan, 3.0], seed=1, variant="v", tolerance_s=0.07)
    assert (found.mean, found.clips, found.skipped) == (2.0, 2, 1)
    assert paired_permutation([1.0, np.nan, 2.0], [0.0, 5.0, 0.0], seed=0) == pytest.approx(0.5, abs=0.02)


def test_a_result_without_any_value_has_no_mean_and_says_so_in_json() -> None:
    found = result("key", [np.nan], seed=0, packages=())
    assert found.mean is None and found.interval is None and found.skipped == 1
    assert b'"mean":null' in canonical(found)


def test_a_result_comes_back_from_its_json() -> None:
    found = result("bcs", [0.1, 0.4], seed=3, variant="d2m", tolerance_s=1.0, sample_rate=32_000)
    assert found.versions["numpy"] == np.__version__
    assert from_json(Result, to_json(found)) == found


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_a_derangement_is_a_permutation_that_leaves_nothing_in_place(count: int, seed: int) -> None:
    orders = derangements(count, seed=seed)
    assert orders.shape == (20, count)
    assert (np.sort(orders, axis=1) == np.arange(count)).all()
    assert (orders != np.arange(count)).all()
    assert (orders == derangements(count, seed=seed)).all()


def test_every_derangement_is_equally_likely() -> None:
    orders = derangements(4, seed=0, draws=9000)
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 9 and scipy.stats.chisquare(counts).pvalue > 0.01


def test_shuffled_never_scores_a_clip_with_its_own_music() -> None:
    asked = []

    def score(film: int, music: int) -> float:
        asked.append((film, music))
        return float(film != music)

    assert (shuffled(score, 6, seed=0) == 1).all()
    assert all(film != music for film, music in asked) and len(set(asked)) == len(asked)


def test_shuffled_weighs_partners_by_how_often_they_came() -> None:
    orders = derangements(5, seed=9)
    found = shuffled(lambda film, music: float(music**2), 5, seed=9)
    assert found == pytest.approx((orders.astype(float) ** 2).mean(axis=0))


def test_pearsons_r_is_scipys_and_nan_for_a_constant() -> None:
    a, b = _random(10).standard_normal((2, 50))
    assert pearson(a, b) == pytest.approx(scipy.stats.pearsonr(a, b).statistic)
    assert np.isnan(pearson(a, np.full(50, 0.1)))
    assert np.isnan(pearson([1.0], [2.0]))


def test_too_few_clips_are_refused_in_one_sentence() -> None:
    with pytest.raises(InputError, match="more clips"):
        derangements(1, seed=0)
    with pytest.raises(InputError, match="more clips"):
        bootstrap_interval([], seed=0)
    with pytest.raises(InputError, match="same clips"):
        paired_permutation([1.0], [1.0, 2.0], seed=0)
