"""The cues as ranges above the pictures: choose one, drag its edges, drag a new one."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QPoint, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen
from PyQt6.QtWidgets import QWidget

from .. import theme
from ..edits import is_untouched
from ..models.panel import PanelModel
from ..session import CueState
from ..text import tr
from .axis import HEADER_PX, Axis
from .lane import DELETE, Item, Lane, faded, ring
from .lane_menu import LaneMenu, NameEdit, below, by_mouse

# So near to an edge, in pixels, the edge is meant; so far a press becomes a drag; so far things snap.
EDGE_PX = 6
DRAG_PX = 3
SNAP_PX = 7


@dataclass(frozen=True, slots=True)
class _Grip:
    """What is being dragged: an edge of a cue ("in", "out"), or "new" from `anchor`."""

    what: str
    name: str
    anchor: int
    in_frame: int
    out_frame_exclusive: int


class CueLane(Lane):
    """One bar a cue, named; the current one is filled."""

    def __init__(self, panel: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(panel, tr("cues.title"), tr("cues.tip"), parent)
        self._grip: _Grip | None = None
        panel.cues.cues_changed.connect(self.items_changed)
        panel.cues.current_changed.connect(self.items_changed)

    def wanted_height(self) -> int:
        return round(self.small_metrics().height()) + 6

    def list_items(self) -> tuple[Item, ...]:
        return tuple(Item(cue.name, cue.in_frame, cue.out_frame_exclusive) for cue in self.panel.cues.cues)

    def words(self, item: Item) -> str:
        cue, code = self._cue(str(item.key)), self.panel.transport.timecode_of
        return tr(
            "cues.cue.locked.says" if cue.locked else "cues.cue.says",
            name=cue.name,
            start=code(cue.in_frame),
            end=code(cue.out_frame_exclusive),
        )

    def bar(self, axis: Axis, in_frame: int, out_frame_exclusive: int) -> QRectF:
        left, right = axis.x(in_frame), axis.x(out_frame_exclusive)
        return QRectF(left, 2, max(2.0, right - left), self.height() - 5)

    def paint_live(self, painter: QPainter, axis: Axis, colours: theme.Palette) -> None:
        current = self.panel.cues.current
        painter.setFont(self.small_font())
        for cue in self.panel.cues.cues:
            begin, end = cue.in_frame, cue.out_frame_exclusive
            if self._grip is not None and self._grip.name == cue.name:
                begin, end = self._grip.in_frame, self._grip.out_frame_exclusive
            if axis.sees(begin, end):
                chosen = current is not None and current.name == cue.name
                self._paint_cue(painter, axis, cue, self.bar(axis, begin, end), colours, chosen)
        if self._grip is not None and self._grip.what == "new":
            begin, end = self._grip.in_frame, self._grip.out_frame_exclusive
            colour = colours.ok if self._inside(begin, end) else colours.cue
            painter.setPen(QPen(QColor(colour), 1, Qt.PenStyle.DashLine))
            painter.setBrush(faded(colour, 0.4))
            painter.drawRect(self.bar(axis, begin, end))

    def _paint_cue(
        self,
        painter: QPainter,
        axis: Axis,
        cue: CueState,
        rect: QRectF,
        colours: theme.Palette,
        chosen: bool,
    ) -> None:
        path = QPainterPath()
        path.addRoundedRect(rect, 3, 3)
        painter.fillPath(path, QColor(colours.cue) if chosen else faded(colours.cue, 0.25))
        painter.setPen(QPen(QColor(colours.cue), 1))
        painter.drawPath(path)
        colour = QColor(colours.on_accent if chosen else colours.text)
        painter.setPen(colour)
        inside = rect.adjusted(max(6.0, axis.left + 4 - rect.left()), 0, -4, 0)
        if cue.approved and inside.width() > 14:
            _tick(painter, inside, colour)
            inside.adjust(13, 0, 0, 0)
        if cue.locked and inside.width() > 14:
            _padlock(painter, inside, colour)
            inside.adjust(13, 0, 0, 0)
        if inside.width() > 10:
            text = self.small_metrics().elidedText(cue.name, Qt.TextElideMode.ElideRight, inside.width())
            painter.drawText(inside, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
        item = self.focused() if self.hasFocus() else None
        if item is not None and item.key == cue.name:
            ring(painter, rect.adjusted(-2, -2, 2, 2), colours)

    def tip_at(self, at: QPoint) -> str:
        if at.x() < HEADER_PX:
            return super().tip_at(at)
        frame = self.frame_at(at)
        return next((self.words(i) for i in self.items() if i.in_frame <= frame < i.out_frame_exclusive), "")

    # --- Mouse

    def _at(self, at: QPoint) -> tuple[str, CueState] | None:
        """The cue under the mouse, and whether an edge of it or its "body" is meant; edges first."""
        axis = self.axis()
        for cue in self.panel.cues.cues:
            if abs(axis.x(cue.in_frame) - at.x()) <= EDGE_PX:
                return "in", cue
            if abs(axis.x(cue.out_frame_exclusive) - at.x()) <= EDGE_PX:
                return "out", cue
        frame = axis.frame(at.x())
        for cue in self.panel.cues.cues:
            if cue.in_frame <= frame < cue.out_frame_exclusive:
                return "body", cue
        return None

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton or self.panel.timeline is None:
            return
        if event.pos().x() < HEADER_PX:
            return
        found = self._at(event.pos())
        if found is None:
            frame = self.frame_at(event.pos())
            self.begin_range(frame)
            return
        what, cue = found
        self.panel.cues.select(cue.name)
        self.focus_on(cue.name)
        if what == "body":
            self.begin_range(self.frame_at(event.pos()))
        elif not cue.locked:
            self._grip = _Grip(what, cue.name, 0, cue.in_frame, cue.out_frame_exclusive)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if not event.buttons() & Qt.MouseButton.LeftButton:
            found = self._at(event.pos()) if event.pos().x() >= HEADER_PX else None
            edge = found is not None and found[0] != "body" and not found[1].locked
            self.setCursor(Qt.CursorShape.SizeHorCursor if edge else Qt.CursorShape.ArrowCursor)
            return
        self.pull(event.pos().x(), free=bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        self.let_go()

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        found = self._at(event.pos()) if event is not None else None
        if found is not None:
            self._name(found[1])

    # The pictures' lane drags new cues as well: it calls these three.

    def begin_range(self, frame: int) -> None:
        self._grip = _Grip("new", "", frame, frame, frame)

    def pull(self, x: float, *, free: bool = False) -> None:
        """What is held follows the mouse; `free` does not snap."""
        grip, timeline = self._grip, self.panel.timeline
        if grip is None or timeline is None:
            return
        self.follow(x)
        axis = self.axis()
        reach = 0.0 if free else SNAP_PX * axis.frames_per_pixel
        edge = self.panel.strip.snapped(axis.frame(x), reach)
        edge = max(0, min(timeline.frames, edge))
        begin, end = grip.in_frame, grip.out_frame_exclusive
        if grip.what == "in":
            begin = min(edge, end - 1)
        elif grip.what == "out":
            end = max(edge, begin + 1)
        else:
            begin, end = min(grip.anchor, edge), max(grip.anchor, edge)
        self._grip = _Grip(grip.what, grip.name, grip.anchor, begin, end)
        self.update()

    def let_go(self) -> None:
        grip, self._grip = self._grip, None
        self.update()
        if grip is None:
            return
        begin, end = grip.in_frame, grip.out_frame_exclusive
        if grip.what == "new":
            if (end - begin) / self.axis().frames_per_pixel <= DRAG_PX:
                return
            if self._inside(begin, end):
                self.panel.transport.set_loop((begin, end))
            else:
                self.panel.cues.add(begin, end)
            return
        cue = next((cue for cue in self.panel.cues.cues if cue.name == grip.name), None)
        if cue is not None and (cue.in_frame, cue.out_frame_exclusive) != (begin, end):
            self.panel.cues.move_edges(cue.name, begin, end)

    def _inside(self, begin: int, end: int) -> bool:
        """Whether a range lies in a cue, and so is one to loop; the cue that a fresh session begins with
        leaves room for others."""
        cues, timeline = self.panel.cues.cues, self.panel.timeline
        if timeline is not None and len(cues) == 1 and is_untouched(cues[0]):
            whole = (cues[0].in_frame, cues[0].out_frame_exclusive) == (0, timeline.frames)
            if whole:
                return False
        return any(cue.in_frame <= begin and end <= cue.out_frame_exclusive for cue in cues)

    # --- Keyboard and menu

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        item = self.focused()
        if event is None or item is None:
            super().keyPressEvent(event)
            return
        name = str(item.key)
        cues = self.panel.cues
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if control and step and shift:
            cues.move_edges(name, item.in_frame, item.out_frame_exclusive + step)
        elif control and step:
            cues.move_edges(name, item.in_frame + step, item.out_frame_exclusive)
        elif self.goes_there(event):
            cues.select(name)
        elif event.key() in DELETE:
            cues.remove(name)
        elif event.key() == Qt.Key.Key_F2:
            self._name(self._cue(name))
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        if event is None:
            return
        item = self.focused()
        found = self._at(event.pos()) if by_mouse(event) else None
        cue = found[1] if found is not None else self._cue(str(item.key)) if item is not None else None
        if cue is None or (by_mouse(event) and found is None):
            return
        cues = self.panel.cues
        menu = LaneMenu(self)
        menu.put(tr("cues.choose"), lambda: cues.select(cue.name))
        menu.put(tr("cues.rename"), lambda: self._name(cue), enabled=not cue.locked)
        menu.put(tr("cues.lock"), lambda: cues.lock(cue.name, not cue.locked), checked=cue.locked)
        menu.put(tr("cues.remove"), lambda: cues.remove(cue.name), enabled=not cue.locked)
        menu.popup(event.globalPos() if by_mouse(event) else below(self, self.axis().x(cue.in_frame)))

    def _cue(self, name: str) -> CueState:
        return next(cue for cue in self.panel.cues.cues if cue.name == name)

    def _name(self, cue: CueState) -> None:
        rect = self.bar(self.axis(), cue.in_frame, cue.out_frame_exclusive).toRect()
        rect.setLeft(max(HEADER_PX, rect.left()))
        rect.setWidth(max(90, min(rect.width(), 220)))
        rect.setTop(0)
        rect.setHeight(self.height() - 1)
        NameEdit(self, rect, cue.name, tr("cues.rename"), lambda text: self.panel.cues.rename(cue.name, text))


def _tick(painter: QPainter, inside: QRectF, colour: QColor) -> None:
    """Approved."""
    middle = QPointF(inside.left(), inside.center().y())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 1.6))
    painter.drawPolyline(middle, middle + QPointF(3, 3.5), middle + QPointF(9, -4))
    painter.restore()


def _padlock(painter: QPainter, inside: QRectF, colour: QColor) -> None:
    left, middle = inside.left() + 1, inside.center().y()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(QRectF(left, middle - 1, 8, 6), colour)
    painter.setPen(QPen(colour, 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(QRectF(left + 1.5, middle - 5, 5, 7), 0, 180 * 16)
    painter.restore()
