"""One at a time, over all processes of this user: locks that the system takes back from whoever dies."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..errors import OutputError
from ..paths import state_dir
from ..progress import Cancel

if TYPE_CHECKING:
    from filelock import BaseFileLock

_ENDING = ".lock"
_LONGEST_NAME = 120
_STEP_S = 0.05
# Who waits long says so again: a job that makes no step is taken for dead.
_TOLD_EVERY_S = 60.0


@contextmanager
def held(
    name: str, *, told: Callable[[], object] | None = None, cancel: Cancel | None = None
) -> Iterator[None]:
    """The lock `name`, waited for as long as it takes. `told` is called when another holds it, and then once
    a minute.

    Cancelled while it waits; OutputError when the folder of locks cannot be used.
    """
    lock = _lock(name)
    # Who only asks whether it is held has it for a moment.
    told_again = time.monotonic() + _STEP_S
    while not _taken(lock, name):
        if cancel is not None:
            cancel.check()
        if told is not None and time.monotonic() >= told_again:
            told()
            told_again = time.monotonic() + _TOLD_EVERY_S
        time.sleep(_STEP_S)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def try_held(name: str) -> Iterator[bool]:
    """Whether the lock `name` is ours while the block runs; never waits. OutputError as for `held`."""
    lock = _lock(name)
    taken = _taken(lock, name)
    try:
        yield taken
    finally:
        if taken:
            lock.release()


def is_held(name: str) -> bool:
    """Whether somebody holds the lock now. Leaves no file behind for a name that nobody ever locked."""
    if not lock_path(name).exists():
        return False
    with try_held(name) as free:
        return not free


def forget(name: str) -> bool:
    """Remove the file of a lock that nobody holds, for names that are used once. Whoever waits for it takes a
    new one."""
    if not lock_path(name).exists():
        return False
    with try_held(name) as free:
        if free:
            # Windows removes it itself when it is let go of, and refuses here.
            with suppress(OSError):
                lock_path(name).unlink()
        return free


def job_lock(job: str) -> str:
    """The lock that the one holds who does the job with that id."""
    return f"job-{job}"


def locks_dir() -> Path:
    return state_dir() / "locks"


def lock_path(name: str) -> Path:
    safe = quote(name, safe="", errors="surrogatepass")
    if len(safe) > _LONGEST_NAME:
        safe = f"{safe[:40]}-{hashlib.sha256(safe.encode()).hexdigest()}"
    return locks_dir() / f"{safe}{_ENDING}"


def _lock(name: str) -> BaseFileLock:
    # Loaded when the first lock is wanted: a command that takes none is faster.
    from filelock import FileLock

    path = lock_path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.parent.stat().st_mode & 0o077 and os.name == "posix":
            path.parent.chmod(0o700)
    except OSError as error:
        raise _unusable(error) from error
    return FileLock(path, mode=0o600, thread_local=False)


def _taken(lock: BaseFileLock, name: str) -> bool:
    from filelock import SoftFileLock, Timeout

    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    except OSError as error:
        raise _unusable(error) from error
    if isinstance(lock, SoftFileLock):
        # filelock's own way out where the disk knows no locks: one that a killed holder keeps for ever.
        lock.release()
        raise OutputError(
            f"the disk of '{lock_path(name).parent}' knows no locks: set HITPOINT_HOME to a folder on a "
            "local disk"
        )
    return True


def _unusable(error: OSError) -> OutputError:
    return OutputError(
        f"'{locks_dir()}' cannot be used ({error.strerror}): give yourself the right to, or set HITPOINT_HOME"
    )
