"""One panel for a program: a second click brings the first one to the front. Standard library only.

`<state>/doors/NAME.lock` is held by the process that answers the panel; the system takes it back from whoever
dies. `NAME.json` says which panel that is: a panel whose program has ended looks at it, and saves and ends
when another took its place. `NAME.knock` is there from a click until it is heard.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ...engine.errors import OutputError
from ...engine.paths import state_dir
from ...engine.serial import pretty
from ...engine.store.durable import durable_write
from ...engine.worker.life import is_alive

_LOCK, _NOTE, _KNOCK = ".lock", ".json", ".knock"
_STEP_S = 0.05
# Who holds the lock hears a knock between two calls; a call may take long.
_HEARD_S = 5.0
# A panel that was replaced saves and ends within this.
_LEFT_S = 5.0
_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}


def doors_dir() -> Path:
    return state_dir() / "doors"


class Door:
    """Of a program of which there is one; with `many`, of this process of it.

    refused   why `take` said no: one sentence
    token     names this holder in the note
    """

    def __init__(self, name: str, *, many: bool = False, heard_s: float = _HEARD_S) -> None:
        self._program = name
        self._many = many
        self._name = f"{name}-{os.getpid()}" if many else name
        self._heard_s = heard_s
        self._descriptor: int | None = None
        self.refused = ""
        self.token = secrets.token_hex(8)

    def __enter__(self) -> Door:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def note(self) -> Path:
        return doors_dir() / f"{self._name}{_NOTE}"

    def take(self) -> bool:
        """Whether the panel is ours to start. Else the one that runs was asked to come to the front, and
        `refused` says so. Panels that are left from processes that died are made to end first.

        OutputError where the folder cannot be used.
        """
        if not self._locked():
            knock = self._path(_KNOCK)
            durable_write(knock, b"")
            until = time.monotonic() + self._heard_s
            while not self._locked():
                if not knock.exists():
                    self.refused = "the panel is open already: it came to the front"
                    return False
                if time.monotonic() >= until:
                    self.refused = "the panel is open already, and busy: look for its window"
                    return False
                time.sleep(_STEP_S)
        self._path(_KNOCK).unlink(missing_ok=True)
        _replace(self.note)
        if self._many:
            self._clear()
        return True

    def tell(self, panel: int) -> None:
        """Write down that process `panel` is the panel. OutputError."""
        durable_write(self.note, pretty({"token": self.token, "host": os.getpid(), "panel": panel}))

    def knocked(self) -> bool:
        """Whether somebody clicked since it was last asked."""
        if self._many:
            # Who clicks is in this very process.
            return False
        try:
            self._path(_KNOCK).unlink()
        except FileNotFoundError:
            return False
        except OSError:
            # Windows: who knocks still has it open. It is heard the next time.
            return False
        return True

    def close(self) -> None:
        """Let others have it. Again: nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _clear(self) -> None:
        """Have the panels of dead processes of the program end."""
        for note in doors_dir().glob(f"{self._program}-*{_NOTE}"):
            other = note.with_suffix(_LOCK)
            descriptor = _locked(other) if note != self.note else None
            if descriptor is not None:
                os.close(descriptor)
                _replace(note)
                other.unlink(missing_ok=True)

    def _path(self, ending: str) -> Path:
        return doors_dir() / f"{self._name}{ending}"

    def _locked(self) -> bool:
        self._descriptor = _locked(self._path(_LOCK))
        return self._descriptor is not None


def forget(program: str) -> None:
    """Remove what doors of `program` left; a panel that is open keeps its own."""
    for lock in [*doors_dir().glob(f"{program}{_LOCK}"), *doors_dir().glob(f"{program}-*{_LOCK}")]:
        descriptor = _locked(lock)
        if descriptor is not None:
            os.close(descriptor)
            for ending in (_KNOCK, _NOTE, _LOCK):
                lock.with_suffix(ending).unlink(missing_ok=True)
    with suppress(OSError):
        # It goes only where nothing else is in it.
        doors_dir().rmdir()


def is_replaced(note: str, token: str) -> bool:
    """Whether the panel that `token` was given to is no longer the one that the note tells of."""
    try:
        told = Path(note).read_text(encoding="utf-8")
    except FileNotFoundError:
        return True
    except OSError:
        # Windows: it is being written. It is looked at again.
        return False
    return token not in told


def _replace(note: Path) -> None:
    """Have the panel that it tells of end, and wait for that a little."""
    panel = _told(note).get("panel")
    note.unlink(missing_ok=True)
    if not isinstance(panel, int) or panel <= 0:
        return
    until = time.monotonic() + _LEFT_S
    while is_alive(panel) and time.monotonic() < until:
        time.sleep(_STEP_S)


def _told(note: Path) -> dict[str, object]:
    with suppress(OSError, ValueError):
        told = json.loads(note.read_text(encoding="utf-8"))
        if isinstance(told, dict):
            return told
    return {}


def _locked(path: Path) -> int | None:
    """The descriptor that holds the lock, None where another has it. OutputError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unusable(error) from error
    try:
        _lock(descriptor)
    except OSError as error:
        os.close(descriptor)
        if error.errno in _TAKEN:
            return None
        raise _unusable(error) from error
    return descriptor


def _lock(descriptor: int) -> None:
    """OSError when another has it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unusable(error: OSError) -> OutputError:
    return OutputError(
        f"'{doors_dir()}' cannot be used ({error.strerror}): give yourself the right to, or set HITPOINT_HOME"
    )
