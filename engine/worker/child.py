"""A worker process as its supervisor sees it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable

from ..log import record
from . import life
from .channel import Channel
from .frames import FrameError, Message

# What it said last on stderr: for the log.
_LAST_WORDS = 200
_END_S = 1.0


class Child:
    """Started at once. `receive` is called in another thread, with what `Channel` calls it with."""

    def __init__(self, words: list[str], receive: Callable[[Message | FrameError | None], None]) -> None:
        self._process = life.start([*words, str(os.getpid())], stderr=subprocess.PIPE)
        assert self._process.stdin and self._process.stdout and self._process.stderr
        # Descriptors of the channel's own: two closers of one descriptor would close a third one's file.
        ends = os.dup(self._process.stdout.fileno()), os.dup(self._process.stdin.fileno())
        self._process.stdout.close()
        self._process.stdin.close()
        self._channel = Channel(*ends, receive)
        self._complaints: deque[bytes] = deque(maxlen=_LAST_WORDS)
        self._listener = threading.Thread(target=self._listen, name="worker stderr", daemon=True)
        self._why = ""
        # Monotonic seconds: of its last sign of life, and of when it was asked to end.
        self.heard = time.monotonic()
        self.asked_to_end: float | None = None
        # The steps that its jobs have made, and when the last of them was heard of.
        self.steps = -1
        self.moved = self.heard
        self.ready = False
        self._channel.start()
        self._listener.start()

    def say(self, message: Message) -> None:
        """Nothing happens when it is dead: that is noticed elsewhere."""
        self._channel.send(message)

    def alive(self, steps: int) -> None:
        """Its heart beats, and it has made so many steps."""
        if steps != self.steps:
            self.steps, self.moved = steps, time.monotonic()

    def gone(self) -> bool:
        return self._process.poll() is not None

    def terminate(self, why: str) -> None:
        """Ask it to end, for a reason that its log entry will have."""
        self._why = why
        self.asked_to_end = time.monotonic()
        life.terminate(self._process)

    def kill(self, why: str) -> None:
        self._why = why if not self._why else f"{self._why}, {why}"
        life.kill(self._process)

    def end(self) -> str:
        """Make sure that it and all that it started are gone; how it ended, in words."""
        alive = self._process.poll() is None
        if alive:
            self._channel.close()  # the end of its stdin is the request to end
            with_grace = time.monotonic() + _END_S
            while self._process.poll() is None and time.monotonic() < with_grace:
                time.sleep(0.01)
        life.kill(self._process)
        self._process.wait()
        self._channel.close()
        self._listener.join(_END_S)
        return self._why or _how(self._process.returncode)

    def record(self, job: str) -> str:
        """Write how it ended and what it said last into the log; the entry's id, or ""."""
        return record(
            "worker ended",
            {"how": self.end(), "job": job, "said": b"".join(self._complaints).decode(errors="replace")},
        )

    def _listen(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            self._complaints.append(line)


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if -code == signal.SIGKILL:
        return f"{name}: killed, perhaps since memory ran out"
    return name
