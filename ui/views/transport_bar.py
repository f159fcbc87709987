"""Under the picture: where it stands, and playing and looping."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtGui import QFontDatabase
from PyQt6.QtWidgets import QMenu, QWidget

from ..models.panel import PanelModel
from ..observable import show
from ..text import tr
from .parts import Elided, label, menu_button, row, tool

_BARS = (1, 2, 4, 8)


class TransportBar(QWidget):
    """Timecode, transport, and what it plays on."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        transport = model.transport
        self.timecode = label()
        self.timecode.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.timecode.setAccessibleName(tr("transport.timecode"))
        self.play = tool("transport.play", transport.toggle, sign="▶")
        self.play.setMinimumWidth(36)
        self.loop = tool("transport.loop", check=lambda on: toggle_loop(model, on), sign="⟲")
        self.loop_menu = menu_button("transport.loop_bars", self._bars_menu(), sign="▾")
        self.device = Elided(dim=True)
        layout = row(
            self.timecode,
            tool("transport.first", transport.home, sign="⇤"),
            tool("transport.previous_hit", transport.previous_hit, sign="◀|"),
            self.play,
            tool("transport.next_hit", transport.next_hit, sign="|▶"),
            tool("transport.last", transport.end, sign="⇥"),
            tool("transport.in", transport.set_in, sign="["),
            tool("transport.out", transport.set_out, sign="]"),
            self.loop,
            self.loop_menu,
            self.device,
            spacing=3,
        )
        layout.setContentsMargins(2, 1, 2, 1)
        layout.setStretchFactor(self.device, 1)
        self.setLayout(layout)
        show(transport, "timecode", self.timecode.setText)
        show(transport, "playing", self._show_playing)
        show(transport, "loop", lambda loop: self.loop.setChecked(loop is not None))
        show(transport, "device_text", self.device.show_text)

    def _show_playing(self, playing: bool) -> None:
        self.play.setText("❚❚" if playing else "▶")
        self.play.setAccessibleName(tr("transport.pause" if playing else "transport.play"))

    def _bars_menu(self) -> QMenu:
        menu = QMenu()
        for bars in _BARS:
            text = tr("transport.loop_one") if bars == 1 else tr("transport.loop_many", bars=bars)
            action = menu.addAction(text)
            assert action is not None
            action.triggered.connect(_looper(self._model, bars))
        return menu


def _looper(model: PanelModel, bars: int) -> Callable[[], None]:
    return lambda: loop_from_playhead(model, bars)


def loop_from_playhead(model: PanelModel, bars: int) -> None:
    """Loop so many bars of the plan, from the bar under the playhead on; nothing without a plan."""
    planned, cue = model.spot.planned, model.cues.engine_cue
    if planned is None or cue is None:
        return
    sample = cue.sample(round(model.transport.position))
    first = sum(1 for start in planned.plan.downbeats if start <= sample) - 1
    last = len(planned.plan.downbeats) - 1
    first = max(0, min(first, last))
    model.transport.loop_bars(first, min(first + bars - 1, last))


def toggle_loop(model: PanelModel, on: bool) -> None:
    """On: the marked range, else the bar under the playhead."""
    if not on:
        model.transport.set_loop(None)
    elif model.transport.marked is not None:
        model.transport.set_loop(model.transport.marked)
    else:
        loop_from_playhead(model, 1)
