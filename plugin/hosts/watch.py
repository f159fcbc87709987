"""A folder that editors export into: which timelines are new there. Standard library only."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

_SUFFIX = ".otio"
_EVERY_S = 1.0

# Size, time of the last change in nanoseconds, number on the disk.
_Stamp = tuple[int, int, int]


class Watch:
    """Timelines that were written into `folder` (itself, not its folders) since the first look, each told
    once, and again when it was written anew. An export takes its time: a file counts when two looks found it
    the same and it reads as a timeline to its end.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        # A sentence while the folder cannot be read, else "".
        self.problem = ""
        self._lock = threading.Lock()
        self._looking = False
        self._looked_s = float("-inf")
        self._known: dict[str, _Stamp] | None = None
        self._before: dict[str, _Stamp] = {}
        self._found: list[str] = []

    def offered(self) -> str:
        """A path that was not told yet, "" without; never waits. Looks again in a thread, once a second."""
        with self._lock:
            found = self._found.pop(0) if self._found else ""
            now = time.monotonic()
            due = not self._looking and now - self._looked_s >= _EVERY_S
            if due:
                self._looking, self._looked_s = True, now
        if due:
            threading.Thread(target=self.look, name="watch", daemon=True).start()
        return found

    def look(self) -> None:
        """Look now, in this thread."""
        try:
            there = self._stamps()
        except OSError as error:
            there, why = None, error.strerror or "it cannot be read"
            self.problem = f"the watched folder '{self.folder}' cannot be read ({why}): put it back"
        if there is not None:
            self.problem = ""
            if self._known is None:
                self._known = dict(there)
            for path, stamp in sorted(there.items()):
                if self._known.get(path) == stamp or self._before.get(path) != stamp:
                    continue
                # Half a file is looked at again when it is another.
                self._known[path] = stamp
                if _is_whole(path):
                    with self._lock:
                        self._found = [one for one in self._found if one != path] + [path]
            self._before = there
        with self._lock:
            self._looking = False

    def _stamps(self) -> dict[str, _Stamp]:
        found = {}
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not entry.name.lower().endswith(_SUFFIX):
                    continue
                try:
                    if entry.is_file():
                        told = entry.stat()
                        found[entry.path] = told.st_size, told.st_mtime_ns, told.st_ino
                except OSError:
                    # Gone between the list and the look.
                    continue
        return found


def _is_whole(path: str) -> bool:
    """Whether it is JSON to its end, and OTIO."""
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(told, dict) and str(told.get("OTIO_SCHEMA", "")).startswith("Timeline.")
