"""A whole panel, with its window and real engine processes, for tests: `with whole_panel(qtbot) as panel`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
from PyQt6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from hitpoint.plugin.panel.app import close_panel, make_panel
from hitpoint.plugin.panel.programs import Beside
from hitpoint.ui.models.panel import PanelModel
from hitpoint.ui.panel import Panel
from hitpoint.ui.ports import Planned

SUPERVISOR, WORKER = "hitpoint.engine.worker.main", "hitpoint.plugin.jobs"


@dataclass
class Whole:
    window: Panel
    model: PanelModel
    qtbot: QtBot

    def until(self, true: Callable[[], object], what: str, seconds: float = 90.0) -> None:
        """Wait, and say what did not come."""

        def check() -> None:
            told = [row.problem.text for row in self.model.work.rows if row.problem is not None]
            notices = [notice.text for notice in self.model.desk.notices]
            assert true(), f"{what}; problems {told}, notices {notices}, {self.model.problem}"

        self.qtbot.waitUntil(check, timeout=round(seconds * 1000))

    def open(self, source: str) -> None:
        self.model.open(source)
        self.until(lambda: self.model.state == "open", "it opens")

    def planned(self) -> Planned:
        """The whole plan of the current cue, when all is quiet."""
        self.until(
            lambda: (
                self.model.spot.planned is not None
                and self.model.spot.planned.full
                and not self.model.spot.busy
            ),
            "the cue is planned",
        )
        assert self.model.spot.planned is not None
        return self.model.spot.planned

    def takes(self, number: int, seconds: float = 240.0) -> None:
        self.until(lambda: len(self.model.takes.takes) == number, f"{number} takes are there", seconds)


@contextmanager
def whole_panel(qtbot: QtBot, beside: Beside | None = None) -> Iterator[Whole]:
    """`beside` the program that it stands beside; None: files."""
    window, model = make_panel(beside=beside or Beside())
    window.show()
    try:
        yield Whole(window, model, qtbot)
    finally:
        close_panel(window, model)
        window.deleteLater()
        model.deleteLater()


def engines(kind: str) -> list[psutil.Process]:
    """Processes of that kind below this one."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if kind in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


class Gaps(QObject):
    """The longest times in which the event loop did not turn, milliseconds: on the clock, and of the
    interface's own thread's computing (what others held the processor or the interpreter for is not in that).
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock_ms = self.own_ms = 0.0
        self.turns = 0
        self._timer = QTimer(self, interval=2)
        self._timer.timeout.connect(self._turn)
        self._last = self._spent = 0.0

    def __enter__(self) -> Gaps:
        self._last, self._spent = time.perf_counter(), time.thread_time()
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.stop()

    def _turn(self) -> None:
        now, spent = time.perf_counter(), time.thread_time()
        self.clock_ms = max(self.clock_ms, (now - self._last) * 1000)
        self.own_ms = max(self.own_ms, (spent - self._spent) * 1000)
        self._last, self._spent = now, spent
        self.turns += 1

    def told(self, what: str) -> str:
        load = os.getloadavg()[0]
        return (
            f"{what}: longest gap {self.clock_ms:.0f} ms on the clock, {self.own_ms:.0f} ms of own work, "
            f"{self.turns} turns, load {load:.1f}"
        )
