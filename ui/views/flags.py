"""The hits as flags: drag one, add one, change its kind, delete it; beside each how far the music is off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PyQt6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPixmap
from PyQt6.QtWidgets import QWidget

from ...engine.types import HitKind
from .. import theme
from ..models.panel import PanelModel
from ..ports import HitRow
from ..text import tr
from .axis import HEADER_PX, Axis
from .cue_lane import DRAG_PX, SNAP_PX
from .flag_paint import STRONG_PX, error_text, head, paint_flag, told_apart
from .lane import DELETE, Item, Lane, ring
from .lane_menu import LaneMenu, NameEdit, below, by_mouse

KINDS: tuple[HitKind, ...] = ("must", "would", "avoid")
# A flag is meant within so many pixels of its line.
_NEAR_PX = 8
_SPRITE_PX = 40
_STRENGTHS = (("flags.strong", 1.0), ("flags.weak", 0.3))


@dataclass(slots=True)
class _Drag:
    """`frame` is where the hit was, `to` where it is held, `off` how many frames beside it the mouse took it;
    it counts once `moved` from `x`."""

    frame: int
    to: int
    off: float
    x: float
    moved: bool = False


class FlagLane(Lane):
    """One flag a hit of the current cue's plan."""

    def __init__(self, panel: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(panel, tr("flags.title"), tr("flags.tip"), parent)
        self._drag: _Drag | None = None
        # (kind, strong, dark, pixel ratio, height) -> its picture, and where text beside it may begin.
        self._sprites: dict[tuple[str, bool, bool, float, int], tuple[QPixmap, float]] = {}
        panel.spot.hits_changed.connect(self.items_changed)

    def wanted_height(self) -> int:
        return round(max(2 * STRONG_PX + 8, self.small_metrics().height() + 6))

    def list_items(self) -> tuple[Item, ...]:
        return tuple(Item(row.frame, row.frame, row.frame + 1) for row in self.panel.spot.hits)

    def words(self, item: Item) -> str:
        row = self.row(item.in_frame)
        return self.says(row) if row is not None else self.title

    def says(self, row: HitRow) -> str:
        """As a screen reader tells it: "must at 00:00:12:05, 0 frames off"."""
        off = f"{abs(round(row.error_frames, 1)):g}"
        frames = tr("flags.one" if off == "1" else "flags.many", off=off)
        return tr(
            "flags.flag.says" if row.met else "flags.unmet.says",
            kind=tr(f"flags.{row.kind}"),
            timecode=self.panel.transport.timecode_of(row.frame),
            frames=frames,
        )

    def row(self, frame: int) -> HitRow | None:
        return next((row for row in self.panel.spot.hits if row.frame == frame), None)

    def flag_at(self, at: QPoint) -> HitRow | None:
        """The flag under the mouse, the nearest where there are several."""
        axis = self.axis()
        if at.x() < HEADER_PX:
            return None
        near = [(abs(axis.x(row.frame) - at.x()), row.frame, row) for row in self.panel.spot.hits]
        best = min(near, key=lambda one: one[:2], default=None)
        return best[2] if best is not None and best[0] <= _NEAR_PX else None

    # --- Painting

    def paint_layer(self, painter: QPainter, axis: Axis, colours: theme.Palette) -> None:
        metrics = self.small_metrics()
        base = (self.height() + metrics.ascent() - metrics.descent()) / 2
        seen = told_apart(self.panel.spot.hits, axis)
        for at, row in enumerate(seen):
            x = axis.x(row.frame)
            begin = x + self._paint_sprite(painter, x, row, colours)
            if x < axis.left:
                continue
            text = error_text(row.error_frames) if row.met else error_text(row.error_frames) + " !"
            width = metrics.horizontalAdvance(text)
            room = axis.x(seen[at + 1].frame) - STRONG_PX if at + 1 < len(seen) else axis.right + width
            if row.kind != "avoid" and begin + width <= room:
                painter.setPen(QColor(colours.bad if row.strong and not row.met else colours.dim))
                painter.drawText(QPointF(begin, base), text)
                begin += width + 6
            self._paint_name(painter, QPointF(begin, base), room, row, colours)

    def _paint_sprite(self, painter: QPainter, x: float, row: HitRow, colours: theme.Palette) -> float:
        """A flag from the few that there are, painted once; returns where text may begin, from `x` on."""
        device = painter.device()
        ratio = device.devicePixelRatioF() if device is not None else 1.0
        key = (row.kind, row.strong, colours.dark, ratio, self.height())
        if key not in self._sprites:
            sprite = QPixmap(round(_SPRITE_PX * ratio), round(self.height() * ratio))
            sprite.setDevicePixelRatio(ratio)
            sprite.fill(Qt.GlobalColor.transparent)
            inner = QPainter(sprite)
            middle = _SPRITE_PX / 2
            end = paint_flag(inner, middle, self.height() / 2 - 1, self.height(), row, colours)
            inner.end()
            self._sprites[key] = (sprite, end - middle)
        sprite, begin = self._sprites[key]
        painter.drawPixmap(QPointF(round(x * ratio) / ratio - _SPRITE_PX / 2, 0), sprite)
        return begin

    def _paint_name(
        self, painter: QPainter, at: QPointF, room: float, row: HitRow, colours: theme.Palette
    ) -> None:
        if row.name and room - at.x() > 40:
            text = self.small_metrics().elidedText(row.name, Qt.TextElideMode.ElideRight, room - at.x() - 4)
            painter.setPen(QColor(colours.text))
            painter.drawText(at, text)

    def paint_live(self, painter: QPainter, axis: Axis, colours: theme.Palette) -> None:
        item = self.focused() if self.hasFocus() else None
        if item is not None:
            box = head(axis.x(item.in_frame), self.height() / 2 - 1, STRONG_PX + 3)
            row = self.row(item.in_frame)
            if row is not None and row.kind == "must":
                box.translate(STRONG_PX - 1, 0)
            ring(painter, box & QRectF(self.rect()), colours)

    def tip_at(self, at: QPoint) -> str:
        row = self.flag_at(at)
        if row is None:
            return super().tip_at(at)
        return f"{row.name}\n{self.says(row)}" if row.name else self.says(row)

    # --- Mouse

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton or event.pos().x() < HEADER_PX:
            return
        row = self.flag_at(event.pos())
        if row is None:
            self.focus_on(None)
            self.panel.transport.seek(self.frame_at(event.pos()))
            return
        self.focus_on(row.frame)
        x = event.position().x()
        self._drag = _Drag(row.frame, row.frame, self.axis().frame(x) - row.frame, x)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        drag = self._drag
        if drag is None:
            over = self.flag_at(event.pos()) is not None
            self.setCursor(Qt.CursorShape.SizeHorCursor if over else Qt.CursorShape.ArrowCursor)
            if event.buttons() & Qt.MouseButton.LeftButton and event.pos().x() >= HEADER_PX:
                self.panel.transport.seek(self.frame_at(event.pos()))
            return
        x = event.position().x()
        if not drag.moved and abs(x - drag.x) <= DRAG_PX:
            return
        drag.moved = True
        self.follow(x)
        free = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        to = self._held(self.axis().frame(x) - drag.off, free)
        if to != drag.to:
            drag.to = to
            self._key = to
            self.panel.spot.drag(drag.frame, to)

    def _held(self, frame: float, free: bool) -> int:
        """Where a flag is that was pulled to `frame`: inside its cue, and snapped unless `free`."""
        reach, cue = SNAP_PX * self.axis().frames_per_pixel, self.panel.cues.current
        to = round(frame) if free else self.panel.strip.snapped(frame, reach)
        if cue is not None:
            to = max(cue.in_frame, min(cue.out_frame_exclusive - 1, to))
        return to

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        drag, self._drag = self._drag, None
        if drag is not None and drag.moved:
            self._key = drag.to
            self.panel.spot.drop(drag.frame, drag.to)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton or event.pos().x() < HEADER_PX:
            return
        row = self.flag_at(event.pos())
        if row is not None:
            self.cycle(row)
        elif self.panel.cues.current is not None:
            self.add(self.frame_at(event.pos()))

    # --- What can be done with a hit

    def add(self, frame: int) -> None:
        """A new one, with the keyboard on it."""
        self.panel.spot.add(frame)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.focus_on(frame)

    def cycle(self, row: HitRow) -> None:
        """To the next kind."""
        self.panel.spot.set_kind(row.frame, KINDS[(KINDS.index(row.kind) + 1) % len(KINDS)])

    def nudge(self, row: HitRow, frames: int) -> None:
        to = row.frame + frames
        cue = self.panel.cues.current
        if cue is not None:
            to = max(cue.in_frame, min(cue.out_frame_exclusive - 1, to))
        if to != row.frame:
            self._key = to
            self.panel.spot.drop(row.frame, to)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        item = self.focused()
        row = self.row(item.in_frame) if item is not None else None
        if event is None or row is None:
            super().keyPressEvent(event)
            return
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if event.key() == Qt.Key.Key_Escape and self._drag is not None:
            drag, self._drag = self._drag, None
            self._key = drag.frame
            self.panel.spot.drop(drag.frame, drag.frame)
        elif control and step:
            self.nudge(row, step * (10 if shift else 1))
        elif event.key() in DELETE:
            self.panel.spot.delete(row.frame)
        elif event.key() == Qt.Key.Key_M and not control:
            self.cycle(row)
        elif event.key() == Qt.Key.Key_F2:
            self._name(row)
        elif self.goes_there(event):
            self.panel.transport.seek(row.frame)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        if event is None:
            return
        item = self.focused()
        if by_mouse(event):
            row = self.flag_at(event.pos())
        else:
            row = self.row(item.in_frame) if item is not None else None
        spot = self.panel.spot
        menu = LaneMenu(self)
        if row is None:
            frame = self.frame_at(event.pos()) if by_mouse(event) else int(self.panel.transport.position)
            menu.put(tr("flags.add"), lambda: self.add(frame), enabled=self.panel.cues.current is not None)
        else:
            frame = row.frame
            for kind in KINDS:
                set_kind = partial(spot.set_kind, frame, kind)
                menu.put(tr(f"flags.{kind}"), set_kind, checked=row.kind == kind)
            menu.addSeparator()
            for key, strength in _STRENGTHS:
                menu.put(
                    tr(key),
                    partial(spot.set_strength, frame, strength),
                    checked=(row.strength >= 0.5) == (strength >= 0.5),
                    enabled=row.kind == "would",
                )
            menu.addSeparator()
            menu.put(tr("flags.rename"), lambda: self._name(row))
            menu.put(tr("flags.delete"), lambda: spot.delete(frame))
        menu.popup(event.globalPos() if by_mouse(event) else below(self, self.axis().x(frame)))

    def _name(self, row: HitRow) -> None:
        x = round(min(self.axis().x(row.frame) + STRONG_PX, self.width() - 150))
        rect = QRect(max(HEADER_PX, x), 0, 150, self.height() - 1)
        NameEdit(
            self, rect, row.name, tr("flags.rename"), lambda text: self.panel.spot.rename(row.frame, text)
        )
