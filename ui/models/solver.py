"""Asks how a cue's picture is read and planned, no more often than answers come."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Literal

from PyQt6.QtCore import QObject, pyqtSignal

from ...engine.errors import Problem
from ...engine.types import Cue
from ...engine.wishes import NO_WISHES, Wishes, with_wishes
from ..ports import Looked, Planned, Studio
from ..session import Controls
from ..task import Task

# Pictures of so many cues are kept: one of an hour is some megabytes.
_MOST_LOOKED = 16

# trial: while something is dragged; around: around what was changed; full: the whole search.
Kind = Literal["trial", "around", "full"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan is of. `reading` numbers the timeline as it was read."""

    # Its wishes are `wishes`.
    cue: Cue
    wishes: Wishes
    controls: Controls
    seed: int
    reading: int

    @property
    def bounds(self) -> tuple[int, int, int]:
        return self.reading, self.cue.in_frame, self.cue.out_frame_exclusive

    @property
    def frame(self) -> tuple[object, ...]:
        """All that decides a plan except hits: where two agree, one is solved around the other."""
        wishes = replace(self.wishes, hits=(), removed=())
        chosen = self.controls
        return self.bounds, wishes, chosen.style, chosen.mood, chosen.like, chosen.fit, self.seed

    @property
    def key(self) -> tuple[object, ...]:
        return self.frame, self.wishes, self.cue.name


class Solver(QObject):
    """Always about one cue: an answer to what is not asked any more is not heard.

    looked      Looked | None
    planned     Planned | None, trials included
    solved      (before: Planned, after: Planned): a change of hits was solved around, and is no trial
    busy        whether an answer is awaited
    failed      Problem
    """

    looked_changed = pyqtSignal(object)
    planned_changed = pyqtSignal(object)
    solved = pyqtSignal(object, object)
    busy_changed = pyqtSignal(bool)
    failed = pyqtSignal(object)

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._seen: OrderedDict[tuple[int, int, int], Looked] = OrderedDict()
        self._asked: Asked | None = None
        self._looking: Task | None = None
        self._planning: tuple[Task, Asked, Kind] | None = None
        # The newest trial that waits for the one that is under way.
        self._next_trial: Asked | None = None
        self.looked: Looked | None = None
        # As it was last answered, and what it is of; and the last that was no trial.
        self.planned: Planned | None = None
        self._planned_of: Asked | None = None
        self._kept: tuple[Planned, Asked] | None = None

    @property
    def busy(self) -> bool:
        return self._looking is not None or self._planning is not None

    def looked_of(self, reading: int, cue: Cue) -> Looked | None:
        """What is known already of a cue of that reading."""
        return self._seen.get((reading, cue.in_frame, cue.out_frame_exclusive))

    def want(self, asked: Asked | None) -> None:
        """Have `looked` and `planned` follow this from now on."""
        before = self._asked
        if asked is not None and before is not None and asked.key == before.key:
            self._asked = asked
            return
        self._asked, self._next_trial = asked, None
        if asked is None:
            self._forget()
            self._set_looked(None)
            self._set_planned(None, None)
            self._kept = None
            self._tell_busy()
            return
        if before is None or before.bounds != asked.bounds:
            self._forget()
            self._set_planned(None, None)
            self._kept = None
            self._set_looked(self._seen.get(asked.bounds))
            if self.looked is None:
                self._look(asked)
        if self.looked is not None:
            self._follow(asked)
        self._tell_busy()

    def again(self) -> None:
        """Ask once more for what failed."""
        asked, self._asked = self._asked, None
        self.want(asked)

    def try_hits(self, wishes: Wishes) -> None:
        """Solve around other hits without keeping them; `want` or `leave_trial` ends it."""
        if self._asked is None or self._kept is None:
            return
        trial = replace(self._asked, cue=with_wishes(self._asked.cue, wishes), wishes=wishes)
        if self._planning is not None and self._planning[2] == "trial":
            self._next_trial = trial
        else:
            self._plan(trial, "trial")

    def leave_trial(self) -> None:
        """Back to the plan before the trial."""
        self._next_trial = None
        if self._planning is not None and self._planning[2] == "trial":
            self._forget_plan()
        if self._kept is not None:
            self._set_planned(*self._kept)
        self._tell_busy()

    def _follow(self, asked: Asked) -> None:
        kept = self._kept
        if kept is None or kept[1].frame != asked.frame:
            self._plan(asked, "full")
        elif self.planned is not None and self._planned_of is not None and self._planned_of.key == asked.key:
            # The last trial, or the plan that is there, is the answer already.
            self._keep(self.planned, asked, "around")
        elif self._planning is not None and self._planning[1].key == asked.key:
            # Or will be, as soon as it comes.
            self._planning = (self._planning[0], asked, "around")
        else:
            self._plan(asked, "around")

    def _keep(self, planned: Planned, asked: Asked, kind: Kind) -> None:
        before = self._kept
        self._kept = (planned, asked)
        if kind == "around" and before is not None and before[1].key != asked.key:
            # What is heard comes before the whole search, which gives the same hits.
            self.solved.emit(before[0], planned)
        if not planned.full:
            self._plan(asked, "full")

    def _look(self, asked: Asked) -> None:
        plain = with_wishes(asked.cue, NO_WISHES)
        task = self._looking = self._studio.look(plain)

        def done(looked: Looked) -> None:
            self._seen[asked.bounds] = looked
            while len(self._seen) > _MOST_LOOKED:
                self._seen.popitem(last=False)
            if self._looking is not task:
                return
            self._looking = None
            self._set_looked(looked)
            if self._asked is not None:
                self._follow(self._asked)
            self._tell_busy()

        task.done.connect(done)
        task.failed.connect(lambda problem: self._look_ended(task, problem))
        task.cancelled.connect(lambda: self._look_ended(task, None))

    def _look_ended(self, task: Task, problem: Problem | None) -> None:
        if self._looking is task:
            self._looking = None
            self._tell_busy()
            if problem is not None:
                self.failed.emit(problem)

    def _plan(self, asked: Asked, kind: Kind) -> None:
        self._forget_plan()
        looked, kept = self.looked, self._kept
        assert looked is not None
        before = kept[0] if kept is not None and kind != "full" else None
        task = self._studio.plan(asked.cue, looked, asked.controls, asked.seed, before)
        self._planning = (task, asked, kind)
        task.done.connect(lambda planned: self._plan_done(task, planned))
        task.failed.connect(lambda problem: self._plan_ended(task, problem))
        task.cancelled.connect(lambda: self._plan_ended(task, None))
        self._tell_busy()

    def _plan_done(self, task: Task, planned: Planned) -> None:
        if self._planning is None or self._planning[0] is not task:
            return
        _, asked, kind = self._planning
        self._planning = None
        self._set_planned(planned, asked)
        if kind == "trial":
            trial, self._next_trial = self._next_trial, None
            if trial is not None:
                self._plan(trial, "trial")
        else:
            # A local search that had to search the whole says so, and is not asked twice.
            self._keep(planned, asked, kind)
        self._tell_busy()

    def _plan_ended(self, task: Task, problem: Problem | None) -> None:
        if self._planning is not None and self._planning[0] is task:
            self._planning = None
            self._tell_busy()
            if problem is not None:
                self.failed.emit(problem)

    def _forget(self) -> None:
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
        self._forget_plan()

    def _forget_plan(self) -> None:
        planning, self._planning = self._planning, None
        if planning is not None:
            planning[0].cancel()

    def _set_looked(self, looked: Looked | None) -> None:
        if looked is not self.looked:
            self.looked = looked
            self.looked_changed.emit(looked)

    def _set_planned(self, planned: Planned | None, asked: Asked | None) -> None:
        self._planned_of = asked
        if planned is not self.planned:
            self.planned = planned
            self.planned_changed.emit(planned)

    def _tell_busy(self) -> None:
        self.busy_changed.emit(self.busy)
