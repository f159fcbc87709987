"""The host without a program: timelines are files on the disk. Standard library only."""

from __future__ import annotations

import hashlib
import platform
import threading
from pathlib import Path
from typing import NoReturn

from .base import (
    Ability,
    Capabilities,
    Facts,
    Glance,
    HostError,
    HostMarker,
    Landed,
    Landing,
    Read,
    Selected,
)
from .program import Change, Standing
from .watch import Watch

_BLOCK = 1 << 20
# Where a timeline in a folder of its own (.otiod) has its text.
_CONTENT = "content.otio"
# Of the metadata of a timeline that Resolve exported.
_DIALECT = b'"Resolve_OTIO"'
_EXPORT = "export the timeline as .otio and open it here"

_CANNOT = Capabilities(
    {
        "timeline": f"no editor is connected: {_EXPORT}",
        "place": "no editor is connected: import the scored timeline there",
        "selection": "no editor is connected: drag over the strip to choose a range",
        "playhead": "no editor is connected: its playhead stays where it is",
        "markers": "no editor is connected: markers are read from the timeline file",
    }
)

# Size, time of the last change in nanoseconds, number on the disk.
_Stamp = tuple[int, int, int]


class FilesHost:
    """Looks at size and time of the file; only where those are others, and once at first, at its bytes: in a
    thread, since the file may be a film."""

    def __init__(self, watch: str = "", *, name: str = "files", notes: tuple[str, ...] = ()) -> None:
        """`watch` is an absolute folder that an editor exports into, "" for none; `name` of the program that
        was asked for, where no better road to it is open; `notes` why, as in `Facts`."""
        self.name = name
        self._notes = notes
        self._watch = Watch(watch) if watch else None
        self._lock = threading.Lock()
        self._path = ""
        self._stamp: _Stamp | None = None
        self._sha256 = ""
        self._closed = False

    def facts(self) -> Facts:
        return Facts(self.name, "no editor", "", "files", platform.python_version(), _CANNOT, self._notes)

    known_facts = facts

    def standing(self) -> Standing:
        if self._watch is None:
            return Standing("live")
        name = Path(self._watch.folder).name
        return Standing("live", self._watch.problem or f"exports into '{name}' are offered here")

    def offered(self) -> str:
        return self._watch.offered() if self._watch is not None else ""

    def read(self) -> Read:
        _refuse("timeline")

    def glance(self) -> Glance:
        _refuse("changes")

    def selected(self) -> Selected:
        _refuse("selection")

    def playhead(self) -> int | None:
        _refuse("playhead")

    def set_playhead(self, frame: int) -> None:
        _refuse("playhead")

    def markers(self) -> tuple[HostMarker, ...]:
        _refuse("markers")

    def write_markers(self, markers: tuple[HostMarker, ...], idents: str) -> None:
        _refuse("markers")

    def place(self, landing: Landing) -> Landed:
        _refuse("place")

    def verify(self, job: str) -> tuple[str, ...]:
        _refuse("place")

    def remove(self, job: str) -> Landed:
        _refuse("place")

    def save(self) -> None:
        _refuse("place")

    def change(self, path: str, sha256: str) -> Change:
        try:
            stamp = _stamp(path)
        except OSError:
            return "gone"
        with self._lock:
            if (path, stamp) != (self._path, self._stamp):
                # Until the bytes are read, what was known of this very file no longer holds.
                self._path, self._stamp, self._sha256 = path, stamp, ""
                threading.Thread(
                    target=self._read, args=(path, stamp), name="fingerprint", daemon=True
                ).start()
            if not self._sha256:
                return "unknown"
            return "same" if self._sha256 == sha256 else "changed"

    def next_step(self, scored: str) -> str:
        name = Path(scored).name
        if _is_of_resolve(scored):
            return (
                f"in DaVinci Resolve, choose File > Import > Timeline ..., pick '{name}', and leave "
                "'Automatically import source clips into media pool' on: the music is on new tracks of a new "
                "timeline"
            )
        return f"import '{name}' into your editor: the music is on new tracks of the same timeline"

    def close(self) -> None:
        self._closed = True

    def _read(self, path: str, stamp: _Stamp) -> None:
        digest = hashlib.sha256()
        try:
            with _content(path).open("rb") as file:
                while block := file.read(_BLOCK):
                    if self._closed:
                        return
                    digest.update(block)
            after = _stamp(path)
        except OSError:
            after = None
        with self._lock:
            if (self._path, self._stamp) != (path, stamp):
                return
            if after == stamp:
                self._sha256 = digest.hexdigest()
            else:
                # Written to while it was read: looked at again with the next question.
                self._stamp = None


def _refuse(ability: Ability) -> NoReturn:
    raise HostError(_CANNOT.why_not(ability) or "no editor is connected")


def _is_of_resolve(path: str) -> bool:
    """Whether the timeline carries Resolve's own metadata: then it was written in its dialect."""
    kept = b""
    try:
        with Path(path).open("rb") as file:
            while block := file.read(_BLOCK):
                if _DIALECT in kept + block:
                    return True
                kept = block[-len(_DIALECT) :]
    except OSError:
        pass
    return False


def _content(path: str) -> Path:
    found = Path(path)
    return found / _CONTENT if found.is_dir() else found


def _stamp(path: str) -> _Stamp:
    told = _content(path).stat()
    return told.st_size, told.st_mtime_ns, told.st_ino
