"""A curve while it is drawn."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from hitpoint.ui.views.curves import Levels
from hitpoint.ui.views.stroke import Stroke, bridged, simplified

MOVES = st.lists(st.tuples(st.integers(0, 400), st.floats(-0.5, 1.5)), min_size=1, max_size=30)


@given(MOVES)
def test_points_are_in_time_inside_0_and_1_and_reach_as_far_as_the_mouse(
    moves: list[tuple[int, float]],
) -> None:
    stroke = Stroke(*moves[0])
    for move in moves[1:]:
        stroke.to(*move)
    points = stroke.points()
    frames = [frame for frame, _ in points]
    assert frames == sorted(set(frames))
    assert (frames[0], frames[-1]) == (min(m[0] for m in moves), max(m[0] for m in moves))
    assert all(0 <= value <= 1 for _, value in points)


def test_going_back_draws_over_what_was_drawn() -> None:
    stroke = Stroke(0, 0.2)
    stroke.to(100, 0.2)
    stroke.to(50, 0.8)
    values = dict(stroke.points(0))
    assert values[50] == 0.8 and values[0] == 0.2


def test_between_two_drawings_the_curve_stays_as_it_was() -> None:
    shown = ((0, 0.1), (50, 0.2), (100, 0.9), (150, 0.3), (200, 0.4))
    after = bridged(((180, 1.0), (190, 1.0)), (20, 60), shown)
    assert after == ((100, 0.9), (150, 0.3), (180, 1.0), (190, 1.0))
    before = bridged(((5, 1.0), (10, 1.0)), (120, 160), shown)
    assert before == ((5, 1.0), (10, 1.0), (50, 0.2), (100, 0.9))
    assert bridged(((50, 1.0), (70, 1.0)), (20, 60), shown) == ((50, 1.0), (70, 1.0))
    assert bridged(((5, 1.0),), (), shown) == ((5, 1.0),)


@given(MOVES, st.floats(0.001, 0.2))
def test_what_is_left_out_was_within_the_tolerance(moves: list[tuple[int, float]], tolerance: float) -> None:
    points = sorted({frame: value for frame, value in moves}.items())
    kept = simplified(points, tolerance)
    for frame, value in points:
        (f0, v0), (f1, v1) = next(
            ((a, b) for a, b in itertools.pairwise(kept) if a[0] <= frame <= b[0]),
            (kept[0], kept[-1]),
        )
        line = v0 if f1 == f0 else v0 + (v1 - v0) * (frame - f0) / (f1 - f0)
        assert abs(line - value) <= tolerance + 1e-9


@given(st.lists(st.floats(0, 1), min_size=1, max_size=200), st.floats(0.1, 300))
def test_a_coarser_curve_keeps_peaks_or_the_mean(values: list[float], frames_per_pixel: float) -> None:
    peaks, frames = Levels(values, peaks=True).at(frames_per_pixel)
    assert frames < 2 * max(1.0, frames_per_pixel)
    assert frames >= min(frames_per_pixel, len(values) / 2)
    assert max(peaks) == max(values)
    assert len(peaks) == -(-len(values) // frames)
    mean, frames = Levels(values[:128], peaks=False).at(2)
    assert min(values) - 1e-9 <= min(mean) and max(mean) <= max(values) + 1e-9
