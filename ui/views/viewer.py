"""The player's pictures, in their own shape between black bars."""

from __future__ import annotations

from PyQt6.QtCore import QRect, QSize, Qt
from PyQt6.QtGui import QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from ..text import tr


class Viewer(QWidget):
    """Shows the newest picture, over it an overlay where one was given."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: QImage | None = None
        self._overlay: QImage | None = None
        self._opacity = 0.5
        self.setMinimumSize(240, 135)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(tr("viewer.title"))

    def sizeHint(self) -> QSize:
        return QSize(480, 270)

    def show_picture(self, picture: QImage | None) -> None:
        """None takes it away."""
        self._picture = picture
        self.update()

    def show_overlay(self, overlay: QImage | None, opacity: float = 0.5) -> None:
        """An image over the whole picture, whatever its size, at an opacity 0..1; None takes it away."""
        self._overlay, self._opacity = overlay, min(1.0, max(0.0, opacity))
        self.update()

    def picture_rect(self) -> QRect:
        """Where the picture lies, its aspect kept; the whole widget without one."""
        if self._picture is None or self._picture.isNull():
            return self.rect()
        shape = self._picture.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        rect = QRect(0, 0, max(1, shape.width()), max(1, shape.height()))
        rect.moveCenter(self.rect().center())
        return rect

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        rect = self.picture_rect()
        if self._picture is not None and not self._picture.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(rect, self._picture)
            if self._overlay is not None:
                painter.setOpacity(self._opacity)
                painter.drawImage(rect, self._overlay)
                painter.setOpacity(1.0)
