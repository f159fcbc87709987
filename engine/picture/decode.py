"""The one door that opens picture media: plain local files of known formats, decoded small and in order.

A media file is foreign data: it is decoded in a process of its own (`apart`), by `reading`, and what comes
back are pictures. A file that kills or stalls its reader is an unreadable file.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..apart.door import plain_file
from ..apart.stream import Stream
from ..progress import Cancel
from ..timebase import Rate

SMALL_WIDTH = 96
SMALL_HEIGHT = 54


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a media file holds. `duration_s` and `width`, `height` are 0 where the kind has none."""

    kind: Literal["video", "still", "audio"]
    # None for stills and sound.
    rate: Rate | None
    frames: int | None
    duration_s: Fraction
    # As the file writes it, like "01:00:00:00".
    start_timecode: str | None
    width: int
    height: int
    has_audio: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture. `time_s` counts from the file's first picture."""

    time_s: Fraction
    # uint8, (3, height, width) planes Y Cb Cr at full range, or (height, width, 3) RGB.
    pixels: npt.NDArray[np.uint8]


def probe(path: Path, *, cancel: Cancel | None = None) -> MediaInfo:
    """What `path` holds, from its headers. InputError when it is not readable media."""
    plain_file(path)
    with Stream("probe", path, {}, ahead=False, cancel=cancel) as stream:
        answer = stream.next()
    assert answer is not None
    return _info(answer[0]["info"])


def small_frames(
    path: Path, start_s: Fraction, end_s: Fraction, *, cancel: Cancel | None = None
) -> Generator[Frame]:
    """The pictures of `frames` at 96 x 54 (whatever the aspect), as planes Y Cb Cr at full range (0..255)."""
    return frames(path, start_s, end_s, width=SMALL_WIDTH, height=SMALL_HEIGHT, rgb=False, cancel=cancel)


def frames(
    path: Path,
    start_s: Fraction,
    end_s: Fraction,
    *,
    width: int,
    height: int,
    rgb: bool,
    cancel: Cancel | None = None,
) -> Generator[Frame]:
    """Pictures shown from `start_s` to `end_s` (exclusive), in source order, averaged down to that size.

    The first one is the picture before the one shown at `start_s`, where there is one, so that differences
    have a left side. The last one is the first at or after `end_s`: without it the medium has ended. One
    pass, a few pictures in memory. Pictures that do not decode are left out; InputError when the file does
    not open or nothing more can be read (what was given out before stays good). Cancelled while waiting.
    """
    plain_file(path)
    wanted = {"start_s": str(start_s), "end_s": str(end_s), "width": width, "height": height, "rgb": rgb}
    with Stream("frames", path, wanted, cancel=cancel) as stream:
        for frame in _pictures(stream):
            if frame is not None:
                yield frame


def shown_pictures(
    path: Path, times_s: Sequence[Fraction], *, cancel: Cancel | None = None
) -> Generator[Frame | None]:
    """The picture on screen at each of `times_s` (ascending), upright RGB at full size; None after the end.

    That is the last one that began at or before the time; before the first picture it is the first. One pass,
    a seek where nothing is wanted for a while; only what is wanted is converted. InputError when the file
    does not open or nothing more can be read. Cancelled while waiting.
    """
    if not times_s:
        return
    plain_file(path)
    wanted = {"times_s": [str(time_s) for time_s in times_s]}
    with Stream("shown", path, wanted, cancel=cancel) as stream:
        yield from _pictures(stream)


def _pictures(stream: Stream) -> Generator[Frame | None]:
    """What `reading` made blocks of."""
    while (answer := stream.next()) is not None:
        header, arrays = answer
        if header["times_s"] == [None]:
            yield None
            continue
        for time_s, pixels in zip(header["times_s"], arrays[0], strict=True):
            yield Frame(Fraction(time_s), pixels)


def _info(told: dict[str, Any]) -> MediaInfo:
    rate = Rate(*told["rate"]) if told["rate"] is not None else None
    return MediaInfo(**{**told, "rate": rate, "duration_s": Fraction(told["duration_s"])})
