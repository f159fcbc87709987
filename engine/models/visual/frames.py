"""Which pictures of a cue the model sees: the edit resolved to moments of its sources, each listed once.

`pts` asks what is on screen at exactly i / rate seconds of the cue. `legacy_skip` is the published way: every
int(f / rate)-th frame, f the whole part of the frame rate, which drifts at rates like 23.976.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Literal

from ...errors import InputError, OptionError
from ...picture.decode import probe
from ...types import Cue, Media, Shot

FrameMode = Literal["pts", "legacy_skip"]

# A medium that does not tell its rate, or cannot be read at all, is still asked at moments that repeat.
_UNKNOWN_FPS = Fraction(24)


@dataclass(frozen=True, slots=True)
class SourceFrame:
    """A moment of a medium, in the middle of a source frame's time so that rounded clocks do not matter.

    `media` is None for black: a gap or an offline shot.
    """

    media: Media | None
    time_s: Fraction


BLACK = SourceFrame(None, Fraction(0))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a model sees of a cue.

    times_s   seconds from the cue's start, one for every frame the model sees
    sources   the distinct pictures behind them
    index     for every time, which of `sources`
    offline   how many times show black because their shot is offline
    """

    times_s: tuple[float, ...]
    sources: tuple[SourceFrame, ...]
    index: tuple[int, ...]
    offline: int


def frame_times(cue: Cue, frame_rate: float, mode: FrameMode) -> Seen:
    """The pictures of `cue` at `frame_rate` a second. Opens each medium once, for its own frame rate.

    A dissolve shows the shot whose stretch it is; a gap and an offline shot show black. Two times that show
    the same source frame share one entry. OptionError when legacy_skip is asked for more than the cue has.
    """
    if mode == "legacy_skip":
        wanted = [(cue.rate.seconds(frame), frame) for frame in legacy_frames(cue, frame_rate)]
    else:
        step = Fraction(frame_rate).limit_denominator(1000)
        times = [index / step for index in range(ceil(cue.rate.seconds(cue.frames) * step))]
        wanted = [(time_s, floor(time_s * cue.rate.fps)) for time_s in times]
    grid = _Grid()
    starts = [shot.in_frame for shot in cue.shots]
    places: dict[SourceFrame, int] = {}
    index = []
    offline = 0
    for _, frame in wanted:
        at = cue.in_frame + frame
        shot = cue.shots[max(0, bisect_right(starts, at) - 1)]
        offline += shot.kind == "offline"
        index.append(places.setdefault(_source(shot, at, cue, grid), len(places)))
    return Seen(tuple(float(time_s) for time_s, _ in wanted), tuple(places), tuple(index), offline)


def legacy_frames(cue: Cue, frame_rate: float) -> Sequence[int]:
    """The cue's frames that the published code keeps, counted from the cue's first.

    OptionError when more frames a second are wanted than the cue has.
    """
    whole = int(cue.rate.fps)
    if frame_rate > whole:
        raise OptionError(
            f"{frame_rate:g} pictures a second are asked of a cue of {cue.rate} fps: use --mode default"
        )
    return range(0, cue.frames, int(whole / frame_rate))


def _source(shot: Shot, frame: int, cue: Cue, grid: _Grid) -> SourceFrame:
    if shot.kind in ("gap", "offline") or shot.media is None:
        return BLACK
    if shot.kind == "still":
        return SourceFrame(shot.media, Fraction(0))
    fps = grid.fps(shot.media)
    source_frame = max(0, floor(shot.source_s(frame, cue.rate) * fps))
    return SourceFrame(shot.media, (source_frame + Fraction(1, 2)) / fps)


class _Grid:
    """Frame rates of media, each asked for once."""

    def __init__(self) -> None:
        self._known: dict[Media, Fraction] = {}

    def fps(self, media: Media) -> Fraction:
        if media not in self._known:
            self._known[media] = _fps(media)
        return self._known[media]


def _fps(media: Media) -> Fraction:
    if media.sequence is not None:
        return media.sequence.rate.fps
    try:
        rate = probe(Path(media.path)).rate
    except InputError:
        # Told where its pictures are decoded.
        return _UNKNOWN_FPS
    return rate.fps if rate is not None else _UNKNOWN_FPS
