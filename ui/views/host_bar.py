"""The line on top: which timeline, in which program, whether it changed since it was read, and placing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from PyQt6.QtWidgets import QWidget

from ..models.panel import PanelModel
from ..observable import show
from ..ports import HostState
from ..text import tr
from .parts import Elided, label, push, row


class HostBar(QWidget):
    """ "cut.otio - changed since it was read: read again", "Place ..." """

    def __init__(
        self, model: PanelModel, open_sheet: Callable[[], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._model = model
        self.name = label()
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        self.text = Elided(dim=True)
        self.engine = Elided(dim=True)
        self.again = push("host.read_again", model.host.read_again)
        self.place = push("host.place", open_sheet)
        layout = row(self.name, self.text, self.again, self.engine, self.place)
        layout.setStretchFactor(self.text, 1)
        layout.setStretchFactor(self.engine, 1)
        self.setLayout(layout)
        show(model, "timeline", lambda _: self._show(model.host.state))
        show(model.host, "state", self._show)
        show(model.host, "busy", lambda _: self._show(model.host.state))
        show(model.takes, "takes", lambda _: self._show(model.host.state))
        show(model.cues, "cues", lambda _: self._show(model.host.state))
        show(model.work, "engine_text", self.engine.show_text)

    def _show(self, state: HostState | None) -> None:
        timeline = self._model.timeline
        self.name.setText("" if timeline is None else PurePath(timeline.path).name)
        self.name.setToolTip("" if timeline is None else timeline.path)
        changed = state is not None and state.changed
        # What is chosen by the host's own adapter is said by it.
        self.text.show_text(tr("host.changed") if changed else "" if state is None else state.text)
        self.again.setVisible(changed)
        self.place.setEnabled(
            state is not None
            and state.can_place
            and not self._model.host.busy
            and any(not take.rejected for cue in self._model.cues.cues for take in cue.takes)
        )
