"""The keys of a transport: playing, shuttling, in and out, loop."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from ...engine.errors import Problem
from ...engine.timebase import format_timecode
from ...engine.types import Cue
from .. import edits
from ..observable import Property
from ..ports import Levels, Timeline
from ..text import tr
from .cues import CuesModel
from .desk import Desk
from .spot import SpotModel

_FASTEST = 8.0
# The playhead is kept when it rests.
_REST_MS = 500
_SILENCE = Levels(None, None, None)


class TransportModel(QObject):
    """Positions are record frames. `marked`: the range between I and O, the end exclusive, None without.

    The player plays the current cue; the playhead may stand anywhere. `parked`: it stands where there is no
    cue, and playing begins with the cue.
    """

    playing_changed = pyqtSignal(object)
    position_changed = pyqtSignal(object)
    speed_changed = pyqtSignal(object)
    loop_changed = pyqtSignal(object)
    marked_changed = pyqtSignal(object)
    device_text_changed = pyqtSignal(object)
    levels_changed = pyqtSignal(object)
    timecode_changed = pyqtSignal(object)
    # Of the film: QImage.
    picture_changed = pyqtSignal(object)

    playing: Property[bool] = Property(False)
    position: Property[float] = Property(0.0)
    speed: Property[float] = Property(1.0)
    loop: Property[tuple[int, int] | None] = Property(None)
    marked: Property[tuple[int, int] | None] = Property(None)
    device_text: Property[str] = Property("")
    levels: Property[Levels] = Property(_SILENCE)
    timecode: Property[str] = Property("")

    def __init__(self, desk: Desk, cues: CuesModel, spot: SpotModel) -> None:
        super().__init__(desk)
        self._desk = desk
        self._cues = cues
        self._spot = spot
        self._parked = False
        self._in: int | None = None
        self._out: int | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._keep_playhead)
        told = desk.player.qobject()
        # A Protocol cannot say that these are signals.
        told.position_changed.connect(self._moved)  # type: ignore[attr-defined]
        told.playing_changed.connect(self._played)  # type: ignore[attr-defined]
        told.levels_changed.connect(lambda levels: setattr(self, "levels", levels))  # type: ignore[attr-defined]
        told.device_changed.connect(self._device)  # type: ignore[attr-defined]
        told.picture_changed.connect(lambda picture: self.picture_changed.emit(picture))  # type: ignore[attr-defined]
        told.failed.connect(self._failed)  # type: ignore[attr-defined]
        desk.history.changed.connect(self._refresh)
        desk.timeline_changed.connect(self._begin)
        self._entered: tuple[str, int, int] | None = None
        cues.engine_cue_changed.connect(self._enter)
        self._device(desk.player.device)

    # --- Playing

    def toggle(self) -> None:
        """Space"""
        if self.playing:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        if self._desk.timeline is not None:
            self._unpark()
            self.speed = 1.0
            self._desk.player.play()

    def pause(self) -> None:
        self._desk.player.pause()
        self.speed = 1.0

    def shuttle(self, direction: int) -> None:
        """J (-1) and L (1): each further press doubles the speed, up to 8; the other way begins anew."""
        if self._desk.timeline is None:
            return
        speed = float(direction)
        if self.playing and self.speed * direction > 0:
            speed = direction * min(_FASTEST, 2 * abs(self.speed))
        self._unpark()
        self.speed = speed
        self._desk.player.play(speed)

    def stop(self) -> None:
        """K"""
        self.pause()

    # --- Going somewhere

    def step(self, frames: int) -> None:
        """From the frame that is shown."""
        self.pause()
        self.seek(int(self.position) + frames)

    def seek(self, frame: float) -> None:
        """Into another cue, that cue is then worked on."""
        timeline = self._desk.timeline
        if timeline is None:
            return
        frame = min(max(0.0, float(frame)), float(timeline.frames - 1))
        cue = self._desk.cue
        if cue is not None and not cue.in_frame <= frame < cue.out_frame_exclusive:
            there = [one for one in self._cues.cues if one.in_frame <= frame < one.out_frame_exclusive]
            if there:
                self._parked = False
                self._cues.select(there[0].name)
            else:
                self._desk.player.pause()
                self._parked = True
                self._show(frame)
                return
        self._parked = False
        self._desk.player.seek(frame)
        self._show(frame)

    def restore(self, frame: int) -> None:
        """Stand where an earlier sitting left off, without going to another cue."""
        cue = self._desk.cue
        if cue is None or cue.in_frame <= frame < cue.out_frame_exclusive:
            self.seek(frame)
        else:
            self._parked = True
            self._show(float(frame))

    def home(self) -> None:
        """To the cue's first frame; from there to the timeline's."""
        cue = self._desk.cue
        begin = cue.in_frame if cue is not None else 0
        self.seek(begin if self.position > begin else 0)

    def end(self) -> None:
        """To the cue's last frame; from there to the timeline's."""
        timeline, cue = self._desk.timeline, self._desk.cue
        if timeline is not None:
            last = cue.out_frame_exclusive - 1 if cue is not None else timeline.frames - 1
            self.seek(last if self.position < last else timeline.frames - 1)

    def next_hit(self) -> None:
        self._to_hit([row.frame for row in self._spot.hits if row.frame > int(self.position)][:1])

    def previous_hit(self) -> None:
        self._to_hit([row.frame for row in self._spot.hits if row.frame < int(self.position)][-1:])

    def _to_hit(self, frames: list[int]) -> None:
        if frames:
            self.seek(frames[0])

    # --- In and out, loop

    def set_in(self) -> None:
        """I: the range begins with the frame that is shown."""
        self._in = int(self.position)
        if self._out is not None and self._out <= self._in:
            self._out = None
        self._mark()

    def set_out(self) -> None:
        """O: the range ends with the frame that is shown, that frame included."""
        self._out = int(self.position) + 1
        if self._in is not None and self._in >= self._out:
            self._in = None
        self._mark()

    def clear_marked(self) -> None:
        self._in = self._out = None
        self._mark()

    def make_cue(self) -> None:
        """Enter: a cue of the marked range."""
        if self.marked is not None:
            before = self._desk.session
            self._cues.add(*self.marked)
            if self._desk.session is not before:
                self.clear_marked()

    def _mark(self) -> None:
        """One end alone reaches to the other end of the timeline."""
        timeline = self._desk.timeline
        if timeline is None or (self._in is None and self._out is None):
            self.marked = None
        else:
            end = timeline.frames if self._out is None else self._out
            self.marked = (self._in or 0, end)

    def set_loop(self, loop: tuple[int, int] | None) -> None:
        """Record frames, the end exclusive; None, or an empty range, for no loop."""
        session = self._desk.session
        if session is not None:
            if loop is not None and loop[1] <= loop[0]:
                loop = None
            self._desk.history.amend(edits.set_view(session, loop=loop))

    def loop_bars(self, first: int, last: int) -> None:
        """Bars of the plan, both included, in either order."""
        cue, planned = self._cues.engine_cue, self._spot.planned
        if cue is None or planned is None:
            return
        bars = planned.plan.bars
        first, last = sorted((max(0, first), max(0, last)))
        first, last = min(first, len(bars) - 1), min(last, len(bars) - 1)
        begin = cue.rate.sample(cue.in_frame)
        self.set_loop(
            (
                cue.rate.frame_of_sample(begin + bars[first].start_sample),
                cue.rate.frame_of_sample(begin + bars[last].end_sample_exclusive),
            )
        )

    # --- Timecode

    def timecode_of(self, frame: float) -> str:
        """Of any record frame, as the timeline counts; "" without a timeline."""
        timeline = self._desk.timeline
        if timeline is None:
            return ""
        start = timeline.start_timecode_frame
        return format_timecode(start + int(frame), timeline.rate, drop=timeline.drop_frame)

    # ---

    def _unpark(self) -> None:
        cue = self._desk.cue
        if self._parked and cue is not None:
            self._parked = False
            self._desk.player.seek(cue.in_frame)

    def _enter(self, cue: Cue | None) -> None:
        """The player has another stretch: the playhead goes there, unless it is there. Where only the cue's
        edges moved, one that stands elsewhere stays."""
        state, before = self._desk.cue, self._entered
        entered = (state.id, cue.in_frame, cue.out_frame_exclusive) if cue and state else None
        if entered == before:
            return
        self._entered = entered
        if cue is not None and state is not None:
            if before is None or before[0] != state.id:
                self._parked = False
            if not self._parked:
                inside = cue.in_frame <= self.position < cue.out_frame_exclusive
                frame = self.position if inside else float(cue.in_frame)
                self._desk.player.seek(frame)
                self._show(frame)

    def _moved(self, frame: float) -> None:
        if not self._parked:
            self._show(frame)

    def _show(self, frame: float) -> None:
        self.position = frame
        self.timecode = self.timecode_of(frame)
        if not self.playing:
            self._rest.start()

    def _played(self, playing: bool) -> None:
        self.playing = playing
        if playing:
            self._desk.unsay("player")
            self._rest.stop()
        else:
            self.speed = 1.0
            self._rest.start()

    def _device(self, name: str) -> None:
        self.device_text = name
        if name:
            self._desk.unsay("device")
        else:
            self._desk.notify("device", tr("notice.no_device.says"))

    def _failed(self, problem: Problem) -> None:
        self._desk.notify("player", problem.text)

    def _keep_playhead(self) -> None:
        session = self._desk.session
        if session is not None:
            self._desk.history.amend(edits.set_view(session, playhead_frame=int(self.position)))

    def keep(self) -> None:
        """Before the panel is closed: nothing waits for the playhead to rest."""
        self._rest.stop()
        self._keep_playhead()

    def _begin(self, timeline: Timeline | None) -> None:
        self._parked = False
        self.clear_marked()
        self.levels = _SILENCE
        if timeline is None:
            self._rest.stop()
            self.position, self.timecode = 0.0, ""

    def _refresh(self) -> None:
        session = self._desk.session
        loop = session.view.loop if session is not None else None
        if loop != self.loop:
            self._desk.player.set_loop(loop)
        self.loop = loop
