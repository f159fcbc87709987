"""Time at the top of the strip: timecode to scrub on, and the plan's bars and beats with their tempo."""

from __future__ import annotations

from bisect import bisect_left

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QContextMenuEvent, QMouseEvent, QPainter, QPolygonF, QResizeEvent
from PyQt6.QtWidgets import QWidget

from ...engine.types import Bar, Cue, Plan
from .. import theme
from ..models.panel import PanelModel
from ..observable import show
from ..text import tr
from .axis import HEADER_PX, Axis, timecode_ticks
from .lane import Lane, faded, fps, header_button, put_in_header
from .lane_menu import LaneMenu, below, by_mouse

# Bars and beats that come closer together than this are not drawn.
_BAR_PX = 4.0
_BEAT_PX = 7.0
_SAMPLE_RATE = 48_000


class Ruler(Lane):
    """Timecode. A click or drag moves the playhead."""

    def __init__(self, panel: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(panel, tr("ruler.title"), tr("ruler.tip"), parent)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self._scrubs = False
        self.snap = header_button("strip.snap", self)
        self.snap.setCheckable(True)
        self.snap.clicked.connect(panel.strip.set_snap)
        show(panel.strip, "snap", self.snap.setChecked)
        panel.transport.marked_changed.connect(self.update)
        panel.transport.loop_changed.connect(self.update)

    def wanted_height(self) -> int:
        return max(round(self.small_metrics().height()) + 12, self.snap.sizeHint().height() + 2)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        put_in_header(self, self.snap)

    def paint_layer(self, painter: QPainter, axis: Axis, colours: theme.Palette) -> None:
        timeline = self.panel.timeline
        if timeline is None:
            return
        height = self.height()
        metrics = self.small_metrics()
        width = metrics.horizontalAdvance("00:00:00:00")
        ticks = timecode_ticks(
            axis, timeline.rate, timeline.start_timecode_frame, timeline.drop_frame, round(width),
            timeline.frames,
        )  # fmt: skip
        for tick in ticks:
            x = round(axis.x(tick.frame))
            painter.setPen(QColor(colours.dim if tick.text else colours.line))
            painter.drawLine(x, height - (9 if tick.text else 5), x, height - 2)
            if tick.text:
                painter.setPen(QColor(colours.text))
                painter.drawText(QPointF(x + 4, metrics.ascent() + 3), tick.text)
        end = axis.x(timeline.frames)
        if end < axis.right:
            painter.fillRect(QRectF(end, 0, axis.right - end, height), QColor(colours.background))

    def paint_live(self, painter: QPainter, axis: Axis, colours: theme.Palette) -> None:
        transport = self.panel.transport
        height = self.height()
        if transport.marked is not None:
            left, right = axis.x(transport.marked[0]), axis.x(transport.marked[1])
            painter.fillRect(QRectF(left, 0, right - left, height - 1), faded(colours.accent, 0.22))
            painter.setPen(QColor(colours.accent))
            painter.drawLine(QPointF(left, 0), QPointF(left, height))
            painter.drawLine(QPointF(right, 0), QPointF(right, height))
        if transport.loop is not None:
            left, right = axis.x(transport.loop[0]), axis.x(transport.loop[1])
            painter.fillRect(QRectF(left, height - 4, right - left, 3), QColor(colours.ok))
            painter.setBrush(QColor(colours.ok))
            painter.setPen(Qt.PenStyle.NoPen)
            for x, way in ((left, 1), (right, -1)):
                corner = QPointF(x, height - 1)
                painter.drawPolygon(
                    QPolygonF([corner, corner + QPointF(0, -9), corner + QPointF(7 * way, 0)])
                )

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        self._scrubs = event is not None and event.button() == Qt.MouseButton.LeftButton
        if event is not None and self._scrubs and event.pos().x() >= HEADER_PX:
            self.panel.transport.seek(self.frame_at(event.pos()))

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and self._scrubs:
            self.follow(event.pos().x())
            self.panel.transport.seek(self.frame_at(event.pos()))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        self._scrubs = False

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        if event is None or self.panel.timeline is None:
            return
        transport = self.panel.transport
        if by_mouse(event):
            transport.seek(self.frame_at(event.pos()))
        menu = LaneMenu(self)
        menu.put(tr("ruler.in"), transport.set_in)
        menu.put(tr("ruler.out"), transport.set_out)
        menu.put(tr("ruler.clear"), transport.clear_marked, enabled=transport.marked is not None)
        menu.put(tr("ruler.make_cue"), transport.make_cue, enabled=transport.marked is not None)
        menu.popup(event.globalPos() if by_mouse(event) else below(self, self.axis().x(transport.position)))


class BarLane(Lane):
    """The plan's bars, beats and tempo. A drag over bars loops them."""

    def __init__(self, panel: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(panel, tr("bars.title"), tr("bars.tip"), parent)
        panel.spot.planned_changed.connect(self.refresh)
        panel.cues.engine_cue_changed.connect(self.refresh)
        panel.transport.loop_changed.connect(self.update)
        self._from: int | None = None

    def wanted_height(self) -> int:
        return round(self.small_metrics().height()) + 6

    def music(self) -> tuple[Cue, Plan] | None:
        """What the bars are drawn from."""
        cue, planned = self.panel.cues.engine_cue, self.panel.spot.planned
        return (cue, planned.plan) if cue is not None and planned is not None else None

    def bar_at(self, frame: float) -> int | None:
        """The index of the bar that sounds at a record frame; the nearest inside the cue."""
        music = self.music()
        if music is None or not music[1].bars:
            return None
        cue, plan = music
        sample = (frame + 0.5) * _SAMPLE_RATE / fps(cue.rate) - cue.rate.sample(cue.in_frame)
        at = bisect_left(plan.downbeats, sample + 1) - 1
        return max(0, min(len(plan.bars) - 1, at))

    def paint_layer(self, painter: QPainter, axis: Axis, colours: theme.Palette) -> None:
        music = self.music()
        if music is None:
            return
        cue, plan = music
        first = self.bar_at(max(axis.first_frame, cue.in_frame))
        metrics = self.small_metrics()
        height, free = self.height(), -1e9
        last_bpm = 0.0
        tempos: list[tuple[QRectF, str]] = []
        apart = round(_BAR_PX * axis.frames_per_pixel * _SAMPLE_RATE / fps(cue.rate))
        at = max(0, (first or 0) - 1)
        while at < len(plan.bars):
            bar = plan.bars[at]
            x = axis.x(frame_of(cue, bar.start_sample))
            if x > axis.right:
                break
            # Of bars that lie too close the first is drawn.
            at = max(at + 1, bisect_left(plan.downbeats, bar.start_sample + apart))
            bpm = round(bar.segment.bpm, 1)
            painter.setPen(QColor(colours.dim))
            painter.drawLine(QPointF(round(x), 2), QPointF(round(x), height - 2))
            self._paint_beats(painter, axis, cue, bar, colours)
            if x >= free:
                text = str(bar.index + 1)
                painter.setPen(QColor(colours.text))
                painter.drawText(QPointF(x + 3, metrics.ascent() + 3), text)
                free = x + 3 + metrics.horizontalAdvance(text) + 6
                if bpm != last_bpm:
                    tempo = tr("bars.tempo", bpm=f"{bpm:g}")
                    width = metrics.horizontalAdvance(tempo)
                    tempos.append((QRectF(free, 1, width, height - 3), tempo))
                    free += width + 8
                    last_bpm = bpm
        for box, tempo in tempos:
            painter.fillRect(box.adjusted(-2, 0, 2, 0), QColor(colours.panel))
            painter.setPen(QColor(colours.energy))
            painter.drawText(QPointF(box.left(), metrics.ascent() + 3), tempo)

    def _paint_beats(self, painter: QPainter, axis: Axis, cue: Cue, bar: Bar, colours: theme.Palette) -> None:
        beat_frames = (bar.end_sample_exclusive - bar.start_sample) / bar.beats / _SAMPLE_RATE * fps(cue.rate)
        if beat_frames / axis.frames_per_pixel < _BEAT_PX:
            return
        painter.setPen(QColor(colours.line))
        for beat in range(1, bar.beats):
            x = round(axis.x(frame_of(cue, bar.sample(beat))))
            painter.drawLine(x, self.height() - 6, x, self.height() - 2)

    def paint_live(self, painter: QPainter, axis: Axis, colours: theme.Palette) -> None:
        loop = self.panel.transport.loop
        if loop is not None:
            left, right = axis.x(loop[0]), axis.x(loop[1])
            painter.fillRect(QRectF(left, 0, right - left, self.height() - 1), faded(colours.ok, 0.2))

    def loop_from(self, frame: float) -> None:
        """The loop begins with the bar at `frame`, and keeps its end where it lies later."""
        bar = self.bar_at(frame)
        if bar is not None:
            self.panel.transport.loop_bars(bar, max(bar, self._loop_bars()[1]))

    def loop_to(self, frame: float) -> None:
        """The loop ends with the bar at `frame`, and keeps its start where it lies earlier."""
        bar = self.bar_at(frame)
        if bar is not None:
            first = self._loop_bars()[0]
            self.panel.transport.loop_bars(min(bar, first) if self.panel.transport.loop else 0, bar)

    def _loop_bars(self) -> tuple[int, int]:
        loop = self.panel.transport.loop
        if loop is None:
            return -1, -1
        return self.bar_at(loop[0]) or 0, self.bar_at(loop[1] - 1) or 0

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == Qt.MouseButton.LeftButton and event.pos().x() >= HEADER_PX:
            self._from = self.bar_at(self.frame_at(event.pos()))

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._from is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        to = self.bar_at(self.frame_at(event.pos()))
        if to is not None and (to != self._from or self.panel.transport.loop is not None):
            self.panel.transport.loop_bars(min(self._from, to), max(self._from, to))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        self._from = None

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.pos().x() >= HEADER_PX:
            bar = self.bar_at(self.frame_at(event.pos()))
            if bar is not None:
                self.panel.transport.loop_bars(bar, bar)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        if event is None or self.music() is None:
            return
        transport = self.panel.transport
        frame = self.frame_at(event.pos()) if by_mouse(event) else transport.position
        menu = LaneMenu(self)
        menu.put(tr("bars.loop_from"), lambda: self.loop_from(frame))
        menu.put(tr("bars.loop_to"), lambda: self.loop_to(frame))
        menu.put(tr("bars.no_loop"), lambda: transport.set_loop(None), enabled=transport.loop is not None)
        menu.popup(event.globalPos() if by_mouse(event) else below(self, self.axis().x(frame)))


def frame_of(cue: Cue, sample: int) -> float:
    """The record frame, with its fraction, at which a sample of the cue sounds."""
    return (sample + cue.rate.sample(cue.in_frame)) * fps(cue.rate) / _SAMPLE_RATE
