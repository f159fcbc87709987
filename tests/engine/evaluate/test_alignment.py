from __future__ import annotations

import numpy as np
import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.evaluate.alignment import (
    PER_SECOND_DANCE,
    d2m_scores,
    loris_scores,
    loris_summary,
    onset_bins,
)


def _bins(*values: int) -> np.ndarray:
    return np.array(values, np.bool_)


def test_scores_of_hand_made_bins_are_those_worked_out_by_hand() -> None:
    reference, generated = _bins(1, 1, 0, 1), _bins(1, 0, 1, 1)
    assert d2m_scores(generated, reference) == pytest.approx((1.0, 2 / 3))
    assert loris_scores(generated, reference) == pytest.approx((2 / 3, 2 / 3))


def test_d2m_coverage_may_exceed_one_and_loris_may_not() -> None:
    reference, generated = _bins(1, 0, 0, 0), _bins(1, 1, 1, 1)
    assert d2m_scores(generated, reference) == (4.0, 1.0)
    assert loris_scores(generated, reference) == (0.25, 1.0)


@pytest.mark.parametrize("second", range(1, 10))
def test_an_onset_at_exactly_a_whole_second_lies_in_the_bin_that_begins_there(second: int) -> None:
    assert np.flatnonzero(onset_bins([float(second)], 10.0)).tolist() == [second]


@pytest.mark.parametrize("bin_", range(50))
def test_fifths_of_a_second_own_their_start_whatever_rounding_says(bin_: int) -> None:
    assert np.flatnonzero(onset_bins([bin_ * 0.2], 10.0, PER_SECOND_DANCE)).tolist() == [bin_]
    assert np.flatnonzero(onset_bins([bin_ * 0.2 + 0.199], 10.0, PER_SECOND_DANCE)).tolist() == [bin_]


def test_there_are_as_many_bins_as_began() -> None:
    assert len(onset_bins([], 9.2)) == 10
    assert len(onset_bins([], 10.0)) == 10
    assert len(onset_bins([], 9.21, PER_SECOND_DANCE)) == 47
    assert len(onset_bins([], 0.6, PER_SECOND_DANCE)) == 3
    # At the very end of the clip there is no further bin.
    assert onset_bins([10.0], 10.0).tolist() == [False] * 9 + [True]


def test_without_reference_onsets_d2m_is_undefined_and_loris_zero() -> None:
    assert np.isnan(d2m_scores(_bins(1, 0), _bins(0, 0))).all()
    assert loris_scores(_bins(0, 0), _bins(0, 0)) == (0.0, 0.0)
    assert loris_scores(_bins(1, 0), _bins(0, 0)) == (0.0, 0.0)


def test_loris_cuts_the_reference_and_d2m_refuses_another_length() -> None:
    assert loris_scores(_bins(1, 0), _bins(1, 0, 1, 1)) == (1.0, 1.0)
    with pytest.raises(InputError, match="one length"):
        d2m_scores(_bins(1, 0), _bins(1, 0, 1))
    with pytest.raises(InputError, match="too short"):
        loris_scores(_bins(1, 0, 1), _bins(1, 0))


def test_loris_sums_up_by_means_sample_deviations_and_f1_of_the_means() -> None:
    scores = [(0.2, 0.6), (0.4, 1.0), (0.9, 0.8)]
    found = loris_summary(scores)
    bcs, bhs = np.mean(scores, axis=0)
    assert (found.bcs, found.bhs) == pytest.approx((bcs, bhs))
    assert (found.csd, found.hsd) == pytest.approx(tuple(np.std(scores, axis=0, ddof=1)))
    assert found.f1 == pytest.approx(2 * bcs * bhs / (bcs + bhs))
    assert loris_summary([(0.0, 0.0)]).f1 == 0 and np.isnan(loris_summary([(1.0, 1.0)]).csd)


def test_dense_music_has_a_perfect_hit_score_whatever_it_is_compared_with() -> None:
    random = np.random.Generator(np.random.PCG64(0))
    dense = onset_bins(np.arange(0, 30, 0.25), 30.0)
    other = onset_bins(random.uniform(0, 30, 12), 30.0)
    assert d2m_scores(dense, other)[1] == 1 and loris_scores(dense, other)[1] == 1
