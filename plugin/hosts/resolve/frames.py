"""Resolve counts frames two ways: items from 00:00:00:00, markers and marks from the timeline's start. Two
types, and the only two conversions between them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import NewType

from ....engine.errors import OptionError
from ....engine.timebase import Rate, format_timecode, is_timecode, parse_timecode
from ..base import HostError

# From 00:00:00:00: 01:00:00:00 at 24 frames a second is 86400.
AbsFrame = NewType("AbsFrame", int)
# From the timeline's frame 0: what Hitpoint calls a record frame.
RelFrame = NewType("RelFrame", int)

_DROP = " DF"


@dataclass(frozen=True, slots=True)
class Clock:
    """Of one timeline. `drop`: its timecode is written as drop-frame, which changes no frame number."""

    rate: Rate
    start: AbsFrame
    drop: bool = False

    def absolute(self, frame: int) -> AbsFrame:
        return AbsFrame(self.start + frame)

    def relative(self, frame: int) -> RelFrame:
        return RelFrame(frame - self.start)

    def timecode(self, frame: RelFrame) -> str:
        return format_timecode(self.absolute(frame), self.rate, drop=self.drop)

    def of_timecode(self, text: str) -> RelFrame:
        """HostError for a text that is no timecode."""
        if self.drop and is_timecode(text):
            # Resolve writes the drop-frame sign or leaves it out, by version.
            text = f"{text.strip()[:8]};{text.strip()[9:]}"
        try:
            return self.relative(parse_timecode(text, self.rate))
        except OptionError as error:
            raise HostError(f"DaVinci Resolve says that its playhead stands at '{text}': {error}") from error


def rate_of(value: object) -> tuple[Rate, bool]:
    """The rate that Resolve means by 29.97, "29.97", "29.97 DF" or 24.0, and whether it says drop-frame.
    HostError where it is none."""
    text = str(value).strip()
    drop = text.upper().endswith(_DROP)
    if drop:
        text = text[: -len(_DROP)].strip()
    try:
        rate = Rate.of(text)
    except OptionError as error:
        raise HostError(
            f"DaVinci Resolve says that the frame rate is '{value}', which is none: choose one in the "
            "timeline's settings"
        ) from error
    return rate, drop and rate.drops


@dataclass(frozen=True, slots=True)
class SourceRange:
    """`first` up to and without `end`, in frames of the clip's own rate, as AppendToTimeline takes them."""

    first: int
    end: int


def source_range(in_frame: int, frames: int, rate: Rate, fps: Rate) -> SourceRange | None:
    """Which source frames at `fps` (the clip's "FPS", read after import) sound on `frames` frames of a
    timeline of `rate`, beginning `in_frame` timeline frames into the file. The end is the first that fills
    the place, lengths being rounded down on the record. None where the file would have to be entered between
    two frames of `fps`.
    """
    first = rate.seconds(in_frame) * fps.fps
    if first.denominator != 1:
        return None
    return SourceRange(int(first), int(first) + source_frames(frames, rate, fps))


def source_frames(frames: int, rate: Rate, fps: Rate) -> int:
    """The fewest frames at `fps` that last at least `frames` frames of `rate`."""
    return math.ceil(rate.seconds(frames) * fps.fps)


def padding(head_samples: int, fps: Rate, sample_rate: int) -> int:
    """How many samples of silence make a head of `head_samples` a whole number of frames at `fps`, which
    begin on samples."""
    a_frame = Fraction(sample_rate * fps.den, fps.num)
    # The denominator's number of frames is the shortest stretch that ends on a sample.
    step = int(a_frame * a_frame.denominator)
    return -head_samples % step
