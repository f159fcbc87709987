from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.evaluate.curves import RATE, SMOOTH_PAPER_S, curve_corr, event_curve

_FPS = [24.0, 24000 / 1001, 25.0, 30000 / 1001, 50.0, 60.0, 120.0]


def _jumps(times: np.ndarray, at: list[float], seed: int = 0) -> np.ndarray:
    """Features that stay as they are and become others at each moment of `at`."""
    random = np.random.Generator(np.random.PCG64(seed))
    looks = random.standard_normal((len(at) + 1, 24))
    return looks[np.searchsorted(at, times + 1e-9, side="right")]


def _peaks(curve: np.ndarray, least: float = 1.0) -> np.ndarray:
    middle = curve[1:-1]
    top = (middle >= curve[:-2]) & (middle > curve[2:]) & (middle > least)
    return (np.flatnonzero(top) + 1) / RATE


@pytest.mark.parametrize("fps", _FPS)
def test_a_cut_peaks_at_the_first_frame_that_shows_it_at_every_frame_rate(fps: float) -> None:
    times = np.arange(round(12 * fps)) / fps
    cuts = [2.03, 5.5, 8.117]
    peaks = _peaks(event_curve(_jumps(times, cuts), times))
    shown = [times[np.searchsorted(times, cut - 1e-9)] for cut in cuts]
    assert len(peaks) == 3
    assert np.abs(peaks - shown).max() <= 0.010 + 1e-9
    assert np.abs(peaks - cuts).max() <= 1 / fps + 0.010


def test_frames_of_varying_length_leave_cuts_where_they_are() -> None:
    random = np.random.Generator(np.random.PCG64(1))
    times = np.cumsum(random.uniform(1 / 60, 1 / 20, 400))
    cuts = [float(times[90]), float(times[200]), float(times[310])]
    assert np.abs(_peaks(event_curve(_jumps(times, cuts), times)) - cuts).max() <= 1 / 40


def test_a_single_frame_survives_from_120_frames_a_second() -> None:
    times = np.arange(1200) / 120
    features = np.tile([1.0, 0.0], (1200, 1))
    features[601] = (0.0, 1.0)
    curve = event_curve(features, times)
    # It comes and goes, and both are far above 6 deviations.
    assert np.flatnonzero(curve == curve.max()).mean() / RATE == pytest.approx(5.0125, abs=0.01)
    assert curve.max() > 5


def test_an_impulse_stays_at_its_time_whatever_the_smoothing() -> None:
    times = np.arange(500) / 50
    for smooth in (0.1, 0.3, 1.0, SMOOTH_PAPER_S):
        curve = event_curve(_jumps(times, [4.0]), times, smooth_s=smooth)
        assert curve.argmax() == 200
        assert curve[200 - 5] == pytest.approx(curve[200 + 5])


def test_the_paper_smooths_over_31_points_and_the_default_over_15() -> None:
    rate, times = 12.3, np.arange(400) / 12.3
    curve = event_curve(_jumps(times, [16.0]), times, rate, SMOOTH_PAPER_S)
    # The ends of a Hann window are 0.
    assert (curve > curve.min() + 1e-9).sum() == 31 - 2
    times = np.arange(500) / 50
    curve = event_curve(_jumps(times, [4.0]), times)
    assert (curve > curve.min() + 1e-9).sum() == 15 - 2


def test_what_never_changes_is_zero_and_what_repeats_is_lowest() -> None:
    times = np.arange(240) / 24
    assert (event_curve(np.tile([0.3, 0.1, 0.7], (240, 1)), times) == 0).all()
    random = np.random.Generator(np.random.PCG64(2))
    features = np.tile([1.0, 0, 0, 0], (240, 1)) + 0.2 * random.standard_normal((240, 4))
    features[120] = features[119]
    curve = event_curve(features, times, 24, smooth_s=0)
    assert curve.argmin() == 120


def test_a_frame_of_nothing_repeats_the_one_before() -> None:
    times = np.arange(100) / 25
    features = _jumps(times, [2.0])
    gone = features.copy()
    gone[:10] = gone[30:35] = gone[60] = 0
    assert event_curve(gone, times) == pytest.approx(event_curve(features, times))
    assert (event_curve(np.zeros((100, 3)), times) == 0).all()


def test_there_is_a_value_every_fiftieth_second_of_the_whole_clip() -> None:
    times = np.arange(241) / 24
    features = _jumps(times, [3.0])
    assert len(event_curve(features, times)) == -(-241 * 50 // 24)
    assert len(event_curve(features, times, duration_s=10.0)) == 500
    assert len(event_curve(features, times, duration_s=float(Fraction(1001, 100)))) == 501


def test_a_part_of_a_film_has_the_part_of_its_curve_whatever_follows() -> None:
    # Cut from the whole, as is asked: the same events keep their places and order of size.
    times = np.arange(1440) / 24
    features = _jumps(times, list(np.arange(2.0, 58.0, 4.0)), 3)
    whole, part = event_curve(features, times), event_curve(features[:720], times[:720])
    a, b = whole[: 28 * RATE], part[: 28 * RATE]
    assert np.corrcoef(a, b)[0, 1] == pytest.approx(1, abs=1e-6)


def test_values_stay_between_minus_three_and_six_deviations() -> None:
    times = np.arange(3000) / 50
    curve = event_curve(_jumps(times, [30.0]), times, smooth_s=0)
    assert curve.max() == 6 and curve.min() >= -3


def test_changes_can_be_taken_further_apart() -> None:
    times = np.arange(200) / 50
    curve = event_curve(_jumps(times, [2.0]), times, smooth_s=0, offset=3)
    assert np.flatnonzero(curve > 1).tolist() == [100, 101, 102]


def test_what_has_no_changes_is_refused() -> None:
    for features, times in (
        (np.ones((1, 3)), [0.0]),
        (np.ones((3, 3)), [0.0, 1.0]),
        (np.ones((3, 3)), [0, 2, 1]),
        (np.full((3, 3), np.nan), [0.0, 1.0, 2.0]),
    ):
        with pytest.raises(InputError):
            event_curve(features, times)


def test_a_late_music_is_found_late_by_as_much() -> None:
    times = np.arange(1500) / 50
    cuts = list(np.sort(np.random.Generator(np.random.PCG64(4)).uniform(1, 29, 12)))
    video = event_curve(_jumps(times, cuts), times)
    music = event_curve(_jumps(times, [cut + 0.4 for cut in cuts], 5), times)
    found = curve_corr(video, music)
    assert found.best_lag_s == pytest.approx(0.4, abs=0.021)
    assert found.best_r > 0.9 and found.r < 0.4
    same = curve_corr(video, video)
    assert (same.r, same.best_lag_s, same.best_r) == pytest.approx((1, 0, 1))


def test_the_correlation_with_a_curve_that_never_changes_is_undefined() -> None:
    curve = np.sin(np.arange(100.0))
    assert np.isnan(curve_corr(curve, np.zeros(100)).r)
    with pytest.raises(InputError, match="duration"):
        curve_corr(curve, curve[:99])
