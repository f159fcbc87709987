"""No child outlives its parent: three ways, since each fails somewhere.

The first is the end of its stdin, which every child watches. The others are here: the system's own tie where
there is one, and a look at the parent's number where there is none.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
_POLL_S = 0.5
# Python and library paths of a host would load its libraries into our children.
_DROPPED = ("PYTHON", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_", "QT_", "OTIO_")
_ADDED = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONUTF8": "1"}


def clean_environment() -> dict[str, str]:
    """Our environment without what a host sets for itself, libraries kept off the network."""
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(_DROPPED)}
    return kept | _ADDED


def die_with_parent(parent: int) -> None:
    """Tie this process to process `parent`, which started it. At once gone when that is gone already."""
    if sys.platform == "linux":
        import ctypes

        # It is tied to the thread that made us: whoever starts children does so from a thread that stays.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    elif sys.platform != "win32":
        watch_parent(parent, os.getppid, lambda: os._exit(1))
    # On Windows the parent's job object ends us (`tie`).


def watch_parent(parent: int, parent_now: Callable[[], int], end: Callable[[], object]) -> threading.Thread:
    """Calls `end` when `parent_now()` is no longer `parent`: for systems that tell nothing (macOS)."""

    def watch() -> None:
        while parent_now() == parent:
            time.sleep(_POLL_S)
        end()

    thread = threading.Thread(target=watch, name="parent watch", daemon=True)
    thread.start()
    return thread


def is_alive(pid: int) -> bool:
    """Whether there is a process of that number."""
    if sys.platform == "win32":
        from .windows import is_process

        return is_process(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def start(
    words: list[str], *, stderr: int, more: Mapping[str, str] | None = None, tied: bool = True
) -> subprocess.Popen[bytes]:
    """A child in a process group of its own, stdin and stdout piped, in a clean environment and `more`.
    Not `tied`, it may outlive us on Windows, too."""
    environment = clean_environment() | dict(more or {})
    if sys.platform == "win32":
        from .windows import NO_WINDOW, tie

        child = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment,
            creationflags=NO_WINDOW,
        )
        if tied:
            tie(child)
        return child
    return subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=environment,
        start_new_session=True,
    )


def terminate(child: subprocess.Popen[bytes]) -> None:
    """Ask it to end."""
    with suppress(OSError):
        child.terminate()


def kill(child: subprocess.Popen[bytes]) -> None:
    """End it and all that it started."""
    if sys.platform == "win32":
        with suppress(OSError):
            child.kill()
        return
    with suppress(OSError):
        os.killpg(child.pid, signal.SIGKILL)
