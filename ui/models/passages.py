"""Sound that is heard before there is a take of it: the bars that were just changed, eight seconds of other
controls, the first seconds of a take that is being made. One at a time.
"""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from ...engine.errors import Problem
from ...engine.types import Cue
from ..observable import Property
from ..ports import Order, Planned
from ..session import CueState
from ..task import Task
from ..text import tr
from .cues import CuesModel
from .desk import Desk
from .rows import changed_stretch, stretch_around
from .spot import SpotModel, seed_of

_AUDITION_S = 8


class Passages(QObject):
    """`hear_changes`: a change of hits is played at once, also while nothing plays. `path` is what lies over
    the take now, "" for nothing."""

    hear_changes_changed = pyqtSignal(object)
    path_changed = pyqtSignal(object)
    busy_changed = pyqtSignal(object)

    hear_changes: Property[bool] = Property(False)
    path: Property[str] = Property("")
    # Something is being made to be heard.
    busy: Property[bool] = Property(False)

    def __init__(self, desk: Desk, cues: CuesModel, spot: SpotModel) -> None:
        super().__init__(desk)
        self._desk = desk
        self._cues = cues
        self._spot = spot
        self._task: Task | None = None
        # Whether what is heard, or made to be heard, is of a change of hits.
        self._of_change = False
        self._bounds: tuple[int, int] | None = None
        cues.engine_cue_changed.connect(self._outdate)
        spot.changed_at.connect(self._changed)

    def play_file(self, path: str, in_frame: int) -> None:
        """Hear a file over the take, from `in_frame` on; in place of what is being made."""
        self._drop()
        self._play_file(path, in_frame)

    def _play_file(self, path: str, in_frame: int) -> None:
        self.path = path
        self._desk.player.set_passage(path, in_frame)

    def clear(self) -> None:
        self._drop()
        if self.path:
            self._play_file("", 0)

    def _drop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        self.busy = self._of_change = False

    def _outdate(self, cue: Cue | None) -> None:
        """Where wishes are others, bars that were changed before are not those any more; another cue is other
        music."""
        bounds = (cue.in_frame, cue.out_frame_exclusive) if cue is not None else None
        if self._of_change or bounds != self._bounds:
            self.clear()
        self._bounds = bounds

    def audition(self) -> None:
        """Eight seconds of sketch with the cue's controls and wishes from the playhead, and play them."""
        cue, timeline = self._desk.cue, self._desk.timeline
        if cue is None or timeline is None:
            return
        frames = timeline.rate.nominal * _AUDITION_S
        latest = max(cue.in_frame, cue.out_frame_exclusive - frames)
        begin = min(max(cue.in_frame, round(self._desk.player.position)), latest)
        self._ask(cue, begin, min(begin + frames, cue.out_frame_exclusive), play=True)

    def _changed(self, frame: int, before: Planned, after: Planned) -> None:
        cue, engine_cue = self._desk.cue, self._cues.engine_cue
        if cue is None or engine_cue is None:
            return
        heard = next((take for take in cue.takes if take.id == cue.heard), None)
        follows = heard is not None and heard.generator == "sketch" and self._desk.player.playing
        wanted = self.hear_changes and (heard is None or heard.generator == "sketch")
        if follows or wanted:
            changed = changed_stretch(before.plan, after.plan)
            stretch = stretch_around(after.plan, engine_cue, changed, frame)
            self._ask(cue, *stretch, play=not self._desk.player.playing)
            self._of_change = True

    def _ask(self, cue: CueState, in_frame: int, out_frame: int, *, play: bool) -> None:
        looked, engine_cue = self._spot.looked, self._cues.engine_cue
        if looked is None or engine_cue is None:
            return
        self._drop()
        session = self._desk.session
        spotting = session.cues if session is not None else ()
        order = Order(
            cue=engine_cue,
            looked=looked,
            controls=cue.controls,
            seed=seed_of(cue),
            spotting=tuple((one.name, one.in_frame, one.out_frame_exclusive) for one in spotting),
            take_id="",
            name="",
            made=self._desk.clock(),
        )
        task = self._task = self._desk.studio.sketch_passage(order, in_frame, out_frame)
        self.busy = True
        task.done.connect(lambda path: self._made(task, path, in_frame, play))
        task.failed.connect(lambda problem: self._ended(task, problem))
        task.cancelled.connect(lambda: self._ended(task, None))

    def _made(self, task: Task, path: str, in_frame: int, play: bool) -> None:
        if self._task is not task:
            return
        self._ended(task, None)
        self._desk.unsay("passage")
        self._play_file(path, in_frame)
        if play:
            self._desk.player.seek(in_frame)
            self._desk.player.play()

    def _ended(self, task: Task, problem: Problem | None) -> None:
        if self._task is task:
            self._task = None
            self.busy = False
            if problem is not None:
                self._desk.notify("passage", tr("notice.passage.says", why=problem.text))
