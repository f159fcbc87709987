"""One take that is being made, from the wish for it to its end: the picture first, then the music."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtCore import QObject, pyqtSignal

from ...engine.errors import Problem
from ...engine.progress import Step
from ...engine.types import Cue
from ...engine.wishes import NO_WISHES, with_wishes
from ..ports import Looked, Order, Studio
from ..session import TakeEntry
from ..task import State, Task

# What a take goes through, in this order, and its share of the time: of sketch and of models taken together,
# roughly. Stages that a generator does not have are passed at once.
_STAGES = {
    "read": 1,
    "picture": 8,
    "frames": 8,
    "plan": 3,
    "load": 4,
    "generate": 55,
    "separate": 8,
    "fit": 3,
    "finish": 8,
    "export": 2,
}
_ALL = sum(_STAGES.values())
# Before this nobody can tell how long it takes.
_TELLS = 0.05

OrderOf = Callable[[Looked], Order]


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One piece of work. `left_s` is None while nobody can tell."""

    id: str
    # "1m1, Take 3"
    what: str
    state: State
    stage: str = ""
    # 0..1 over all stages
    done: float = 0.0
    left_s: float | None = None
    text: str = ""
    problem: Problem | None = None
    # The first seconds, as soon as they can be heard; "" before.
    heard_path: str = ""
    can_cancel: bool = False
    can_retry: bool = False
    # What else helps, each a name for `help`: "anyway" (start though memory seems short), "sketch".
    remedies: tuple[str, ...] = ()


def share(step: Step, before: float) -> float:
    """0..1 over all stages; never less than before. An unknown stage stays where it is."""
    if step.stage not in _STAGES:
        return before
    names = list(_STAGES)
    passed = sum(_STAGES[name] for name in names[: names.index(step.stage)])
    within = min(1.0, max(0.0, step.done / step.total)) if step.total > 0 else 0.0
    return max(before, (passed + _STAGES[step.stage] * within) / _ALL)


class Job(QObject):
    """`changed` whenever its row is another; `heard(path, from_s)`, `made(TakeEntry)`, `failed(Problem)`."""

    changed = pyqtSignal()
    heard = pyqtSignal(str, float)
    made = pyqtSignal(object)
    failed = pyqtSignal(object)

    def __init__(
        self,
        ident: str,
        studio: Studio,
        cue_id: str,
        order: Order | OrderOf,
        what: str,
        cue: Cue,
        *,
        now: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        """`order` may be a function, asked once the picture of `cue` is there."""
        super().__init__(parent)
        self.id = ident
        self.cue_id = cue_id
        self.order = order if isinstance(order, Order) else None
        self.state: State = "waiting"
        self.problem: Problem | None = None
        self.heard_path = ""
        self._studio = studio
        self._order_of: OrderOf = order if not isinstance(order, Order) else lambda _: order
        self._cue = cue
        self._what = what
        self._now = now
        self._task: Task | None = None
        self._stage, self._text, self._done = "", "", 0.0
        self._begun_at: float | None = None

    @property
    def ended(self) -> bool:
        return self.state in ("done", "failed", "cancelled")

    def begin(self, looked: Looked | None) -> None:
        """With the picture that is there, else have it looked at."""
        self.state, self.problem, self.heard_path = "waiting", None, ""
        self._stage, self._text, self._done, self._begun_at = "", "", 0.0, None
        if self.order is not None:
            self._generate(self.order)
        elif looked is not None:
            self._generate(self._order_of(looked))
        else:
            task = self._watch(self._studio.look(with_wishes(self._cue, NO_WISHES)))
            task.done.connect(lambda looked: self._looked(task, looked))
        self.changed.emit()

    def retry(self, order: Order | None = None) -> None:
        """Once more, or with another order for the same take: what was finished before is not made again."""
        if self.ended:
            self.order = order or self.order
            self.begin(None)

    def cancel(self) -> None:
        if self._task is not None and not self.ended:
            self._task.cancel()

    def leave(self) -> None:
        """Nobody listens any more; music that is being made is finished, nothing else."""
        self.blockSignals(True)
        if self.state == "waiting" or self.order is None:
            self.cancel()
            self._task = None

    def row(self) -> WorkRow:
        running = self.state in ("waiting", "running")
        return WorkRow(
            self.id,
            self._what,
            self.state,
            self._stage,
            1.0 if self.state == "done" else self._done,
            self._left_s() if running else None,
            self._text,
            self.problem,
            self.heard_path if running else "",
            can_cancel=running,
            can_retry=self.state in ("failed", "cancelled"),
            remedies=self._remedies(),
        )

    def _remedies(self) -> tuple[str, ...]:
        order = self.order
        if self.state != "failed" or order is None or self.problem is None:
            return ()
        # The one refusal that names this way out is the one for too little memory.
        memory = "--anyway" in self.problem.text and not order.controls.anyway
        return (*(["anyway"] if memory else []), *(["sketch"] if order.controls.model != "sketch" else []))

    def _left_s(self) -> float | None:
        if self._begun_at is None or self._done < _TELLS:
            return None
        return (self._now() - self._begun_at) * (1 - self._done) / self._done

    def _looked(self, task: Task, looked: Looked) -> None:
        if task.flag.asked:
            self._cancelled(task)
        elif task is self._task:
            self._generate(self._order_of(looked))

    def _generate(self, order: Order) -> None:
        self.order = order
        task = self._watch(self._studio.generate(order))
        task.heard.connect(self._heard)
        task.done.connect(self._made)

    def _watch(self, task: Task) -> Task:
        self._task = task
        task.started.connect(self._started)
        task.progress.connect(self._step)
        task.failed.connect(lambda problem: self._failed(task, problem))
        task.cancelled.connect(lambda: self._cancelled(task))
        return task

    def _started(self) -> None:
        self.state = "running"
        if self._begun_at is None:
            self._begun_at = self._now()
        self.changed.emit()

    def _step(self, step: Step) -> None:
        self._stage, self._text = step.stage, step.text
        self._done = share(step, self._done)
        self.changed.emit()

    def _heard(self, path: str, from_s: float, _: float) -> None:
        self.heard_path = path
        self.heard.emit(path, from_s)
        self.changed.emit()

    def _made(self, take: TakeEntry) -> None:
        self.state = "done"
        self.made.emit(take)
        self.changed.emit()

    def _failed(self, task: Task, problem: Problem) -> None:
        if task is self._task:
            self.state, self.problem = "failed", problem
            self.failed.emit(problem)
            self.changed.emit()

    def _cancelled(self, task: Task) -> None:
        if task is self._task:
            self.state = "cancelled"
            self.changed.emit()
