"""Named moments of the work at which a test kills the process: what is left then must be whole or absent."""

from __future__ import annotations

import os
import signal
from pathlib import Path

# "NAME" or "NAME:FILE": with a file, the process ends only where that is not there yet, and makes it first.
_CRASH = "HITPOINT_CRASH_AT"
# A file that gets the name of each moment, a line each.
_LOG = "HITPOINT_POINTS_LOG"


def reached(name: str) -> None:
    """Nothing, unless the environment asks for it: then the moment is logged, or the process ends here as if
    its power were cut."""
    log = os.environ.get(_LOG)
    if log:
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, f"{name}\n".encode())
        os.close(descriptor)
    wanted, _, mark = os.environ.get(_CRASH, "").partition(":")
    if wanted != name or (mark and Path(mark).exists()):
        return
    if mark:
        Path(mark).touch()
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
