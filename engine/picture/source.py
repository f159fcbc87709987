"""Features of the parts of a source that an edit shows: from the cache where they were measured, else decoded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..errors import HitpointError, InputError, OutputError, Problem
from ..progress import Cancel
from ..store.cache import load_arrays, store_arrays
from ..store.identity import sha256_file
from ..types import ImageSequence, Media
from .decode import Frame, small_frames
from .detect import Detected, Detector
from .features import VERSION, Features, measure

_KIND = "picture"
# Pictures measured at once: enough that numpy's calls cost nothing, few enough to stay in the processor's cache.
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
            key = f"{_identity(media, cancel)}-{VERSION}"
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
        known = known.merged(found)
        if problem is not None:
            break
    if detector is not None:
        detected = detector.finish()
    if use_cache and missing:
        try:
            store_arrays(_KIND, key, known.arrays())
            if detector is not None and problem is None:
                store_arrays(_KIND, _hashed(detected_key), detected.arrays() if detected else {})
        except OutputError as error:
            problem = problem or Problem("cache", f"{error}; until then pictures are looked at anew each time")
    return Seen(known, detected, problem)


def _read(
    media: Media, span: Span, detector: Detector | None, told: Told, cancel: Cancel
) -> tuple[Features, Problem | None]:
    """Decode and measure one stretch; the part before a fault is kept."""
    start, end = span
    parts: list[Features] = []
    batch: list[Frame] = []
    last: Frame | None = None
    # The picture before the stretch lends its pixels to the first difference and is not measured itself.
    keep_first = start == 0
    shown_until = start
    problem: Problem | None = None

    def flush() -> None:
        nonlocal last, batch, keep_first
        frames = [last, *batch] if last is not None else batch
        if frames:
            times = np.array([_us(frame.time_s) for frame in frames], np.int64)
            found = measure(np.stack([frame.pixels for frame in frames]), times)
            skip = 0 if last is None and (keep_first or times[0] == 0) else 1
            parts.append(_from(found, skip))
            last = frames[-1]
        batch = []

    try:
        for frame in _pictures(media, start, end):
            batch.append(frame)
            if detector is not None:
                detector.add(_us(frame.time_s), frame.pixels)
            if len(batch) >= _BATCH:
                cancel.check()
                flush()
                told(min(_us(frame.time_s), end) - shown_until)
                shown_until = min(_us(frame.time_s), end)
        flush()
    except InputError as error:
        flush()
        problem = Problem("picture", str(error))
    features = parts[0] if parts else Features.none()
    for part in parts[1:]:
        features = _appended(features, part)
    return features, problem
