"""A PanelModel on fakes: `kit = make_kit(tmp_path)`, or the fixture `kit` of tests/ui/conftest.py.

kit.open()              opens the made timeline and waits until it is open
kit.settle()            lets the event loop turn until nothing is under way
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import Path

from fakes.fake_host import FakeHost
from fakes.fake_player import FakePlayer
from fakes.fake_store import FakeStore
from fakes.fake_studio import FakeStudio
from fakes.timelines import made_timeline
from PyQt6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop

from hitpoint.ui.models.panel import PanelModel
from hitpoint.ui.ports import Timeline


@dataclass
class Kit:
    """The panel's model and what stands for the rest of the world."""

    model: PanelModel
    studio: FakeStudio
    player: FakePlayer
    host: FakeHost
    store: FakeStore
    timeline: Timeline

    def open_there(self, title: str = "DaVinci Resolve Studio") -> None:
        """The timeline is open in an editor's program, and read from there."""
        self.host.become(title, self.timeline.path)
        self.model.open_there()
        self.settle()
        assert self.model.state == "open"

    def open(self) -> None:
        self.model.open(self.timeline.path)
        self.settle()
        assert self.model.state == "open"

    def settle(self, timeout_ms: int = 5000) -> None:
        """Until no task of studio and host is under way that is not held; AssertionError after the time."""
        deadline = QDeadlineTimer(timeout_ms)
        while True:
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)
            under_way = [*self.studio.under_way, *self.host.under_way]
            if not under_way:
                break
            assert not deadline.hasExpired(), [task.what for task in under_way]
        QCoreApplication.processEvents()


def make_kit(
    folder: Path,
    timeline: Timeline | None = None,
    *,
    store: FakeStore | None = None,
    first_run: bool = False,
) -> Kit:
    """Clock and seeds count up: 2026-01-01T00:00:01Z, and 101, 102 ..."""
    timeline = timeline or made_timeline()
    studio, player, host = FakeStudio(folder, timeline), FakePlayer(), FakeHost()
    store = store or FakeStore(first_run=first_run)
    seconds, seeds = count(1), count(101)
    model = PanelModel(
        studio,
        player,
        host,
        store,
        clock=lambda: f"2026-01-01T00:00:{next(seconds) % 60:02}Z",
        draw_seed=lambda: next(seeds),
    )
    return Kit(model, studio, player, host, store, timeline)
