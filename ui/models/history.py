"""Undo as a list of sessions, and keeping each of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from ..ports import Store
from ..session import Session

# Where the panel looks changes with every turn of a wheel: kept when it rests.
_REST_MS = 1000
# A slider that moves on within this is one step.
_SAME_MOVE_S = 1.0


class History(QObject):
    """The session, and those before and after it. `changed(Session | None)` after every change; `View` is no
    part of undo."""

    changed = pyqtSignal(object)

    def __init__(
        self, store: Store, parent: QObject | None = None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._now = now
        self._value: Session | None = None
        # (what was done, the session before it) and (what was undone, the session after it), newest last.
        self._past: list[tuple[str, Session]] = []
        self._future: list[tuple[str, Session]] = []
        self._move, self._moved_at = "", 0.0
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.save)

    @property
    def value(self) -> Session | None:
        return self._value

    def begin(self, session: Session | None) -> None:
        """Another timeline's session, without a past; None where nothing is open."""
        self.save_if_waiting()
        self._past, self._future, self._move = [], [], ""
        self._value = session
        self.changed.emit(session)

    def do(self, label: str, session: Session, *, move: str = "") -> None:
        """One step that can be undone; nothing where nothing changes. Steps of one `move` that follow each
        other at once are one: a slider, a key that repeats."""
        if self._value is None or session == self._value:
            return
        now = self._now()
        if not (move and move == self._move and self._past and now - self._moved_at <= _SAME_MOVE_S):
            self._past.append((label, self._value))
        self._future = []
        self._move, self._moved_at = move, now
        self._set(session)
        self.save()

    def amend(self, session: Session) -> None:
        """The same step, seen otherwise: kept, not undone."""
        if self._value is not None and session != self._value:
            self._set(session)
            self._rest.start()

    def everywhere(self, change: Callable[[Session], Session]) -> None:
        """A fact, no edit: true before and after every step, and nothing takes it back. A take that was
        finished, a timeline that became shorter."""
        if self._value is None:
            return
        self._past = [(label, change(session)) for label, session in self._past]
        self._future = [(label, change(session)) for label, session in self._future]
        session = change(self._value)
        if session != self._value:
            self._set(session)
            self.save()

    def undo(self) -> None:
        self._go(self._past, self._future)

    def redo(self) -> None:
        self._go(self._future, self._past)

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    @property
    def undo_label(self) -> str:
        """What undo takes back, "" for nothing."""
        return self._past[-1][0] if self._past else ""

    @property
    def redo_label(self) -> str:
        return self._future[-1][0] if self._future else ""

    def save(self) -> None:
        self._rest.stop()
        if self._value is not None:
            self._store.save(self._value)

    def save_if_waiting(self) -> None:
        if self._rest.isActive():
            self.save()

    def _go(self, here: list[tuple[str, Session]], there: list[tuple[str, Session]]) -> None:
        if here and self._value is not None:
            label, session = here.pop()
            there.append((label, self._value))
            self._move = ""
            self._set(replace(session, view=self._value.view))
            self.save()

    def _set(self, session: Session) -> None:
        self._value = session
        self.changed.emit(session)
