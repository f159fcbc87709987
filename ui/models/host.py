"""The editor's program: what it holds, whether that changed, and placing the music in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Literal

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from ...engine.errors import Problem
from .. import edits, marking
from ..observable import Property
from ..ports import HereRead, HostState, Landed, Placed, PlaceRow
from ..session import Session
from ..task import Task
from ..text import tr
from .desk import Desk

_POLL_MS = 1000

# preview   what placing would do is looked at
# read      the timeline is read from the program, as it is now
# write     the run's folder is written
# land      the program is asked to put it on its timeline, or to take it away
Step = Literal["", "preview", "read", "write", "land"]


class HostModel(QObject):
    """`preview` is what placing would do, `placed` what it did last, and `landed` what the program made of
    that. `again_wanted`: the timeline is to be read as it is now; `there_wanted`: the one that is open in the
    program; `open_wanted`: the one with that path."""

    state_changed = pyqtSignal(object)
    preview_changed = pyqtSignal(object)
    placed_changed = pyqtSignal(object)
    landed_changed = pyqtSignal(object)
    taken_away_changed = pyqtSignal(object)
    busy_changed = pyqtSignal(object)
    step_changed = pyqtSignal(object)
    problem_changed = pyqtSignal(object)
    offered_changed = pyqtSignal(object)
    again_wanted = pyqtSignal()
    there_wanted = pyqtSignal()
    open_wanted = pyqtSignal(str)

    state: Property[HostState | None] = Property(None)
    preview: Property[tuple[PlaceRow, ...]] = Property(())
    placed: Property[Placed | None] = Property(None)
    landed: Property[Landed | None] = Property(None)
    # What was taken away of what was placed last.
    taken_away: Property[Landed | None] = Property(None)
    # Previewing or placing goes on, and how far it is.
    busy: Property[bool] = Property(False)
    step: Property[Step] = Property("")
    # Why the last of these failed.
    problem: Property[Problem | None] = Property(None)
    # A timeline that has appeared and was not opened yet, "" without.
    offered: Property[str] = Property("")

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._task: Task | None = None
        self._placing = False
        # That it has ended was told.
        self._gone = False
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self.poll)
        self._timer.start()
        desk.timeline_changed.connect(self._begin)
        self.state = desk.host.state(None)

    def poll(self) -> None:
        """Look at the host now; every second by itself."""
        session, timeline = self._desk.session, self._desk.timeline
        self._look_for_offers(session)
        if session is None or timeline is None:
            self.state = self._desk.host.state(None)
            return
        state = self.state = self._desk.host.state(session)
        self._tell_gone(state)
        if state.elsewhere:
            self._desk.notify("stale", state.text, tr("notice.open_there"), self.open_there)
        elif state.changed or session.sha256 != timeline.sha256:
            text = state.text if state.changed and state.text else tr("notice.stale.says")
            self._desk.notify("stale", text, tr("notice.read_again"), self.read_again)
        else:
            self._desk.unsay("stale")

    def _tell_gone(self, state: HostState) -> None:
        """Once: who dismissed it knows."""
        if state.standing == "gone" and not self._gone:
            self._gone = True
            self._desk.notify("gone", state.text)

    def _look_for_offers(self, session: Session | None) -> None:
        path = self._desk.host.offered()
        if not path or (session is not None and session.source == path):
            return
        self.offered = path
        if session is not None:
            text = tr("notice.offered.says", name=PurePath(path).name)
            self._desk.notify("offered", text, tr("notice.open"), lambda: self.open_offered())

    def open_offered(self) -> None:
        """The timeline that has appeared."""
        path, self.offered = self.offered, ""
        self._desk.unsay("offered")
        if path:
            self.open_wanted.emit(path)

    def read_again(self) -> None:
        """Read the timeline as it is now; cues and wishes stay."""
        self.again_wanted.emit()

    def open_there(self) -> None:
        """Read what is open in the program, and show that."""
        self.there_wanted.emit()

    # --- Placing

    def preview_place(self) -> None:
        """What `place` would do now; nothing while placing goes on."""
        session = self._desk.session
        if session is not None and not self._placing:
            self._as_it_is_now(session, self._preview)

    def place(self) -> None:
        """The approved takes, else the heard ones, of all cues that have any: into the run's folder and,
        where the program can, onto its timeline as that is now."""
        session = self._desk.session
        if session is None or self._placing:
            return
        self._desk.history.save_if_waiting()
        self._placing = True
        self.placed = self.landed = self.taken_away = None
        self._as_it_is_now(session, self._write)

    def take_away(self) -> None:
        """What was placed last, off the program's timeline again."""
        landed = self.landed
        if landed is not None and landed.there and not self._placing:
            self._placing = True
            self._begin_step("land")
            self._run(self._desk.host.remove(landed.job), self._taken_away)

    def set_markers(self, on: bool) -> None:
        """Whether placing writes the hits as markers, too."""
        session = self._desk.session
        if session is not None:
            self._desk.history.amend(edits.set_view(session, hit_markers=on))

    def _as_it_is_now(self, session: Session, then: Callable[[Session], None]) -> None:
        """Have the program write its timeline out before anything is compared with it or put on it."""
        if not self._desk.host.state(session).linked:
            then(session)
            return

        def read(told: HereRead) -> None:
            if told.path == session.source:
                then(session)
            else:
                self._end_step(Problem("elsewhere", tr("place.elsewhere.says", name=told.name)))

        self._begin_step("read")
        self._run(self._desk.host.read(show=False), read)

    def _preview(self, session: Session) -> None:
        self._begin_step("preview")
        self._run(self._desk.studio.preview_place(session), self._previewed)

    def _previewed(self, rows: tuple[PlaceRow, ...]) -> None:
        self._end_step(None)
        self.preview = rows

    def _write(self, session: Session) -> None:
        self._begin_step("write")
        self._run(self._desk.studio.place(session), lambda placed: self._land(session, placed))

    def _land(self, session: Session, placed: Placed) -> None:
        self._begin_step("land")
        task = self._desk.host.place(placed, markers=session.view.hit_markers)
        self._run(task, lambda landed: self._landed(placed, landed))

    def _landed(self, placed: Placed, landed: Landed) -> None:
        if landed.marks:
            self._desk.history.everywhere(lambda one: marking.noted(one, landed.marks))
        self._end_step(None)
        self.landed = landed
        self.placed = placed
        if landed.step:
            self._desk.notify("placed", landed.step)
        else:
            self._desk.unsay("placed")

    def _taken_away(self, taken: Landed) -> None:
        self._end_step(None)
        self.landed = None
        self.taken_away = taken

    def _begin_step(self, step: Step) -> None:
        self.step, self.problem, self.busy = step, None, True

    def _end_step(self, problem: Problem | None) -> None:
        self._task, self._placing = None, False
        self.step, self.busy, self.problem = "", False, problem

    def _run(self, task: Task, then: Callable[..., object]) -> None:
        if self._task is not None and not self._task.ended:
            self._task.cancel()
        self._task = task

        def ended(problem: Problem | None) -> None:
            if self._task is task:
                self._end_step(problem)

        task.done.connect(lambda result: then(result) if self._task is task else None)
        task.failed.connect(ended)
        task.cancelled.connect(lambda: ended(None))

    def _begin(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        self._end_step(None)
        self.preview, self.placed, self.landed, self.taken_away = (), None, None, None
        if self._desk.timeline is None:
            self._desk.unsay("stale")
            self.state = self._desk.host.state(None)
