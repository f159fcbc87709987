"""What the pictures do over time: the curves of a Picture, and where it speaks."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log2
from typing import Literal

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPen, QPolygonF, QResizeEvent
from PyQt6.QtWidgets import QMenu, QToolButton, QWidget

from ...engine.types import Picture
from .. import theme
from ..models.panel import PanelModel
from ..text import tr
from .axis import HEADER_PX, Axis
from .lane import Lane, faded, header_button, put_in_header

CurveName = Literal["motion", "brightness", "warmth", "change"]
NAMES: tuple[CurveName, ...] = ("motion", "brightness", "warmth", "change")
_HEIGHT = 36
_SPEECH_PX = 5


class Levels:
    """A curve and its halves: each level holds one value for two of the one before, their mean, or with
    `peaks` the larger one. Made so far as it is asked for."""

    def __init__(self, values: Sequence[float], *, peaks: bool) -> None:
        self._levels: list[Sequence[float]] = [values]
        self._peaks = peaks

    def at(self, frames_per_value: float) -> tuple[Sequence[float], int]:
        """The finest level with no more than one value for so many frames, and the frames of one value."""
        wanted = ceil(log2(frames_per_value)) if frames_per_value > 1 else 0
        while len(self._levels) <= wanted and len(self._levels[-1]) > 1:
            last = self._levels[-1]
            even, odd = last[: len(last) // 2 * 2 : 2], last[1::2]
            halved = map(max, even, odd) if self._peaks else map(_mean, even, odd)
            self._levels.append((*halved, *last[len(even) * 2 :]))
        level = min(wanted, len(self._levels) - 1)
        return self._levels[level], 2**level


def _mean(one: float, other: float) -> float:
    return (one + other) * 0.5


class CurveLane(Lane):
    """Choosable curves of the current cue, speech below them."""

    def __init__(self, panel: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(panel, tr("curves.title"), tr("curves.tip"), parent)
        self.shown: set[CurveName] = {"motion", "brightness"}
        self._of: Picture | None = None
        self._levels: dict[CurveName, Levels] = {}
        self.choose = header_button("curves.choose", self)
        self.choose.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.choose)
        for name in NAMES:
            action = menu.addAction(tr(f"curves.{name}"))
            assert action is not None
            action.setCheckable(True)
            action.setChecked(name in self.shown)
            action.toggled.connect(lambda on, name=name: self.show_curve(name, on))
        self.choose.setMenu(menu)
        panel.spot.looked_changed.connect(self.refresh)

    def wanted_height(self) -> int:
        return _HEIGHT

    def show_curve(self, name: CurveName, on: bool) -> None:
        self.shown = self.shown | {name} if on else self.shown - {name}
        self.refresh()

    def levels(self, picture: Picture, name: CurveName) -> Levels:
        if self._of is not picture:
            self._of, self._levels = picture, {}
        if name not in self._levels:
            values = {
                "motion": picture.motion,
                "brightness": picture.luminance,
                "warmth": picture.warmth,
                "change": picture.change,
            }[name]
            self._levels[name] = Levels(values, peaks=name == "change")
        return self._levels[name]

    def paint_layer(self, painter: QPainter, axis: Axis, colours: theme.Palette) -> None:
        looked = self.panel.spot.looked
        if looked is None:
            return
        picture = looked.picture
        bottom = self.height() - _SPEECH_PX - 3
        for name in NAMES:
            if name in self.shown:
                colour = {
                    "motion": colours.motion,
                    "brightness": colours.brightness,
                    "warmth": colours.warmth,
                    "change": colours.change,
                }[name]
                values, frames = self.levels(picture, name).at(axis.frames_per_pixel)
                line = points(values, frames, picture.in_frame, axis, 3, bottom)
                _paint_curve(painter, line, bottom, colour, filled=name == "motion")
        for span in picture.speech:
            left, right = axis.x(span.in_frame), axis.x(span.out_frame_exclusive)
            if right >= axis.left and left <= axis.right:
                box = QRectF(left, self.height() - _SPEECH_PX - 2, max(1.0, right - left), _SPEECH_PX)
                painter.fillRect(box, QColor(colours.speech))
        for span in picture.unseen:
            left, right = axis.x(span.in_frame), axis.x(span.out_frame_exclusive)
            painter.fillRect(QRectF(left, 2, right - left, bottom - 2), faded(colours.line, 0.5))
        self._paint_legend(painter, axis, colours, bool(picture.speech))

    def _paint_legend(self, painter: QPainter, axis: Axis, colours: theme.Palette, speech: bool) -> None:
        """Names in their colours at the left, so that no curve has to be guessed."""
        metrics = self.small_metrics()
        x = axis.left + 4.0
        shown = [(tr(f"curves.{name}"), getattr(colours, name)) for name in NAMES if name in self.shown]
        if speech:
            shown.append((tr("curves.speech"), colours.speech))
        for text, colour in shown:
            box = QRectF(x - 2, 2, metrics.horizontalAdvance(text) + 4, metrics.height())
            painter.fillRect(box, faded(colours.panel, 0.75))
            painter.setPen(QColor(colour))
            painter.drawText(QPointF(x, 2 + metrics.ascent()), text)
            x += metrics.horizontalAdvance(text) + 10

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        put_in_header(self, self.choose)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == Qt.MouseButton.LeftButton and event.pos().x() >= HEADER_PX:
            self.panel.transport.seek(self.frame_at(event.pos()))


def points(
    values: Sequence[float], frames: int, in_frame: int, axis: Axis, top: float, bottom: float
) -> list[QPointF]:
    """The visible part of a curve whose values stand for `frames` frames each; 0 is `bottom`, 1 is `top`."""
    first = max(0, floor((axis.first_frame - in_frame) / frames) - 1)
    last = min(len(values), ceil((axis.end_frame - in_frame) / frames) + 2)
    step, left = frames / axis.frames_per_pixel, axis.x(in_frame + frames / 2)
    height = bottom - top
    return [QPointF(left + at * step, bottom - height * values[at]) for at in range(first, last)]


def _paint_curve(painter: QPainter, line: list[QPointF], bottom: float, colour: str, *, filled: bool) -> None:
    if len(line) < 2:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if filled:
        area = [QPointF(line[0].x(), bottom), *line, QPointF(line[-1].x(), bottom)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(colour, 0.22))
        painter.drawPolygon(QPolygonF(area))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(colour), 1))
    painter.drawPolyline(QPolygonF(line))
    painter.restore()
