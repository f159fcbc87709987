"""The editor's program: what it holds, whether that changed, and placing the music in it."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from ...engine.errors import Problem
from ..observable import Property
from ..ports import HostState, Placed, PlaceRow
from ..task import Task
from ..text import tr
from .desk import Desk

_POLL_MS = 1000


class HostModel(QObject):
    """`preview` is what placing would do, `placed` what it did last. `again_wanted`: the timeline is to be
    read as it is now."""

    state_changed = pyqtSignal(object)
    preview_changed = pyqtSignal(object)
    placed_changed = pyqtSignal(object)
    busy_changed = pyqtSignal(object)
    problem_changed = pyqtSignal(object)
    again_wanted = pyqtSignal()

    state: Property[HostState | None] = Property(None)
    preview: Property[tuple[PlaceRow, ...]] = Property(())
    placed: Property[Placed | None] = Property(None)
    # Previewing or placing goes on.
    busy: Property[bool] = Property(False)
    # Why the last of these failed.
    problem: Property[Problem | None] = Property(None)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._task: Task | None = None
        self._placing = False
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self.poll)
        desk.timeline_changed.connect(self._begin)

    def poll(self) -> None:
        """Look at the host now; every second by itself, as long as something is open."""
        session, timeline = self._desk.session, self._desk.timeline
        if session is None or timeline is None:
            return
        self.state = self._desk.host.state(session)
        if self.state.changed or session.sha256 != timeline.sha256:
            text = self.state.text if self.state.changed and self.state.text else tr("notice.stale.says")
            self._desk.notify("stale", text, tr("notice.read_again"), self.read_again)
        else:
            self._desk.unsay("stale")

    def read_again(self) -> None:
        """Read the timeline as it is now; cues and wishes stay."""
        self.again_wanted.emit()

    def preview_place(self) -> None:
        """What `place` would do now; nothing while placing goes on."""
        session = self._desk.session
        if session is not None and not self._placing:
            self._run(self._desk.studio.preview_place(session), "preview")

    def place(self) -> None:
        """The approved takes, else the heard ones, of all cues that have any."""
        session = self._desk.session
        if session is not None and not self._placing:
            self._desk.history.save_if_waiting()
            self._placing = True
            self._run(self._desk.studio.place(session), "placed")

    def _run(self, task: Task, what: str) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = task
        self.busy, self.problem = True, None

        def ended(result: object, problem: Problem | None) -> None:
            if self._task is not task:
                return
            self._task, self._placing = None, False
            self.busy, self.problem = False, problem
            if problem is None and result is not None:
                setattr(self, what, result)

        task.done.connect(lambda result: ended(result, None))
        task.failed.connect(lambda problem: ended(None, problem))
        task.cancelled.connect(lambda: ended(None, None))

    def _begin(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        self.busy = self._placing = False
        self.preview, self.placed, self.problem = (), None, None
        if self._desk.timeline is None:
            self._timer.stop()
            self.state = None
            self._desk.unsay("stale")
        else:
            self._timer.start()
