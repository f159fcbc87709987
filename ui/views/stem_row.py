"""One stem of an opened take: mute, solo, redo, drag out, and its waveform."""

from __future__ import annotations

from PyQt6.QtWidgets import QWidget

from ..models.panel import PanelModel
from ..observable import show
from ..session import Mix
from ..text import tr
from .axis import HEADER_PX
from .drag import Grip
from .parts import Elided, row, tool
from .wave import Wave

_BUTTON_PX = 26


class StemRow(QWidget):
    """Mute and solo hold for the stem of that name in every take."""

    def __init__(self, model: PanelModel, stem: str, path: str) -> None:
        super().__init__()
        self._model, self._stem = model, stem
        name = Elided(stem.capitalize(), least=58)
        name.setToolTip(path)
        self.mute = tool("stem.mute", sign="M", check=lambda on: model.takes.mute(stem, on))
        self.solo = tool("stem.solo", sign="S", check=lambda on: model.takes.solo(stem, on))
        self.redo = tool("stem.redo", lambda: model.sections.redo_stem(stem), sign="↻")
        self.file = Grip("takes.drag", lambda: (path,))
        for button in (self.mute, self.solo, self.redo, self.file):
            button.setFixedWidth(_BUTTON_PX)
            button.setAccessibleName(f"{button.accessibleName()}: {stem}")
        gutter = QWidget()
        gutter.setFixedWidth(HEADER_PX)
        inside = row(name, self.mute, self.solo, self.redo, self.file, spacing=2)
        inside.setContentsMargins(10, 0, 2, 0)
        gutter.setLayout(inside)
        self.wave = Wave(model)
        self.setLayout(row(gutter, self.wave, spacing=0))
        show(model.sections, "can", self._show_can)
        show(model.sections, "stems", self._show_can)
        show(model.cues, "current", self._show_can)

    def show_mix(self, mix: Mix) -> None:
        self.mute.setChecked(self._stem in mix.muted)
        self.solo.setChecked(self._stem in mix.soloed)

    def _show_can(self, _: object) -> None:
        sections, cue = self._model.sections, self._model.cues.current
        can = sections.can.get("redo_stem", True) and self._stem in sections.stems
        self.redo.setEnabled(can and not (cue is not None and cue.locked))
        self.redo.setToolTip(tr("stem.redo.tip") if can else sections.why_not.get("redo_stem", ""))
