"""The curves of a Picture from its record frames: motion made smooth inside each shot, change, holes held."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from .features import Floats
from .record import Record

# The speed (picture widths a second) at which motion reaches 1 - 1/e, and the power that opens up slow
# motion: a talking head is near .15, a walk through the picture .4, a whip pan .95.
_FAST = 0.3
_POWER = 0.7
# The change of the tiny picture (a part of full scale) at which the change curve reaches 1 - 1/e.
_CHANGED = 0.1
_SMOOTH_FRAMES = 5
_CHUNK = 4096


def motion_curve(record: Record, walls: npt.NDArray[np.int64]) -> Floats:
    """Motion 0..1 of every frame. Nothing of a shot leaks over its cuts (`walls`, rows, sorted)."""
    speed = record.speed.copy()
    edges = [0, *walls.tolist(), len(speed)]
    for start, end in pairwise(edges):
        if end > start:
            speed[start:end] = _smooth(speed[start:end])
    moving: Floats = 1 - np.exp(-((speed / np.float32(_FAST)) ** np.float32(_POWER)))
    return moving


def _smooth(speed: Floats) -> Floats:
    """Median of 3 against single wrong frames, then a mean of 5: animation shows every picture twice."""
    values = speed.copy()
    if len(values) > 1:
        # What lies before a shot's first frame may be another picture in the source as well.
        values[0] = np.nan
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return np.zeros_like(values)
    following = known[np.minimum(np.searchsorted(known, np.arange(len(values))), len(known) - 1)]
    values = values[following]
    if len(values) >= 3:
        padded = np.pad(values, 1, mode="edge")
        values = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0).astype(np.float32)
    half = _SMOOTH_FRAMES // 2
    padded = np.pad(values, half, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _SMOOTH_FRAMES)
    smooth: Floats = windows.mean(axis=1, dtype=np.float32)
    return smooth


def change_curve(layout: npt.NDArray[np.uint8]) -> Floats:
    """Difference of each frame to the one before, 0..1, on tiny pictures (n, 3, 9, 16); the first is 0."""
    out = np.zeros(len(layout), np.float32)
    for start in range(1, len(layout), _CHUNK):
        now = layout[start : start + _CHUNK].astype(np.float32)
        before = layout[start - 1 : start - 1 + len(now)].astype(np.float32)
        luma, blue, red = np.abs(now - before).mean(axis=(2, 3)).T / 255
        out[start : start + len(now)] = 1 - np.exp(-(luma + (blue + red) / 2) / _CHANGED)
    return out


def held(record: Record, motion: Floats) -> None:
    """Give frames that were not seen the last values that were, in place; before those, the first seen."""
    known = np.flatnonzero(record.seen)
    if not len(known):
        record.luminance[:] = 0.5
        record.warmth[:] = 0.5
        record.saturation[:] = 0.5
        motion[:] = 0
        return
    last = known[np.maximum(np.searchsorted(known, np.arange(len(record.seen)), side="right") - 1, 0)]
    for values in (record.luminance, record.warmth, record.saturation, record.layout, record.colours, motion):
        values[:] = values[last]
