"""Which media reader a stream gets. Starting one takes a third of a second, so a few are kept."""

from __future__ import annotations

import atexit
import os
import queue
import threading
from collections.abc import Sequence

from ..errors import EngineFault
from .readers import CHILD, Reader
from .wire import Header

# Kept without work.
_MOST_IDLE = 2
# Sounds of a timeline are many, and play at once: they share readers. Each takes 60 MB.
_MOST_SHARED = 2


class Pool:
    """The readers of one process, each started by `words`."""

    def __init__(self, words: Sequence[str] = CHILD) -> None:
        self._words = words
        self._lock = threading.RLock()
        self._idle: list[Reader] = []
        self._shared: list[Reader] = []
        self._wanted: queue.SimpleQueue[queue.SimpleQueue[Reader | OSError]] = queue.SimpleQueue()
        self._starter: threading.Thread | None = None

    def open(self, what: str, given: Header, *, share: bool) -> tuple[Reader, int]:
        """A reader and the number of a new stream in it; no other stream is in it unless they all `share`.

        EngineFault when none can be started.
        """
        with self._lock:
            reader = self._sharing() if share else self._alone()
            return reader, reader.open(what, given)

    def give_back(self, reader: Reader, *, idle: bool) -> None:
        """A stream of `reader` was closed; `idle` is what that said."""
        with self._lock:
            if reader.streams and idle:
                return
            if reader in self._shared:
                self._shared.remove(reader)
            if not reader.gone and idle and len(self._idle) < _MOST_IDLE:
                self._idle.append(reader)
                return
        reader.end()

    def pids(self) -> tuple[int, ...]:
        """Of the readers without work, the next one to be used last."""
        with self._lock:
            return tuple(reader.pid for reader in self._idle)

    def close(self) -> None:
        """End them all."""
        with self._lock:
            readers = [*self._idle, *self._shared]
            self._idle, self._shared = [], []
        for reader in readers:
            reader.end()

    def _alone(self) -> Reader:
        while self._idle:
            reader = self._idle.pop()
            if not reader.gone:
                return reader
        return self._start()

    def _sharing(self) -> Reader:
        self._shared = [reader for reader in self._shared if not reader.gone]
        if len(self._shared) < _MOST_SHARED:
            self._shared.append(self._alone())
            return self._shared[-1]
        return min(self._shared, key=lambda reader: reader.streams)

    def _start(self) -> Reader:
        if self._starter is None:
            self._starter = threading.Thread(target=self._start_all, name="media readers", daemon=True)
            self._starter.start()
        box: queue.SimpleQueue[Reader | OSError] = queue.SimpleQueue()
        self._wanted.put(box)
        made = box.get()
        if isinstance(made, OSError):
            raise EngineFault(f"the media reader could not be started ({made.strerror})") from made
        return made

    def _start_all(self) -> None:
        # Linux ties a child to the thread that starts it: this one lives as long as we do, while threads that
        # want media come and go.
        while True:
            box = self._wanted.get()
            try:
                box.put(Reader(self._words))
            except OSError as error:
                box.put(error)


_pool: Pool | None = None
_making = threading.Lock()


def pool() -> Pool:
    """The pool of this process."""
    global _pool
    with _making:
        if _pool is None:
            _pool = Pool()
            atexit.register(_pool.close)
        return _pool


def _forget() -> None:
    """In a forked copy of this process: the readers are the other one's."""
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
