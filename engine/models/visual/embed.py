"""Rows of memory for the pictures of a cue: every source frame is encoded once and kept by its content."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ...errors import InputError, OutputError, Problem
from ...picture.decode import Frame, shown_pictures
from ...picture.source import media_sha256, sequence_file
from ...progress import Cancel, Progress, Step
from ...store.cache import load_arrays, store_arrays
from ...types import Cue, Media
from .frames import BLACK, Seen, SourceFrame
from .transform import VERSION, prepare

Floats = npt.NDArray[np.float32]
Rows = dict[Fraction, Floats]

_KIND = "memory"
# Pictures handed to the encoder at once: 16 of 336 x 336 are 22 MB.
_BATCH = 16
# The share of failed pictures beyond which the music would follow a film that nobody made.
_MOST_FAILED = 0.1


class FrameEncoder(Protocol):
    """Turns pictures into rows of memory. `sha256` names the weights: other weights, other rows."""

    @property
    def sha256(self) -> str: ...

    @property
    def image(self) -> int:
        """Side of the square pictures it takes."""

    def memory(self, frames: Floats) -> Floats:
        """float32 [n, 3, image, image], normalised, to float32 [n, D]."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """`rows`, float32 [N, D]: one for every time of the cue.

    `encoded` and `cached` count distinct pictures, `failed` counts times.
    """

    rows: Floats
    encoded: int
    cached: int
    failed: int
    problems: tuple[Problem, ...]


def embed_cue(
    cue: Cue,
    seen: Seen,
    encoder: FrameEncoder,
    *,
    progress: Progress,
    cancel: Cancel,
    use_cache: bool = True,
) -> Embedded:
    """The rows of `seen`: from the cache where these bytes were looked at before, else decoded and encoded.

    A picture that does not decode shows the last good one before it, and is counted. InputError when more
    than a tenth of them fail; Cancelled between batches (finished media stay in the cache).
    """
    work = _Work(encoder, progress, cancel, use_cache, total=len(seen.sources))
    by_media: defaultdict[Media | None, list[Fraction]] = defaultdict(list)
    for source in seen.sources:
        by_media[source.media].append(source.time_s)
    found: dict[SourceFrame, Floats] = {}
    for media, times_s in by_media.items():
        by_time = work.rows_of(media, sorted(times_s))
        found |= {SourceFrame(media, time_s): row for time_s, row in by_time.items()}
    rows, failed = _in_order(cue, seen, found, work.faults)
    problems = list(work.problems)
    if failed:
        problems.append(
            Problem(
                "frames",
                f"{failed} of {len(seen.index)} pictures could not be decoded: the model saw the one before",
            )
        )
    if seen.offline:
        problems.append(
            Problem(
                "frames",
                f"{seen.offline} of {len(seen.index)} pictures are offline: the model saw black there",
            )
        )
    return Embedded(rows, work.encoded, work.cached, failed, tuple(problems))


def _in_order(
    cue: Cue, seen: Seen, found: dict[SourceFrame, Floats], faults: Sequence[str]
) -> tuple[Floats, int]:
    """Rows in the order of the times; a missing one repeats the last good one, at the start the first."""
    known = [found.get(seen.sources[place]) for place in seen.index]
    failed = sum(row is None for row in known)
    if failed > _MOST_FAILED * len(known):
        why = faults[0] if faults else "their media end before the edit does: relink them, or trim the clips"
        raise InputError(f"{failed} of {len(known)} pictures of '{cue.name}' could not be decoded: {why}")
    last = next(row for row in known if row is not None)
    out = []
    for row in known:
        last = row if row is not None else last
        out.append(last)
    return np.stack(out), failed


@dataclass
class _Work:
    """One call's counts and settings."""

    encoder: FrameEncoder
    progress: Progress
    cancel: Cancel
    use_cache: bool
    total: int
    done: int = 0
    encoded: int = 0
    cached: int = 0
    faults: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def rows_of(self, media: Media | None, times_s: Sequence[Fraction]) -> Rows:
        """Rows at moments of one medium (ascending); those that do not decode are missing."""
        try:
            key = self._key(media)
        except InputError as error:
            self.faults.append(str(error))
            return {}
        known = _stored(key) if self.use_cache else {}
        kept = {time_s: known[time_s] for time_s in times_s if time_s in known}
        self.cached += len(kept)
        self._tick(len(kept), media)
        missing = [time_s for time_s in times_s if time_s not in kept]
        if not missing:
            return kept
        made = self._encode(media, missing)
        if self.use_cache and made:
            self._store(key, known | made)
        return kept | made

    def _encode(self, media: Media | None, times_s: Sequence[Fraction]) -> Rows:
        out: Rows = {}
        batch: list[tuple[Fraction, Floats]] = []
        # Moments whose picture is one that was encoded before (media of variable rate).
        same: dict[Fraction, Fraction] = {}
        last: tuple[Fraction, Fraction] | None = None
        for time_s, frame in self._pictures(media, times_s):
            if last is not None and frame.time_s == last[0]:
                same[time_s] = last[1]
                self._tick(1, media)
                continue
            last = frame.time_s, time_s
            batch.append((time_s, prepare(frame.pixels, self.encoder.image)))
            if len(batch) == _BATCH:
                self._run(batch, media, out)
        self._run(batch, media, out)
        return out | {time_s: out[other] for time_s, other in same.items()}

    def _run(self, batch: list[tuple[Fraction, Floats]], media: Media | None, out: Rows) -> None:
        """Encode and empty `batch`."""
        self.cancel.check()
        if not batch:
            return
        rows = self.encoder.memory(np.stack([picture for _, picture in batch]))
        out.update((time_s, row) for (time_s, _), row in zip(batch, rows, strict=True))
        self.encoded += len(batch)
        self._tick(len(batch), media)
        batch.clear()

    def _pictures(self, media: Media | None, times_s: Sequence[Fraction]) -> Iterator[tuple[Fraction, Frame]]:
        """What decodes of the wanted moments; the first fault is remembered."""
        if media is None:
            side = self.encoder.image
            yield BLACK.time_s, Frame(Fraction(0), np.zeros((side, side, 3), np.uint8))
            return
        with closing(_decoded(media, times_s, self.cancel)) as pictures:
            try:
                for time_s, frame in zip(times_s, pictures, strict=False):
                    self.cancel.check()
                    if frame is not None:
                        yield time_s, frame
            except InputError as error:
                self.faults.append(str(error))

    def _key(self, media: Media | None) -> str:
        content = "black" if media is None else media_sha256(media, self.cancel)
        # Not the pictures' size, which the weights decide: asking for it may load them.
        text = f"{content}-{VERSION}-{self.encoder.sha256}"
        return hashlib.sha256(text.encode()).hexdigest()

    def _store(self, key: str, rows: Rows) -> None:
        times = np.array([[time_s.numerator, time_s.denominator] for time_s in rows], np.int64)
        try:
            store_arrays(_KIND, key, {"times": times, "rows": np.stack(list(rows.values()))})
        except OutputError as error:
            text = f"{error}; until then pictures are encoded anew each time"
            self.problems = self.problems or [Problem("cache", text)]

    def _tick(self, count: int, media: Media | None) -> None:
        self.done += count
        name = "black" if media is None else Path(media.path).name
        self.progress(Step("frames", self.done, self.total, name))


def _stored(key: str) -> Rows:
    arrays = load_arrays(_KIND, key)
    if arrays is None or set(arrays) != {"times", "rows"}:
        return {}
    times = [Fraction(int(over), int(under)) for over, under in arrays["times"]]
    return dict(zip(times, arrays["rows"], strict=True))


def _decoded(media: Media, times_s: Sequence[Fraction], cancel: Cancel) -> Generator[Frame | None]:
    """As `shown_pictures`, for files and for numbered pictures."""
    if media.sequence is None:
        yield from shown_pictures(Path(media.path), times_s, cancel=cancel)
        return
    for time_s in times_s:
        number = floor(time_s * media.sequence.rate.fps)
        path = sequence_file(media.path, media.sequence, number)
        frames = list(shown_pictures(path, [Fraction(0)], cancel=cancel)) if path.exists() else [None]
        shown = frames[0]
        yield Frame(time_s, shown.pixels) if shown is not None else None
