"""Work that goes on elsewhere while the panel stays alive: what is asked of the engine, as an object with
signals. Made by whoever does the work; every signal is heard in the interface's thread.
"""

from __future__ import annotations

from typing import Literal

from PyQt6.QtCore import QObject, pyqtSignal

from ..engine.errors import Problem
from ..engine.progress import Cancel, Step

State = Literal["waiting", "running", "done", "failed", "cancelled"]


class Task(QObject):
    """One piece of work. Ends with exactly one of `done`, `failed`, `cancelled`.

    started     it has left the queue
    progress    Step: stage, done, total, text
    heard       path of a WAV that can be played now, from and to where of the cue it goes, seconds
    done        the result, of the kind that the asked method names
    failed      Problem: `kind` is the error's class name ("InputError", "EngineError" ...) or the engine's
                own kind ("crashed", "quarantined" ...), `text` one sentence; `log_id` is set where it is
                ours
    """

    started = pyqtSignal()
    progress = pyqtSignal(object)
    heard = pyqtSignal(str, float, float)
    done = pyqtSignal(object)
    failed = pyqtSignal(object)
    cancelled = pyqtSignal()

    def __init__(self, what: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # For the list of work: "1m1, take 3".
        self.what = what
        self.state: State = "waiting"
        self.step: Step | None = None
        self.result: object = None
        self.problem: Problem | None = None
        self.log_id = ""
        self._cancel = Cancel()

    @property
    def flag(self) -> Cancel:
        """What the work obeys."""
        return self._cancel

    @property
    def ended(self) -> bool:
        return self.state in ("done", "failed", "cancelled")

    def cancel(self) -> None:
        """Ask it to stop; `cancelled` follows, or `done` where it was quicker."""
        self._cancel.set()

    # For whoever does the work: called in the interface's thread.

    def begin(self) -> None:
        self.state = "running"
        self.started.emit()

    def step_to(self, step: Step) -> None:
        if not self.ended:
            self.step = step
            self.progress.emit(step)

    def finish(self, result: object) -> None:
        if not self.ended:
            self.state, self.result = "done", result
            self.done.emit(result)

    def fail(self, problem: Problem, log_id: str = "") -> None:
        if not self.ended:
            self.state, self.problem, self.log_id = "failed", problem, log_id
            self.failed.emit(problem)

    def give_up(self) -> None:
        if not self.ended:
            self.state = "cancelled"
            self.cancelled.emit()
