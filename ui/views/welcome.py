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
        self.there = push("welcome.there", model.host.open_there)
        self.demo = push("welcome.demo", model.open_demo)
        self.offered_text = label(wrap=True)
        self.offered = push("welcome.offered", model.host.open_offered)
        self.recent_title = label(tr("welcome.recent"), dim=True)
        self.recent = named(QListWidget(), "welcome.recent")
        self.recent.itemActivated.connect(self._open_item)
        self.recent.itemClicked.connect(self._open_item)
        self.busy = named(QProgressBar(), "welcome.opening", tip=False)
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        # Why there is no better way to the editor's program.
        self.road = label(dim=True, wrap=True)
        self.drop = label(tr("welcome.drop.says"), dim=True, wrap=True)

        column = QWidget()
        column.setMaximumWidth(560)
        inside = QVBoxLayout(column)
        inside.addWidget(self.title)
        inside.addWidget(self.lead)
        inside.addLayout(row(self.there, self.open, self.demo, 1))
        appeared = row(self.offered_text, self.offered)
        appeared.setStretchFactor(self.offered_text, 1)
        inside.addLayout(appeared)
        for widget in (self.busy, self.road, self.recent_title, self.recent, self.drop):
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
        show(model, "reading", lambda _: self._say())
        show(model.host, "state", lambda _: self._say())
        show(model.host, "offered", self._show_offered)

    def begin(self) -> None:
        """Give the keyboard to what is wanted most."""
        host = self._model.host.state
        target: QWidget = self.recent if self._model.recent else self.open
        if host is not None and host.can("timeline"):
            target = self.there
        if self._model.first_run:
            target = self.demo
        target.setFocus()

    def _say(self) -> None:
        state, problem = self._model.state, self._model.problem
        opening, host = state == "opening", self._model.host.state
        if opening and host is not None and host.standing != "live" and self._model.reading:
            text = host.text
        elif opening and self._model.reading:
            text = tr("welcome.reading.says", host=self._model.reading)
        elif opening:
            text = tr("welcome.opening.says")
        elif problem is not None and state == "failed":
            text = problem.text
        else:
            text = tr("welcome.first.says") if self._model.first_run else tr("welcome.lead.says")
            if host is not None and "timeline" in host.abilities:
                text = tr("welcome.beside.says", host=host.title)
        self.lead.setText(text)
        self.road.setText(" ".join(host.notes) if host is not None else "")
        self.road.setVisible(bool(self.road.text()))
        self.busy.setVisible(opening)
        self.there.setVisible(host is not None and "timeline" in host.abilities)
        self.there.setEnabled(host is not None and host.can("timeline") and not opening)
        self.open.setEnabled(not opening)
        self.demo.setEnabled(not opening)
        self.recent.setEnabled(not opening)

    def _show_offered(self, path: str) -> None:
        self.offered_text.setText(tr("welcome.offered.says", name=PurePath(path).name) if path else "")
        self.offered_text.setVisible(bool(path))
        self.offered.setVisible(bool(path))

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
