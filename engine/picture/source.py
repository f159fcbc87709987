"""Features of the parts of a source that an edit shows: from the cache if measured before, else decoded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from math import ceil, floor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..apart.door import plain_file
from ..errors import InputError, OutputError, Problem
from ..progress import Cancel
from ..store.cache import load_arrays, store_arrays
from ..store.identity import sha256_file
from ..types import ImageSequence, Media
from .decode import Frame, small_frames
from .detect import Detected, Detector
from .features import VERSION, Features, measure

_KIND = "picture"
# Pictures measured at once: enough that numpy's calls cost nothing, few enough for the processor's cache.
_BATCH = 32
# Two stretches nearer than this are read as one: a seek costs about as much.
_JOIN_US = 4_000_000
# Around every stretch, so that its first and last picture surely lie inside.
_MARGIN_US = 100_000
_SECOND_US = 1_000_000

Span = tuple[int, int]
Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Seen:
    """What could be read of a source. `problem` says why a part of it could not."""

    features: Features
    detected: Detected | None = None
    problem: Problem | None = None


def wanted_spans(times_us: Sequence[Span]) -> list[Span]:
    """Stretches (microseconds, end exclusive) that hold all the given ones, near ones joined."""
    out: list[Span] = []
    for first, last in sorted(times_us):
        start, end = max(0, first - _MARGIN_US), max(0, last) + _MARGIN_US
        if out and start <= out[-1][1] + _JOIN_US:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def look_at_source(
    media: Media, spans: Sequence[Span], *, find_cuts: bool, use_cache: bool, told: Told, cancel: Cancel
) -> Seen:
    """Features of the given stretches of one source, with its own cuts where `find_cuts` asks for them.

    Never fails for the medium's sake: what cannot be read is missing, and `problem` says so. `told` gets the
    microseconds of source finished since the last call.
    """
    problem: Problem | None = None
    key = ""
    known = Features.none()
    if use_cache:
        try:
            key = f"{media_sha256(media, cancel)}-{VERSION}"
        except InputError as error:
            return Seen(known, problem=Problem("picture", str(error)))
        known = Features.from_arrays(load_arrays(_KIND, key))
    detected: Detected | None = None
    detected_key = f"{key}-cuts-" + "-".join(f"{start}-{end}" for start, end in spans)
    if find_cuts and use_cache:
        detected = Detected.from_arrays(load_arrays(_KIND, _hashed(detected_key)))
    missing = [span for span in spans if not known.covers(*span)]
    if find_cuts and detected is None:
        missing = list(spans)
    for start, end in spans:
        if (start, end) not in missing:
            told(end - start)
    detector = Detector() if find_cuts and detected is None else None
    for span in missing:
        found, problem = _read(media, span, detector, told, cancel)
        known = Features.merged([known, found])
        if problem is not None:
            break
    if detector is not None:
        detected = detector.finish()
    if use_cache and missing:
        try:
            store_arrays(_KIND, key, known.arrays())
            if detector is not None and detected is not None and problem is None:
                store_arrays(_KIND, _hashed(detected_key), detected.arrays())
        except OutputError as error:
            problem = problem or Problem(
                "cache", f"{error}; until then pictures are looked at anew each time"
            )
    return Seen(known, detected, problem)


def _read(
    media: Media, span: Span, detector: Detector | None, told: Told, cancel: Cancel
) -> tuple[Features, Problem | None]:
    """Decode and measure one stretch; what lies before a fault is kept."""
    start, end = span
    parts: list[Features] = []
    last: Frame | None = None
    problem: Problem | None = None
    pictures = _pictures(media, Fraction(start, _SECOND_US), Fraction(end, _SECOND_US), cancel)
    with closing(pictures):
        more = True
        while more:
            cancel.check()
            batch: list[Frame] = []
            try:
                batch.extend(islice(pictures, _BATCH))
            except InputError as error:
                problem = Problem("picture", str(error))
            more = len(batch) == _BATCH
            if not batch:
                continue
            frames = batch if last is None else [last, *batch]
            found = measure(np.stack([frame.pixels for frame in frames]), _times(frames))
            # The picture before the stretch only lends its pixels to the first difference.
            whole = last is None and (start == 0 or frames[0].time_s == 0)
            parts.append(found if whole else found.without_first())
            told(max(0, min(end, _us(batch[-1])) - max(start, _us(frames[0]))))
            last = batch[-1]
            if detector is not None:
                for frame in batch:
                    detector.add(_us(frame), frame.pixels)
    return _stretch(Features.merged([Features.none(), *parts]), span, problem), problem


def _stretch(found: Features, span: Span, problem: Problem | None) -> Features:
    """`found` with what it covers. Without a picture at or after the stretch's end, the source ends in it."""
    start, end = span
    if not len(found.time_us):
        return found
    last_us = int(found.time_us[-1])
    if last_us >= end:
        return replace(found, covered_us=np.array([[start, end]], np.int64))
    steps = np.diff(found.time_us[-2:])
    shown_until = last_us + (int(steps[0]) if len(steps) else _SECOND_US // 24)
    covered = np.array([[start, max(shown_until, start + 1)]], np.int64)
    return replace(found, covered_us=covered, end_us=-1 if problem else shown_until)


def _pictures(media: Media, start_s: Fraction, end_s: Fraction, cancel: Cancel) -> Generator[Frame]:
    """As `small_frames`, for files and for numbered pictures."""
    if media.sequence is None:
        yield from small_frames(Path(media.path), start_s, end_s, cancel=cancel)
        return
    fps = media.sequence.rate.fps
    for number in range(max(0, floor(start_s * fps) - 1), ceil(end_s * fps) + 1):
        path = sequence_file(media.path, media.sequence, number)
        if not path.exists():
            # A numbering ends where the first file is missing.
            return
        for frame in small_frames(path, Fraction(0), Fraction(0), cancel=cancel):
            yield Frame(number / fps, frame.pixels)
            break


def sequence_file(folder: str, sequence: ImageSequence, index: int) -> Path:
    """The file of picture `index`, counted from 0."""
    number = sequence.start_number + index * sequence.step
    return Path(folder) / f"{sequence.prefix}{number:0{sequence.padding}d}{sequence.suffix}"


def media_sha256(media: Media, cancel: Cancel) -> str:
    """The sha256 of a medium's bytes as hex, of all pictures of a sequence. InputError when unreadable."""
    if media.sequence is None:
        # Checked before a byte is read: a device has no end.
        return sha256_file(plain_file(Path(media.path)), cancel=cancel)
    digest = hashlib.sha256(repr(media.sequence).encode())
    index = 0
    while (path := sequence_file(media.path, media.sequence, index)).exists():
        digest.update(bytes.fromhex(sha256_file(plain_file(path), cancel=cancel)))
        index += 1
    if not index:
        raise InputError(
            f"'{path}' does not exist: relink the image sequence, or give its folder with --media"
        )
    return digest.hexdigest()


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _us(frame: Frame) -> int:
    return round(frame.time_s * _SECOND_US)


def _times(frames: Sequence[Frame]) -> npt.NDArray[np.int64]:
    return np.array([_us(frame) for frame in frames], np.int64)
