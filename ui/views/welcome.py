"""What is there before a timeline is open: open one, one of the last ones, or the demo film."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QListWidget, QListWidgetItem, QProgressBar, QVBoxLayout, QWidget

from ..models.panel import PanelModel
from ..observable import show
from ..text import tr
from .parts import label, named, push, row


class Welcome(QWidget):
    """`choose` opens the file dialog of the window."""

    def __init__(
        self, model: PanelModel, choose: Callable[[], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._model = model
        self.title = label(tr("welcome.title"))
        self.title.setProperty("big", True)
        self.lead = label(wrap=True)
        self.open = push("welcome.open", choose, main=True)
        self.demo = push("welcome.demo", model.open_demo)
        self.recent_title = label(tr("welcome.recent"), dim=True)
        self.recent = named(QListWidget(), "welcome.recent")
        self.recent.itemActivated.connect(self._open_item)
        self.recent.itemClicked.connect(self._open_item)
        self.busy = named(QProgressBar(), "welcome.opening", tip=False)
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.drop = label(tr("welcome.drop.says"), dim=True, wrap=True)

        column = QWidget()
        column.setMaximumWidth(560)
        inside = QVBoxLayout(column)
        inside.addWidget(self.title)
        inside.addWidget(self.lead)
        inside.addLayout(row(self.open, self.demo, 1))
        for widget in (self.busy, self.recent_title, self.recent, self.drop):
            inside.addWidget(widget)
        inside.setSpacing(10)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        middle = row(1, column, 1)
        middle.setStretchFactor(column, 100)
        layout.addLayout(middle)
        layout.addStretch(2)
        show(model, "recent", self._show_recent)
        show(model, "state", lambda _: self._say())
        show(model, "problem", lambda _: self._say())
        show(model, "first_run", lambda _: self._say())

    def begin(self) -> None:
        """Give the keyboard to what is wanted most."""
        target: QWidget = self.recent if self._model.recent else self.open
        if self._model.first_run:
            target = self.demo
        target.setFocus()

    def _say(self) -> None:
        state, problem = self._model.state, self._model.problem
        opening = state == "opening"
        if opening:
            text = tr("welcome.opening.says")
        elif problem is not None and state == "failed":
            text = problem.text
        else:
            text = tr("welcome.first.says") if self._model.first_run else tr("welcome.lead.says")
        self.lead.setText(text)
        self.busy.setVisible(opening)
        self.open.setEnabled(not opening)
        self.demo.setEnabled(not opening)
        self.recent.setEnabled(not opening)

    def _show_recent(self, paths: tuple[str, ...]) -> None:
        self.recent.clear()
        for path in paths:
            item = QListWidgetItem(f"{PurePath(path).name}  –  {PurePath(path).parent}")
            item.setData(Qt.ItemDataRole.UserRole, path)
            item.setToolTip(path)
            self.recent.addItem(item)
        if paths:
            self.recent.setCurrentRow(0)
        self.recent.setVisible(bool(paths))
        self.recent_title.setVisible(bool(paths))
        rows = min(max(len(paths), 1), 8)
        self.recent.setFixedHeight(rows * (self.fontMetrics().height() + 6) + 8)

    def _open_item(self, item: QListWidgetItem) -> None:
        # A double click is a click first.
        if self._model.state != "opening":
            self._model.open(str(item.data(Qt.ItemDataRole.UserRole)))
