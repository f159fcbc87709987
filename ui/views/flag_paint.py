"""How a hit looks: shape and colour tell its kind, size and weight how strong it is, the number beside it how
far off the music is.
"""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPen, QPolygonF

from ...engine.types import HitKind
from .. import theme
from ..ports import HitRow
from .axis import Axis

# Half the width of a strong flag's head, and of a weak one's.
STRONG_PX = 6.0
WEAK_PX = 4.0
# Nearer flags cannot be told apart.
_APART_PX = 5.0


def told_apart(hits: Sequence[HitRow], axis: Axis) -> list[HitRow]:
    """The hits in view, in time; of those so near that nobody could tell them apart the most important one.
    Zooming in shows the others."""
    beyond = 2 * STRONG_PX * axis.frames_per_pixel
    first, last = axis.first_frame - beyond, axis.end_frame + beyond
    apart = _APART_PX * axis.frames_per_pixel
    # Stretches are counted from frame 0: nothing flickers while the view scrolls.
    best: dict[int, HitRow] = {}
    for row in hits:
        if first <= row.frame <= last:
            stretch = int(row.frame / apart) if apart > 1 else row.frame
            held = best.get(stretch)
            if held is None or _weight(row) > _weight(held):
                best[stretch] = row
    return sorted(best.values(), key=lambda row: row.frame)


def _weight(row: HitRow) -> tuple[bool, bool, float]:
    return row.kind == "must", not row.met and row.strong, row.strength


def colour_of(kind: HitKind, colours: theme.Palette) -> QColor:
    return QColor({"must": colours.must, "would": colours.would, "avoid": colours.avoid}[kind])


def error_text(error_frames: float) -> str:
    """Frames as they are said beside a flag: "0", "+2", "-1.5"."""
    rounded = round(error_frames, 1)
    return "0" if rounded == 0 else f"{rounded:+g}"


def head(x: float, middle: float, half: float) -> QRectF:
    """The box of a flag's head; a must flies to the right of its line."""
    return QRectF(x - half, middle - half, 2 * half, 2 * half)


def paint_flag(
    painter: QPainter, x: float, middle: float, bottom: float, row: HitRow, colours: theme.Palette
) -> float:
    """A flag whose line stands at `x` down to `bottom`, its head around `middle`. Returns where text beside
    it may begin."""
    colour = colour_of(row.kind, colours)
    half = STRONG_PX if row.strong else WEAK_PX
    if row.kind == "avoid":
        half += 0.5  # a ring with a stroke needs room
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 1.6 if row.strong else 1.0))
    painter.drawLine(QPointF(x, middle - (half if row.kind == "must" else 0)), QPointF(x, bottom))
    painter.setBrush(colour if row.strong else QColor(colours.panel))
    painter.setPen(QPen(colour, 1.6))
    right = x + half + 3
    if row.kind == "must":
        top = middle - half
        painter.drawPolygon(
            QPolygonF(
                [QPointF(x, top), QPointF(x + 2 * half, top + half * 0.8), QPointF(x, top + half * 1.7)]
            )
        )
        right = x + 2 * half + 5
    elif row.kind == "would":
        painter.drawPolygon(
            QPolygonF(
                [
                    QPointF(x, middle - half),
                    QPointF(x + half, middle),
                    QPointF(x, middle + half),
                    QPointF(x - half, middle),
                ]
            )
        )
    else:
        painter.setBrush(QColor(colours.panel))
        rect = head(x, middle, half - 0.5)
        painter.drawEllipse(rect)
        slope = (half - 0.5) * 0.7
        painter.drawLine(QPointF(x - slope, middle + slope), QPointF(x + slope, middle - slope))
    painter.restore()
    return right


def paint_lines(
    painter: QPainter, axis: Axis, rows: Sequence[HitRow], bottom: float, colours: theme.Palette
) -> None:
    """The hits' lines through another lane, from its top to `bottom`."""
    pens: dict[tuple[HitKind, bool], QPen] = {}
    for row in rows:
        key = (row.kind, row.strong)
        if key not in pens:
            colour = colour_of(row.kind, colours)
            colour.setAlphaF(0.8 if row.strong else 0.45)
            dotted = row.kind == "avoid"
            pens[key] = QPen(colour, 1, Qt.PenStyle.DotLine if dotted else Qt.PenStyle.SolidLine)
        painter.setPen(pens[key])
        x = round(axis.x(row.frame))
        painter.drawLine(QPointF(x, 0), QPointF(x, bottom))
