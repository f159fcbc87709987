"""A worker that suffers in one way and is the usual one otherwise: `python -I bent.py WAY VALUE... PARENT`.

stuck MARK            holds the interpreter's lock for ten minutes at its first progress, once: MARK is made
fail N ERROR HOW LOG  the N-th call that changes the disk fails with ERROR, and with HOW `on` all after it;
                      LOG gets how many there were
memory BYTES          has no more address space than that beyond what it has when it starts
chatty LOG            tells of progress without end in place of its job; LOG gets how often it did
clock                 its wall clock jumps by a day, forward and back, whenever it is read
"""

from __future__ import annotations

import ctypes
import errno
import io
import itertools
import os
import random
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hitpoint.engine.progress import Step
from hitpoint.engine.worker.serve import Desk
from hitpoint.plugin import jobs

_HELD_S = 600
_DAY_S = 86_400.0
_MAKES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def stuck(mark: str) -> None:
    """A call into C that does not let go of the interpreter: no thread of Python runs any more."""
    usual = Desk.progress

    def progress(self: Desk, step: Step) -> None:
        usual(self, step)
        if not Path(mark).exists():
            Path(mark).touch()
            time.sleep(0.3)  # the word is on its way
            ctypes.PyDLL(None).sleep(_HELD_S)

    Desk.progress = progress  # type: ignore[method-assign]


def fail(number: str, error: str, how: str, log: str) -> None:
    """What the disk refuses, at the calls by which Hitpoint changes it."""
    code, first, count, lock = getattr(errno, error), int(number), 0, threading.Lock()
    real_open = io.open

    def called(name: str) -> None:
        nonlocal count
        with lock:
            count += 1
            refuse = count == first or (how == "on" and count > first)
            descriptor = os_open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(descriptor, f"{count} {name}{' refused' if refuse else ''}\n".encode())
            os.close(descriptor)
        if refuse:
            raise OSError(code, os.strerror(code))

    class Writer(io.BufferedWriter):
        def write(self, data: Any) -> int:
            called("write")
            return super().write(data)

    class Both(io.BufferedRandom):
        def write(self, data: Any) -> int:
            called("write")
            return super().write(data)

    def open_(file: Any, mode: str = "r", buffering: int = -1, *more: Any, **named: Any) -> Any:
        if "b" not in mode or not set(mode) & set("wax+") or buffering == 0:
            return real_open(file, mode, buffering, *more, **named)
        if not isinstance(file, int):
            called("open")
        raw = io.FileIO(file, mode.replace("b", ""), closefd=named.get("closefd", True))
        return Both(raw) if "+" in mode else Writer(raw)

    os_open = os.open

    # What the moments are written into is the judge's own.
    judges = os.environ.get("HITPOINT_POINTS_LOG")

    def open_descriptor(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if flags & _MAKES and path != judges:
            called("open")
        return os_open(path, flags, *more, **named)

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*words: Any, **named: Any) -> Any:
            called(name)
            return call(*words, **named)

        return instead

    for name in ("fsync", "replace", "rename", "link", "mkdir"):
        setattr(os, name, counted(name, getattr(os, name)))
    os.open = open_descriptor
    io.open = open_


def memory(more: str) -> None:
    now = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (now + int(more), resource.RLIM_INFINITY))


def chatty(log: str) -> None:
    def tell(params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        for number in itertools.count(1):
            # Each is another stage, so that none is held back here.
            desk.progress(Step(f"stage {number % 97}", 0, 1, "x" * 200))
            if number % 1_000 == 0:
                Path(log).write_text(str(number))
        raise AssertionError

    jobs.TABLE[jobs.SCORE] = tell  # type: ignore[assignment]


def clock() -> None:
    real, draw = time.time, random.Random(1)
    time.time = lambda: real() + draw.choice((-_DAY_S, 0.0, _DAY_S))


def main() -> None:
    way, *values = sys.argv[1:-1]
    ways: dict[str, Callable[..., None]] = {
        "stuck": stuck, "fail": fail, "memory": memory, "chatty": chatty, "clock": clock,
    }  # fmt: skip
    ways[way](*values)
    jobs.main()


if __name__ == "__main__":
    main()
