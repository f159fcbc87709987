"""The host without a program: timelines are files on the disk. Standard library only."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from .base import Capabilities, Change, HostError

_BLOCK = 1 << 20
# Where a timeline in a folder of its own (.otiod) has its text.
_CONTENT = "content.otio"
_EXPORT = "export the timeline as .otio and open it here"

# Size, time of the last change in nanoseconds, number on the disk.
_Stamp = tuple[int, int, int]


class FilesHost:
    """Looks at size and time of the file; only where those are others, and once at first, at its bytes: in a
    thread, since the file may be a film."""

    name = "files"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._path = ""
        self._stamp: _Stamp | None = None
        self._sha256 = ""
        self._closed = False

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            {
                "timeline": f"no editor is connected: {_EXPORT}",
                "place": "no editor is connected: import the scored timeline there",
                "selection": "no editor is connected: drag over the strip to choose a range",
                "playhead": "no editor is connected: its playhead stays where it is",
                "markers": "no editor is connected: markers are read from the timeline file",
            }
        )

    def timeline(self) -> str:
        raise HostError(self.capabilities.why_not("timeline"))

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
        return (
            f"import '{Path(scored).name}' into your editor: the music is on new tracks of the same timeline"
        )

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


def _content(path: str) -> Path:
    found = Path(path)
    return found / _CONTENT if found.is_dir() else found


def _stamp(path: str) -> _Stamp:
    told = _content(path).stat()
    return told.st_size, told.st_mtime_ns, told.st_ino
