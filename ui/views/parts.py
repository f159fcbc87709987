"""Small widgets that all views are made of: each with its text, its tip and its accessible name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PyQt6.QtCore import QEvent, QObject, QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from ..text import tr

W = TypeVar("W", bound=QWidget)


def named(widget: W, key: str, *, tip: bool = True) -> W:
    """Give a widget the accessible name of `key` and, as tip and description, the text of `key.tip`."""
    widget.setAccessibleName(tr(key))
    if isinstance(widget, QComboBox) and (popup := widget.view()) is not None:
        popup.setAccessibleName(tr(key))
    if tip:
        widget.setToolTip(tr(f"{key}.tip"))
        widget.setAccessibleDescription(tr(f"{key}.tip"))
    return widget


def push(key: str, run: Callable[[], object], *, main: bool = False) -> QPushButton:
    """A button with words. It is reached by Tab; a click leaves the keys where they were."""
    button = named(QPushButton(tr(key)), key)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setProperty("main", main)
    button.clicked.connect(lambda: run())
    return button


def tool(
    key: str,
    run: Callable[[], object] | None = None,
    *,
    sign: str = "",
    check: Callable[[bool], object] | None = None,
) -> QToolButton:
    """A small button that shows `sign`, or its words; with `check` one that stays pressed."""
    button = named(QToolButton(), key)
    button.setText(sign or tr(key))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if check is not None:
        button.setCheckable(True)
        button.clicked.connect(check)
    if run is not None:
        button.clicked.connect(lambda: run())
    return button


def menu_button(key: str, menu: QMenu, *, sign: str = "") -> QToolButton:
    """Opens `menu`, which the button owns."""
    button = tool(key, sign=sign)
    menu.setParent(button, menu.windowFlags())
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return button


def check_box(key: str, run: Callable[[bool], object]) -> QCheckBox:
    box = named(QCheckBox(tr(key)), key)
    box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    box.clicked.connect(run)
    return box


def label(text: str = "", *, dim: bool = False, wrap: bool = False) -> QLabel:
    """Plain text: what comes from files is never read as markup."""
    out = QLabel(text)
    out.setTextFormat(Qt.TextFormat.PlainText)
    out.setProperty("dim", dim)
    if wrap:
        out.setWordWrap(True)
        out.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
    return out


class Elided(QLabel):
    """One line that gives way: what has no room is told by the tip."""

    def __init__(self, text: str = "", *, dim: bool = False, least: int = 40) -> None:
        super().__init__(text)
        self._least = least
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("dim", dim)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(least)

    def show_text(self, text: str) -> None:
        self.setText(text)
        self.setToolTip(text)

    def sizeHint(self) -> QSize:
        return QSize(self._least, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)


def row(*things: QWidget | int, spacing: int = 6) -> QHBoxLayout:
    """Widgets side by side; a number is a stretch."""
    out = QHBoxLayout()
    out.setContentsMargins(0, 0, 0, 0)
    out.setSpacing(spacing)
    for thing in things:
        if isinstance(thing, int):
            out.addStretch(thing)
        else:
            out.addWidget(thing)
    return out


class _Calm(QObject):
    """A wheel over a field that is not being worked on scrolls the page and changes nothing."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is None or event.type() != QEvent.Type.Wheel:
            return False
        passing = isinstance(watched, QWidget) and not watched.hasFocus()
        if passing:
            event.ignore()
        return passing


def calm(widget: W) -> W:
    """Keep the wheel from changing a field in passing."""
    widget.installEventFilter(_Calm(widget))
    return widget
