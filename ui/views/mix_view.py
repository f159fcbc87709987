"""What is heard beside the music, and how loud it is."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, Qt
from PyQt6.QtWidgets import QSlider, QVBoxLayout, QWidget

from ..models.panel import PanelModel
from ..observable import show
from ..session import Mix
from ..text import tr
from .meters import Meters
from .parts import calm, check_box, label, named, row

_STEPS = 20


class MixView(QWidget):
    """Balance of film and music, click, count-in, matched loudness, meters."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        takes = model.takes
        self.balance = calm(named(QSlider(Qt.Orientation.Horizontal), "mix.balance"))
        self.balance.setRange(-_STEPS, _STEPS)
        self.balance.setPageStep(_STEPS // 2)
        self.balance.setMinimumWidth(70)
        self.balance.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.balance.valueChanged.connect(lambda value: takes.set_mix(balance=value / _STEPS))
        self.click = check_box("mix.click", lambda on: takes.set_mix(click=on))
        self.count_in = check_box("mix.count_in", lambda on: takes.set_mix(count_in=on))
        self.matched = check_box("mix.matched", lambda on: takes.set_mix(matched=on))
        passages = model.passages
        self.changes = check_box("mix.changes", lambda on: setattr(passages, "hear_changes", on))
        self.meters = Meters()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 2, 2)
        layout.setSpacing(6)
        layout.addLayout(row(label(tr("mix.film"), dim=True), self.balance, label(tr("mix.music"), dim=True)))
        for box in (self.click, self.count_in, self.matched, self.changes):
            layout.addWidget(box)
        layout.addStretch(1)
        layout.addWidget(self.meters)
        show(model.transport, "levels", self.meters.show_levels)
        show(takes, "mix", self._show)
        show(passages, "hear_changes", self.changes.setChecked)

    def _show(self, mix: Mix) -> None:
        with QSignalBlocker(self.balance):
            self.balance.setValue(round(mix.balance * _STEPS))
        self.click.setChecked(mix.click)
        self.count_in.setChecked(mix.count_in)
        self.matched.setChecked(mix.matched)
