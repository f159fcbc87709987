"""A thread that writes what is to be kept: of each file the newest wins, and the interface never waits."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ...engine.errors import UserError
from ...engine.log import record_fault


class Writer:
    """Does jobs in a thread, in turn. `failed` hears there, in one sentence, what was refused; the same
    sentence once, until something is written again."""

    def __init__(self, failed: Callable[[str], None]) -> None:
        self._failed = failed
        self._changed = threading.Condition()
        self._waiting: dict[str, Callable[[], None]] = {}
        self._writing = False
        self._thread: threading.Thread | None = None
        self._said = ""

    def put(self, name: str, job: Callable[[], None]) -> None:
        """Do `job`, in place of an earlier one of that name which still waits."""
        with self._changed:
            self._waiting[name] = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="session writer", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until all is written, or was refused."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._writing)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                job = self._waiting.pop(next(iter(self._waiting)))
                self._writing = True
            said = ""
            try:
                job()
            except UserError as error:
                said = str(error)
            except Exception as error:  # noqa: BLE001  the border of the thread: the next one must be written
                said = f"this could not be saved, by a fault of ours (log {record_fault(error)}): keep a copy"
            if said and said != self._said:
                self._failed(said)
            self._said = said
            with self._changed:
                self._writing = False
                self._changed.notify_all()
