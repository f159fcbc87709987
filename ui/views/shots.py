"""The lane of pictures: thumbnails at their true widths, names, cuts. A drag makes a cue, a click seeks."""

from __future__ import annotations

from PyQt6.QtCore import QPoint, Qt, QTimer
from PyQt6.QtGui import QColor, QMouseEvent, QPainter
from PyQt6.QtWidgets import QWidget

from ...engine.types import Cut, Shot
from .. import theme
from ..models.panel import PanelModel
from ..ports import HitRow
from ..text import tr
from . import shot_paint as paint
from .axis import HEADER_PX, Axis
from .cue_lane import DRAG_PX, CueLane
from .flag_paint import paint_lines, told_apart
from .lane import Lane
from .thumbs import ThumbCache

_PICTURE_PX = 52
_CUTS_PX = 12
# Pictures are asked for when the view has rested so long, ms.
_REST_MS = 60
_SHAPE = 16 / 9


class ShotLane(Lane):
    """`cue_lane` shows the range that is dragged here."""

    def __init__(
        self, panel: PanelModel, thumbs: ThumbCache, cue_lane: CueLane, parent: QWidget | None = None
    ) -> None:
        super().__init__(panel, tr("shots.title"), tr("shots.tip"), parent)
        self._thumbs = thumbs
        self._cue_lane = cue_lane
        self._pressed: QPoint | None = None
        self._dragging = False
        self._wanted: tuple[int, ...] = ()
        # The hits that are drawn as lines, for these hits on this axis.
        self._lines: tuple[tuple[tuple[HitRow, ...], Axis], list[HitRow]] | None = None
        self._ask = QTimer(self)
        self._ask.setSingleShot(True)
        self._ask.setInterval(_REST_MS)
        self._ask.timeout.connect(self._asked)
        panel.timeline_changed.connect(self._another)
        panel.strip.thumbs_changed.connect(self.refresh)
        panel.spot.looked_changed.connect(self.refresh)
        panel.spot.hits_changed.connect(self.update)
        thumbs.arrived.connect(self.refresh)

    def wanted_height(self) -> int:
        return _PICTURE_PX + _CUTS_PX

    def cuts(self) -> tuple[Cut, ...]:
        looked = self.panel.spot.looked
        return looked.picture.cuts if looked is not None else ()

    def shot_at(self, frame: int) -> Shot | None:
        timeline = self.panel.timeline
        if timeline is None:
            return None
        return next((s for s in timeline.shots if s.in_frame <= frame < s.out_frame_exclusive), None)

    def paint_layer(self, painter: QPainter, axis: Axis, colours: theme.Palette) -> None:
        timeline = self.panel.timeline
        if timeline is None:
            return
        seen = paint.seen_shots(timeline.shots, axis)
        paint.paint_blocks(painter, axis, seen, 0, _PICTURE_PX, colours)
        metrics = self.small_metrics()
        wanted: list[int] = []
        wide = paint.PICTURE_PX * axis.frames_per_pixel
        for shot in seen:
            if shot.out_frame_exclusive - shot.in_frame < wide:
                continue
            rect = paint.shot_rect(axis, shot, 0, _PICTURE_PX)
            paint.paint_frame(painter, rect, shot, colours)
            if shot.kind in ("video", "still"):
                wanted += self._paint_pictures(painter, axis, shot)
            paint.paint_dissolve(painter, axis, shot, rect, colours)
            painter.setPen(QColor(colours.panel))
            painter.drawLine(round(rect.left()), 0, round(rect.left()), _PICTURE_PX)
            paint.paint_name(painter, rect, axis, shot, metrics, colours)
        paint.paint_cuts(painter, axis, self.cuts(), _PICTURE_PX + 1, _CUTS_PX - 3, colours)
        if tuple(wanted) != self._wanted:
            self._wanted = tuple(wanted)
            self._ask.start()

    def _paint_pictures(self, painter: QPainter, axis: Axis, shot: Shot) -> list[int]:
        """Paints what is there; returns the frames that are seen."""
        files = self.panel.strip.thumbs
        wanted = [shot.in_frame]
        height = round(_PICTURE_PX * self.devicePixelRatioF())
        rect = paint.shot_rect(axis, shot, 0, _PICTURE_PX)
        shape = self._shape(shot, height)
        width = _PICTURE_PX * shape
        near: str | None = None
        for x, frame in paint.tiles(axis, shot, width):
            wanted.append(frame)
            path = files.get(frame) or near or self._any_of(shot)
            if path is not None:
                near = path
                image = self._thumbs.image(path, height)
                if image is not None:
                    paint.paint_tile(painter, x, rect, width, image)
        return wanted

    def _any_of(self, shot: Shot) -> str | None:
        """A picture of the shot that is there already, until its own comes."""
        return self.panel.strip.thumbs.get(shot.in_frame)

    def _shape(self, shot: Shot, height: int) -> float:
        """Width to height of the shot's pictures, as far as one is there."""
        path = self._any_of(shot)
        image = self._thumbs.image(path, height) if path is not None else None
        return image.width() / image.height() if image is not None else _SHAPE

    def _another(self, _: object) -> None:
        self._thumbs.forget()
        self._wanted = ()

    def _asked(self) -> None:
        self.panel.strip.wanted(self._wanted)

    def paint_live(self, painter: QPainter, axis: Axis, colours: theme.Palette) -> None:
        key = (self.panel.spot.hits, axis)
        if self._lines is None or self._lines[0][0] is not key[0] or self._lines[0][1] != axis:
            self._lines = (key, told_apart(*key))
        clip = painter.clipBoundingRect()
        first, last = axis.frame(clip.left() - 1), axis.frame(clip.right() + 1)
        seen = [row for row in self._lines[1] if first <= row.frame <= last]
        paint_lines(painter, axis, seen, _PICTURE_PX, colours)

    def tip_at(self, at: QPoint) -> str:
        if at.x() < HEADER_PX:
            return super().tip_at(at)
        shot = self.shot_at(self.frame_at(at))
        if shot is None:
            return ""
        name = tr("shots.gap") if shot.kind == "gap" else shot.name
        code = self.panel.transport.timecode_of
        lines = [name, f"{code(shot.in_frame)} – {code(shot.out_frame_exclusive)}"]
        if shot.kind == "offline":
            lines.append(shot.problem or tr("shots.offline"))
        return "\n".join(line for line in lines if line)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton or event.pos().x() < HEADER_PX:
            return
        self._pressed, self._dragging = event.pos(), False

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._pressed is None:
            return
        if not self._dragging and abs(event.pos().x() - self._pressed.x()) > DRAG_PX:
            self._dragging = True
            self._cue_lane.begin_range(self.frame_at(self._pressed))
        if self._dragging:
            self._cue_lane.pull(event.pos().x())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return
        if self._dragging:
            self._dragging = False
            self._cue_lane.let_go()
        else:
            self.panel.transport.seek(self.frame_at(pressed))
