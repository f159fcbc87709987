"""Where picture and music disagree: a heat strip over the cue and a list, worst first."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QListWidget, QListWidgetItem, QSizePolicy, QVBoxLayout, QWidget

from .. import theme
from ..models.panel import PanelModel
from ..observable import show
from ..ports import Doubt
from ..text import tr
from .parts import label, named

_KINDS = ("hit", "energy", "speech")
_LANE = 10
# The list scrolls; it may become this low.
_LIST_PX = 30
# A doubt of one frame is still seen.
_LEAST_PX = 3.0


class HeatStrip(QWidget):
    """One lane a kind, the cue from left to right, darker where it is worse. A click goes to the worst doubt
    there; left and right go from one to the next in time."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._at = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        named(self, "fit.heat")
        show(model.fit, "doubts", lambda _: self.update())
        show(model.cues, "current", lambda _: self.update())

    def sizeHint(self) -> QSize:
        return QSize(200, len(_KINDS) * _LANE + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, len(_KINDS) * _LANE + 4)

    def box(self, doubt: Doubt) -> QRectF:
        """Where a doubt is drawn; empty without a cue."""
        cue = self._model.cues.current
        if cue is None or cue.out_frame_exclusive <= cue.in_frame:
            return QRectF()
        scale = (self.width() - 4) / (cue.out_frame_exclusive - cue.in_frame)
        left = 2 + (doubt.in_frame - cue.in_frame) * scale
        width = max(_LEAST_PX, (doubt.out_frame_exclusive - doubt.in_frame) * scale)
        lane = _KINDS.index(doubt.kind) if doubt.kind in _KINDS else 0
        return QRectF(left, 2 + lane * _LANE, width, _LANE - 1)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        colours = theme.palette(self)
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.field))
        # The worst are painted last.
        for doubt in reversed(self._model.fit.doubts):
            heat = QColor(colours.bad)
            heat.setAlphaF(0.15 + 0.85 * min(1.0, max(0.0, doubt.badness)))
            painter.fillRect(self.box(doubt), heat)
        pen = QPen(QColor(colours.accent if self.hasFocus() else colours.line), 2 if self.hasFocus() else 1)
        painter.setPen(pen)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            return
        x, y = event.position().x(), event.position().y()
        there = [
            at
            for at, doubt in enumerate(self._model.fit.doubts)
            if self.box(doubt).adjusted(-2, 0, 2, 0).contains(x, y)
        ]
        if there:
            self._model.fit.go(there[0])

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        doubts = self._model.fit.doubts
        step = (
            {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key())) if event is not None else None
        )
        if event is None or step is None or not doubts:
            super().keyPressEvent(event)
            return
        in_time = sorted(range(len(doubts)), key=lambda at: (doubts[at].in_frame, at))
        place = in_time.index(self._at) if self._at in in_time else 0
        self._at = in_time[min(max(place + step, 0), len(in_time) - 1)]
        self._model.fit.go(self._at)


class FitView(QWidget):
    """The heat strip, and the doubts as a list: a click or Enter goes there."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.lead = label(dim=True, wrap=True)
        self.heat = HeatStrip(model)
        self.list = named(QListWidget(), "fit.list")
        self.list.setWordWrap(True)
        self.list.setMinimumHeight(_LIST_PX)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(lambda item: model.fit.go(self.list.row(item)))
        self.list.itemActivated.connect(lambda item: model.fit.go(self.list.row(item)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.lead)
        layout.addWidget(self.heat)
        layout.addWidget(self.list, 1)
        show(model.fit, "doubts", self._show)
        show(model.fit, "busy", lambda _: self._say())
        show(model.takes, "heard", lambda _: self._say())

    def _say(self) -> None:
        if self._model.fit.busy:
            self.lead.setText(tr("fit.busy.says"))
        elif self._model.fit.doubts:
            self.lead.setText(tr("fit.lead.says"))
        elif self._model.takes.heard:
            self.lead.setText(tr("fit.none.says"))
        else:
            self.lead.setText(tr("fit.no_take.says"))

    def _show(self, doubts: tuple[Doubt, ...]) -> None:
        self.list.clear()
        for doubt in doubts:
            where = self._model.transport.timecode_of(doubt.in_frame)
            item = QListWidgetItem(f"{where}  {doubt.text}")
            item.setToolTip(doubt.text)
            self.list.addItem(item)
        self.list.setVisible(bool(doubts))
        self.heat.setVisible(bool(doubts))
        self._say()
