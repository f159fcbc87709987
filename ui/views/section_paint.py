"""How sections, the intensity curve and wishes look."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from ...engine.wishes import SpanWish
from .. import theme
from ..models.sections import SectionRow
from ..text import tr
from .axis import Axis
from .lane import faded

_CROSS_PX = 12.0


@dataclass(frozen=True, slots=True)
class Chip:
    """A wish as it is shown: `index` is its place in the cue's wishes. `cross` takes it away."""

    index: int
    text: str
    box: QRectF
    cross: QRectF


def chip_text(span: SpanWish) -> str:
    text = tr("sections.redo_stem", stem=span.stem) if span.stem else tr(f"sections.{span.kind}")
    return tr("sections.times", text=text, times=span.amount) if span.amount > 1 else text


def chips(
    spans: Sequence[SpanWish], axis: Axis, top: float, height: float, metrics: QFontMetricsF
) -> tuple[Chip, ...]:
    """Those in view, each where its stretch begins, none over another."""
    out: list[Chip] = []
    free = axis.left + 2.0
    order = sorted(range(len(spans)), key=lambda at: (spans[at].in_frame, at))
    for index in order:
        span = spans[index]
        if not axis.sees(span.in_frame, span.out_frame_exclusive):
            continue
        text = chip_text(span)
        width = metrics.horizontalAdvance(text) + 12 + _CROSS_PX
        x = max(free, axis.x(span.in_frame) + 1)
        box = QRectF(x, top, width, height)
        out.append(Chip(index, text, box, QRectF(box.right() - _CROSS_PX - 3, top, _CROSS_PX + 3, height)))
        free = box.right() + 4
    return tuple(out)


def paint_chip(painter: QPainter, chip: Chip, metrics: QFontMetricsF, colours: theme.Palette) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colours.energy), 1))
    painter.setBrush(QColor(colours.field))
    painter.drawRoundedRect(chip.box.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
    painter.setPen(QColor(colours.text))
    base = chip.box.center().y() + (metrics.ascent() - metrics.descent()) / 2
    painter.drawText(QPointF(chip.box.left() + 6, base), chip.text)
    middle = chip.cross.center()
    painter.setPen(QPen(QColor(colours.dim), 1.4))
    painter.drawLine(middle + QPointF(-3, -3), middle + QPointF(3, 3))
    painter.drawLine(middle + QPointF(-3, 3), middle + QPointF(3, -3))
    painter.restore()


def paint_section(
    painter: QPainter,
    rect: QRectF,
    head: float,
    row: SectionRow,
    metrics: QFontMetricsF,
    colours: theme.Palette,
) -> None:
    """The fuller its ground, the more energy it has."""
    painter.fillRect(rect, faded(colours.energy, 0.05 + 0.22 * row.energy))
    painter.setPen(QColor(colours.line))
    painter.drawLine(QPointF(round(rect.left()), rect.top()), QPointF(round(rect.left()), rect.bottom()))
    left = max(rect.left(), 0.0)
    text = metrics.elidedText(
        f"{row.label}  {row.energy * 100:.0f} %", Qt.TextElideMode.ElideRight, rect.right() - left - 8
    )
    painter.setPen(QColor(colours.text))
    painter.drawText(QPointF(left + 5, rect.top() + (head + metrics.ascent() - metrics.descent()) / 2), text)


def paint_intensity(
    painter: QPainter,
    axis: Axis,
    points: Sequence[tuple[int, float]],
    box: QRectF,
    colours: theme.Palette,
    *,
    drawn: bool,
) -> None:
    """`box` is the room from 0 (below) to 1; a drawn curve is a heavier line."""
    if not points:
        return
    line = [
        QPointF(axis.x(frame), box.bottom() - value * box.height()) for frame, value in _seen(points, axis)
    ]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    area = [QPointF(line[0].x(), box.bottom()), *line, QPointF(line[-1].x(), box.bottom())]
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(faded(colours.energy, 0.25))
    painter.drawPolygon(QPolygonF(area))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(colours.energy), 2.2 if drawn else 1.4))
    painter.drawPolyline(QPolygonF(line))
    painter.restore()


def _seen(points: Sequence[tuple[int, float]], axis: Axis) -> list[tuple[int, float]]:
    """Those in view and one beyond each end, at most one a pixel and the last."""
    first = max(0, bisect_left(points, axis.first_frame, key=_frame) - 1)
    last = bisect_left(points, axis.end_frame, key=_frame) + 1
    out: list[tuple[int, float]] = []
    for point in points[first:last]:
        if not out or point[0] - out[-1][0] >= axis.frames_per_pixel:
            out.append(point)
    if points[first:last] and out[-1] != points[first:last][-1]:
        out.append(points[first:last][-1])
    return out


def _frame(point: tuple[int, float]) -> float:
    return point[0]
