"""OpenTimelineIO's float times as exact numbers on one timeline's clock.

Positions are frames of the timeline, whole or fractions, summed exactly and rounded once, at the end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from ...engine.errors import OptionError
from ...engine.timebase import Rate
from .schemas import Json

# Hosts write values like 1601.6000000000001: a millionth of a frame is noise, and a common denominator keeps
# long sums of fractions short.
_GRID = 10**6


@lru_cache(maxsize=256)
def exact_rate(rate: float) -> Fraction:
    """The rate meant by a float: 29.97 is 30000/1001, 48000.0 a sample rate."""
    try:
        return Rate.of(rate).fps
    except OptionError:
        return Fraction(rate).limit_denominator(1001)


def exact_value(value: float) -> Fraction:
    if isinstance(value, int):
        return Fraction(value)
    if value.is_integer():
        return Fraction(int(value))
    return Fraction(round(value * _GRID), _GRID)


def seconds(time: Json) -> Fraction:
    """Of a RationalTime."""
    return exact_value(time["value"]) / exact_rate(time["rate"])


def exact_speed(scalar: float) -> Fraction:
    """0.8333333 is 5/6: a float's own binary fraction is never what was meant."""
    return Fraction(scalar).limit_denominator(100_000)


def nearest(position: Fraction) -> int:
    """The nearest frame; halves go up, so that a shot of n frames keeps n wherever it lies."""
    return math.floor(position + Fraction(1, 2))


@dataclass(frozen=True, slots=True)
class Clock:
    rate: Rate

    def frames(self, time: Json) -> Fraction:
        """A RationalTime in frames of this clock."""
        fps = exact_rate(time["rate"])
        value = exact_value(time["value"])
        return value if fps == self.rate.fps else value * self.rate.fps / fps

    def timecode_frame(self, time: Json) -> int:
        """A RationalTime that is a timecode, as the frame count of this clock with the same timecode.

        24 and 23.976 count alike: 01:00:00:00 is 86400 at both.
        """
        fps = exact_rate(time["rate"])
        nominal = math.ceil(fps)
        value = exact_value(time["value"])
        if nominal == self.rate.nominal:
            return nearest(value)
        return nearest(value * self.rate.nominal / nominal)
