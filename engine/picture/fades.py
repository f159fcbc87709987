"""Black stretches, and the fades out of and into them, from how bright each frame is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .features import Floats

# Mean luma below which a picture is black, and what its brightest cell may have: a night scene has a lamp.
_BLACK_MEAN = 0.03
_BLACK_BRIGHTEST = 40
# A black of fewer frames is a flash, not a black.
_BLACK_FRAMES = 2
_LONGEST_FADE_S = 4.0
_SHORTEST_FADE_S = 0.2
# The most a fade may gain in one frame, as a part of its whole way: more is a cut.
_LARGEST_STEP = 0.35
# The part of the way at which a fade ends, since its last frames creep.
_ARRIVED = 0.97


@dataclass(frozen=True, slots=True)
class Fade:
    """Frames `start` to `end` (exclusive), counted as the arrays are; `into_black` says which way."""

    start: int
    end: int
    into_black: bool


def black_spans(luminance: Floats, layout: npt.NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Stretches (end exclusive) of black frames."""
    brightest = layout[:, 0].reshape(len(layout), -1).max(axis=1, initial=0)
    dark = (luminance < _BLACK_MEAN) & (brightest < _BLACK_BRIGHTEST)
    return [(start, end) for start, end in runs(dark) if end - start >= _BLACK_FRAMES]


def runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The stretches of True, ends exclusive."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def fades(
    luminance: Floats, black: list[tuple[int, int]], walls: npt.NDArray[np.int64], fps: float
) -> list[Fade]:
    """Even rises out of black and falls into it that no cut (`walls`, sorted) interrupts."""
    out: list[Fade] = []
    longest = round(_LONGEST_FADE_S * fps)
    shortest = max(3, round(_SHORTEST_FADE_S * fps))
    for start, end in black:
        wall = walls[: np.searchsorted(walls, start)]
        falling = _ramp(luminance[max([0, start - longest, *wall[-1:].tolist()]) : start + 1][::-1])
        if falling >= shortest:
            out.append(Fade(start - falling, start, True))
        wall = walls[np.searchsorted(walls, end, side="right") :]
        rising = _ramp(luminance[end - 1 : min([end + longest, *wall[:1].tolist()])])
        if rising >= shortest:
            out.append(Fade(end, end + rising, False))
    return out


def _ramp(values: Floats) -> int:
    """How many frames after the first one (black) the values keep rising; 0 when they do not, or jump."""
    if len(values) < 3:
        return 0
    steps = np.diff(values)
    # Film grain and moving subjects make a rise uneven: it ends where half a dozen frames bring nothing more.
    highest = np.maximum.accumulate(values)
    end = 1
    while end < len(values) - 1:
        ahead = values[end + 1 : end + 7]
        if ahead.max() <= highest[end] + 0.004 or values[end + 1] < highest[end] - 0.03:
            break
        end += 1
    way = float(highest[end] - values[0])
    if way < 2 * _BLACK_MEAN or float(steps[:end].max()) > _LARGEST_STEP * way:
        return 0
    return int(np.argmax(values[: end + 1] >= values[0] + _ARRIVED * way))
