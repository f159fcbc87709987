"""Time is exact at every rate that editors use."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.errors import OptionError
from hitpoint.engine.timebase import Rate, format_timecode, parse_timecode

RATES = ["24000/1001", "24", "25", "30000/1001", "30", "48000/1001", "48", "50", "60000/1001", "60", "100"]
RATES += ["120000/1001", "120", "15", "12"]
rates = st.sampled_from([Rate.parse(text) for text in RATES])


@given(rates, st.integers(0, 24 * 3600 * 120))
def test_a_frames_sample_leads_back_to_the_frame(rate: Rate, frame: int) -> None:
    assert rate.frame_of_sample(rate.sample(frame)) == frame


@given(rates, st.integers(0, 24 * 3600 * 120))
def test_a_frames_sample_is_off_by_half_a_sample_at_most(rate: Rate, frame: int) -> None:
    assert abs(rate.sample(frame) - Fraction(frame) / rate.fps * 48000) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (29.97, "30000/1001"), (23.976, "24000/1001"), (23.98, "24000/1001"),
        (23.976024627685547, "24000/1001"),
        (59.94, "60000/1001"), (119.88, "120000/1001"), (24.0, "24"), (12.5, "25/2"), (15, "15"), (90, "90"),
        (100, "100"), ("24000/1001", "24000/1001"), ("25", "25"),
    ],
)  # fmt: skip
def test_the_rate_a_host_means_is_read(written: float | str, meant: str) -> None:
    assert str(Rate.of(written)) == meant


@pytest.mark.parametrize("nonsense", [0, -24, 48000, "fast", "1/0", float("inf"), 23.5001])
def test_nonsense_is_no_rate(nonsense: float | str) -> None:
    with pytest.raises(OptionError):
        Rate.of(nonsense)


def test_an_hour_at_29_97_is_107892_frames_of_drop_frame_timecode() -> None:
    rate = Rate.of(29.97)
    assert parse_timecode("01:00:00;00", rate) == 107892
    assert parse_timecode("01:00:00:00", rate) == 108000
    assert format_timecode(1800, rate, drop=True) == "00:01:00;02"
    assert format_timecode(1799, rate, drop=True) == "00:00:59;29"
    assert format_timecode(17982, rate, drop=True) == "00:10:00;00"


@given(rates, st.integers(0, 10 * 3600 * 24), st.booleans())
def test_timecode_survives_writing_and_reading(rate: Rate, frame: int, drop: bool) -> None:
    assert parse_timecode(format_timecode(frame, rate, drop=drop and rate.drops), rate) == frame


@pytest.mark.parametrize("text", ["1:2:3", "01:00:00:24", "01:60:00:00", "later", "00:01:00;00"])
def test_what_is_no_timecode_gets_a_sentence(text: str) -> None:
    with pytest.raises(OptionError, match="timecode"):
        parse_timecode(text, Rate(24) if ";" not in text else Rate.of(29.97))
