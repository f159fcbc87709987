"""What is being made: stage, share done, time left, the first seconds to listen to."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from ..models.panel import PanelModel
from ..models.work import WorkModel, WorkRow
from ..observable import show
from ..text import tr
from .parts import Elided, label, push, row, tool

_MINUTE_S = 60


def time_left(seconds: float | None) -> str:
    """About how long it takes yet; "" while nobody can tell."""
    if seconds is None:
        return ""
    if seconds < _MINUTE_S:
        return tr("work.left_s", seconds=max(1, round(seconds)))
    return tr("work.left_min", minutes=round(seconds / _MINUTE_S))


class WorkLine(QFrame):
    """One row; it stays the same widget while its row goes on."""

    def __init__(self, work: WorkModel, row_id: str) -> None:
        super().__init__()
        self._work, self._id = work, row_id
        self.setProperty("card", True)
        self.what = Elided(least=90)
        self.left = label(dim=True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.text = label(dim=True, wrap=True)
        self.listen = tool("work.listen", lambda: work.listen(row_id))
        self.cancel = tool("work.cancel", lambda: work.cancel(row_id))
        self.retry = tool("work.retry", lambda: work.retry(row_id))
        self.dismiss = tool("work.dismiss", lambda: work.dismiss(row_id), sign="×")
        self.remedies: list[QWidget] = []
        self._shown: tuple[str, ...] = ()
        self._remedies = row(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(2)
        layout.addLayout(
            row(self.what, self.left, self.listen, self.retry, self.cancel, self.dismiss, spacing=4)
        )
        layout.addWidget(self.bar)
        layout.addWidget(self.text)
        layout.addLayout(self._remedies)

    def show_row(self, now: WorkRow) -> None:
        self.what.show_text(now.what)
        self.bar.setValue(round(1000 * now.done))
        self.bar.setAccessibleName(tr("work.done", what=now.what))
        self.left.setText(time_left(now.left_s) or tr(f"work.state.{now.state}"))
        if now.problem is not None:
            self.text.setText(now.problem.text)
        else:
            self.text.setText(": ".join(part for part in (now.stage, now.text) if part))
        self.text.setVisible(now.state != "done" and bool(self.text.text()))
        self.bar.setVisible(now.state in ("waiting", "running"))
        self.listen.setVisible(bool(now.heard_path))
        self.cancel.setVisible(now.can_cancel)
        self.retry.setVisible(now.can_retry)
        self.dismiss.setVisible(now.state in ("done", "failed", "cancelled"))
        for button in (self.listen, self.cancel, self.retry, self.dismiss):
            button.setAccessibleDescription(now.what)
        if now.remedies != self._shown:
            self._show_remedies(now.remedies)

    def _show_remedies(self, names: tuple[str, ...]) -> None:
        self._shown = names
        for old in self.remedies:
            self._remedies.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.remedies = [push(f"work.remedy.{name}", self._helper(name)) for name in names]
        for remedy in self.remedies:
            self._remedies.insertWidget(self._remedies.count() - 1, remedy)

    def _helper(self, remedy: str) -> Callable[[], None]:
        return lambda: self._work.help(self._id, remedy)


class WorkView(QScrollArea):
    """The rows under each other, hidden while there are none."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = model.work
        self.lines: dict[str, WorkLine] = {}
        self._body = QWidget()
        self._layout = QVBoxLayout(self._body)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(3)
        self._layout.addStretch(1)
        self.setWidget(self._body)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("work.title"))
        show(self._work, "rows", self._show)

    def _show(self, rows: tuple[WorkRow, ...]) -> None:
        ids = {one.id for one in rows}
        for gone in [row_id for row_id in self.lines if row_id not in ids]:
            line = self.lines.pop(gone)
            self._layout.removeWidget(line)
            line.hide()
            line.deleteLater()
        for at, one in enumerate(rows):
            if one.id not in self.lines:
                self.lines[one.id] = WorkLine(self._work, one.id)
                self._layout.insertWidget(at, self.lines[one.id])
            self.lines[one.id].show_row(one)
        self.setVisible(bool(rows))
        self.updateGeometry()
