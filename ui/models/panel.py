"""The whole panel without a window: opens a timeline, and holds the models of all that is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from PyQt6.QtCore import QObject, QSignalBlocker, pyqtSignal

from ...engine.errors import InputError, Problem, UserError
from .. import edits
from ..observable import Property
from ..ports import HereRead, Host, Player, Store, Studio, Timeline
from ..session import CueState, Session
from ..task import Task
from ..text import tr
from .controls import ControlsModel
from .cues import CuesModel
from .desk import Desk
from .feed import Feed
from .fit import FitModel
from .host import HostModel
from .passages import Passages
from .sections import SectionsModel
from .spot import SpotModel
from .strip import StripModel
from .takes import TakesModel
from .there import ThereModel
from .transport import TransportModel
from .work import WorkModel

# A timeline up to this long is one cue to begin with, so that hits are there without asking.
_WHOLE_S = 600
# Names of offline shots that a notice tells.
_TOLD = 3


class PanelModel(QObject):
    """`clock` gives now as ISO 8601 in UTC, `draw_seed` a seed of 0 .. 2**31 - 1.

    One timeline is open at a time. `close` leaves studio, player, host and store to their owner, open for the
    next timeline.
    """

    state_changed = pyqtSignal(object)
    problem_changed = pyqtSignal(object)
    timeline_changed = pyqtSignal(object)
    first_run_changed = pyqtSignal(object)
    recent_changed = pyqtSignal(object)
    reading_changed = pyqtSignal(object)

    state: Property[Literal["none", "opening", "open", "failed"]] = Property("none")
    problem: Property[Problem | None] = Property(None)
    timeline: Property[Timeline | None] = Property(None)
    # The program that the timeline is being read from while it is opened, "" for a file.
    reading: Property[str] = Property("")
    first_run: Property[bool] = Property(False)
    # Timelines of earlier sessions, the newest first.
    recent: Property[tuple[str, ...]] = Property(())

    def __init__(
        self,
        studio: Studio,
        player: Player,
        host: Host,
        store: Store,
        *,
        clock: Callable[[], str],
        draw_seed: Callable[[], int],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        desk = Desk(studio, player, host, store, clock=clock, draw_seed=draw_seed, parent=self)
        self.desk = desk
        self.history = desk.history
        # In this order: each hears of a new session after those that it asks.
        self.cues = CuesModel(desk)
        self.spot = SpotModel(desk, self.cues)
        self.passages = Passages(desk, self.cues, self.spot)
        self.controls = ControlsModel(desk, self.cues, self.passages)
        self.sections = SectionsModel(desk, self.cues, self.spot, self.controls)
        self.takes = TakesModel(desk, self.cues, self.passages)
        self.work = WorkModel(desk, self.cues, self.spot, self.passages)
        self.feed = Feed(desk, self.cues, self.spot)
        self.transport = TransportModel(desk, self.cues, self.spot)
        self.fit = FitModel(desk, self.cues, self.spot, self.takes, self.transport)
        self.host = HostModel(desk)
        self.strip = StripModel(desk, self.cues, self.spot, self.transport)
        self.there = ThereModel(desk, self.cues, self.spot, self.transport, self.host)
        self.takes.more_wanted.connect(self.work.more_like)
        self.sections.redo_wanted.connect(self.work.redo)
        self.host.again_wanted.connect(self._read_again)
        self.host.there_wanted.connect(self.open_there)
        self.host.open_wanted.connect(self.open)
        self._task: Task | None = None
        self.first_run = store.is_first_run()
        self.recent = store.recent()

    def open(self, path: str) -> None:
        """Read a timeline and take up its session; what was open before is closed."""
        self.close()
        self.state = "opening"
        self._open(self.desk.studio.open(path), ())

    def open_there(self) -> None:
        """As `open`, what is open in the editor's program; nothing where that cannot tell."""
        state = self.desk.host.state(None)
        if "timeline" not in state.abilities:
            return
        self.close()
        self.host.poll()
        self.reading, self.state = state.title, "opening"
        task = self._begin(self.desk.host.read())

        def read(told: HereRead) -> None:
            if task is self._task:
                self._open(self.desk.studio.open(told.path), told.problems)

        task.done.connect(read)

    def _open(self, opening: Task, problems: tuple[str, ...]) -> None:
        task = self._begin(opening)
        task.done.connect(lambda timeline: self._opened(task, timeline, problems))

    def open_demo(self) -> None:
        """Make the demo film where it is not there yet, and open it."""
        self.close()
        self.state = "opening"
        task = self._begin(self.desk.studio.demo())
        task.done.connect(lambda path: self.open(path) if task is self._task else None)

    def close(self) -> None:
        """Save, stop what goes on, and forget the timeline. Returns when all is saved."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        if self.desk.session is not None:
            self.transport.keep()
            self.strip.keep()
            self.work.leave()
            self.passages.clear()
            self.desk.player.pause()
            self.history.save()
            self.history.begin(None)
        if self.desk.timeline is not None:
            self.desk.read(None)
        self.timeline = None
        self.desk.notices = tuple(one for one in self.desk.notices if one.kind == "device")
        self.state, self.problem, self.reading = "none", None, ""
        self.desk.store.flush()
        self.first_run = self.desk.store.is_first_run()
        self.recent = self.desk.store.recent()

    def _begin(self, task: Task) -> Task:
        self._task = task
        task.failed.connect(lambda problem: self._failed(task, problem))
        task.cancelled.connect(lambda: self._failed(task, None))
        return task

    def _failed(self, task: Task, problem: Problem | None) -> None:
        if task is self._task:
            self._task = None
            self.problem, self.reading = problem, ""
            self.state = "none" if problem is None else "failed"

    def _opened(self, task: Task, timeline: Timeline, problems: tuple[str, ...]) -> None:
        if task is not self._task:
            return
        self._task = None
        try:
            session = self.desk.store.load(timeline.path)
        except InputError as error:
            session = None
            self.desk.notify("session", str(error))
        except UserError as error:
            # Another panel has it, or a newer release wrote it: it must stay as it is.
            self.problem, self.state = Problem(type(error).__name__, str(error)), "failed"
            return
        fresh = session is None
        session = self._new(timeline) if session is None else _whole(session, timeline, self.desk.new_id)
        if self.reading:
            # Nothing is newer: the program wrote it just now. Takes are compared with it when placed.
            session = replace(session, sha256=timeline.sha256)
        self.desk.read(timeline)
        self.history.begin(session)
        self.history.save()
        self.timeline = timeline
        self.state, self.reading = "open", ""
        self.transport.restore(session.view.playhead_frame)
        self._look_around(timeline)
        unfinished = self.desk.studio.unfinished(session)
        unfinished.done.connect(lambda orders: self._unfinished(timeline, orders))
        self._tell_problems(problems)
        if fresh:
            self.there.begin_with_selected()

    def _unfinished(self, timeline: Timeline, orders: tuple[object, ...]) -> None:
        if self.timeline is timeline:
            self.work.offer(orders)  # type: ignore[arg-type]

    def _new(self, timeline: Timeline) -> Session:
        session = Session(timeline.path, {"name": Path(timeline.path).name}, timeline.sha256)
        if timeline.rate.seconds(timeline.frames) > _WHOLE_S:
            return session
        whole = CueState(edits.next_cue_name(session), 0, timeline.frames, id=self.desk.new_id())
        return edits.add_cue(session, whole)

    def _look_around(self, timeline: Timeline) -> None:
        """What is to be known of a timeline that was just read."""
        self.host.poll()
        self.controls.refresh()
        offline = list(dict.fromkeys(shot.name for shot in timeline.shots if shot.kind == "offline"))
        if offline:
            names = ", ".join(offline[:_TOLD]) + (" ..." if len(offline) > _TOLD else "")
            text = tr("notice.offline.says", shots=len(offline), names=names)
            self.desk.notify("offline", text, tr("notice.read_again"), self._read_again)
        else:
            self.desk.unsay("offline")

    # --- Reading again

    def _read_again(self) -> None:
        session = self.desk.session
        if session is None or self._task is not None:
            return
        if self.desk.host.state(session).linked:
            self._wait_for(self.desk.host.read(), lambda read: self._read_there(session.source, read))
        else:
            self._wait_for(self.desk.studio.open(session.source), self._read)

    def _read_there(self, source: str, read: HereRead) -> None:
        if read.path != source:
            text = tr("notice.elsewhere.says", name=read.name)
            self.desk.notify("stale", text, tr("notice.open_there"), self.open_there)
            return
        self._tell_problems(read.problems)
        self._wait_for(self.desk.studio.open(source), self._read)

    def _tell_problems(self, problems: tuple[str, ...]) -> None:
        """What the program could not write of its timeline."""
        if problems:
            self.desk.notify("read", "; ".join(problems))
        else:
            self.desk.unsay("read")

    def _wait_for(self, task: Task, then: Callable[..., object]) -> None:
        self._task = task

        def done(result: object) -> None:
            if task is self._task:
                self._task = None
                then(result)

        task.done.connect(done)
        task.failed.connect(lambda problem: self._not_read(task, problem))
        task.cancelled.connect(lambda: self._not_read(task, None))

    def _read(self, timeline: Timeline) -> None:
        """Cues and wishes stay, as far as the timeline still goes."""
        before = self.desk.session
        # Timeline and session at once: no cue may reach beyond what is read.
        with QSignalBlocker(self.desk):
            self.desk.read(timeline)
        self.history.everywhere(
            lambda one: replace(edits.clamped(one, timeline.frames), sha256=timeline.sha256)
        )
        self.desk.timeline_changed.emit(timeline)
        self.timeline = timeline
        self._look_around(timeline)
        after = self.desk.session
        if before is not None and after is not None and len(after.cues) < len(before.cues):
            left = ", ".join(sorted({cue.name for cue in before.cues} - {cue.name for cue in after.cues}))
            self.desk.notify("cue", tr("notice.cues_gone.says", cues=left))

    def _not_read(self, task: Task, problem: Problem | None) -> None:
        if task is self._task:
            self._task = None
            if problem is not None:
                again = tr("notice.try_again")
                self.desk.notify("stale", problem.text, again, self._read_again)


def _whole(session: Session, timeline: Timeline, new_id: Callable[[], str]) -> Session:
    """A kept session for a timeline that may be shorter now; cues of a time before ids get theirs."""
    cues = tuple(cue if cue.id else replace(cue, id=new_id()) for cue in session.cues)
    if cues != session.cues:
        session = replace(session, cues=cues)
    return edits.clamped(session, timeline.frames)
