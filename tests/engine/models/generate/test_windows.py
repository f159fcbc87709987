from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.errors import OptionError
from hitpoint.engine.models.generate.windows import (
    Window,
    default_steps,
    default_windowing,
    plan_windows,
    published_steps,
    published_windowing,
)


def test_music_that_fits_is_one_window() -> None:
    assert plan_windows(1500, 1500, 900) == (Window(0, 0, 1500, 0),)


def test_the_published_windows_are_musicgens() -> None:
    # 70 s of 30-s windows every 18 s: the last is as short as it comes.
    assert published_windowing(30.0).plan(3500) == (
        Window(0, 0, 1500, 0),
        Window(1, 900, 2400, 600),
        Window(2, 1800, 3300, 600),
        Window(3, 2700, 3500, 600),
    )


def test_a_published_last_window_may_write_a_single_step() -> None:
    assert published_windowing(30.0).plan(2401)[-1] == Window(2, 1800, 2401, 600)


def test_the_default_last_window_is_whole() -> None:
    windows = default_windowing(30.0).plan(2401)
    assert windows[-1] == Window(2, 901, 2401, 1499)
    assert windows[:2] == published_windowing(30.0).plan(2401)[:2]


@given(st.integers(1, 20_000), st.integers(2, 1500), st.data())
def test_every_step_is_written_once_and_every_window_continues_the_last(
    total: int, window: int, data: st.DataObject
) -> None:
    stride = data.draw(st.integers(max(1, window // 3), window))
    for whole in (True, False):
        windows = plan_windows(total, window, stride, whole_last=whole)
        written = 0
        for index, one in enumerate(windows):
            assert one.index == index
            assert one.start + one.prompt == written < one.end
            assert one.end - one.start <= window
            assert one.prompt >= (window - stride if index else 0)
            if whole and total >= window:
                assert one.end - one.start == window
            written = one.end
        assert written == total


def test_a_stride_beyond_the_window_is_refused() -> None:
    with pytest.raises(OptionError, match="windows of 15 s cannot continue each other every 18 s"):
        published_windowing(15.0).plan(1000)


@pytest.mark.parametrize(
    ("duration", "whole", "published"),
    [(Fraction("7.3"), 365, 365), (Fraction(1001, 30), 1669, 1668), (Fraction(600), 30_000, 30_000)],
)
def test_steps_cover_the_duration(duration: Fraction, whole: int, published: int) -> None:
    assert (default_steps(duration), published_steps(duration)) == (whole, published)
