"""The playhead: a line of its own over a widget, so that moving it paints nothing else anew."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QPointF, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QWidget

from .. import theme
from ..models.panel import PanelModel
from .axis import HEADER_PX, Axis

_HALF = 5


class Playhead(QWidget):
    """Lies over `over`, whose time begins at `HEADER_PX`, as high as it is. `headed`: with a handle above."""

    def __init__(self, panel: PanelModel, over: QWidget, *, headed: bool = False) -> None:
        super().__init__(over)
        self._panel = panel
        self._over = over
        self._headed = headed
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        over.installEventFilter(self)
        for told in (
            panel.transport.position_changed,
            panel.strip.first_frame_changed,
            panel.strip.frames_per_pixel_changed,
            panel.timeline_changed,
        ):
            told.connect(self.place)
        self.place()

    def place(self, *_: object) -> None:
        """Where the transport is; hidden where that is not in view."""
        timeline, strip = self._panel.timeline, self._panel.strip
        if timeline is None:
            self.hide()
            return
        axis = Axis.over(self._over.width(), strip.first_frame, strip.frames_per_pixel, timeline.frames)
        x = round(axis.x(self._panel.transport.position))
        if not HEADER_PX <= x <= axis.right:
            self.hide()
            return
        self.setGeometry(x - _HALF, 0, 2 * _HALF + 1, self._over.height())
        if self.isHidden():
            self.show()
            self.raise_()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if watched is self._over and event is not None and event.type() == QEvent.Type.Resize:
            self.place()
        return False

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        colour = QColor(theme.palette(self).playhead)
        painter.setPen(QPen(colour, 1))
        painter.drawLine(_HALF, 0, _HALF, self.height())
        if self._headed:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawPolygon(
                QPolygonF([QPointF(0, 0), QPointF(2 * _HALF + 1, 0), QPointF(_HALF + 0.5, 8)])
            )
