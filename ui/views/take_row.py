"""One take: who made it and how, how it fits, its waveform, and what can be done with it."""

from __future__ import annotations

from datetime import UTC, datetime

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from .. import theme
from ..models.panel import PanelModel
from ..ports import Peaks
from ..session import Mix, TakeEntry
from ..text import tr
from .axis import HEADER_PX
from .drag import Grip
from .meters import reading
from .parts import Elided, label, named, row, tool
from .stem_row import StemRow
from .wave import Wave, filled, together

_MARK_PX = 4


def made_at(made: str) -> str:
    """The clock time of a take made today, else the day; as it stands where it is no time."""
    try:
        when = datetime.fromisoformat(made).astimezone()
    except ValueError:
        return made
    today = when.date() == datetime.now(UTC).astimezone().date()
    return when.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")


def facts(take: TakeEntry) -> str:
    """One line: seed, generator, style, when, hits, loudness."""
    parts = [
        take.model or take.generator,
        take.style.replace("_", " "),
        tr("takes.seed", seed=take.seed),
        made_at(take.made),
    ]
    if take.hits:
        parts.append(tr("takes.hits", met=take.hits_met, hits=take.hits))
    if take.lufs is not None:
        parts.append(f"{reading(take.lufs)} LUFS")
    if take.problems:
        parts.append(tr("takes.notes", count=len(take.problems)))
    return " · ".join(part for part in parts if part)


class TakeRow(QWidget):
    """`entered` when it takes the keyboard; Up and Down are asked of the lane with `left(-1 | 1)`."""

    entered = pyqtSignal(str)
    left = pyqtSignal(int)

    def __init__(self, model: PanelModel, take_id: str) -> None:
        super().__init__()
        self._model, self._id = model, take_id
        self._take: TakeEntry | None = None
        self._heard = False
        self._peaks: tuple[Peaks, ...] | None = None
        self._filled: tuple[Peaks, ...] = ()
        self._outline: Peaks | None = None
        takes = model.takes
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.opener = tool("takes.open", self.toggle, sign="▸")
        self.name = Elided(least=60)
        self.name.setMaximumWidth(HEADER_PX - 40)
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        self.edit = named(QLineEdit(), "takes.rename")
        self.edit.hide()
        self.edit.editingFinished.connect(self._renamed)
        self.facts = Elided(dim=True, least=120)
        self.hear = tool("takes.hear", check=lambda _: self.take_up())
        self.approve = tool("takes.approve", check=lambda on: takes.approve(take_id, on))
        self.reject = tool("takes.reject", check=lambda on: takes.reject(take_id, on))
        self.more = tool("takes.more_like", lambda: takes.more_like(take_id))
        self.rename = tool("takes.rename", self._begin_rename, sign="✎")
        self.all_files = Grip("takes.drag", lambda: takes.files(take_id), tr("takes.all"))
        self.mix_file = Grip("takes.drag", lambda: self._kind_of_files(mix=True), tr("takes.mix"))
        self.midi_file = Grip("takes.drag", lambda: self._kind_of_files(mix=False), tr("takes.midi"))
        self.wave = Wave(model)
        self.stems: dict[str, StemRow] = {}

        top = row(
            self.opener, self.name, self.edit, self.facts, self.hear, self.approve, self.reject, self.more,
            self.rename, self.all_files, spacing=4,
        )  # fmt: skip
        top.setContentsMargins(_MARK_PX + 2, 1, 4, 1)
        top.setStretchFactor(self.facts, 1)
        self._gutter = QWidget()
        self._gutter.setFixedWidth(HEADER_PX)
        inside = row(label(tr("takes.out"), dim=True), self.mix_file, self.midi_file, 1, spacing=4)
        inside.setContentsMargins(_MARK_PX + 6, 0, 2, 0)
        self._gutter.setLayout(inside)
        self._wave_line = QWidget()
        self._wave_line.setLayout(row(self._gutter, self.wave, spacing=0))
        self._stem_box = QVBoxLayout()
        self._stem_box.setSpacing(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 2)
        layout.setSpacing(1)
        layout.addLayout(top)
        layout.addWidget(self._wave_line)
        layout.addLayout(self._stem_box)

    @property
    def id(self) -> str:
        return self._id

    @property
    def is_open(self) -> bool:
        return bool(self.stems)

    def show_take(self, take: TakeEntry, *, heard: bool, approved: bool, locked: bool) -> None:
        self._take, self._heard = take, heard
        self.name.show_text(take.name)
        self.facts.setText(facts(take))
        self.facts.setToolTip("\n".join((facts(take), take.why, *take.problems)))
        self.hear.setChecked(heard)
        self.approve.setChecked(approved)
        self.reject.setChecked(take.rejected)
        for button in (self.approve, self.reject, self.more, self.rename):
            button.setEnabled(not locked)
        states = (
            [tr("takes.heard")] * heard
            + [tr("takes.approved")] * approved
            + [tr("takes.rejected")] * take.rejected
        )
        self.setAccessibleName(", ".join([take.name, *states]))
        self.setAccessibleDescription(facts(take))
        for button, key in (
            (self.hear, "hear"),
            (self.approve, "approve"),
            (self.reject, "reject"),
            (self.more, "more_like"),
        ):
            button.setAccessibleName(f"{tr(f'takes.{key}')}: {take.name}")
        self._wave_line.setVisible(not take.rejected or self.is_open)
        self.midi_file.setVisible(bool(self._kind_of_files(mix=False)))
        self.mix_file.setVisible(bool(take.mix))
        self.show_peaks(self._model.takes.peaks.get(self._id, ()))
        self.update()

    def show_peaks(self, peaks: tuple[Peaks, ...]) -> None:
        dim = self._take is not None and self._take.rejected
        if peaks is not self._peaks:
            self._peaks, self._filled = peaks, filled(peaks)
            self._outline = together(self._filled)
        self.wave.show_peaks(self._outline, dim=dim)
        by_name = {one.stem: one for one in self._filled}
        for name, stem in self.stems.items():
            stem.wave.show_peaks(by_name.get(name), dim=dim)

    def show_mix(self, mix: Mix) -> None:
        for stem in self.stems.values():
            stem.show_mix(mix)

    def take_up(self) -> None:
        """Hear it."""
        self.hear.setChecked(True)
        self._model.takes.hear(self._id)

    def toggle(self) -> None:
        self.set_open(not self.is_open)

    def set_open(self, on: bool) -> None:
        """Show a lane for each stem, or one for all."""
        if on == self.is_open or self._take is None:
            return
        if on:
            for name, path, _ in self._take.stems:
                self.stems[name] = StemRow(self._model, name, path)
                self._stem_box.addWidget(self.stems[name])
        else:
            for stem in self.stems.values():
                self._stem_box.removeWidget(stem)
                stem.hide()
                stem.deleteLater()
            self.stems = {}
        self.opener.setText("▾" if on else "▸")
        self.opener.setAccessibleName(tr("takes.close" if on else "takes.open"))
        self._wave_line.setVisible(not self._take.rejected or on)
        self.show_peaks(self._model.takes.peaks.get(self._id, ()))
        self.show_mix(self._model.takes.mix)

    def _kind_of_files(self, *, mix: bool) -> tuple[str, ...]:
        """The mix, or the MIDI file, of those that can be dragged out."""
        if mix:
            return (self._take.mix,) if self._take is not None and self._take.mix else ()
        return tuple(path for path in self._model.takes.files(self._id) if path.endswith(".mid"))

    def _begin_rename(self) -> None:
        self.edit.setText(self.name.text())
        self.name.hide()
        self.edit.show()
        self.edit.setFocus()
        self.edit.selectAll()

    def _renamed(self) -> None:
        if self.edit.isHidden():
            return
        self.edit.hide()
        self.name.show()
        new = self.edit.text().strip()
        if new and new != self.name.text():
            self._model.takes.rename(self._id, new)

    def focusInEvent(self, event: object) -> None:
        self.entered.emit(self._id)
        self.update()

    def focusOutEvent(self, event: object) -> None:
        self.update()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        key = event.key()
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if plain and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.take_up()
        elif plain and key in (Qt.Key.Key_Right, Qt.Key.Key_Left):
            self.set_open(key == Qt.Key.Key_Right)
        elif plain and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.left.emit(-1 if key == Qt.Key.Key_Up else 1)
        elif plain and key == Qt.Key.Key_F2:
            self._begin_rename()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self.setFocus()
            self.take_up()

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        self.toggle()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        colours = theme.palette(self)
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.panel))
        if self._heard:
            painter.fillRect(0, 0, _MARK_PX, self.height(), QColor(colours.accent))
        if self.hasFocus():
            painter.setPen(QColor(colours.accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
