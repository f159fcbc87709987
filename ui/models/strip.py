"""The horizontal axis that all lanes share, and the thumbnails on it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from ...engine.progress import Step
from .. import edits
from ..observable import Property
from ..ports import Planned, Timeline
from ..session import Session
from ..task import Task
from .cues import CuesModel
from .desk import Desk
from .spot import SpotModel
from .transport import TransportModel

# Pixels of a thumbnail: as high as the lane is on a screen of two pixels a point.
_THUMB_HEIGHT = 96
# Thumbnails that were wanted within this are asked for at once; of so many at most, so that what is scrolled
# into view does not wait for what was scrolled away.
_GATHER_MS = 30
_AT_ONCE = 60
# Nearest view: a frame is 40 pixels wide.
_NEAREST = 1 / 40
_REST_MS = 300
# Beside a cue that fills the view, as a share of it.
_MARGIN = 0.03


class StripModel(QObject):
    """`first_frame` lies at the left edge; `width` pixels are shown, which the view tells with `resize`."""

    thumbs_changed = pyqtSignal(object)
    first_frame_changed = pyqtSignal(object)
    frames_per_pixel_changed = pyqtSignal(object)
    snap_changed = pyqtSignal(object)

    # Record frame -> JPEG file.
    thumbs: Property[dict[int, str]] = Property({})
    first_frame: Property[float] = Property(0.0)
    frames_per_pixel: Property[float] = Property(1.0)
    snap: Property[bool] = Property(True)

    def __init__(self, desk: Desk, cues: CuesModel, spot: SpotModel, transport: TransportModel) -> None:
        super().__init__(desk)
        self._desk = desk
        self._cues = cues
        self._spot = spot
        self._transport = transport
        self.width = 1000
        # Whether the whole timeline is shown, however wide the lanes become.
        self._whole = True
        self._lines: tuple[Planned | None, list[int]] = (None, [])
        self._cuts: list[int] = []
        # Of this timeline: what was seen, what was asked and cannot be seen, what is asked next.
        self._seen: dict[int, str] = {}
        self._asked: set[int] = set()
        self._next: list[int] = []
        self._task: Task | None = None
        self._gather = _single_shot(self, _GATHER_MS, self._ask)
        self._rest = _single_shot(self, _REST_MS, self._keep)
        desk.timeline_changed.connect(self._begin)
        desk.history.changed.connect(self._refresh)

    # --- What is shown

    def resize(self, width: int) -> None:
        """The lanes are `width` pixels wide."""
        self.width = max(1, width)
        if self._whole:
            self.fit_all()
        else:
            self._place(self.first_frame, self.frames_per_pixel)

    def zoom(self, factor: float, at_frame: float) -> None:
        """Above 1 shows more detail; `at_frame` stays where it is."""
        if factor <= 0:
            return
        scale = self._scale(self.frames_per_pixel / factor)
        at_pixel = (at_frame - self.first_frame) / self.frames_per_pixel
        self._whole = scale >= self._widest()
        self._place(at_frame - at_pixel * scale, scale)
        self._rest.start()

    def scroll(self, frames: float) -> None:
        self._place(self.first_frame + frames, self.frames_per_pixel)
        self._rest.start()

    def fit_all(self) -> None:
        self._whole = True
        self._place(0.0, self._widest())
        self._rest.start()

    def fit_cue(self) -> None:
        """The current cue over the whole width, with a little beside it."""
        cue = self._desk.cue
        if cue is None:
            self.fit_all()
            return
        frames = cue.out_frame_exclusive - cue.in_frame
        scale = self._scale(frames * (1 + 2 * _MARGIN) / self.width)
        self._whole = scale >= self._widest()
        self._place(cue.in_frame - (scale * self.width - frames) / 2, scale)
        self._rest.start()

    def set_snap(self, on: bool) -> None:
        session = self._desk.session
        if session is not None:
            self._desk.history.amend(edits.set_view(session, snap=on))

    def snapped(self, frame: float, reach: float) -> int:
        """The cut, beat, playhead or cue edge within `reach` frames, else the frame itself, rounded. A cut
        comes before a beat that is as near."""
        timeline = self._desk.timeline
        plain = round(frame)
        if timeline is None or not self.snap:
            return plain
        edges = [edge for cue in self._cues.cues for edge in (cue.in_frame, cue.out_frame_exclusive)]
        marks = sorted(
            [*edges, *(marker.in_frame for marker in timeline.markers), int(self._transport.position)]
        )
        near = [_nearest(lines, frame) for lines in (self._cuts, marks, self._beats()) if lines]
        best = min(near, key=lambda line: abs(line - frame), default=plain)
        return best if abs(best - frame) <= reach else plain

    # --- Thumbnails

    def wanted(self, frames: Iterable[int]) -> None:
        """These pictures are seen now: ask for those that are not there; what was wanted before and is not
        under way is not any more."""
        self._next = [frame for frame in dict.fromkeys(frames) if frame not in self._asked]
        if self._next:
            self._gather.start()

    def _ask(self) -> None:
        timeline = self._desk.timeline
        if timeline is None or not self._next or self._task is not None:
            return
        frames, self._next = tuple(self._next[:_AT_ONCE]), self._next[_AT_ONCE:]
        self._asked.update(frames)
        task = self._task = self._desk.studio.thumbs(timeline, frames, _THUMB_HEIGHT)
        task.progress.connect(lambda step: self._part(task, step))
        task.done.connect(lambda seen: self._all(task, seen))
        # Pictures that cannot be had are no reason to stop anybody: the strip shows the shot's name.
        task.failed.connect(lambda _: self._all(task, {}))
        task.cancelled.connect(lambda: self._all(task, {}))

    def _part(self, task: Task, step: Step) -> None:
        frame, _, path = step.text.partition(" ")
        if task is self._task and frame.isdecimal() and path:
            self._seen[int(frame)] = path
            self._show_seen()

    def _all(self, task: Task, seen: dict[int, str]) -> None:
        if task is self._task:
            self._task = None
            self._seen.update(seen)
            self._show_seen()
            self._ask()

    def _show_seen(self) -> None:
        self.thumbs = dict(self._seen)

    # ---

    def _begin(self, timeline: Timeline | None) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        self._seen, self._asked, self._next = {}, set(), []
        self._show_seen()
        self._cuts = [shot.in_frame for shot in timeline.shots] if timeline is not None else []
        if self._whole:
            self.fit_all()

    def _refresh(self, session: Session | None) -> None:
        if session is None:
            self._whole = True
            return
        view = session.view
        self.snap = view.snap
        if not self._rest.isActive():
            self._whole = view.frames_per_pixel <= 0
            if self._whole:
                self._place(0.0, self._widest())
            else:
                self._place(view.first_frame, view.frames_per_pixel)

    def _keep(self) -> None:
        session = self._desk.session
        if session is not None:
            scale = 0.0 if self._whole else self.frames_per_pixel
            first = 0.0 if self._whole else self.first_frame
            self._desk.history.amend(edits.set_view(session, first_frame=first, frames_per_pixel=scale))

    def keep(self) -> None:
        """Before the panel is closed: nothing waits for the view to rest."""
        if self._rest.isActive():
            self._rest.stop()
            self._keep()

    def _frames(self) -> int:
        return self._desk.timeline.frames if self._desk.timeline is not None else self.width

    def _widest(self) -> float:
        return max(_NEAREST, self._frames() / self.width)

    def _scale(self, frames_per_pixel: float) -> float:
        return min(max(frames_per_pixel, _NEAREST), self._widest())

    def _place(self, first_frame: float, frames_per_pixel: float) -> None:
        """Nothing beyond the ends of the timeline is shown."""
        scale = self._scale(frames_per_pixel)
        last = max(0.0, self._frames() - scale * self.width)
        self.frames_per_pixel = scale
        self.first_frame = min(max(0.0, first_frame), last)

    def _beats(self) -> list[int]:
        planned, cue = self._spot.planned, self._cues.engine_cue
        if planned is None or cue is None:
            return []
        if self._lines[0] is not planned:
            begin = cue.rate.sample(cue.in_frame)
            lines = [cue.rate.frame_of_sample(begin + beat) for beat in planned.plan.beats]
            self._lines = (planned, lines)
        return self._lines[1]


def _nearest(lines: Sequence[int], frame: float) -> int:
    at = bisect_left(lines, frame)
    return min(lines[max(0, at - 1) : at + 1], key=lambda line: abs(line - frame))


def _single_shot(owner: QObject, ms: int, call: object) -> QTimer:
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.setInterval(ms)
    timer.timeout.connect(call)  # type: ignore[arg-type]
    return timer
