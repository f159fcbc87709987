"""Features at every record frame of a cue: the edit applied to what its sources look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from ..timebase import Rate
from ..types import Cue, Media, Shot
from .features import CHROMA_BINS, LAYOUT_COLUMNS, LAYOUT_ROWS, LUMA_BINS, Features, Floats, Ints

_SECOND_US = 1_000_000
_GREY = 128
# The class of colourless pixels: the middle one of 5 x 5.
_GREY_CLASS = LUMA_BINS + CHROMA_BINS // 2


@dataclass(slots=True)
class Record:
    """Arrays with one row a record frame, from frame `start` on. `seen` is False where no picture is known.

    speed is in picture widths a second of record time, NaN where a frame has none before it; the others are
    as in `Features`. A gap is seen: it is black.
    """

    start: int
    speed: Floats
    luminance: Floats
    warmth: Floats
    saturation: Floats
    layout: npt.NDArray[np.uint8]
    colours: Floats
    seen: npt.NDArray[np.bool_]

    @classmethod
    def black(cls, start: int, count: int) -> Self:
        layout = np.full((count, 3, LAYOUT_ROWS, LAYOUT_COLUMNS), _GREY, np.uint8)
        layout[:, 0] = 0
        colours = np.zeros((count, LUMA_BINS + CHROMA_BINS), np.float32)
        colours[:, 0] = colours[:, _GREY_CLASS] = 1
        zero = np.zeros(count, np.float32)
        return cls(
            start,
            zero,
            zero.copy(),
            np.full(count, 0.5, np.float32),
            zero.copy(),
            layout,
            colours,
            np.ones(count, bool),
        )

    def put(self, other: Record) -> None:
        """Overwrite the frames that `other` has."""
        at = slice(other.start - self.start, other.start - self.start + len(other.seen))
        self.speed[at] = other.speed
        self.luminance[at] = other.luminance
        self.warmth[at] = other.warmth
        self.saturation[at] = other.saturation
        self.layout[at] = other.layout
        self.colours[at] = other.colours
        self.seen[at] = other.seen


def source_spans(cue: Cue) -> dict[Media, list[tuple[int, int]]]:
    """For each source the stretches (first and last microsecond) that the cue's shots and dissolves show."""
    out: dict[Media, list[tuple[int, int]]] = {}
    for index, shot in enumerate(cue.shots):
        if shot.media is None or shot.kind not in ("video", "still"):
            continue
        first, last = _reach(cue, index)
        if shot.kind == "still":
            out.setdefault(shot.media, []).append((0, 0))
            continue
        ends = sorted((_us(shot, first, cue.rate), _us(shot, last - 1, cue.rate)))
        out.setdefault(shot.media, []).append((ends[0], ends[1]))
    return out


def record(cue: Cue, sources: Mapping[Media, Features]) -> Record:
    """The pictures of the whole cue as its viewer sees them, dissolves mixed."""
    out = Record.black(cue.in_frame, cue.frames)
    for shot in cue.shots:
        first = max(shot.in_frame, cue.in_frame)
        last = min(shot.out_frame_exclusive, cue.out_frame_exclusive)
        out.put(_shown(shot, first, last, cue.rate, sources))
    for before, shot in pairwise(cue.shots):
        first, last = dissolve(cue, shot)
        if last > first:
            left = _shown(before, first, last, cue.rate, sources)
            out.put(_mixed(left, _shown(shot, first, last, cue.rate, sources), *_full_dissolve(shot)))
    return out


def dissolve(cue: Cue, shot: Shot) -> tuple[int, int]:
    """First and last (exclusive) frame of the dissolve into `shot`, inside the cue; equal without one."""
    first, last = _full_dissolve(shot)
    return max(first, cue.in_frame), max(min(last, cue.out_frame_exclusive), max(first, cue.in_frame))


def _full_dissolve(shot: Shot) -> tuple[int, int]:
    before, after = shot.dissolve_frames
    return shot.in_frame - before, shot.in_frame + after


def _reach(cue: Cue, index: int) -> tuple[int, int]:
    """The frames in which a shot is visible: its own, and those of the dissolves into and out of it."""
    shot = cue.shots[index]
    first, last = max(shot.in_frame, cue.in_frame), min(shot.out_frame_exclusive, cue.out_frame_exclusive)
    if index and any(shot.dissolve_frames):
        first = min(first, dissolve(cue, shot)[0])
    if index + 1 < len(cue.shots) and any(cue.shots[index + 1].dissolve_frames):
        last = max(last, dissolve(cue, cue.shots[index + 1])[1])
    return first, max(last, first + 1)


def _us(shot: Shot, frame: int, rate: Rate) -> int:
    return int(shot.source_s(frame, rate) * _SECOND_US // 1)


def _shown(shot: Shot, first: int, last: int, rate: Rate, sources: Mapping[Media, Features]) -> Record:
    """The frames `first` to `last` (exclusive) of one shot, as if it were long enough."""
    count = max(0, last - first)
    out = Record.black(first, count)
    if shot.kind == "gap" or not count:
        return out
    features = sources.get(shot.media) if shot.media is not None else None
    if shot.kind == "offline" or features is None or not len(features.time_us):
        out.seen[:] = False
        return out
    if shot.kind == "still":
        index = np.zeros(count, np.int64)
        motion = np.zeros(count, np.float32)
    else:
        index = features.at(_times_us(shot, first, count, rate))
        # A frozen picture does not move, whatever moved when it was taken.
        frozen = shot.speed == 0
        motion = (
            np.zeros(count, np.float32) if frozen else features.motion[index] * np.float32(abs(shot.speed))
        )
    out.speed = motion
    out.luminance = features.luminance[index]
    out.warmth = features.warmth[index]
    out.saturation = features.saturation[index]
    out.layout = features.layout[index]
    out.colours = features.colours[index]
    out.seen = index >= 0
    return out


def _times_us(shot: Shot, first: int, count: int, rate: Rate) -> Ints:
    """Source times of the frames: each from exact fractions, rounded down once."""
    base = shot.source_s(first, rate) * _SECOND_US
    step = shot.speed / rate.fps * _SECOND_US
    common = base.denominator * step.denominator
    start, stride = base.numerator * step.denominator, step.numerator * base.denominator
    return np.array([(start + stride * index) // common for index in range(count)], np.int64)


def _mixed(left: Record, right: Record, first: int, last: int) -> Record:
    """A linear dissolve over `first` to `last`; where one side is not seen, the other alone."""
    frames = np.arange(left.start, left.start + len(left.seen))
    weight = ((frames - first + 0.5) / max(1, last - first)).astype(np.float32)
    weight = np.where(left.seen, np.where(right.seen, weight, 0), 1).astype(np.float32)

    def mix(a: Floats, b: Floats) -> Floats:
        share = weight.reshape(-1, *(1,) * (a.ndim - 1))
        mixed: Floats = np.where(share <= 0, a, np.where(share >= 1, b, (1 - share) * a + share * b))
        return mixed

    layout = mix(left.layout.astype(np.float32), right.layout.astype(np.float32))
    return Record(
        left.start,
        mix(left.speed, right.speed),
        mix(left.luminance, right.luminance),
        mix(left.warmth, right.warmth),
        mix(left.saturation, right.saturation),
        np.rint(layout).astype(np.uint8),
        mix(left.colours, right.colours),
        left.seen | right.seen,
    )
