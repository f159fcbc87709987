"""One end of a pipe pair: a thread that reads messages, a thread that writes them.

The writer has a thread of its own, since a reader that stops must not stop the work: what may be dropped is
then dropped, what may not waits, and nothing grows without bound.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from .frames import Decoder, FrameError, Message, encode

_READ_BYTES = 1 << 16
# Bytes that wait to be written and may not be dropped. A reader that leaves more has stopped reading.
_MOST_WAITING = 8 << 20
# Between two messages that may be dropped: ten a second are enough for every eye.
_OFFERS_S = 0.1

# Called with each message, then once with None when the other end is gone, or a FrameError when it babbles.
Receive = Callable[["Message | FrameError | None"], None]


class Channel:
    """Reads from descriptor `reads`, writes to `writes`; both belong to it."""

    def __init__(self, reads: int, writes: int, receive: Receive) -> None:
        self._reads, self._writes = reads, writes
        self._receive = receive
        self._ready = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        # What may be dropped, the newest of each key only.
        self._droppable: dict[str, bytes] = {}
        self._next_offer = 0.0
        self._closed = False
        self._writing = False
        self._reader = threading.Thread(target=self._read, name="channel reader", daemon=True)
        self._writer = threading.Thread(target=self._write, name="channel writer", daemon=True)

    def start(self) -> None:
        self._reader.start()
        self._writer.start()

    def send(self, message: Message) -> bool:
        """Queue a message that must arrive; False when the other end does not take messages any more."""
        return self._queue(encode(message))

    def offer(self, key: str, message: Message) -> None:
        """Queue a message that a newer one of the same `key` may replace before it is written; ten a second
        are.
        """
        data = encode(message)
        with self._ready:
            if not self._closed:
                self._droppable[key] = data
                self._ready.notify()

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything queued is written; False when that did not happen in time."""
        with self._ready:
            return self._ready.wait_for(
                lambda: self._closed or not (self._waiting or self._droppable or self._writing), timeout_s
            )

    def close(self) -> None:
        """No more is written; the other end sees the end of its stream. What waits is lost: `flush` first."""
        with self._ready:
            self._closed = True
            self._waiting.clear()
            self._droppable.clear()
            self._ready.notify_all()

    def _queue(self, data: bytes) -> bool:
        with self._ready:
            if self._closed or self._waiting_bytes + len(data) > _MOST_WAITING:
                return False
            self._waiting.append(data)
            self._waiting_bytes += len(data)
            self._ready.notify()
            return True

    def _may_offer(self) -> bool:
        return bool(self._droppable) and time.monotonic() >= self._next_offer

    def _read(self) -> None:
        decoder = Decoder()
        try:
            while data := os.read(self._reads, _READ_BYTES):
                for message in decoder.feed(data):
                    self._receive(message)
        except FrameError as error:
            self._receive(error)
        except OSError:
            self._receive(None)  # the pipe is broken: the same as its end
        else:
            self._receive(None)
        finally:
            with suppress(OSError):
                os.close(self._reads)

    def _write(self) -> None:
        # Closed here and nowhere else: a descriptor closed under a write could be another file by then.
        try:
            self._write_all()
        finally:
            self.close()
            with suppress(OSError):
                os.close(self._writes)

    def _write_all(self) -> None:
        while True:
            with self._ready:
                self._writing = False
                self._ready.notify_all()
                while not (self._closed or self._waiting or self._may_offer()):
                    self._ready.wait(self._next_offer - time.monotonic() if self._droppable else None)
                if self._closed:
                    return
                if self._waiting:
                    data = self._waiting.popleft()
                    self._waiting_bytes -= len(data)
                else:
                    data = self._droppable.pop(next(iter(self._droppable)))
                    self._next_offer = time.monotonic() + _OFFERS_S
                self._writing = True
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(self._writes, rest) :]
            except OSError:
                return  # nobody reads any more


def own_stdio() -> tuple[int, int]:
    """Take the process's stdin and stdout for messages: (reads, writes).

    Whatever prints later, Python or a library's C code, prints to stderr and cannot break a message. To be
    called before anything else is imported.
    """
    reads, writes = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (reads, writes):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return reads, writes
