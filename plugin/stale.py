"""Whether the edit is still the one that was scored: fingerprints of the chosen ranges, taken before the work
and again before anything is placed.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..engine.errors import InputError, Problem, StaleResult
from ..engine.picture.source import media_sha256
from ..engine.progress import Cancel
from ..engine.serial import canonical
from ..engine.store.identity import sha256_file
from ..engine.timebase import format_timecode
from ..engine.types import Cue, Shot
from .options import Selection
from .timeline.bundle import CONTENT
from .timeline.document import Document
from .timeline.formats import TIMELINES
from .timeline.read import read_timeline

# An editor that saves is done within this; until then there may be half a file, or none.
_PATIENCE_S = 1.0
_STEP_S = 0.1
# Of the stretches that changed, so many are named.
_MOST_TOLD = 3

# From and up to which record frame a stretch of the range goes, and its bytes for the hash.
_Part = tuple[int, int, bytes]


@dataclass(frozen=True, slots=True)
class _Range:
    """One cue as it was: what is seen in it, and what else decided its music."""

    cue: Cue
    parts: tuple[_Part, ...]
    beside: bytes


class Ranges:
    """The chosen ranges of a timeline as they were when this was made."""

    def __init__(
        self,
        document: Document,
        cues: Sequence[Cue],
        chosen: Selection,
        cancel: Cancel,
        *,
        whole: bool | None = None,
    ) -> None:
        """Reads each medium once, unless its hash is remembered. Cancelled between blocks.

        `whole`: the cue is all of the timeline and grows with it; None: as `chosen` says.
        """
        self._document = document
        self._chosen = chosen
        self._whole = not chosen.chooses if whole is None else whole
        self._ranges = [
            _Range(cue, tuple(_parts(document.shots, cue, cancel)), _beside(document, cue)) for cue in cues
        ]

    def fingerprint(self, number: int) -> str:
        """Of cue `number`, from 0: hex sha256 of rate, bounds and each shot's place, source, speed and media.
        Names, colours and what other tracks hold are not in it."""
        found = self._ranges[number]
        return _hash(found.cue, found.parts)

    def now(self, cancel: Cancel) -> tuple[Document, list[Problem]]:
        """The timeline as it is, with none of the ranges changed, and what changed elsewhere.

        StaleResult when a range is another, or is gone, or its media are, or the file cannot be read.
        """
        document = self._read(cancel)
        changed = []
        for was in self._ranges:
            changed += _differences(was, document, self._whole, cancel)
        if changed:
            raise StaleResult(_sentence(changed))
        if document is self._document:
            return document, []
        heard = any(was.beside != _beside(document, was.cue) for was in self._ranges)
        return document, [Problem("stale", _elsewhere(document, heard=heard))]

    def is_still(self, document: Document) -> bool:
        """Whether the file has the bytes that `document` was read from."""
        try:
            return _sha256(document) == document.sha256
        except (InputError, OSError):
            return False

    def _read(self, cancel: Cancel) -> Document:
        """The document, read again where the file has other bytes."""
        until = time.monotonic() + _PATIENCE_S
        path = self._document.path
        while True:
            cancel.check()
            try:
                if self.is_still(self._document):
                    return self._document
                return read_timeline(path, rate=self._chosen.rate, media_dirs=self._chosen.media)
            except InputError as error:
                if time.monotonic() >= until:
                    raise StaleResult(
                        f"'{path.name}' could be read no more when its music was finished ({error}): the "
                        "music is kept; run the same command again when the file is back"
                    ) from error
            time.sleep(_STEP_S)


def fingerprint_of(cue: Cue, cancel: Cancel) -> str:
    """Of a cue as it is: hex sha256 of rate, bounds and each shot's place, source, speed and media."""
    return _hash(cue, tuple(_parts(cue.shots, cue, cancel)))


def differences(was: Cue, now: Cue, fingerprint: str, cancel: Cancel) -> list[str]:
    """The stretches that are other in `now`, the same frames of a later edit, than in `was`, as timecodes;
    none where nothing is. `fingerprint` was that of `was` when its media were as they were then.
    """
    if fingerprint_of(now, cancel) == fingerprint:
        return []
    before, after = (tuple(_parts(cue.shots, cue, cancel)) for cue in (was, now))
    other = set(before) ^ set(after)
    if was.rate != now.rate or not other:
        return [_between(was, was.in_frame, was.out_frame_exclusive)]
    return [_between(was, min(part[0] for part in other), max(part[1] for part in other))]


def _parts(shots: Sequence[Shot], cue: Cue, cancel: Cancel) -> Iterator[_Part]:
    """The shots of a timeline within the frames of a cue, each cut to them."""
    known: dict[object, str] = {}
    for shot in shots:
        begin, end = max(cue.in_frame, shot.in_frame), min(cue.out_frame_exclusive, shot.out_frame_exclusive)
        if begin >= end:
            continue
        if shot.media is not None and shot.media not in known:
            known[shot.media] = _identity(shot, cancel)
        told: dict[str, Any] = {
            "frames": [begin, end],
            "kind": shot.kind,
            "media": known.get(shot.media, ""),
            "source_in_s": shot.source_s(begin, cue.rate),
            "speed": shot.speed,
            "dissolve": shot.dissolve_frames if cue.in_frame < shot.in_frame == begin else None,
        }
        yield begin, end, canonical(told)


def _identity(shot: Shot, cancel: Cancel) -> str:
    assert shot.media is not None
    try:
        return media_sha256(shot.media, cancel)
    except InputError:
        # Not seen when the music was made, and as long as it stays so nothing has changed.
        return f"unreadable {shot.media.path}"


def _beside(document: Document, cue: Cue) -> bytes:
    """What decides music beside the pictures: speech lies under sounds, hits may be asked for by markers."""
    first, last = cue.in_frame, cue.out_frame_exclusive
    sounds = [
        [
            max(first, sound.in_frame),
            min(last, sound.out_frame_exclusive),
            sound.media.path,
            sound.source_in_s + sound.speed * document.rate.seconds(max(0, first - sound.in_frame)),
            sound.speed,
        ]
        for sound in document.sounds
        if sound.in_frame < last and sound.out_frame_exclusive > first
    ]
    markers = [
        [marker.in_frame, marker.hit, marker.strength]
        for marker in document.markers
        if marker.hit is not None and first <= marker.in_frame < last
    ]
    return canonical([sorted(sounds, key=canonical), sorted(markers, key=canonical)])


def _differences(was: _Range, document: Document, whole: bool, cancel: Cancel) -> list[str]:
    """The stretches of a range that are other now, as timecodes."""
    cue = was.cue
    if document.rate != cue.rate or (whole and document.frames != cue.out_frame_exclusive):
        return [_between(cue, cue.in_frame, cue.out_frame_exclusive)]
    parts = tuple(_parts(document.shots, cue, cancel))
    if parts == was.parts:
        return []
    other = set(parts) ^ set(was.parts)
    return [_between(cue, min(part[0] for part in other), max(part[1] for part in other))]


def _between(cue: Cue, first: int, last: int) -> str:
    begin, end = (
        format_timecode(cue.start_timecode_frame + frame, cue.rate, drop=cue.drop_frame)
        for frame in (first, last)
    )
    return f"between {begin} and {end}"


def _sentence(changed: Sequence[str]) -> str:
    more = f" and at {len(changed) - _MOST_TOLD} more places" if len(changed) > _MOST_TOLD else ""
    return (
        f"the edit changed {' and '.join(changed[:_MOST_TOLD])}{more} while it was scored: the music is "
        "kept; run the same command again to score it as it is now"
    )


def _elsewhere(document: Document, *, heard: bool) -> str:
    name = document.path.name
    if heard:
        return (
            f"sounds or markers under the music changed in '{name}' while it was scored: it was placed all "
            "the same; score again for music that knows them"
        )
    return f"'{name}' changed elsewhere while it was scored: the music was placed into it as it is now"


def _hash(cue: Cue, parts: Sequence[_Part]) -> str:
    digest = hashlib.sha256(canonical([cue.rate, cue.in_frame, cue.out_frame_exclusive]))
    for _, _, told in parts:
        digest.update(hashlib.sha256(told).digest())
    return digest.hexdigest()


def _sha256(document: Document) -> str:
    """Of the file now: of a film as remembered by size and time, since it may be long; of a timeline's
    bytes."""
    path = document.path
    if path.is_dir():
        path /= CONTENT
    elif path.suffix.lower() not in TIMELINES:
        return sha256_file(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
