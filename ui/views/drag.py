"""Carrying files out of the panel: into any program that takes files, by mouse or by the clipboard."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QMimeData, QPoint, Qt, QUrl
from PyQt6.QtGui import QDrag, QGuiApplication, QMouseEvent
from PyQt6.QtWidgets import QApplication, QToolButton

from ..text import tr
from .parts import named

_SIGN = "⠿"


def mime_of(paths: tuple[str, ...]) -> QMimeData:
    """The files as URLs and, for text fields, as paths."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(path) for path in paths])
    mime.setText("\n".join(paths))
    return mime


def copy_files(paths: tuple[str, ...]) -> None:
    """Put the files into the clipboard, as a file manager does."""
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None and paths:
        clipboard.setMimeData(mime_of(paths))


class Grip(QToolButton):
    """Drag it out of the window; pressed by the keyboard or clicked, it copies the files."""

    def __init__(self, key: str, files: Callable[[], tuple[str, ...]], words: str = "") -> None:
        super().__init__()
        named(self, key)
        self._files = files
        self._pressed: QPoint | None = None
        self.setText(f"{words} {_SIGN}".strip())
        if words:
            self.setAccessibleName(f"{tr(key)}: {words}")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.clicked.connect(lambda: copy_files(self._files()))

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._pressed is None:
            return
        way = (event.position().toPoint() - self._pressed).manhattanLength()
        files = self._files()
        if way < QApplication.startDragDistance() or not files:
            return
        self._pressed = None
        self.setDown(False)
        drag = QDrag(self)
        drag.setMimeData(mime_of(files))
        # The files stay here, whatever the other program asks for.
        drag.exec(Qt.DropAction.CopyAction)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        self._pressed = None
        super().mouseReleaseEvent(event)
