"""Fields that stand for "as usual" until something else is wished."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QDoubleSpinBox

from ..text import tr
from .parts import calm, named


def choice(key: str, run: Callable[[str], object]) -> QComboBox:
    """A list of texts, each with a name as its data; `run` is called with the name that is chosen."""
    box = calm(named(QComboBox(), key))
    box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(10)
    box.activated.connect(lambda at: run(str(box.itemData(at))))
    return box


def choose(box: QComboBox, name: str) -> None:
    """Show the item of that name, without telling anybody."""
    with QSignalBlocker(box):
        box.setCurrentIndex(box.findData(name))


class Number(QDoubleSpinBox):
    """A number or, below its least, none: "automatic". `chosen(float | None)` when it was set by hand."""

    chosen = pyqtSignal(object)

    def __init__(
        self, key: str, least: float, most: float, step: float, suffix: str = "", *, decimals: int = 0
    ) -> None:
        super().__init__()
        named(self, key)
        calm(self)
        self._least = least
        self.setDecimals(decimals)
        self.setRange(least - step, most)
        self.setSingleStep(step)
        self.setSuffix(suffix)
        self.setSpecialValueText(tr("number.auto"))
        self.setKeyboardTracking(False)
        self.setValue(self.minimum())
        self.valueChanged.connect(lambda value: self.chosen.emit(None if value < self._least else value))

    def show_value(self, value: float | None) -> None:
        with QSignalBlocker(self):
            self.setValue(self.minimum() if value is None else value)
