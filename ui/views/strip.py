"""The timeline strip: all lanes from the ruler down to the sections, on one axis, and the keys that work in
any of them. Lanes of others lie true below it when they are as wide: see `axis`.
"""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeyEvent, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QScrollBar, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ...engine.wishes import SpanKind
from ..models.panel import PanelModel
from ..text import tr
from .axis import HEADER_PX, Axis
from .cue_lane import CueLane
from .curves import CurveLane
from .flags import FlagLane
from .lane import NOTCH_PX, ZOOM, Lane, header_button
from .playhead import Playhead
from .ruler import BarLane, Ruler
from .section_lane import SectionLane
from .shots import ShotLane
from .thumbs import ThumbCache


class Strip(QWidget):
    """Holds the lanes; `lanes` in their order from above."""

    def __init__(self, panel: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panel = panel
        self.thumbs = ThumbCache(self)
        self.ruler = Ruler(panel)
        self.cue_lane = CueLane(panel)
        self.bar_lane = BarLane(panel)
        self.flag_lane = FlagLane(panel)
        self.shot_lane = ShotLane(panel, self.thumbs, self.cue_lane)
        self.curve_lane = CurveLane(panel)
        self.section_lane = SectionLane(panel)
        self.lanes: tuple[Lane, ...] = (
            self.ruler,
            self.cue_lane,
            self.bar_lane,
            self.flag_lane,
            self.shot_lane,
            self.curve_lane,
            self.section_lane,
        )
        self._stack = QWidget(self)
        rows = QVBoxLayout(self._stack)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for lane in self.lanes:
            rows.addWidget(lane)
        self.playhead = Playhead(panel, self._stack, headed=True)
        self.scroll_bar = QScrollBar(Qt.Orientation.Horizontal)
        self.scroll_bar.setAccessibleName(tr("strip.scroll"))
        self.scroll_bar.valueChanged.connect(self._scrolled)
        below = QHBoxLayout()
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        self.buttons = QWidget()
        self.buttons.setFixedWidth(HEADER_PX)
        row = QHBoxLayout(self.buttons)
        row.setContentsMargins(4, 1, 4, 1)
        row.setSpacing(3)
        self.zoom_out = self._button("strip.out", lambda: self.zoom_by(1 / ZOOM))
        self.zoom_in = self._button("strip.in", lambda: self.zoom_by(ZOOM))
        self.fit_cue = self._button("strip.fit_cue", panel.strip.fit_cue)
        self.fit_all = self._button("strip.fit_all", panel.strip.fit_all)
        for button in (self.zoom_out, self.zoom_in, self.fit_cue, self.fit_all):
            row.addWidget(button)
        row.addStretch(1)
        below.addWidget(self.buttons)
        below.addWidget(self.scroll_bar, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._stack)
        layout.addLayout(below)
        layout.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(tr("strip.title"))
        panel.strip.first_frame_changed.connect(self._show_scroll)
        panel.strip.frames_per_pixel_changed.connect(self._show_scroll)
        panel.timeline_changed.connect(self._show_scroll)
        panel.transport.position_changed.connect(self._follow)

    def _button(self, key: str, act: Callable[[], object]) -> QToolButton:
        button = header_button(key)
        button.clicked.connect(lambda _=False: act())
        return button

    def axis(self) -> Axis:
        timeline, strip = self.panel.timeline, self.panel.strip
        frames = timeline.frames if timeline is not None else 0
        return Axis.over(self.width(), strip.first_frame, strip.frames_per_pixel, frames)

    # --- The axis

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.panel.strip.resize(max(1, self.width() - HEADER_PX))
        self._show_scroll()

    def zoom_by(self, factor: float) -> None:
        """At the playhead where it is in view, else in the middle."""
        axis, position = self.axis(), self.panel.transport.position
        middle = axis.frame(axis.left + axis.width / 2)
        self.panel.strip.zoom(factor, position if axis.sees(position, position + 1) else middle)

    def _show_scroll(self, *_: object) -> None:
        timeline, axis = self.panel.timeline, self.axis()
        frames = timeline.frames if timeline is not None else 0
        seen = axis.width * axis.frames_per_pixel
        bar = self.scroll_bar
        bar.blockSignals(True)
        bar.setRange(0, max(0, round(frames - seen)))
        bar.setPageStep(max(1, round(seen)))
        bar.setSingleStep(max(1, round(NOTCH_PX * axis.frames_per_pixel)))
        bar.setValue(round(axis.first_frame))
        bar.blockSignals(False)

    def _scrolled(self, value: int) -> None:
        self.panel.strip.scroll(value - self.panel.strip.first_frame)

    def _follow(self, position: float) -> None:
        """While it plays, the view turns the page."""
        axis = self.axis()
        if self.panel.transport.playing and not axis.sees(position, position + 1):
            self.panel.strip.scroll(position - axis.frame(axis.left + axis.width * 0.05))

    # --- Keys of any lane

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None or self.panel.timeline is None or not self._do(event):
            super().keyPressEvent(event)

    def _do(self, event: QKeyEvent) -> bool:
        """Whether the key meant something here."""
        key, transport = Qt.Key(event.key()), self.panel.transport
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        shift = modifiers == Qt.KeyboardModifier.ShiftModifier
        if modifiers and not shift:
            return False
        acts: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_Space: transport.toggle,
            Qt.Key.Key_J: lambda: transport.shuttle(-1),
            Qt.Key.Key_K: transport.stop,
            Qt.Key.Key_L: lambda: transport.shuttle(1),
            Qt.Key.Key_I: transport.set_in,
            Qt.Key.Key_O: transport.set_out,
            Qt.Key.Key_Home: transport.home,
            Qt.Key.Key_End: transport.end,
            Qt.Key.Key_Left: lambda: transport.step(-10 if shift else -1),
            Qt.Key.Key_Right: lambda: transport.step(10 if shift else 1),
            Qt.Key.Key_Up: lambda: self.go_to_cut(-1),
            Qt.Key.Key_Down: lambda: self.go_to_cut(1),
            Qt.Key.Key_PageUp: transport.previous_hit,
            Qt.Key.Key_PageDown: transport.next_hit,
            Qt.Key.Key_H: self.add_hit,
            Qt.Key.Key_Return: transport.make_cue,
            Qt.Key.Key_Enter: transport.make_cue,
            Qt.Key.Key_BracketLeft: lambda: self.bar_lane.loop_from(transport.position),
            Qt.Key.Key_BracketRight: lambda: self.bar_lane.loop_to(transport.position),
            Qt.Key.Key_Plus: lambda: self.zoom_by(ZOOM),
            Qt.Key.Key_Equal: lambda: self.zoom_by(ZOOM),
            Qt.Key.Key_Minus: lambda: self.zoom_by(1 / ZOOM),
            Qt.Key.Key_F: self.panel.strip.fit_all if shift else self.panel.strip.fit_cue,
        }
        wishes: dict[Qt.Key, SpanKind] = {Qt.Key.Key_B: "bigger", Qt.Key.Key_S: "smaller"}
        if key in wishes:
            return self.section_lane.wish(wishes[key])
        if key not in acts:
            return False
        acts[key]()
        return True

    def add_hit(self) -> None:
        """At the playhead; the keyboard goes to it."""
        if self.panel.cues.current is not None:
            self.flag_lane.add(int(self.panel.transport.position))

    def go_to_cut(self, way: int) -> None:
        """To the next change of shot, or (-1) the one before."""
        timeline, position = self.panel.timeline, self.panel.transport.position
        if timeline is None:
            return
        starts = [shot.in_frame for shot in timeline.shots]
        beyond = [at for at in starts if (at > position if way > 0 else at < position)]
        if beyond:
            self.panel.transport.seek(beyond[0] if way > 0 else beyond[-1])
