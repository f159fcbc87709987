"""A process that one side of the pipes starts to have the other side. Standard library only."""

from __future__ import annotations

import os
import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence

from ...engine.log import record
from ...engine.worker import life

_END_S = 2.0
_LAST_LINES = 40
# How the command line begins a sentence for the user.
_SAID = "hitpoint: "


class Child:
    """Started at once. Descriptors `reads` and `writes` are its pipes, and belong to who takes them."""

    def __init__(self, words: Sequence[str], *, tied: bool, more: Mapping[str, str] | None = None) -> None:
        """In a clean environment and `more`; `tied`, it ends with us. OSError when it cannot be started."""
        self._process = life.start(list(words), stderr=subprocess.PIPE, more=more, tied=tied)
        assert self._process.stdin and self._process.stdout
        # Descriptors of the channel's own: two closers of one descriptor would close a third one's file.
        self.reads, self.writes = os.dup(self._process.stdout.fileno()), os.dup(self._process.stdin.fileno())
        self._process.stdout.close()
        self._process.stdin.close()
        self.pid = self._process.pid
        self._said: deque[bytes] = deque(maxlen=_LAST_LINES)
        self._listener = threading.Thread(target=self._listen, name="child stderr", daemon=True)
        self._listener.start()

    def end(self) -> None:
        """Wait 2 seconds for its end, which the end of its pipes asks for; then kill it, and all that it
        started. Again: nothing."""
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            life.kill(self._process)
            self._process.wait()
        self._listener.join(_END_S)

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def problem(self, what: str, most_s: float = _END_S) -> str:
        """What `what` ("the panel") complained of when it ended, which is waited for `most_s` seconds: the
        sentence that it left, one of ours where it failed without, "" where it ended well or still runs."""
        try:
            code = self._process.wait(most_s)
        except subprocess.TimeoutExpired:
            return ""
        if not code:
            return ""
        self._listener.join(most_s)
        said = b"".join(self._said).decode(errors="replace")
        _, found, sentence = said.rpartition(_SAID)
        if found:
            # The command line breaks long lines.
            return " ".join(sentence.split())
        log_id = record(f"{what} ended", {"code": str(code), "said": said})
        where = f" (log entry {log_id})" if log_id else ""
        return f"{what} ended by a fault{where}: what was done is saved, open it again"

    def _listen(self) -> None:
        assert self._process.stderr
        with self._process.stderr as lines:
            self._said.extend(lines)
        # Nobody may ask any more how it ended; it is not left behind for that.
        self._process.wait()
