"""The one horizontal axis of all lanes: record frames to pixels. A lane of any kind puts its header into the
leftmost `HEADER_PX` and its time from there to its right edge, so that lanes of one width lie true.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

from ...engine.timebase import Rate, format_timecode

HEADER_PX = 184


@dataclass(frozen=True, slots=True)
class Axis:
    """`first_frame` lies at pixel `left`; `width` pixels of time follow. All pixels are logical ones."""

    first_frame: float
    frames_per_pixel: float
    left: int
    width: int

    @classmethod
    def over(cls, widget_width: int, first_frame: float, frames_per_pixel: float, frames: int) -> Axis:
        """The axis of a lane that wide; `frames_per_pixel` 0 shows `frames` whole."""
        width = max(1, widget_width - HEADER_PX)
        if frames_per_pixel <= 0:
            return cls(0.0, max(1, frames) / width, HEADER_PX, width)
        return cls(first_frame, frames_per_pixel, HEADER_PX, width)

    def x(self, frame: float) -> float:
        return self.left + (frame - self.first_frame) / self.frames_per_pixel

    def frame(self, x: float) -> float:
        return self.first_frame + (x - self.left) * self.frames_per_pixel

    def frame_at(self, x: float) -> int:
        """The frame whose picture is shown at this pixel."""
        return floor(self.frame(x))

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def end_frame(self) -> float:
        return self.frame(self.right)

    def sees(self, in_frame: float, out_frame_exclusive: float) -> bool:
        return out_frame_exclusive > self.first_frame and in_frame < self.end_frame


@dataclass(frozen=True, slots=True)
class Tick:
    """`text` is "" for a small tick."""

    frame: int
    text: str


def timecode_ticks(
    axis: Axis, rate: Rate, start_timecode_frame: int, drop: bool, text_px: int, end_frame: int
) -> tuple[Tick, ...]:
    """Ticks of the visible stretch up to `end_frame`, texts `text_px` wide never closer than half of that to
    each other. Steps are whole seconds or minutes of timecode wherever they are longer than a second, so
    that drop-frame labels stay round."""
    step = _step(axis.frames_per_pixel * text_px * 1.5, rate)
    return tuple(_multiples(axis, step, _small(step), start_timecode_frame, rate, drop, end_frame))


def _step(least: float, rate: Rate) -> int:
    """Timecode frames between two texts: the least of the usual steps that is no shorter."""
    fps = rate.nominal
    frames = [n for n in (1, 2, 5, 10) if n < fps] + [fps * s for s in (1, 2, 5, 10, 15, 30)]
    minutes = [fps * 60 * m for m in (1, 2, 5, 10, 15, 30, 60, 120, 240, 480)]
    return next((step for step in frames + minutes if step >= least), fps * 3600 * 24)


def _small(step: int) -> int:
    """Between texts: fifths or halves or none, whole frames always."""
    return next((step // n for n in (5, 4, 2) if step % n == 0), step)


def _multiples(
    axis: Axis, step: int, small: int, start: int, rate: Rate, drop: bool, end_frame: int
) -> list[Tick]:
    """Counted in timecode as it is written, where drop-frame leaves numbers out."""
    first, last = max(0, floor(axis.first_frame)), min(end_frame, ceil(axis.end_frame))
    out: list[Tick] = []
    number = _written(first + start, rate, drop) // small * small
    while (frame := _counted(number, rate, drop) - start) <= last:
        # Two numbers that drop-frame leaves out are one frame.
        if frame >= first and (not out or out[-1].frame != frame):
            text = format_timecode(frame + start, rate, drop=drop) if number % step == 0 else ""
            out.append(Tick(frame, text))
        number += small
    return out


def _written(count: int, rate: Rate, drop: bool) -> int:
    """Timecode as a number that leaves nothing out, from a count of frames."""
    if not drop:
        return count
    dropped = rate.nominal // 15
    minute = rate.nominal * 60 - dropped
    tens, rest = divmod(count, minute * 10 + dropped)
    more = (rest - dropped) // minute if rest >= dropped else 0
    return count + dropped * (9 * tens + more)


def _counted(number: int, rate: Rate, drop: bool) -> int:
    """The count of frames of a timecode's number; a number that drop-frame leaves out is the next one's."""
    if not drop:
        return number
    dropped = rate.nominal // 15
    minutes, rest = divmod(number, rate.nominal * 60)
    if minutes % 10 and rest < dropped:
        rest = dropped
    return minutes * rate.nominal * 60 + rest - dropped * (minutes - minutes // 10)
