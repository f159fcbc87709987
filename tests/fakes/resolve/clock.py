"""Rates as Resolve writes them, and timecode; apart from the product's own sums, so that it can judge."""

from __future__ import annotations

import re
from fractions import Fraction

NTSC = {
    Fraction(24000, 1001): "23.976",
    Fraction(30000, 1001): "29.97",
    Fraction(48000, 1001): "47.952",
    Fraction(60000, 1001): "59.94",
    Fraction(120000, 1001): "119.88",
}
_TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;])(\d\d\d?)")


def rate_text(fps: Fraction) -> str:
    return NTSC.get(fps, str(fps) if fps.denominator == 1 else f"{float(fps):.3f}")


def rate_of(value: str | float) -> Fraction:
    """The exact rate of "29.97", "29.97 DF", 29.97 or 30000/1001 as a float."""
    number = float(str(value).replace(" DF", ""))
    for fps in NTSC:
        if abs(number - float(fps)) < 0.002:
            return fps
    return Fraction(number).limit_denominator(1001)


def nominal(fps: Fraction) -> int:
    return -(-fps.numerator // fps.denominator)


def drops(fps: Fraction) -> bool:
    return fps.denominator == 1001 and nominal(fps) % 30 == 0


def timecode(frame: int, fps: Fraction, drop_frame: bool = False) -> str:
    base = nominal(fps)
    if drop_frame:
        skip = base // 15
        tens, rest = divmod(frame, base * 600 - 9 * skip)
        frame += 9 * skip * tens
        if rest >= base * 60:
            frame += skip * (1 + (rest - base * 60) // (base * 60 - skip))
    seconds, frames = divmod(frame, base)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{';' if drop_frame else ':'}{frames:02}"


def frame_of(text: object, fps: Fraction, drop_frame: bool = False) -> int | None:
    """Inverse of `timecode`; None for what is none at that rate."""
    match = _TIMECODE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    hours, minutes, seconds, frames = (int(match[part]) for part in (1, 2, 3, 5))
    base = nominal(fps)
    if minutes > 59 or seconds > 59 or frames >= base:
        return None
    count = ((hours * 60 + minutes) * 60 + seconds) * base + frames
    if drop_frame:
        total = hours * 60 + minutes
        count -= base // 15 * (total - total // 10)
    return count
