"""Exact time: frame rates as fractions, frames and samples as integers, timecode as text only.

Frames count from the timeline's frame 0. Seconds are `Fraction` until a model or a report needs a float.
Every conversion starts from an integer and rounds once, so errors never add up over a long timeline.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from .errors import OptionError

SAMPLE_RATE = 48_000

_KNOWN = tuple(
    Fraction(num, den)
    for num, den in (
        (24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (48000, 1001), (48, 1), (50, 1),
        (60000, 1001), (60, 1), (100, 1), (120000, 1001), (120, 1), (15, 1), (12, 1),
    )
)  # fmt: skip
# 24 and 23.976 are 0.1 % apart, 23.98 is 0.017 % from 24000/1001: 0.03 % tells them apart.
_NEAR = Fraction(3, 10_000)
# Beyond this a "rate" is a sample rate or nonsense, never pictures.
_HIGHEST = 1000


@dataclass(frozen=True, slots=True)
class Rate:
    """A frame rate `num/den` in frames a second, in lowest terms."""

    num: int
    den: int = 1

    def __post_init__(self) -> None:
        if self.num <= 0 or self.den <= 0 or math.gcd(self.num, self.den) != 1:
            raise ValueError(f"not a frame rate in lowest terms: {self.num}/{self.den}")

    @classmethod
    def of(cls, value: int | float | str | Fraction) -> Rate:
        """The exact rate a host meant by `value`: 29.97 is 30000/1001. OptionError when it is no rate."""
        return _meant(value)

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Inverse of `str(rate)`."""
        exact = Fraction(text)
        return cls(exact.numerator, exact.denominator)

    def __str__(self) -> str:
        return str(self.fps)

    @property
    def fps(self) -> Fraction:
        return Fraction(self.num, self.den)

    @property
    def nominal(self) -> int:
        """Frames in a second of timecode: 24 for 24000/1001."""
        return -(-self.num // self.den)

    @property
    def drops(self) -> bool:
        """Whether drop-frame timecode exists at this rate."""
        return self.den == 1001 and self.nominal % 30 == 0

    def seconds(self, frame: int) -> Fraction:
        return Fraction(frame * self.den, self.num)

    def sample(self, frame: int, sample_rate: int = SAMPLE_RATE) -> int:
        """The audio sample at which `frame` begins."""
        return round(Fraction(frame * self.den * sample_rate, self.num))

    def nearest_frame(self, seconds: Fraction) -> int:
        return round(seconds * self.fps)

    def frame_of_sample(self, sample: int, sample_rate: int = SAMPLE_RATE) -> int:
        """The frame that begins nearest to `sample`; inverse of `sample()`."""
        return round(Fraction(sample * self.num, self.den * sample_rate))

    def frames_covering(self, seconds: Fraction) -> int:
        """The fewest whole frames that last at least `seconds`."""
        return math.ceil(seconds * self.fps)


@lru_cache(maxsize=256)
def _meant(value: int | float | str | Fraction) -> Rate:
    try:
        exact = Fraction(value)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise OptionError(f"'{value}' is not a frame rate: give one like 24, 29.97 or 24000/1001") from None
    if not 1 <= exact <= _HIGHEST:
        raise OptionError(f"the frame rate {value} is outside 1 to {_HIGHEST}: give the timeline's own rate")
    nearest = min(_KNOWN, key=lambda known: abs(known - exact))
    if abs(nearest - exact) <= _NEAR * nearest:
        exact = nearest
    else:
        simple = exact.limit_denominator(1001)
        if abs(simple - exact) > exact / 10**6:
            raise OptionError(f"the frame rate {value} is none that editors use: give one like 24 or 29.97")
        exact = simple
    return Rate(exact.numerator, exact.denominator)


_TIMECODE = re.compile(r"(\d{1,2}):([0-5]\d):([0-5]\d)([:;.])(\d{2,3})")


def is_timecode(text: str) -> bool:
    return _TIMECODE.fullmatch(text.strip()) is not None


def parse_timecode(text: str, rate: Rate) -> int:
    """Frames from 00:00:00:00 of SMPTE timecode; `;` or `.` before the frames means drop-frame (ST 12-1)."""
    match = _TIMECODE.fullmatch(text.strip())
    if match is None:
        raise OptionError(f"'{text}' is not a timecode: write hours:minutes:seconds:frames, like 01:00:10:12")
    hours, minutes, seconds, frames = (int(match[group]) for group in (1, 2, 3, 5))
    if frames >= rate.nominal:
        raise OptionError(f"the timecode '{text}' has frame {frames}, but a second has {rate.nominal}")
    total_minutes = hours * 60 + minutes
    count = (total_minutes * 60 + seconds) * rate.nominal + frames
    if match[4] == ":":
        return count
    if not rate.drops:
        raise OptionError(
            f"the timecode '{text}' is drop-frame, which does not exist at {rate} frames a second"
        )
    dropped = rate.nominal // 15
    if seconds == 0 and frames < dropped and minutes % 10:
        raise OptionError(f"the timecode '{text}' does not exist: drop-frame skips it")
    return count - dropped * (total_minutes - total_minutes // 10)


def format_timecode(frame: int, rate: Rate, *, drop: bool = False) -> str:
    """SMPTE timecode of `frame` counted from 00:00:00:00. Negative frames get a leading minus."""
    sign, frame = ("-", -frame) if frame < 0 else ("", frame)
    if drop:
        if not rate.drops:
            raise ValueError(f"no drop-frame timecode at {rate}")
        dropped = rate.nominal // 15
        minute = rate.nominal * 60 - dropped
        ten_minutes = minute * 10 + dropped
        tens, rest = divmod(frame, ten_minutes)
        frame += dropped * 9 * tens
        if rest >= dropped:
            frame += dropped * ((rest - dropped) // minute)
    seconds, frames = divmod(frame, rate.nominal)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    width = 3 if rate.nominal > 100 else 2
    return f"{sign}{hours:02}:{minutes:02}:{seconds:02}{';' if drop else ':'}{frames:0{width}}"
