"""What a placing is about to do, written down before each step: so that it can be undone whole, by another
process too, and nothing but what is named here is ever taken away."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from ....engine.errors import InputError
from ....engine.serial import from_json, pretty
from ....engine.store.durable import durable_write
from ....engine.worker.life import is_alive
from .api import Timeline
from .items import tracks
from .markers import Mark
from .ours import Placed, PlacedClip, note_folder

_PREFIX = "placing-"
# open       it goes on, or was cut off: to be undone
# verified   all lies where it was wished: what is left is to note it
State = Literal["open", "verified"]


@dataclass(frozen=True, slots=True)
class NewTrack:
    """`before`: the names of the audio tracks there were."""

    name: str
    before: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Laid:
    """A clip that is put on an audio track: record frames, and source frames as AppendToTimeline wants them.
    `before`: idents of what lay on the track; `ident` "" until it was read back."""

    track: str
    path: str
    in_frame: int
    frames: int
    source_first: int
    before: tuple[str, ...]
    ident: str = ""


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    index: int
    name: str


@dataclass(frozen=True, slots=True)
class Log:
    """All of it. `media`: paths that are imported; `media_before`: idents of what our bin held. `taken`:
    clips of ours that gave way. `empty`: names of tracks of ours to delete at the end."""

    SCHEMA: ClassVar[str] = "hitpoint.resolve-placing.1"

    pid: int
    project: str
    project_name: str
    timeline: str
    timeline_name: str
    state: State = "open"
    was_timeline: str = ""
    was_bin: str = ""
    was_timecode: str = ""
    bin_made: bool = False
    media: tuple[str, ...] = ()
    media_before: tuple[str, ...] = ()
    tracks: tuple[NewTrack, ...] = ()
    laid: tuple[Laid, ...] = ()
    taken: tuple[PlacedClip, ...] = ()
    switched_off: tuple[SwitchedOff, ...] = ()
    markers_put: tuple[Mark, ...] = ()
    markers_taken: tuple[Mark, ...] = ()
    saved: bool = False
    empty: tuple[str, ...] = ()
    placed: Placed | None = None


class Journal:
    """Of one timeline, on the disk. `found` there, and not begun by us just now."""

    def __init__(self, log: Log, *, found: bool = False) -> None:
        self.log = log
        self.found = found

    @property
    def path(self) -> Path:
        digest = hashlib.sha256(self.log.timeline.encode()).hexdigest()[:24]
        return note_folder() / f"{_PREFIX}{digest}.json"

    def write(self, **changes: Any) -> None:
        """OutputError where the disk refuses: then nothing may be done that it does not know."""
        self.log = replace(self.log, **changes)
        durable_write(self.path, pretty(self.log))

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)

    @property
    def elsewhere(self) -> bool:
        """Whether another process that lives is at it."""
        return self.log.pid != os.getpid() and is_alive(self.log.pid)


def left() -> Iterator[Journal]:
    """Journals of placings that did not end. One that cannot be read was torn by no crash of ours and names
    nothing: it is left alone."""
    folder = note_folder()
    for path in sorted(folder.glob(f"{_PREFIX}*.json")) if folder.is_dir() else []:
        try:
            yield Journal(from_json(Log, json.loads(path.read_bytes())), found=True)
        except (OSError, ValueError, InputError):
            continue


def names(timeline: Timeline) -> tuple[str, ...]:
    return tuple(track.name for track in tracks(timeline, "audio"))
