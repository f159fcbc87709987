"""Loudness and true peak of what is heard, as numbers and as two bars."""

from __future__ import annotations

from PyQt6.QtCore import QRect, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from .. import theme
from ..ports import Levels
from ..text import tr

# The bars' ends, LUFS and dBTP; masters peak at -1 dBTP.
_LOW, _HIGH = -48.0, 0.0
_PEAK_LIMIT = -1.0


def reading(value: float | None) -> str:
    """One decimal; a dash for silence."""
    return "–" if value is None else f"{value:.1f}".replace("-", "−")


class Meters(QWidget):
    """Momentary loudness (bar), integrated loudness (mark and number), true peak (bar and number)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._levels = Levels(None, None, None)
        self.setAccessibleName(tr("meters"))
        self.setToolTip(tr("meters.tip"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_levels(self._levels)

    def sizeHint(self) -> QSize:
        return QSize(self._words() + 60, 2 * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def show_levels(self, levels: Levels) -> None:
        self._levels = levels
        self._lines = (
            tr("meters.loudness", value=reading(levels.integrated_lufs)),
            tr("meters.peak", value=reading(levels.true_peak_dbtp)),
        )
        self.setAccessibleDescription(", ".join(self._lines))
        self.update()

    def _words(self) -> int:
        metrics = self.fontMetrics()
        widest = (tr("meters.loudness", value="−00.0"), tr("meters.peak", value="−00.0"))
        return max(metrics.horizontalAdvance(text) for text in widest) + 6

    def paintEvent(self, event: QPaintEvent | None) -> None:
        colours = theme.palette(self)
        painter = QPainter(self)
        words, height = self._words(), self.height() // 2
        for at, (text, value) in enumerate(
            zip(self._lines, (self._levels.momentary_lufs, self._levels.true_peak_dbtp), strict=True)
        ):
            line = QRect(0, at * height, self.width(), height)
            painter.setPen(QColor(colours.text))
            painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
            bar = QRect(words, line.top() + height // 4, self.width() - words, height // 2)
            painter.fillRect(bar, QColor(colours.field))
            hot = at == 1 and value is not None and value > _PEAK_LIMIT
            colour = colours.bad if hot else colours.ok
            painter.fillRect(bar.adjusted(0, 0, _x(value, bar.width()) - bar.width(), 0), QColor(colour))
            if at == 0 and self._levels.integrated_lufs is not None:
                x = bar.left() + _x(self._levels.integrated_lufs, bar.width())
                painter.fillRect(QRect(x - 1, bar.top(), 2, bar.height()), QColor(colours.text))
            painter.setPen(QColor(colours.line))
            painter.drawRect(bar.adjusted(0, 0, -1, -1))


def _x(value: float | None, width: int) -> int:
    if value is None:
        return 0
    return round(width * min(max((value - _LOW) / (_HIGH - _LOW), 0.0), 1.0))
