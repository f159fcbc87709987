"""What is being made: a row for each piece of work, and the states that want to be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from ...engine.errors import Problem
from ...engine.types import Cue
from .. import edits
from ..observable import Property
from ..ports import Looked, Order
from ..session import Controls, CueState, Session, TakeEntry
from ..text import tr
from .cues import CuesModel
from .desk import Desk, Notice
from .jobs import Job, OrderOf, WorkRow
from .passages import Passages
from .spot import SpotModel, seed_of

__all__ = ["Notice", "WorkModel", "WorkRow"]

# Time left is told anew this often.
_TICK_MS = 1000
# Kinds of problems of an engine that ended.
_ENDED = ("crashed", "quarantined", "stopped")
# In `TakeEntry.extra`: what it is like.
_LIKE = "like_take"


@dataclass(frozen=True, slots=True)
class _Blank:
    """An order that waits for its picture: the fields of Order but that one."""

    cue: Cue
    controls: Controls
    seed: int
    spotting: tuple[tuple[str, int, int], ...]
    take_id: str
    name: str
    made: str
    like_take: str

    def order(self, looked: Looked) -> Order:
        return Order(
            self.cue,
            looked,
            self.controls,
            self.seed,
            self.spotting,
            self.take_id,
            self.name,
            self.made,
            self.like_take,
        )


class WorkModel(QObject):
    """Makes takes, one after another; the engine does the queueing. `states` are the desk's notices."""

    rows_changed = pyqtSignal(object)
    engine_text_changed = pyqtSignal(object)
    states_changed = pyqtSignal(object)

    rows: Property[tuple[WorkRow, ...]] = Property(())
    engine_text: Property[str] = Property("")
    states: Property[tuple[Notice, ...]] = Property(())

    def __init__(self, desk: Desk, cues: CuesModel, spot: SpotModel, passages: Passages) -> None:
        super().__init__(desk)
        self._desk = desk
        self._cues = cues
        self._spot = spot
        self._passages = passages
        self._jobs: list[Job] = []
        self._made = 0
        # Seeds that were given out, by cue.
        self._seeds: dict[str, set[int]] = {}
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self._refresh)
        desk.notices_changed.connect(lambda notices: setattr(self, "states", notices))
        # A Protocol cannot say that this is a signal.
        desk.studio.told.connect(self._told)  # type: ignore[attr-defined]

    # --- Ordering

    def generate(self, cue: str | None = None) -> None:
        """A take of the cue of that name, else of the current one, else of the whole timeline."""
        state = self._cue(cue)
        if state is not None:
            self._order([state], state.controls.seed)

    def generate_all(self) -> None:
        """A take of every cue that is not locked."""
        self._order([cue for cue in self._cues.cues if not cue.locked], None)

    def redo(self) -> None:
        """The current cue with the seed and the themes of the heard take: what is not wished otherwise stays
        as it is."""
        state = self._cue(None)
        if state is not None:
            heard = next((take for take in state.takes if take.id == state.heard), None)
            like = str(heard.extra.get(_LIKE, "")) if heard is not None else ""
            self._order([state], seed_of(state), like)

    def more_like(self, take_id: str) -> None:
        """Of the current cue: the themes, key and palette of that take, played otherwise."""
        state = self._cue(None)
        if state is not None:
            self._order([state], state.controls.seed, take_id)

    def resume(self, orders: tuple[Order, ...]) -> None:
        """Go on with takes that were begun before."""
        session = self._desk.session
        self._desk.unsay("unfinished")
        if session is None:
            return
        for order in orders:
            cue = next((one for one in session.cues if one.name == order.cue.name), None)
            if cue is not None:
                self._start(cue, order.name, order.cue, order)

    def offer(self, orders: tuple[Order, ...]) -> None:
        """A notice of unfinished takes, without those that are known or under way."""
        session = self._desk.session
        if session is None:
            return
        known = {take.id for cue in session.cues for take in cue.takes}
        known |= {job.order.take_id for job in self._jobs if job.order is not None}
        names = {cue.name for cue in session.cues}
        left = tuple(one for one in orders if one.take_id not in known and one.cue.name in names)
        if left:
            text = tr("notice.unfinished.says", takes=", ".join(one.name for one in left))
            self._desk.notify("unfinished", text, tr("notice.resume"), lambda: self.resume(left))

    # --- Rows

    def cancel(self, row: str) -> None:
        self._job(row, Job.cancel)

    def retry(self, row: str) -> None:
        """What was finished of it is not made again."""
        self._job(row, self._retry)

    def dismiss(self, row: str) -> None:
        """Take a row that has ended off the list."""
        gone = [job for job in self._jobs if job.id == row and job.ended]
        self._jobs = [job for job in self._jobs if job not in gone]
        if gone:
            self._desk.unsay("engine")
            self._desk.unsay("memory")
        self._refresh()

    def listen(self, row: str) -> None:
        """Hear its first seconds, from where they begin."""
        for job in self._jobs:
            if job.id == row and job.heard_path and job.order is not None:
                self._passages.play_file(job.heard_path, job.order.cue.in_frame)
                self._desk.player.seek(job.order.cue.in_frame)
                self._desk.player.play()

    def help(self, row: str, remedy: str) -> None:
        """One of the row's remedies, then try again; for this take alone."""
        for job in self._jobs:
            if job.id == row and remedy in job.row().remedies and job.order is not None:
                controls = job.order.controls
                controls = replace(controls, anyway=True) if remedy == "anyway" else _sketch(controls)
                self._desk.unsay("memory")
                job.retry(replace(job.order, controls=controls))

    def leave(self) -> None:
        """When the timeline is closed: the list is empty. A take that is being made goes on where the engine
        does, and is told of when the timeline is opened again; what has not begun never does."""
        jobs, self._jobs = self._jobs, []
        for job in jobs:
            job.leave()
        self.engine_text = ""
        self._refresh()

    # ---

    def _cue(self, name: str | None) -> CueState | None:
        """The cue to score; None where there is none or it is locked, which is then said."""
        session = self._desk.session
        if session is None:
            return None
        if name is not None:
            state = next((cue for cue in session.cues if cue.name == name), None)
        else:
            state = self._desk.cue or self._cues.add_whole()
        if state is not None and state.locked:
            self._desk.refuse_locked(state)
            return None
        return state

    def _order(self, cues: Sequence[CueState], seed: int | None, like_take: str = "") -> None:
        """A take of each; without a seed with the cue's, or one of its own."""
        session = self._desk.session
        if session is None or not cues:
            return
        first = session.takes_made + 1
        # Ids are never given twice, whatever is undone.
        last = session.takes_made + len(cues)
        self._desk.history.everywhere(lambda one: replace(one, takes_made=last))
        spotting = tuple((one.name, one.in_frame, one.out_frame_exclusive) for one in session.cues)
        for number, cue in enumerate(cues, first):
            engine_cue = self._cues.engine_cue_of(cue)
            if engine_cue is not None:
                chosen = cue.controls.seed if seed is None else seed
                blank = _Blank(
                    cue=engine_cue,
                    controls=cue.controls,
                    seed=self._seed(cue) if chosen is None else chosen,
                    spotting=spotting,
                    take_id=f"t{number:04}",
                    name=tr("take.name", number=number),
                    made=self._desk.clock(),
                    like_take=like_take,
                )
                self._start(cue, blank.name, engine_cue, blank.order)

    def _seed(self, cue: CueState) -> int:
        """The first take of a cue is as it was planned; every later one has a seed of its own."""
        used = {take.seed for take in cue.takes} | self._seeds.get(cue.id, set())
        seed = cue.first_seed if cue.first_seed not in used else self._desk.draw_seed()
        self._seeds.setdefault(cue.id, set()).add(seed)
        return seed

    def _start(self, cue: CueState, name: str, engine_cue: Cue, order: Order | OrderOf) -> None:
        # Those that are done are in the takes lane by now.
        self._jobs = [job for job in self._jobs if job.state != "done"]
        self._made += 1
        what = tr("work.what", cue=engine_cue.name, take=name)
        job = Job(f"w{self._made}", self._desk.studio, cue.id, order, what, engine_cue, parent=self)
        job.changed.connect(self._refresh)
        job.heard.connect(lambda path, from_s: self._heard(job, path, from_s))
        job.made.connect(lambda take: self._arrived(job, take))
        job.failed.connect(lambda problem: self._failed(job, problem))
        self._jobs.append(job)
        job.begin(self._spot.looked_of(engine_cue))

    def _retry(self, job: Job) -> None:
        self._desk.unsay("engine")
        self._desk.unsay("memory")
        job.retry()

    def _job(self, row: str, call: Callable[[Job], object]) -> None:
        for job in list(self._jobs):
            if job.id == row:
                call(job)

    def _heard(self, job: Job, path: str, from_s: float) -> None:
        """The first seconds are played in their place, where no take is to be heard there."""
        cue = self._desk.cue
        if cue is not None and cue.id == job.cue_id and not cue.heard and job.order is not None:
            engine_cue = job.order.cue
            later = round(from_s * engine_cue.rate.fps)
            self._passages.play_file(path, engine_cue.in_frame + later)

    def _arrived(self, job: Job, take: TakeEntry) -> None:
        """A finished take is a fact: undo does not take it back. It is put on, unless another one plays."""
        order, cue = job.order, self._desk.cue
        self.engine_text = ""
        if order is not None and order.like_take:
            take = replace(take, extra={**take.extra, _LIKE: order.like_take})
        if cue is not None and cue.id == job.cue_id and self._passages.path == job.heard_path:
            self._passages.clear()
        history = self._desk.history

        def add(session: Session) -> Session:
            empty = {one.id for one in session.cues if not one.heard}
            return edits.add_take(session, job.cue_id, take, heard=job.cue_id in empty)

        history.everywhere(add)
        session = self._desk.session
        state = None if session is None else next((c for c in session.cues if c.id == job.cue_id), None)
        busy = self._desk.player.playing and state is not None and cue is not None and cue.id == state.id
        if session is not None and state is not None and not busy and not state.locked:
            history.amend(edits.hear(session, state.name, take.id))
            history.save()

    def _failed(self, job: Job, problem: Problem) -> None:
        row, again = job.row(), tr("notice.try_again")
        if problem.kind in _ENDED:
            text = tr("notice.engine_ended.says", what=row.what)
            self._desk.notify("engine", text, again, lambda: self.retry(job.id))
        elif "anyway" in row.remedies:
            self._desk.notify(
                "memory", problem.text, tr("notice.anyway"), lambda: self.help(job.id, "anyway")
            )

    def _told(self, text: str) -> None:
        self.engine_text = text

    def _refresh(self) -> None:
        self.rows = tuple(job.row() for job in self._jobs)
        running = any(row.state == "running" for row in self.rows)
        if running and not self._tick.isActive():
            self._tick.start()
        elif not running:
            self._tick.stop()


def _sketch(controls: Controls) -> Controls:
    return replace(controls, model="sketch")
