"""Media readers, seen from the process that wants the media: processes of their own, since files kill
decoders.
"""

from __future__ import annotations

import itertools
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO, cast

from ..errors import EngineFault
from ..log import record
from ..progress import Cancel
from ..worker import life
from . import wire

CHILD = (sys.executable, "-I", "-m", f"{__package__}.child")
Answer = tuple[wire.Header, list[wire.Array]]

# Without an answer or a packet read. The slowest packet is one picture of the largest size: a few seconds.
STALL_S = 20.0
# Its libraries may come from a slow disk.
_START_S = 60.0
_POLL_S = 0.1
# A stream that is closed in the middle of its work ends within a packet; longer waits cost more than a new
# reader.
_CLOSE_S = 1.0
_LAST_WORDS = 100


class ReaderGone(Exception):
    """`suspect` is the stream that it was working for; `stalled` whether we ended it since it was silent."""

    def __init__(self, suspect: int | None, stalled: bool) -> None:
        super().__init__("the media reader ended")
        self.suspect = suspect
        self.stalled = stalled


class Reader:
    """One process, started at once by `words` and our number. All methods may be called from any thread."""

    def __init__(self, words: Sequence[str] = CHILD) -> None:
        self._process = life.start([*words, str(os.getpid())], stderr=subprocess.PIPE)
        assert self._process.stdin and self._process.stdout
        self._in = cast(BinaryIO, self._process.stdin)
        self._out = cast(BinaryIO, self._process.stdout)
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._boxes: dict[int, queue.SimpleQueue[Answer | None]] = {}
        # The streams of the requests without an answer, oldest first.
        self._asked: deque[int] = deque()
        self._heard = time.monotonic()
        self._ready = False
        self._ending = False
        self._stalled = False
        self._complaints: deque[bytes] = deque(maxlen=_LAST_WORDS)
        self.gone = False
        self._listener = threading.Thread(target=self._listen, name="media reader", daemon=True)
        self._hearer = threading.Thread(target=self._hear, name="media reader stderr", daemon=True)
        self._listener.start()
        self._hearer.start()

    @property
    def streams(self) -> int:
        """How many are open."""
        return len(self._boxes)

    @property
    def pid(self) -> int:
        return self._process.pid

    def open(self, what: str, given: wire.Header) -> int:
        """The number of a new stream; its first item is asked for."""
        with self._lock:
            stream = next(self._numbers)
            self._boxes[stream] = queue.SimpleQueue()
            if self.gone:
                self._boxes[stream].put(None)
            self._send({"do": "open", "stream": stream, "what": what, "with": given})
        return stream

    def ask(self, stream: int) -> None:
        """Ask for the stream's next item."""
        self._send({"do": "next", "stream": stream})

    def answer(self, stream: int, cancel: Cancel | None) -> Answer:
        """The oldest answer not yet taken. ReaderGone, Cancelled; EngineFault when it never started."""
        box = self._boxes[stream]
        since = time.monotonic()
        while True:
            try:
                answer = box.get(timeout=_POLL_S)
            except queue.Empty:
                if cancel is not None:
                    cancel.check()
                silent_s = time.monotonic() - max(self._heard, since)
                if silent_s > (STALL_S if self._ready else _START_S):
                    self._stalled = True
                    life.kill(self._process)
                continue
            if answer is not None:
                return answer
            if not self._ready:
                raise EngineFault(f"the media reader could not be started: {self._words()[-200:]}")
            suspect = self._asked[0] if self._asked and not self._ending else None
            raise ReaderGone(suspect, self._stalled)

    def close(self, stream: int) -> bool:
        """Forget the stream; whether the reader does nothing for it any more."""
        with self._lock:
            box = self._boxes[stream]
            # Its last stream is waited for, so that nobody else gets a reader that is still at work.
            wait = len(self._boxes) == 1 and bool(self._asked) and not self.gone
            self._send({"do": "close", "stream": stream})
        end = time.monotonic() + _CLOSE_S
        idle = not wait
        with suppress(queue.Empty):
            while not idle:
                answer = box.get(timeout=max(0.0, end - time.monotonic()))
                idle = answer is None or "closed" in answer[0]
        with self._lock:
            self._boxes.pop(stream, None)
        return idle and not self.gone

    def end(self) -> None:
        """Gone when this returns."""
        self._ending = True
        if self._process.poll() is None:
            life.kill(self._process)
        self._process.wait()
        self._listener.join(_CLOSE_S)

    def _send(self, request: wire.Header) -> None:
        with self._lock:
            if self.gone:
                return
            self._asked.append(request["stream"])
            # A broken pipe is noticed by the listener.
            with suppress(OSError, ValueError):
                wire.write(self._in, request)

    def _listen(self) -> None:
        try:
            while (message := wire.read(self._out)) is not None:
                self._take(message)
        except (wire.WireError, OSError, ValueError) as error:
            self._complaints.append(str(error).encode())
        life.kill(self._process)
        code = self._process.wait()
        self._hearer.join(_CLOSE_S)
        with self._lock:
            self.gone = True
            for box in self._boxes.values():
                box.put(None)
            with suppress(OSError):
                self._in.close()
            self._out.close()
        if not self._ending:
            record("media reader ended", {"how": _how(code, self._stalled), "said": self._words()})

    def _take(self, message: Answer) -> None:
        header = message[0]
        with self._lock:
            self._heard = time.monotonic()
            if "ready" in header:
                self._ready = True
            elif "alive" not in header:
                if not self._asked or self._asked.popleft() != header.get("stream"):
                    raise wire.WireError("an answer that nobody asked for")
                box = self._boxes.get(header["stream"])
                if box is not None:
                    box.put(message)

    def _hear(self) -> None:
        assert self._process.stderr
        with self._process.stderr as lines:
            for line in lines:
                self._complaints.append(line)

    def _words(self) -> str:
        return b"".join(self._complaints).decode(errors="replace")


def _how(code: int, stalled: bool) -> str:
    if stalled:
        return "killed, since it was silent"
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
