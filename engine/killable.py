"""Foreign files are parsed in a child process that has limits and may die: how it is asked, how it answers.

The child is a module of ours, run with `python -I -m`: one JSON request on its stdin, one JSON answer on its
stdout.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from .errors import EngineFault, InputError
from .progress import Cancel
from .worker import life

_POLL_S = 0.1
# In an answer: why the file was refused, a sentence for the user.
REFUSED = "refused"


def ask(
    module: str,
    request: dict[str, Any],
    *,
    name: str,
    memory_bytes: int,
    wall_s: int,
    cancel: Cancel,
    again: str = "get it again",
) -> dict[str, Any]:
    """What `module` answers to `request` about the file `name`.

    InputError when it refuses the file, dies of it or takes longer than `wall_s`, then with `again`, what to
    do; EngineFault when it cannot be started; Cancelled. It is gone in every case.
    """
    # Before it starts: a module of ours may import numpy before it answers.
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        child = life.start([sys.executable, "-I", "-m", module], stderr=subprocess.PIPE, more=one)
    except OSError as error:
        raise EngineFault(f"the reader of '{name}' could not be started ({error.strerror})") from error
    limits = {"memory_bytes": memory_bytes, "cpu_s": wall_s, "parent": os.getpid()}
    too_long = InputError(f"'{name}' took more than {wall_s} s to read: the file is damaged, {again}")
    try:
        said, complaints = _wait(child, json.dumps({**limits, **request}).encode(), too_long, wall_s, cancel)
    finally:
        if child.poll() is None:
            life.kill(child)
            with contextlib.suppress(ValueError, OSError):
                child.communicate()
    try:
        answer: dict[str, Any] = json.loads(said)
    except ValueError:
        if b"No module named" in complaints:
            raise EngineFault(
                f"the reader of '{name}' could not be started: {complaints.decode(errors='replace')[-200:]}"
            ) from None
        if sys.platform != "win32" and child.returncode == -signal.SIGXCPU:
            raise too_long from None  # its own limit was faster than our watch
        raise InputError(f"'{name}' made its reader fail: the file is damaged, {again}") from None
    if REFUSED in answer:
        raise InputError(str(answer[REFUSED]))
    return answer


def _wait(
    child: subprocess.Popen[bytes], request: bytes, too_long: InputError, wall_s: int, cancel: Cancel
) -> tuple[bytes, bytes]:
    end = time.monotonic() + wall_s
    given: bytes | None = request
    while True:
        try:
            return child.communicate(given, timeout=_POLL_S)
        except subprocess.TimeoutExpired:
            given = None
        cancel.check()
        if time.monotonic() > end:
            raise too_long


def answer(work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """The child's side: limits, then the answer of `work`, whose InputErrors become refusals.

    What libraries print goes to stderr, never between the answer's bytes.
    """
    channel = os.dup(1)
    os.dup2(2, 1)
    request = json.loads(sys.stdin.buffer.read())
    life.die_with_parent(request["parent"])
    _limit(request["memory_bytes"], request["cpu_s"])
    try:
        told = work(request)
    except InputError as error:
        told = {REFUSED: str(error)}
    with os.fdopen(channel, "wb") as out:
        out.write(json.dumps(told).encode())


def _limit(memory_bytes: int, cpu_s: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    for kind, most in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        if sys.platform == "darwin" and kind == resource.RLIMIT_AS:
            continue  # refused there
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
