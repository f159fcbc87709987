"""The line above the strip: which cue is worked on, and how its picture was read."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker
from PyQt6.QtWidgets import QComboBox, QLineEdit, QWidget

from ..models.panel import PanelModel
from ..observable import show
from ..session import CueState
from ..text import tr
from .parts import label, named, row, tool
from .sentence import Sentence


class CueBar(QWidget):
    """Choose, rename, lock and remove a cue, or make one of the marked range."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cues = model.cues
        self.chosen = named(QComboBox(), "cue.chosen")
        self.chosen.setMinimumContentsLength(8)
        self.chosen.activated.connect(lambda at: self._cues.select(self.chosen.itemText(at)))
        self.name = named(QLineEdit(), "cue.name")
        self.name.hide()
        self.name.editingFinished.connect(self._rename)
        self.rename = tool("cue.rename", self._begin_rename, sign="✎")
        self.add = tool("cue.add", model.transport.make_cue, sign="+")
        self.remove = tool("cue.remove", self._remove, sign="−")
        self.lock = tool("cue.lock", check=self._lock)
        self.sentence = Sentence(model)
        lead = label(tr("cue.chosen"), dim=True)
        layout = row(
            lead,
            self.chosen,
            self.name,
            self.rename,
            self.add,
            self.remove,
            self.lock,
            self.sentence,
            spacing=4,
        )
        layout.setStretchFactor(self.sentence, 1)
        self.setLayout(layout)
        show(model.transport, "marked", lambda marked: self.add.setEnabled(marked is not None))
        show(self._cues, "cues", lambda _: self._show())
        show(self._cues, "current", lambda _: self._show())

    def _show(self) -> None:
        cues, current = self._cues.cues, self._cues.current
        with QSignalBlocker(self.chosen):
            self.chosen.clear()
            self.chosen.addItems([cue.name for cue in cues])
            self.chosen.setCurrentIndex(-1 if current is None else self.chosen.findText(current.name))
        self.chosen.setPlaceholderText(tr("cue.whole"))
        self.chosen.setEnabled(bool(cues))
        for button in (self.rename, self.remove, self.lock):
            button.setEnabled(current is not None)
        self._show_lock(current)

    def _show_lock(self, current: CueState | None) -> None:
        self.lock.setChecked(current is not None and current.locked)

    def _lock(self, on: bool) -> None:
        if self._cues.current is not None:
            self._cues.lock(self._cues.current.name, on)

    def _remove(self) -> None:
        if self._cues.current is not None:
            self._cues.remove(self._cues.current.name)

    def _begin_rename(self) -> None:
        if self._cues.current is not None:
            self.name.setText(self._cues.current.name)
            self.chosen.hide()
            self.name.show()
            self.name.setFocus()
            self.name.selectAll()

    def _rename(self) -> None:
        if self.name.isHidden():
            return
        self.name.hide()
        self.chosen.show()
        current, new = self._cues.current, self.name.text().strip()
        if current is not None and new and new != current.name:
            self._cues.rename(current.name, new)
