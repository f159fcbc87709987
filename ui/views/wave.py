"""A waveform on the strip's axis, with the playhead over it."""

from __future__ import annotations

from PyQt6.QtCore import QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PyQt6.QtWidgets import QSizePolicy, QWidget

from .. import theme
from ..models.panel import PanelModel
from ..observable import show
from ..ports import Peaks
from ..text import tr
from .waveform import paint_waveform


def filled(peaks: tuple[Peaks, ...]) -> tuple[Peaks, ...]:
    """The stems of one take as large as their lane allows, all by the same factor: a quiet mix is seen, too,
    and a quiet stem stays the smaller one."""
    top = max((abs(value) for one in peaks for value in (*one.low, *one.high)), default=0.0)
    if top <= 0:
        return peaks
    return tuple(
        Peaks(one.stem, tuple(low / top for low in one.low), tuple(high / top for high in one.high))
        for one in peaks
    )


def together(peaks: tuple[Peaks, ...]) -> Peaks | None:
    """One outline around all stems; None without any."""
    if not peaks:
        return None
    low = tuple(min(column) for column in zip(*(one.low for one in peaks), strict=True))
    high = tuple(max(column) for column in zip(*(one.high for one in peaks), strict=True))
    return Peaks("", low, high)


class Wave(QWidget):
    """Peaks of a cue; lies beside the lanes' headers, so that its left edge is the axis' first frame. A click
    seeks."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._peaks: Peaks | None = None
        self._dim = False
        self._kept: tuple[object, QPixmap] | None = None
        self._head = 0
        self.setFixedHeight(22)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(tr("takes.wave.tip"))
        # Bound methods: a wave that is thrown away is then told nothing any more.
        show(model.strip, "first_frame", self._look_again)
        show(model.strip, "frames_per_pixel", self._look_again)
        show(model.transport, "position", self._move_head)

    def sizeHint(self) -> QSize:
        return QSize(200, 22)

    def show_peaks(self, peaks: Peaks | None, *, dim: bool = False) -> None:
        if peaks is not self._peaks or dim != self._dim:
            self._peaks, self._dim, self._kept = peaks, dim, None
            self.update()

    def pixel(self, frame: float) -> float:
        """Pixels from the left edge."""
        strip = self._model.strip
        return (frame - strip.first_frame) / (strip.frames_per_pixel or 1.0)

    def box(self) -> QRectF:
        """Where the cue lies; it may reach beyond the widget."""
        cue = self._model.cues.current
        if cue is None:
            return QRectF()
        left, right = self.pixel(cue.in_frame), self.pixel(cue.out_frame_exclusive)
        return QRectF(left, 1, right - left, self.height() - 2)

    def _look_again(self, _: object) -> None:
        self.update()

    def _move_head(self, frame: float) -> None:
        was, self._head = self._head, round(self.pixel(frame))
        if was != self._head:
            for x in (was, self._head):
                self.update(QRect(x - 1, 0, 3, self.height()))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture())
        self._head = round(self.pixel(self._model.transport.position))
        painter.fillRect(QRect(self._head, 0, 1, self.height()), QColor(theme.palette(self).playhead))

    def _picture(self) -> QPixmap:
        """Everything but the playhead, painted again only when something of it changed."""
        colours, ratio, box = theme.palette(self), self.devicePixelRatioF(), self.box()
        key = (self.size(), ratio, box, colours.dark)
        if self._kept is not None and self._kept[0] == key:
            return self._kept[1]
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(colours.field))
        if self._peaks is not None and not box.isEmpty():
            painter = QPainter(picture)
            painter.setClipRect(self.rect())
            paint_waveform(painter, box, self._peaks, colours.dim if self._dim else colours.wave)
            painter.end()
        self._kept = (key, picture)
        return picture

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            strip = self._model.strip
            self._model.transport.seek(strip.first_frame + event.position().x() * strip.frames_per_pixel)
