"""Sections of the music: draw how intense it is, say bigger or smaller here, have one written anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PyQt6.QtCore import QPoint, QRectF, Qt
from PyQt6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter
from PyQt6.QtWidgets import QWidget

from ...engine.wishes import SpanKind
from .. import theme
from ..models.panel import PanelModel
from ..models.sections import SectionRow
from ..text import tr
from . import section_paint as paint
from .axis import HEADER_PX, Axis
from .lane import DELETE, Item, Lane, ring
from .lane_menu import LaneMenu, below, by_mouse
from .stroke import Point, Stroke, bridged

_CURVE_PX = 40
# A key moves the intensity of a section by so much.
_STEP = 0.1
KINDS: tuple[SpanKind, ...] = ("bigger", "smaller", "less_busy", "busier", "no_melody", "stop")


class SectionLane(Lane):
    """Three rows: the sections' names, the intensity to draw in, the wishes as chips. Items are the sections,
    ("section", index), then the wishes, ("wish", index)."""

    def __init__(self, panel: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(panel, tr("sections.title"), tr("sections.tip"), parent)
        self._stroke: Stroke | None = None
        # The curve as it was when drawing began.
        self._shown: tuple[Point, ...] = ()
        sections = panel.sections
        sections.sections_changed.connect(self.items_changed)
        sections.spans_changed.connect(self.items_changed)
        sections.intensity_changed.connect(self.refresh)

    def _head(self) -> int:
        return round(self.small_metrics().height()) + 4

    def wanted_height(self) -> int:
        return 2 * self._head() + _CURVE_PX + 4

    def curve_box(self) -> QRectF:
        """The room of the intensity, from 1 (its top) to 0; as wide as the lane."""
        return QRectF(0, self._head() + 2, self.width(), _CURVE_PX - 4)

    def chips(self) -> tuple[paint.Chip, ...]:
        top, height = self._head() + _CURVE_PX + 1, self._head()
        return paint.chips(self.panel.sections.spans, self.axis(), top, height, self.small_metrics())

    def section_at(self, frame: float) -> int | None:
        """Index of the section at a record frame."""
        rows = self.panel.sections.sections
        return next(
            (n for n, row in enumerate(rows) if row.in_frame <= frame < row.out_frame_exclusive), None
        )

    def list_items(self) -> tuple[Item, ...]:
        sections = self.panel.sections
        return (
            *(
                Item(("section", at), row.in_frame, row.out_frame_exclusive)
                for at, row in enumerate(sections.sections)
            ),
            *(
                Item(("wish", at), span.in_frame, span.out_frame_exclusive)
                for at, span in enumerate(sections.spans)
            ),
        )

    def words(self, item: Item) -> str:
        assert isinstance(item.key, tuple)
        start = self.panel.transport.timecode_of(item.in_frame)
        if item.key[0] == "wish":
            wish = paint.chip_text(self.panel.sections.spans[item.key[1]])
            return tr("sections.wish.says", wish=wish, start=start)
        row = self.panel.sections.sections[item.key[1]]
        energy = f"{row.energy * 100:.0f}"
        return tr("sections.section.says", label=row.label, start=start, energy=energy)

    # --- Painting

    def paint_layer(self, painter: QPainter, axis: Axis, colours: theme.Palette) -> None:
        metrics = self.small_metrics()
        height = self.height() - 1
        for row in self.panel.sections.sections:
            if axis.sees(row.in_frame, row.out_frame_exclusive):
                left = max(axis.x(row.in_frame), axis.left - 1.0)
                rect = QRectF(left, 0, axis.x(row.out_frame_exclusive) - left, height)
                paint.paint_section(painter, rect, self._head(), row, metrics, colours)
        cue, points = self.panel.cues.current, self.panel.sections.intensity
        drawn = self._stroke is not None or (cue is not None and bool(cue.wishes.drawn))
        paint.paint_intensity(painter, axis, points, self.curve_box(), colours, drawn=drawn)
        for chip in self.chips():
            paint.paint_chip(painter, chip, metrics, colours)

    def paint_live(self, painter: QPainter, axis: Axis, colours: theme.Palette) -> None:
        item = self.focused() if self.hasFocus() else None
        if item is not None:
            ring(painter, self._ring(axis, item), colours)

    def _ring(self, axis: Axis, item: Item) -> QRectF:
        assert isinstance(item.key, tuple)
        if item.key[0] == "wish":
            return next((chip.box for chip in self.chips() if chip.index == item.key[1]), QRectF())
        left, right = max(axis.left, axis.x(item.in_frame)), min(axis.right, axis.x(item.out_frame_exclusive))
        return QRectF(left, 0, right - left, self._head() + _CURVE_PX)

    def tip_at(self, at: QPoint) -> str:
        if at.x() < HEADER_PX:
            return super().tip_at(at)
        chip = self._chip_at(at)
        if chip is not None:
            return next(self.words(item) for item in self.items() if item.key == ("wish", chip.index))
        index = self.section_at(self.frame_at(at))
        return "" if index is None else self.words(self.items()[index])

    def _chip_at(self, at: QPoint) -> paint.Chip | None:
        return next((chip for chip in self.chips() if chip.box.contains(at.toPointF())), None)

    # --- Mouse

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton or event.pos().x() < HEADER_PX:
            return
        chip = self._chip_at(event.pos())
        if chip is not None:
            if chip.cross.contains(event.position()):
                self.panel.sections.unwish(chip.index)
            else:
                self.focus_on(("wish", chip.index))
            return
        index = self.section_at(self.frame_at(event.pos()))
        if index is not None:
            self.focus_on(("section", index))
        box = self.curve_box()
        if box.top() - 2 <= event.position().y() <= box.bottom() + 2 and self._may_draw():
            self._shown = self.panel.sections.intensity
            self._stroke = Stroke(*self._point(event))
            self.panel.sections.draw_live(self._whole(self._stroke.points()))

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if self._stroke is not None:
            self._stroke.to(*self._point(event))
            self.panel.sections.draw_live(self._whole(self._stroke.points()))
            return
        box, chip = self.curve_box(), self._chip_at(event.pos())
        inside = event.pos().x() >= HEADER_PX and box.top() <= event.position().y() <= box.bottom()
        if inside and self._may_draw():
            self.setCursor(Qt.CursorShape.CrossCursor)
        else:
            cross = chip is not None and chip.cross.contains(event.position())
            self.setCursor(Qt.CursorShape.PointingHandCursor if cross else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            self.panel.sections.draw(self._whole(stroke.points()))
            self.refresh()

    def _point(self, event: QMouseEvent) -> tuple[int, float]:
        """(record frame inside the cue, 0..1) under the mouse."""
        box, cue = self.curve_box(), self.panel.cues.current
        frame = self.frame_at(event.pos())
        if cue is not None:
            frame = max(cue.in_frame, min(cue.out_frame_exclusive - 1, frame))
        return frame, (box.bottom() - event.position().y()) / box.height()

    def _whole(self, points: Sequence[Point]) -> tuple[Point, ...]:
        """A stroke as it is drawn beside what was drawn before it."""
        cue = self.panel.cues.current
        drawn = [one.frame for one in cue.wishes.drawn] if cue is not None else []
        return bridged(points, drawn, self._shown)

    def _may_draw(self) -> bool:
        cue = self.panel.cues.current
        return cue is not None and not cue.locked and self.panel.sections.can.get("drawn", True)

    # --- Keyboard and menu

    def wish(self, kind: SpanKind) -> bool:
        """For the section that the keyboard is on, else the one under the playhead. False where there is
        none, or where the chosen generator does not follow such a wish."""
        index = self._index()
        if index is None:
            index = self.section_at(self.panel.transport.position)
        if index is None or not self.panel.sections.can.get(kind, True):
            return False
        row = self.panel.sections.sections[index]
        self.panel.sections.wish(kind, row.in_frame, row.out_frame_exclusive)
        return True

    def raise_by(self, step: float) -> None:
        """Draw the focused section's intensity flat, so much above what it is."""
        index = self._index()
        if index is None or not self._may_draw():
            return
        row = self.panel.sections.sections[index]
        value = min(1.0, max(0.0, self._mean(row) + step))
        self._shown = self.panel.sections.intensity
        self.panel.sections.draw(self._whole(((row.in_frame, value), (row.out_frame_exclusive - 1, value))))

    def _mean(self, row: SectionRow) -> float:
        inside = [
            value
            for frame, value in self.panel.sections.intensity
            if row.in_frame <= frame < row.out_frame_exclusive
        ]
        return sum(inside) / len(inside) if inside else row.energy

    def _index(self) -> int | None:
        """Of the section that the keyboard is on."""
        item = self.focused()
        if item is None or not isinstance(item.key, tuple) or item.key[0] != "section":
            return None
        return int(item.key[1])

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        item = self.focused()
        if event is None or item is None:
            super().keyPressEvent(event)
            return
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        on_section = self._index() is not None
        assert isinstance(item.key, tuple)
        if plain and on_section and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.raise_by(_STEP if event.key() == Qt.Key.Key_Up else -_STEP)
        elif plain and event.key() in DELETE and not on_section:
            self.panel.sections.unwish(int(item.key[1]))
        elif self.goes_there(event):
            self.panel.transport.seek(item.in_frame)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        if event is None:
            return
        item = self.focused()
        if by_mouse(event):
            chip = self._chip_at(event.pos())
            key = ("wish", chip.index) if chip is not None else None
            if key is None:
                index = self.section_at(self.frame_at(event.pos()))
                key = ("section", index) if index is not None else None
            self.focus_on(key)
            item = self.focused()
        if item is None or not isinstance(item.key, tuple):
            return
        menu = self.menu(item.key[0], int(item.key[1]))
        menu.popup(event.globalPos() if by_mouse(event) else below(self, self.axis().x(item.in_frame)))

    def menu(self, what: str, index: int) -> LaneMenu:
        """Of a "section" or a "wish"."""
        sections, cue = self.panel.sections, self.panel.cues.current
        free = cue is not None and not cue.locked
        menu = LaneMenu(self)
        if what == "wish":
            menu.put(tr("sections.unwish"), partial(sections.unwish, index), enabled=free)
            return menu

        def put(key: str, can: str, act: Callable[[], object], text: str = "") -> None:
            able = sections.can.get(can, True)
            tip = "" if able else sections.why_not.get(can, "")
            menu.put(text or tr(key), act, enabled=free and able, tip=tip)

        row = sections.sections[index]
        begin, end = row.in_frame, row.out_frame_exclusive
        for kind in KINDS:
            put(f"sections.{kind}", kind, partial(sections.wish, kind, begin, end))
        menu.addSeparator()
        put("sections.redo", "redo", partial(sections.redo_section, index))
        for stem in sections.stems:
            text = tr("sections.redo_stem", stem=stem)
            put("", "redo_stem", partial(sections.wish, "redo", begin, end, stem), text)
        menu.addSeparator()
        menu.put(
            tr("sections.clear_drawn"),
            sections.clear_drawn,
            enabled=free and cue is not None and bool(cue.wishes.drawn),
        )
        return menu
