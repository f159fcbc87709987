"""What all lanes have in common: a header, the axis, a cached layer, and things that Tab goes through."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QToolButton, QToolTip, QWidget

from ...engine.timebase import Rate
from .. import theme
from ..models.panel import PanelModel
from ..text import tr
from .axis import HEADER_PX, Axis

# A step of zooming. One notch of a wheel, in eighths of a degree; it scrolls by so many pixels.
ZOOM = 1.25
NOTCH_PX = 60
_NOTCH = 120
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
DELETE = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_COMMAND = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


@dataclass(frozen=True, slots=True)
class Item:
    """Something in a lane that the keyboard can reach. `key` tells it again after it has changed."""

    key: Hashable
    in_frame: int
    out_frame_exclusive: int


class Lane(QWidget):
    """One row on the shared axis. Its picture is kept as a layer and painted anew only when `refresh` was
    called; `paint_live` draws what changes more often over it."""

    def __init__(self, panel: PanelModel, title: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panel = panel
        self.title = title
        self._layer: QPixmap | None = None
        self._key: Hashable | None = None
        self._items: tuple[Item, ...] | None = None
        self.setAccessibleName(title)
        self.setAccessibleDescription(tip)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        for told in (
            panel.strip.first_frame_changed,
            panel.strip.frames_per_pixel_changed,
            panel.timeline_changed,
        ):
            told.connect(self.refresh)

    # --- For each lane to say

    def wanted_height(self) -> int:
        """Logical pixels."""
        return 24

    def paint_layer(self, painter: QPainter, axis: Axis, colours: theme.Palette) -> None:
        """What is kept; clipped to the time's pixels."""

    def paint_live(self, painter: QPainter, axis: Axis, colours: theme.Palette) -> None:
        """What is drawn with every paint; clipped to what is to be painted of the time's pixels."""

    def list_items(self) -> tuple[Item, ...]:
        """In the order of Tab; asked for again after `items_changed`."""
        return ()

    def words(self, item: Item) -> str:
        """What a screen reader says of an item."""
        raise KeyError(item.key)

    def tip_at(self, at: QPoint) -> str:
        """The tool tip at this place, "" for none."""
        return self.accessibleDescription() if at.x() < HEADER_PX else ""

    # --- The axis and its measures

    def axis(self) -> Axis:
        timeline = self.panel.timeline
        strip = self.panel.strip
        frames = timeline.frames if timeline is not None else 0
        return Axis.over(self.width(), strip.first_frame, strip.frames_per_pixel, frames)

    def frame_at(self, at: QPoint) -> int:
        """The timeline's frame at this place, the nearest where it is outside."""
        timeline = self.panel.timeline
        last = timeline.frames - 1 if timeline is not None else 0
        return max(0, min(last, self.axis().frame_at(at.x())))

    def follow(self, x: float) -> None:
        """Something is dragged to this pixel: beyond an end of the lane the view goes after it."""
        axis = self.axis()
        beyond = min(0.0, x - axis.left) + max(0.0, x - axis.right)
        if beyond:
            self.panel.strip.scroll(beyond * axis.frames_per_pixel)

    def sizeHint(self) -> QSize:
        return QSize(HEADER_PX + 400, self.wanted_height())

    def minimumSizeHint(self) -> QSize:
        return QSize(HEADER_PX + 120, self.wanted_height())

    def small_font(self) -> QFont:
        font = QFont(self.font())
        if font.pointSizeF() > 0:
            font.setPointSizeF(max(6.5, font.pointSizeF() - 1.0))
        else:
            font.setPixelSize(max(9, font.pixelSize() - 1))
        return font

    def small_metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self.small_font())

    # --- Painting

    def refresh(self, *_: object) -> None:
        """The layer is out of date."""
        self._layer = None
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        axis, colours = self.axis(), theme.palette(self)
        ratio = self.devicePixelRatioF()
        if self._layer is None or self._layer.devicePixelRatio() != ratio:
            self._layer = self._painted(axis, colours, ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._layer)
        painter.save()
        time = QRect(HEADER_PX, 0, axis.width, self.height())
        painter.setClipRect(time & event.rect() if event is not None else time)
        self.paint_live(painter, axis, colours)
        painter.restore()
        if self.hasFocus() and self.focused() is None:
            ring(painter, QRectF(0, 0, HEADER_PX, self.height()), colours)

    def _painted(self, axis: Axis, colours: theme.Palette, ratio: float) -> QPixmap:
        layer = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        layer.setDevicePixelRatio(ratio)
        layer.fill(QColor(colours.panel))
        painter = QPainter(layer)
        painter.setFont(self.small_font())
        header = QRectF(0, 0, HEADER_PX, self.height())
        painter.fillRect(header, QColor(colours.background))
        painter.setPen(QColor(colours.dim))
        inside = header.adjusted(8, 2, -6, -2)
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), self.title)
        painter.setClipRect(QRectF(HEADER_PX, 0, axis.width, self.height()))
        self.paint_layer(painter, axis, colours)
        painter.setClipping(False)
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        painter.end()
        return layer

    # --- The axis with the wheel

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Scrolls; with Ctrl zooms at the mouse."""
        if event is None or self.panel.timeline is None:
            return
        turned, axis = event.angleDelta(), self.axis()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.panel.strip.zoom(ZOOM ** (turned.y() / _NOTCH), axis.frame(event.position().x()))
        else:
            notches = (turned.x() or turned.y()) / _NOTCH
            self.panel.strip.scroll(-notches * NOTCH_PX * axis.frames_per_pixel)
        event.accept()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.refresh()

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() in (
            QEvent.Type.PaletteChange,
            QEvent.Type.FontChange,
            QEvent.Type.StyleChange,
        ):
            self.updateGeometry()
            self.refresh()

    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.tip_at(event.pos())
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    # --- Keyboard: Tab goes to the lane, then through its items

    def items(self) -> tuple[Item, ...]:
        if self._items is None:
            self._items = self.list_items()
        return self._items

    def focused(self) -> Item | None:
        """The item that the keyboard is on."""
        if self._key is None:
            return None
        return next((item for item in self.items() if item.key == self._key), None)

    def focus_on(self, key: Hashable | None) -> None:
        """Put the keyboard on an item, None for the lane itself, and bring it into view."""
        self._key = key
        item = self.focused()
        self._say(item)
        if item is not None:
            self._bring(item)
        self.update()

    def items_changed(self, *_: object) -> None:
        """For lanes to call: what is focused may be another, or gone."""
        self._items = None
        self._say(self.focused())
        self.refresh()

    def goes_there(self, event: QKeyEvent) -> bool:
        """Enter on an item; where a range is marked, Enter makes a cue of that instead."""
        return (
            event.key() in ENTER and not event.modifiers() & _COMMAND and self.panel.transport.marked is None
        )

    def focusNextPrevChild(self, forward: bool) -> bool:
        if self.hasFocus():
            keys = [None, *(item.key for item in self.items())]
            at = keys.index(self._key) if self._key in keys else 0
            then = at + 1 if forward else at - 1
            if 0 <= then < len(keys):
                self.focus_on(keys[then])
                return True
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        if event is not None and event.reason() == Qt.FocusReason.BacktabFocusReason and self.items():
            self.focus_on(self.items()[-1].key)
        elif event is not None and event.reason() == Qt.FocusReason.TabFocusReason:
            self.focus_on(None)
        self.update()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        self.update()

    def _say(self, item: Item | None) -> None:
        name = self.title if item is None else self.words(item)
        if name != self.accessibleName():
            self.setAccessibleName(name)

    def _bring(self, item: Item) -> None:
        axis = self.axis()
        if item.in_frame < axis.first_frame or item.in_frame >= axis.end_frame:
            self.panel.strip.scroll(item.in_frame - axis.frame(axis.left + axis.width / 3))


def header_button(key: str, parent: QWidget | None = None) -> QToolButton:
    """A small button in a lane's header, its text and tip from the key."""
    button = QToolButton(parent)
    button.setText(tr(key))
    button.setToolTip(tr(f"{key}.tip"))
    button.setAccessibleName(tr(f"{key}.tip"))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def put_in_header(lane: Lane, button: QToolButton) -> None:
    """At the right of the lane's header."""
    size = button.sizeHint()
    height = min(size.height(), lane.height() - 1)
    button.setGeometry(HEADER_PX - size.width() - 6, (lane.height() - height) // 2, size.width(), height)


def ring(painter: QPainter, rect: QRectF, colours: theme.Palette) -> None:
    """The focus ring, inside `rect`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(colours.accent), 2))
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 3, 3)
    painter.restore()


def faded(colour: str, share: float) -> QColor:
    """A colour let through: `share` 0 is nothing, 1 is all of it."""
    out = QColor(colour)
    out.setAlphaF(share)
    return out


def fps(rate: Rate) -> float:
    return rate.num / rate.den
