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
from ..ports import Placed, PlaceRow
from ..text import tr
from .parts import label, named, push, row

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
        self.place = push("place.do", model.host.place, main=True)
        self.show_folder = push("place.folder", self._open_folder)
        self.done = push("place.close", self.leave)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.lead)
        layout.addWidget(self.table, 1)
        layout.addLayout(row(1, self.show_folder, self.done, self.place))
        self.hide()
        model.host.preview_changed.connect(self._show_preview)
        model.host.placed_changed.connect(self._show_placed)
        show(model.host, "busy", lambda _: self._say())
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
            self.lead.setText(tr("place.busy.says"))
        elif not self._done:
            self.lead.setText(tr("place.lead.says") if host.preview else tr("place.nothing.says"))
        self.show_folder.setVisible(self._done)
        self.place.setVisible(not self._done)
        window = self.window()
        if self.place.isEnabled() and window is not None and window.focusWidget() is self.table:
            self.place.setFocus()

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
        self.lead.setText("\n".join((tr("place.placed", path=placed.timeline), *placed.problems)))
        self._say()
        self._come()
        self.show_folder.setFocus()

    def _open_folder(self) -> None:
        placed = self._model.host.placed
        if placed is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(placed.folder))))
