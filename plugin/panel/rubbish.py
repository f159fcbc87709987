"""Python's search for cycles of objects, done by the interface's thread between its events.

Left alone it starts in whatever thread makes the next object, holds the interpreter's lock for tens of
milliseconds while a timeline of thousands of clips is read, and may end a QObject in a thread that is not its
own.
"""

from __future__ import annotations

import gc
import sys

from PyQt6.QtCore import QObject, QTimer

_LOOK_MS = 500
# All objects are gone through once in so many looks: of an hour's timeline that takes 30 ms.
_FULL = 120
# A thread that computes gives the lock to the interface after this, in place of Python's 5 ms.
_SWITCH_S = 0.001


class Rubbish(QObject):
    """From its making until `close` nothing else collects."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._looks = 0
        self._was = gc.isenabled(), sys.getswitchinterval()
        gc.disable()
        sys.setswitchinterval(_SWITCH_S)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(_LOOK_MS)

    def look(self) -> None:
        """Collect what is new, or once in a minute all."""
        self._looks += 1
        gc.collect(2 if self._looks % _FULL == 0 else 1)

    def close(self) -> None:
        """As it was before. Again: nothing."""
        if not self._timer.isActive():
            return
        self._timer.stop()
        enabled, switch_s = self._was
        sys.setswitchinterval(switch_s)
        if enabled:
            gc.enable()
