"""The takes of the current cue under each other, on the strip's axis; above them the temp track to compare
with."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from ..models.panel import PanelModel
from ..models.takes import TEMP
from ..observable import show
from ..ports import Peaks
from ..session import Mix, TakeEntry
from ..text import tr
from .parts import Elided, label, row, tool
from .take_row import TakeRow


class TakesLane(QWidget):
    """`current`: the take that keys without a row of their own mean."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._entered = ""
        self.rows: dict[str, TakeRow] = {}
        self.temp = tool("takes.temp", check=lambda _: self._swap())
        self.temp_name = Elided(dim=True)
        self.empty = label(dim=True, wrap=True)
        self._head = QWidget()
        head = row(label(tr("takes.title"), dim=True), self.temp, self.temp_name, spacing=6)
        head.setContentsMargins(6, 1, 4, 1)
        self._head.setLayout(head)
        body = QWidget()
        self._rows = QVBoxLayout(body)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(2)
        self._rows.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidget(body)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        layout.addWidget(self._head)
        layout.addWidget(self.empty)
        layout.addWidget(self.area, 1)
        self.setAccessibleName(tr("takes.title"))
        takes = model.takes
        show(takes, "takes", lambda _: self._show())
        show(takes, "heard", lambda _: self._show())
        show(takes, "approved", lambda _: self._show())
        show(model.cues, "current", lambda _: self._show())
        show(takes, "temp_track", self._show_temp)
        show(takes, "peaks", self._show_peaks)
        show(takes, "mix", self._show_mix)

    @property
    def current(self) -> TakeEntry | None:
        """The take whose row has or had the keyboard, else the one that is heard."""
        takes = {take.id: take for take in self._model.takes.takes}
        return takes.get(self._entered) or takes.get(self._model.takes.heard)

    def begin(self) -> None:
        """Give the keyboard to the current take."""
        current = self.current
        if current is not None and current.id in self.rows:
            self.rows[current.id].setFocus()
        elif self.rows:
            next(iter(self.rows.values())).setFocus()

    def go(self, step: int) -> None:
        """Hear the take so many rows further on that is not rejected, at the same place."""
        ids = [take.id for take in self._model.takes.takes if not take.rejected]
        if not ids:
            return
        heard = self._model.takes.heard
        at = ids.index(heard) + step if heard in ids else 0
        self._model.takes.hear(ids[at % len(ids)])
        self._entered = ids[at % len(ids)]

    def _swap(self) -> None:
        self._model.takes.swap()
        self.temp.setChecked(self._model.takes.heard == TEMP)

    def _show(self) -> None:
        takes, model = self._model.takes, self._model
        ids = [take.id for take in takes.takes]
        for gone in [take_id for take_id in self.rows if take_id not in ids]:
            old = self.rows.pop(gone)
            self._rows.removeWidget(old)
            old.hide()
            old.deleteLater()
        cue = model.cues.current
        for at, take in enumerate(takes.takes):
            if take.id not in self.rows:
                self.rows[take.id] = made = TakeRow(model, take.id)
                made.entered.connect(self._enter)
                made.left.connect(self._leave)
            if self._rows.indexOf(self.rows[take.id]) != at:
                self._rows.insertWidget(at, self.rows[take.id])
            self.rows[take.id].show_take(
                take,
                heard=takes.heard == take.id,
                approved=takes.approved == take.id,
                locked=cue is not None and cue.locked,
            )
        self.rows = {take_id: self.rows[take_id] for take_id in ids}
        self.temp.setChecked(takes.heard == TEMP)
        self.empty.setText(tr("takes.none.says"))
        self.empty.setVisible(not takes.takes)
        self.area.setVisible(bool(takes.takes))

    def _show_temp(self, path: str) -> None:
        self.temp.setEnabled(bool(path))
        self.temp_name.show_text(path.replace("\\", "/").rsplit("/", 1)[-1] if path else tr("takes.no_temp"))

    def _show_peaks(self, peaks: dict[str, tuple[Peaks, ...]]) -> None:
        for take_id, one in self.rows.items():
            one.show_peaks(peaks.get(take_id, ()))

    def _show_mix(self, mix: Mix) -> None:
        for one in self.rows.values():
            one.show_mix(mix)

    def _enter(self, take_id: str) -> None:
        self._entered = take_id
        self.area.ensureWidgetVisible(self.rows[take_id], 0, 4)

    def _leave(self, step: int) -> None:
        rows = list(self.rows.values())
        at = next((n for n, one in enumerate(rows) if one.id == self._entered), 0)
        rows[min(max(at + step, 0), len(rows) - 1)].setFocus()
