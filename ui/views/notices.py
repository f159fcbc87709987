"""States that want to be seen, each a line with what to do about it. Nothing pops up."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QFrame, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ..models.desk import Notice
from ..models.panel import PanelModel
from ..observable import show
from .parts import label, row, tool


class Notices(QWidget):
    """One line a state, the newest on top; hidden while there is none."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(3)
        self._lines: list[QFrame] = []
        self._forget = model.desk.unsay
        show(model.work, "states", self._show)

    def _show(self, notices: tuple[Notice, ...]) -> None:
        for line in self._lines:
            self._layout.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._lines = [_line(notice, self._forget) for notice in reversed(notices)]
        for line in self._lines:
            self._layout.addWidget(line)
        self.setVisible(bool(notices))


def _line(notice: Notice, forget: Callable[[str], None]) -> QFrame:
    line = QFrame()
    line.setProperty("card", True)
    line.setAccessibleName(notice.text)
    sign = label("!")
    sign.setProperty("warn", True)
    sign.setAccessibleName(notice.kind)
    text = label(notice.text, wrap=True)
    things: list[QWidget | int] = [sign, text]
    if notice.action_label and notice.action is not None:
        button = QPushButton(notice.action_label)
        button.setAccessibleName(notice.action_label)
        button.setAccessibleDescription(notice.text)
        button.setToolTip(notice.text)
        run = notice.action
        button.clicked.connect(lambda: run())
        things.append(button)
    things.append(tool("work.dismiss", lambda: forget(notice.kind), sign="×"))
    inside = row(*things)
    inside.setStretchFactor(text, 1)
    inside.setContentsMargins(8, 3, 6, 3)
    line.setLayout(inside)
    line.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
    return line
