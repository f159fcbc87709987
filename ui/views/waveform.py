"""Drawing a stem's waveform from its peaks."""

from __future__ import annotations

from PyQt6.QtCore import QLineF, QRectF
from PyQt6.QtGui import QColor, QPainter, QPen

from ..ports import Peaks


def paint_waveform(painter: QPainter, rect: QRectF, peaks: Peaks, colour: str) -> None:
    """The whole of `peaks` over `rect` (logical pixels; it may reach beyond what is clipped to): one line a
    pixel from the least to the largest value, full scale the height; silence is a thin middle line. Only
    the pixels inside the painter's clip are drawn."""
    columns = len(peaks.low)
    middle, half = rect.center().y(), rect.height() / 2
    pen = QPen(QColor(colour))
    pen.setCosmetic(True)
    painter.setPen(pen)
    left, right = rect.left(), rect.right()
    if painter.hasClipping():
        clip = painter.clipBoundingRect()
        left, right = max(left, clip.left()), min(right, clip.right())
    if columns == 0 or rect.width() <= 0:
        painter.drawLine(QLineF(left, middle, right, middle))
        return
    per_pixel = columns / rect.width()
    lines = []
    for x in range(int(left), int(right) + 1):
        begin = int((x - rect.left()) * per_pixel)
        if begin >= columns:
            break
        begin = max(0, begin)
        end = max(begin + 1, int((x + 1 - rect.left()) * per_pixel))
        top = middle - half * min(1.0, max(peaks.high[begin:end]))
        bottom = middle - half * max(-1.0, min(peaks.low[begin:end]))
        lines.append(QLineF(x + 0.5, top, x + 0.5, max(bottom, top + 0.75)))
    if lines:
        painter.drawLines(*lines)
