"""What placing will do to the timeline, shown before it is done, and where the result lies afterwards. A
sheet inside the window: nothing waits for it."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices, QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..models.panel import PanelModel
from ..observable import show
from ..ports import Ability, HostState, Placed, PlaceRow
from ..text import tr
from .parts import check_box, label, named, push, row

_ROW_PX = 6
_COLUMNS = ("what", "track", "cue", "stem", "from", "to", "note")


class PlaceSheet(QFrame):
    """Opens with the preview, closes by Escape; `Place` does it. `showing(bool)`: it came, or it went."""

    showing = pyqtSignal(bool)

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        # Placed, as the table says.
        self._done = False
        # What it did, or what was taken away of it again.
        self._told = ""
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setAccessibleName(tr("place.title"))
        self.lead = label(tr("place.title"), wrap=True)
        self.table = named(QTableWidget(0, len(_COLUMNS)), "place.table")
        self.table.setHorizontalHeaderLabels([tr(f"place.{name}") for name in _COLUMNS])
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        below = self.table.verticalHeader()
        across = self.table.horizontalHeader()
        assert below is not None and across is not None
        below.hide()
        below.setDefaultSectionSize(self.fontMetrics().height() + _ROW_PX)
        across.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        across.setStretchLastSection(True)
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.markers = check_box("place.markers", model.host.set_markers)
        self.place = push("place.do", model.host.place, main=True)
        self.take_away = push("place.take_away", model.host.take_away)
        self.show_folder = push("place.folder", self._open_folder)
        self.done = push("place.close", self.leave)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.lead)
        layout.addWidget(self.table, 1)
        layout.addLayout(row(self.markers, 1, self.take_away, self.show_folder, self.done, self.place))
        self.hide()
        model.host.preview_changed.connect(self._show_preview)
        model.host.placed_changed.connect(self._show_placed)
        model.host.taken_away_changed.connect(lambda _: self._show_taken_away())
        show(model.host, "busy", lambda _: self._say())
        model.host.step_changed.connect(lambda _: self._say())
        model.host.state_changed.connect(lambda _: self._say())
        model.history.changed.connect(lambda _: self._say())
        model.host.problem_changed.connect(lambda _: self._say())

    def open(self) -> None:
        """Ask for the preview and show the sheet."""
        self._done = False
        self.table.setRowCount(0)
        self._model.host.preview_place()
        self._show_preview(self._model.host.preview)
        self._come()
        # What places is not enabled before the preview is there: until then the table has the keyboard.
        self.table.setFocus()
        self._say()

    def leave(self) -> None:
        self.hide()
        self.showing.emit(False)

    def _come(self) -> None:
        self.show()
        self.showing.emit(True)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            focus = self.focusWidget()
            for button in (self.place, self.show_folder, self.done):
                if focus is button and button.isEnabled():
                    button.click()
        else:
            super().keyPressEvent(event)

    def _say(self) -> None:
        host = self._model.host
        self.place.setEnabled(not host.busy and bool(host.preview) and not self._done)
        if host.problem is not None:
            self.lead.setText(host.problem.text)
        elif host.busy:
            self.lead.setText(self._busy_text(host.state))
        elif self._done:
            self.lead.setText(self._told)
        else:
            self.lead.setText(self._lead() if host.preview else tr("place.nothing.says"))
        self.show_folder.setVisible(self._done)
        self.place.setVisible(not self._done)
        self.take_away.setVisible(self._done and host.landed is not None and host.landed.there)
        self.take_away.setEnabled(not host.busy)
        session = self._model.history.value
        self.markers.setVisible(not self._done and self._goes_there() and "markers" in _abilities(host.state))
        self.markers.setChecked(session is not None and session.view.hit_markers)
        window = self.window()
        if self.place.isEnabled() and window is not None and window.focusWidget() is self.table:
            self.place.setFocus()

    def _goes_there(self) -> bool:
        """Whether placing puts it onto the program's own timeline."""
        state = self._model.host.state
        return state is not None and state.linked and "place" in state.abilities

    def _lead(self) -> str:
        state = self._model.host.state
        if state is None or not self._goes_there():
            return tr("place.lead.says")
        return f"{tr('place.there.says', host=state.title)} {tr('place.earlier.says')}"

    def _busy_text(self, state: HostState | None) -> str:
        step = self._model.host.step
        if state is None or step not in ("read", "land") or not self._goes_there():
            return tr("place.busy.says")
        if state.standing == "waiting" and state.text:
            return state.text
        text = "place.reading.says" if step == "read" else "place.landing.says"
        return tr(text, host=state.title)

    def _show_preview(self, rows: tuple[PlaceRow, ...]) -> None:
        if self._done:
            # What was done stays to be read.
            return
        timecode = self._model.transport.timecode_of
        self.table.setRowCount(len(rows))
        for at, one in enumerate(rows):
            texts = (
                tr(f"place.will.{one.what}"),
                one.track,
                one.cue,
                one.stem,
                timecode(one.in_frame),
                timecode(one.out_frame_exclusive),
                one.text,
            )
            for column, text in enumerate(texts):
                self.table.setItem(at, column, QTableWidgetItem(text))
        self._say()

    def _show_placed(self, placed: Placed | None) -> None:
        if placed is None:
            return
        self._done = True
        self._told = "\n".join((*self._landed(placed), *placed.problems))
        self._say()
        self._come()
        self.show_folder.setFocus()

    def _landed(self, placed: Placed) -> list[str]:
        """What became of it, a sentence a line; where the program has it not, what to do."""
        landed, state = self._model.host.landed, self._model.host.state
        host = state.title if state is not None else ""
        if landed is None:
            return [tr("place.placed", path=placed.timeline)]
        if landed.there:
            said = [tr("place.landed.says", host=host, tracks=", ".join(landed.added))]
        elif landed.refused:
            said = [
                tr("place.refused.says", host=host, why=landed.refused),
                tr("place.written.says", folder=placed.folder),
            ]
        else:
            said = [tr("place.placed", path=placed.timeline)]
        if landed.replaced:
            said.append(tr("place.replaced.says", tracks=", ".join(landed.replaced)))
        if landed.kept:
            said.append(tr("place.kept.says", tracks=", ".join(landed.kept)))
        return [*said, *landed.problems, *([landed.step] if landed.step else [])]

    def _show_taken_away(self) -> None:
        taken = self._model.host.taken_away
        if taken is None or not self._done:
            return
        said = [tr("place.taken_away.says", tracks=", ".join(taken.replaced))] if taken.replaced else []
        if taken.kept:
            said.append(tr("place.left.says", tracks=", ".join(taken.kept)))
        self._told = "\n".join((*said, *taken.problems))
        self._say()

    def _open_folder(self) -> None:
        placed = self._model.host.placed
        if placed is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(placed.folder))))


def _abilities(state: HostState | None) -> frozenset[Ability]:
    return state.abilities if state is not None else frozenset()
