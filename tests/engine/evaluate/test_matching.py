from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from hitpoint.engine.evaluate.matching import beat_f, beat_iou, matched

_TIMES = st.lists(st.floats(0, 10, allow_nan=False), max_size=12)


@settings(max_examples=150, deadline=None)
@given(_TIMES, _TIMES, st.sampled_from([0.07, 0.5, 2.0]))
def test_no_one_to_one_matching_makes_more_pairs(a: list[float], b: list[float], tolerance: float) -> None:
    close = np.abs(np.subtract.outer(a, b)) <= tolerance + 1e-9
    if not a or not b:
        assert matched(a, b, tolerance) == 0
        return
    rows, columns = linear_sum_assignment(close, maximize=True)
    assert matched(a, b, tolerance) == close[rows, columns].sum()


def test_a_beat_is_matched_once_only() -> None:
    assert matched([1.0], [0.9, 1.0, 1.1], 0.5) == 1
    assert beat_iou([1.0], [0.9, 1.0, 1.1], 0.5) == pytest.approx(1 / 3)


def test_times_exactly_one_tolerance_apart_match() -> None:
    assert matched([0.3], [0.3 + 0.07], 0.07) == 1
    assert matched([0.3], [0.3 + 0.0701], 0.07) == 0


def test_iou_is_one_for_the_same_beats_and_undefined_for_none() -> None:
    assert beat_iou([0.5, 1.0, 1.5], [1.5, 0.5, 1.0], 0.07) == 1
    assert beat_iou([], [1.0]) == 0
    assert np.isnan(beat_iou([], []))


def test_at_half_a_second_a_dense_train_of_beats_is_only_counted() -> None:
    assert beat_iou(np.arange(1, 10) + 0.3, np.arange(40) * 0.25) == pytest.approx(9 / 40)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1000))
def test_the_f_measure_of_beats_is_mir_evals(seed: int) -> None:
    mir_eval = pytest.importorskip("mir_eval")
    random = np.random.Generator(np.random.PCG64(seed))
    reference = np.unique(random.uniform(0, 20, 30))
    found = np.unique(np.concatenate((random.choice(reference, 15) + random.normal(0, 0.05, 15), [21.0])))
    assert beat_f(reference, found) == pytest.approx(mir_eval.beat.f_measure(reference, found))
    assert beat_f(reference, []) == 0
