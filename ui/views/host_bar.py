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
    """ "cut.otio - in DaVinci Resolve - changed since it was read: read it again", "Place ..." """

    def __init__(
        self, model: PanelModel, open_sheet: Callable[[], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._model = model
        self.name = label()
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        self.road = label(dim=True)
        self.text = Elided(dim=True)
        self.engine = Elided(dim=True)
        self.again = push("host.read_again", model.host.read_again)
        self.there = push("host.there", model.host.open_there)
        self.select = push("host.select", model.there.use_selected)
        self.place = push("host.place", open_sheet)
        layout = row(
            self.name, self.road, self.text, self.again, self.engine, self.there, self.select, self.place
        )
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
        called = state.called if state is not None else ""
        self.name.setText("" if timeline is None else called or PurePath(timeline.path).name)
        self.name.setToolTip("" if timeline is None else timeline.path)
        self._show_road(state)
        changed = state is not None and state.changed
        # What is chosen by the host's own adapter is said by it.
        self.text.show_text(tr("host.changed") if changed else _text(state))
        self.again.setVisible(changed)
        self.there.setVisible(state is not None and not state.linked and "timeline" in state.abilities)
        self.there.setEnabled(state is not None and state.can("timeline"))
        self.select.setVisible(state is not None and "selection" in state.abilities)
        self.select.setEnabled(state is not None and state.can("selection"))
        self.place.setEnabled(
            state is not None
            and state.can_place
            and not self._model.host.busy
            and any(not take.rejected for cue in self._model.cues.cues for take in cue.takes)
        )

    def _show_road(self, state: HostState | None) -> None:
        """Which road is live; the tip says why better ones are not. Nothing where timelines are files because
        nobody asked for more."""
        told = state is not None and bool(state.title or state.notes)
        self.road.setVisible(told)
        if state is None or not told:
            return
        self.road.setText(road_of(state))
        self.road.setToolTip("\n".join(state.notes))
        self.road.setAccessibleDescription(" ".join(state.notes))


def road_of(state: HostState) -> str:
    """How the open timeline is reached, in a few words."""
    if state.road == "files":
        return tr("host.road.files")
    if state.standing == "gone":
        return tr("host.gone", host=state.title)
    if state.timeline and not state.linked:
        return tr("host.unlinked", host=state.title)
    return tr(f"host.road.{state.road}", host=state.title)


def _text(state: HostState | None) -> str:
    if state is None:
        return ""
    if state.standing == "gone":
        # A notice has the rest.
        return tr("host.by_files.says")
    # Last, why there is no better road: what has no room is told by the tip.
    return " · ".join(text for text in (state.text, *state.notes) if text)
