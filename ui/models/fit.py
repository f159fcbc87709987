"""Where picture and music disagree."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from ...engine.errors import Problem
from ...engine.types import Cue
from ..observable import Property
from ..ports import Doubt, Looked
from ..session import TakeEntry
from ..task import Task
from ..text import tr
from .cues import CuesModel
from .desk import Desk
from .spot import SpotModel
from .takes import TEMP, TakesModel
from .transport import TransportModel


class FitModel(QObject):
    """Of the heard take; `busy` while they are being found."""

    doubts_changed = pyqtSignal(object)
    busy_changed = pyqtSignal(object)

    # Worst first.
    doubts: Property[tuple[Doubt, ...]] = Property(())
    busy: Property[bool] = Property(False)

    def __init__(
        self, desk: Desk, cues: CuesModel, spot: SpotModel, takes: TakesModel, transport: TransportModel
    ) -> None:
        super().__init__(desk)
        self._desk = desk
        self._cues = cues
        self._spot = spot
        self._takes = takes
        self._transport = transport
        self._task: Task | None = None
        # What the doubts are of, and those found before, by the same.
        self._of: tuple[str, str] | None = None
        self._found: dict[tuple[str, str], tuple[Doubt, ...]] = {}
        takes.heard_changed.connect(self._refresh)
        takes.takes_changed.connect(self._refresh)
        spot.looked_changed.connect(self._refresh)

    def go(self, index: int) -> None:
        """Seek to doubt `index`."""
        if 0 <= index < len(self.doubts):
            self._transport.seek(self.doubts[index].in_frame)

    def _refresh(self) -> None:
        if self._takes.heard == TEMP:
            # The temp track is somebody else's: the take's doubts stay.
            return
        take, cue, looked = self._takes.take(self._takes.heard), self._cues.engine_cue, self._spot.looked
        if take is None or cue is None or looked is None:
            self._leave(None)
            return
        of = (take.folder, looked.sha256)
        if of == self._of:
            return
        self._leave(of)
        if of in self._found:
            self.doubts = self._found[of]
        else:
            self._ask(of, cue, looked, take)

    def _ask(self, of: tuple[str, str], cue: Cue, looked: Looked, take: TakeEntry) -> None:
        task = self._task = self._desk.studio.doubts(cue, looked, take)
        self.busy = True

        def ended(doubts: tuple[Doubt, ...] | None, problem: Problem | None) -> None:
            if doubts is not None:
                self._found[of] = doubts
            if self._task is not task:
                return
            self._task = None
            self.busy = False
            self.doubts = doubts or ()
            if problem is not None:
                again = tr("notice.try_again")
                self._desk.notify("doubts", problem.text, again, lambda: self._ask(of, cue, looked, take))
            else:
                self._desk.unsay("doubts")

        task.done.connect(lambda doubts: ended(doubts, None))
        task.failed.connect(lambda problem: ended(None, problem))
        task.cancelled.connect(lambda: ended(None, None))

    def _leave(self, of: tuple[str, str] | None) -> None:
        self._of = of
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        self.busy = False
        self.doubts = ()
