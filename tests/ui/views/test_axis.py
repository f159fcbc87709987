"""Frames to pixels, and the ruler's ticks."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.timebase import Rate, format_timecode
from hitpoint.ui.views.axis import HEADER_PX, Axis, timecode_ticks

RATES = (Rate(24), Rate(25), Rate(24000, 1001), Rate(30000, 1001), Rate(60000, 1001), Rate(60), Rate(120))


@given(st.floats(0, 1e6), st.floats(0.01, 500), st.integers(1, 4000), st.floats(-1e6, 1e6))
def test_a_pixels_frame_lies_at_that_pixel(first: float, fpp: float, width: int, frame: float) -> None:
    axis = Axis(first, fpp, HEADER_PX, width)
    assert axis.frame(axis.x(frame)) == pytest.approx(frame, abs=1e-3)


def test_no_zoom_shows_all_frames_over_the_time_of_the_lane() -> None:
    axis = Axis.over(HEADER_PX + 500, 123.0, 0.0, 1000)
    assert (axis.x(0), axis.x(1000)) == (HEADER_PX, HEADER_PX + 500)


@given(
    st.sampled_from(RATES),
    st.booleans(),
    st.floats(0, 500_000),
    st.floats(0.02, 400),
    st.integers(0, 4_000_000),
)
def test_ticks_are_in_view_in_order_and_their_texts_do_not_touch(
    rate: Rate, drop: bool, first: float, fpp: float, start: int
) -> None:
    axis = Axis(first, fpp, HEADER_PX, 900)
    ticks = timecode_ticks(axis, rate, start, drop and rate.drops, 70, 10_000_000)
    frames = [tick.frame for tick in ticks]
    assert frames == sorted(set(frames))
    assert all(first - 1 <= frame <= axis.end_frame + 1 for frame in frames)
    named = [tick for tick in ticks if tick.text]
    assert all(axis.x(b.frame) - axis.x(a.frame) >= 70 * 1.4 for a, b in itertools.pairwise(named))
    assert all(t.text == format_timecode(t.frame + start, rate, drop=drop and rate.drops) for t in named)


def test_drop_frame_ticks_a_minute_apart_stand_at_round_minutes() -> None:
    rate = Rate(30000, 1001)
    ticks = timecode_ticks(Axis(0, 20, HEADER_PX, 900), rate, 0, True, 70, 100_000)
    # The first two numbers of a minute do not exist, but of every tenth.
    texts = {tick.text for tick in ticks if tick.text}
    assert {"00:00:00;00", "00:02:00;02", "00:08:00;02", "00:10:00;00"} & texts
    assert all(text[6:8] == "00" and text[9:] in ("00", "02") for text in texts)


def test_ticks_stop_at_the_timelines_end() -> None:
    ticks = timecode_ticks(Axis(0, 1, HEADER_PX, 900), Rate(24), 0, False, 70, 240)
    assert max(tick.frame for tick in ticks) == 240
