"""When something of ours goes wrong in the panel: a line in the log and a notice, not the end of the work."""

from __future__ import annotations

import faulthandler
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from PyQt6.QtCore import QMessageLogContext, QObject, QtMsgType, pyqtSignal, qInstallMessageHandler

from ...engine.log import log_path, record, record_fault
from ...engine.paths import state_dir
from ...engine.worker.life import is_alive

_CRASH = re.compile(r"panel-crash-([0-9]+)\.log")
_MOST_BYTES = 20_000
_AGAIN_S = 30.0
_NO_SCREEN = 2


def heed_qt() -> None:
    """From now on what Qt says goes into the log where it is grave, and nowhere else."""
    qInstallMessageHandler(_heed)


class Faults(QObject):
    """Hears of every exception that nobody caught, in whatever thread, from `begin` to `end`.

    told    a sentence with the log's id
    """

    told = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._before: tuple[Callable[..., object], Callable[..., object]] | None = None
        self._crash_file = -1
        # When each place last failed: one that is painted sixty times a second is told of now and then.
        self._last: dict[tuple[str, int], float] = {}

    def begin(self) -> None:
        """Tells also of a panel that crashed earlier."""
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._uncaught
        threading.excepthook = self._uncaught_in_thread
        earlier = _earlier_crash()
        if earlier:
            self.told.emit(
                f"the panel crashed when it last ran (log {earlier}): session and finished takes are kept"
            )
        try:
            _crash_path(os.getpid()).parent.mkdir(parents=True, exist_ok=True)
            self._crash_file = os.open(_crash_path(os.getpid()), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            self.told.emit(
                f"'{state_dir()}' cannot be written ({error.strerror}), so no log is kept: give yourself the "
                "right to, or set HITPOINT_HOME"
            )
            return
        faulthandler.enable(self._crash_file)

    def end(self) -> None:
        if self._before is not None:
            sys.excepthook, threading.excepthook = self._before
            self._before = None
        if self._crash_file >= 0:
            faulthandler.disable()
            os.close(self._crash_file)
            self._crash_file = -1
            _crash_path(os.getpid()).unlink(missing_ok=True)

    def _uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        # KeyboardInterrupt: Ctrl-C where the panel was started.
        if issubclass(kind, KeyboardInterrupt):
            _quit()
            return
        if os.environ.get("HITPOINT_DEBUG") == "1":
            sys.__excepthook__(kind, error, trace)
        place, now = _place(trace), time.monotonic()
        if now - self._last.get(place, -_AGAIN_S) >= _AGAIN_S:
            self._last[place] = now
            self.told.emit(_sentence(record_fault(error)))

    def _uncaught_in_thread(self, told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None and not isinstance(told.exc_value, SystemExit):
            self._uncaught(told.exc_type, told.exc_value, told.exc_traceback)


def _place(trace: TracebackType | None) -> tuple[str, int]:
    """File and line where it was raised."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace is not None else ("", 0)


def _sentence(ident: str) -> str:
    where = f"log {ident} in '{log_path()}'" if ident else "and no log could be written"
    return (
        f"something went wrong in the panel, by a fault of ours ({where}): go on, or start the panel again; "
        "your session is kept"
    )


def _quit() -> None:
    from PyQt6.QtCore import QCoreApplication

    QCoreApplication.quit()


def _crash_path(pid: int) -> Path:
    return log_path().with_name(f"panel-crash-{pid}.log")


def _earlier_crash() -> str:
    """Id of the log entry of a panel that died with a trace, "" for none; what it left is taken away."""
    ident = ""
    folder = log_path().parent
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        found = _CRASH.fullmatch(path.name)
        if found is None or is_alive(int(found[1])):
            continue
        with suppress(OSError):
            trace = path.read_bytes()[:_MOST_BYTES].decode(errors="replace")
            if trace:
                ident = record("panel crashed", {"trace": trace})
            path.unlink()
    return ident


def _heed(kind: QtMsgType, context: QMessageLogContext, text: str | None) -> None:
    """What Qt says: kept in the log where it is grave. Without this, a missing screen ends in a core dump."""
    if kind == QtMsgType.QtFatalMsg:
        ident = record("Qt ended", {"why": text or ""})
        # No exception comes out of here: Qt ends the process when this returns.
        sys.stderr.write(
            f"error: the panel found no screen that it can draw on (log {ident}): start it on a desktop, and "
            "see that 'hitpoint doctor' finds all its parts\n"
        )
        sys.stderr.flush()
        os._exit(_NO_SCREEN)
    if kind == QtMsgType.QtCriticalMsg:
        record("Qt", {"why": text or ""})
