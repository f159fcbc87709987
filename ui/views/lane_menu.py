"""Menus on things in lanes, and a line to write a name into."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtGui import QAction, QContextMenuEvent, QFocusEvent, QKeyEvent
from PyQt6.QtWidgets import QLineEdit, QMenu, QWidget


class LaneMenu(QMenu):
    """A menu that is filled, shown, and gone when it is closed."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def put(
        self,
        text: str,
        act: Callable[[], object],
        *,
        enabled: bool = True,
        checked: bool | None = None,
        tip: str = "",
    ) -> QAction:
        """`checked` not None makes it a choice; `tip` says why it cannot be had."""
        action = QAction(text, self)
        action.setEnabled(enabled)
        if checked is not None:
            action.setCheckable(True)
            action.setChecked(checked)
        if tip:
            action.setToolTip(tip)
        action.triggered.connect(lambda _=False: act())
        self.addAction(action)
        return action


def by_mouse(event: QContextMenuEvent) -> bool:
    """Else the menu was asked for with a key, and is about what the keyboard is on."""
    return event.reason() == QContextMenuEvent.Reason.Mouse


def below(widget: QWidget, x: float) -> QPoint:
    """Where the menu of something at `x` of the widget opens when a key asked for it."""
    return widget.mapToGlobal(QPoint(round(x), widget.height()))


class NameEdit(QLineEdit):
    """A name is written here: Enter takes it, Escape or leaving lets it be."""

    def __init__(
        self, parent: QWidget, rect: QRect, text: str, title: str, done: Callable[[str], object]
    ) -> None:
        super().__init__(text, parent)
        self._done = done
        self.setAccessibleName(title)
        self.setGeometry(rect)
        self.setFrame(False)
        self.selectAll()
        self.show()
        self.setFocus()
        self.returnPressed.connect(self._take)

    def _take(self) -> None:
        text = self.text().strip()
        self.close_line()
        if text:
            self._done(text)

    def close_line(self) -> None:
        """Back to the lane."""
        parent = self.parentWidget()
        self.hide()
        self.deleteLater()
        if parent is not None:
            parent.setFocus()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.close_line()
            return
        super().keyPressEvent(event)
        if event is not None:
            event.accept()  # a letter here is no key of the transport

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        if not self.isHidden():
            self.hide()
            self.deleteLater()
