"""A client process at work: what it says is read as it comes, and its processes can be found and killed."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from . import watch

ROOT = Path(__file__).resolve().parents[2]
_END_S = 10.0
# Progress that a killed engine had sent still comes; a new one needs longer to come up.
_LATE_S = 0.1

# The name of a stage in a histogram, from the stage's own name, done and total.
Label = Callable[[str, float, float], str]


class Run:
    """Started at once. Times are seconds of the monotonic clock.

    `stages` are (seconds after the first progress, label) of every stage's begin; `folder` and `files` are
    what was acknowledged, `error` the sentence that came in place of it.
    """

    def __init__(self, words: list[str], environment: dict[str, str], label: Label) -> None:
        self.points = Path(environment["HITPOINT_POINTS_LOG"])
        self.mark = secrets.token_hex(8)
        self._label = label
        base = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={**base, **environment, watch.MARK: self.mark},
            start_new_session=True,
        )
        self.pid = self._process.pid
        self.stages: list[tuple[float, str]] = []
        self.stage = ""
        self.steps = 0
        self.told: list[str] = []
        self.folder: Path | None = None
        self.files: dict[str, str] = {}
        self.error: dict[str, Any] | None = None
        self.crash = ""
        # Of the first progress since the engine was last killed, and of the answer.
        self.first: float | None = None
        self.answered: float | None = None
        self._deaf_until = 0.0
        self.slowest_s: float | None = None
        self.supervised = threading.Event()
        self.ended = threading.Event()
        self.complaints = b""
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def wait(self, timeout_s: float) -> bool:
        """Whether it ended in time."""
        return self.ended.wait(timeout_s)

    def close(self) -> None:
        """Kill what still lives of it."""
        for one in self.processes():
            watch.kill(one)
        self._process.wait()
        self.ended.wait(_END_S)

    def processes(self) -> list[watch.Seen]:
        return watch.marked(self.mark)

    @property
    def code(self) -> int | None:
        return self._process.poll()

    @property
    def working(self) -> bool:
        """Whether the job has begun and is not answered."""
        return bool(self.stage) and self.answered is None

    @property
    def length_s(self) -> float:
        """From the first progress to the answer."""
        return (self.answered or time.monotonic()) - (self.first or self.began)

    @property
    def whole_s(self) -> float:
        return (self.answered or time.monotonic()) - self.began

    def restarted(self) -> None:
        """Its engine was killed: the next progress is a first one."""
        self.first, self.stage, self._deaf_until = None, "", time.monotonic() + _LATE_S

    def said(self) -> str:
        """How it ended, for a failure's text."""
        if self.error is not None:
            return str(self.error["error"])
        if self.folder is not None:
            return "done"
        trace = self.crash or self.complaints.decode(errors="replace")
        return f"code {self.code} {' '.join(trace.split())[-300:]}"

    def _listen(self) -> None:
        assert self._process.stdout is not None and self._process.stderr is not None
        complaints = threading.Thread(target=self._complain, daemon=True)
        complaints.start()
        for line in self._process.stdout:
            try:
                self._hear(json.loads(line))
            except ValueError:
                self.crash = f"it said {line!r}"
        complaints.join(_END_S)
        self._process.stdout.close()
        self._process.stderr.close()
        self._process.wait()
        self.ended.set()

    def _complain(self) -> None:
        assert self._process.stderr is not None
        self.complaints = self._process.stderr.read()

    def _hear(self, said: dict[str, Any]) -> None:
        now = time.monotonic()
        if "stage" in said:
            if now < self._deaf_until:
                return
            self.first = self.first or now
            self.steps += 1
            label = self._label(said["stage"], said["done"], said["total"])
            if label != self.stage:
                self.stages.append((now - self.first, label))
            self.stage = label
        elif "supervisor" in said:
            self.supervised.set()
        elif "slowest_s" in said:
            self.slowest_s = said["slowest_s"]
        elif "told" in said:
            self.told.append(said["told"])
        elif "folder" in said:
            self.answered = now
            self.files, self.folder = said["files"], Path(said["folder"])
        elif "error" in said:
            self.answered, self.error = now, said
        elif "crash" in said:
            self.crash = said["crash"]
