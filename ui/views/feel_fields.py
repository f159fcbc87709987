"""Density, tempo and key: wishes for the whole cue. What the chosen generator does not follow says so."""

from __future__ import annotations

from typing import Literal, cast

from PyQt6.QtCore import QSignalBlocker, Qt
from PyQt6.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QSlider, QWidget

from ..models.panel import PanelModel
from ..observable import show
from ..text import tr
from .parts import calm, check_box, label, named, row
from .take_fields import choice, choose

_STEPS = 10
TONICS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
_SLOWEST, _FASTEST = 30.0, 240.0
_USUAL = (90.0, 120.0)


class FeelFields:
    """The fields and what they do; `rows` are put into a form by whoever shows them."""

    def __init__(self, model: PanelModel) -> None:
        self._model = model
        controls = model.controls
        self.density = calm(named(QSlider(Qt.Orientation.Horizontal), "controls.density"))
        self.density.setRange(-_STEPS, _STEPS)
        self.density.setPageStep(_STEPS // 2)
        self.density.setTracking(False)
        self.density.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.density.valueChanged.connect(lambda value: controls.set_density(value / _STEPS))
        self.own_tempo = check_box("controls.tempo.own", self._own_tempo)
        self.low, self.high = self._bpm("controls.tempo.low"), self._bpm("controls.tempo.high")
        self.tonic = choice("controls.tonic", lambda _: self._set_key())
        self.tonic.addItem(tr("controls.tonic.own"), "")
        for pitch, name in enumerate(TONICS):
            self.tonic.addItem(name, str(pitch))
        self.mode = choice("controls.mode", lambda _: self._set_key())
        for name in ("", "major", "minor"):
            self.mode.addItem(tr(f"controls.mode.{name or 'own'}"), name)
        for box in (self.tonic, self.mode):
            box.setMinimumContentsLength(6)
        self._rows = (
            (
                "controls.density",
                _in_one(
                    label(tr("controls.bare"), dim=True), self.density, label(tr("controls.busy"), dim=True)
                ),
            ),
            ("controls.tempo", _in_one(self.own_tempo, self.low, self.high)),
            ("controls.key", _in_one(self.tonic, self.mode)),
        )
        show(controls, "density", self._show_density)
        show(controls, "tempo", self._show_tempo)
        show(controls, "key", self._show_key)
        show(model.sections, "can", lambda _: self._show_can())
        show(model.sections, "why_not", lambda _: self._show_can())

    def rows(self) -> tuple[tuple[str, QWidget], ...]:
        """(key of the field's text, field)"""
        return self._rows

    def _bpm(self, key: str) -> QDoubleSpinBox:
        box = calm(named(QDoubleSpinBox(), key))
        box.setDecimals(0)
        box.setRange(_SLOWEST, _FASTEST)
        box.setKeyboardTracking(False)
        box.valueChanged.connect(lambda _: self._set_tempo(box))
        return box

    def _own_tempo(self, own: bool) -> None:
        if own:
            self._model.controls.set_tempo(None)
            return
        planned = self._model.spot.planned
        low, high = planned.score.tempo_family_bpm if planned is not None else _USUAL
        self._model.controls.set_tempo(float(round(low)), float(round(high)))

    def _set_tempo(self, moved: QDoubleSpinBox) -> None:
        low, high = self.low.value(), self.high.value()
        # The bound that was moved pushes the other.
        if low > high:
            low, high = (low, low) if moved is self.low else (high, high)
        self._model.controls.set_tempo(low, high)

    def _set_key(self) -> None:
        tonic = str(self.tonic.currentData())
        mode = cast(Literal["", "major", "minor"], str(self.mode.currentData()))
        self._model.controls.set_key(int(tonic) if tonic else None, mode)

    def _show_density(self, density: float) -> None:
        with QSignalBlocker(self.density):
            self.density.setValue(round(density * _STEPS))

    def _show_tempo(self, tempo: tuple[float, float] | None) -> None:
        self.own_tempo.setChecked(tempo is None)
        for box, value in zip((self.low, self.high), tempo or _USUAL, strict=True):
            with QSignalBlocker(box):
                box.setValue(value)
            box.setVisible(tempo is not None)

    def _show_key(self, key: tuple[int | None, str]) -> None:
        tonic, mode = key
        choose(self.tonic, "" if tonic is None else str(tonic))
        choose(self.mode, mode)

    def _show_can(self) -> None:
        fields: tuple[tuple[str, tuple[QWidget, ...]], ...] = (
            ("density", (self.density,)),
            ("tempo", (self.own_tempo, self.low, self.high)),
            ("key", (self.tonic, self.mode)),
        )
        for wish, widgets in fields:
            can = self._model.sections.can.get(wish, True)
            for widget in widgets:
                widget.setEnabled(can)
                tip = widget.accessibleDescription() if can else self._model.sections.why_not.get(wish, "")
                widget.setToolTip(tip)


def _in_one(*widgets: QWidget) -> QWidget:
    out = QWidget()
    layout: QHBoxLayout = row(*widgets, spacing=4)
    for widget in widgets:
        if isinstance(widget, QComboBox | QSlider | QDoubleSpinBox):
            layout.setStretchFactor(widget, 1)
    out.setLayout(layout)
    return out
