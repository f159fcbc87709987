"""The temp track whose tempo, key and colours the music follows: a track of the timeline, or a file."""

from __future__ import annotations

from pathlib import PurePath

from PyQt6.QtCore import QSignalBlocker
from PyQt6.QtWidgets import QComboBox, QFileDialog, QWidget

from ..models.panel import PanelModel
from ..observable import show
from ..text import tr
from .parts import row
from .take_fields import choice, choose

_ASK = "?"
_TRACK = "track:"


class LikeField(QWidget):
    """Nothing, a track, the file that was chosen last, or another file."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.box: QComboBox = choice("controls.like", self._choose)
        self.setLayout(row(self.box))
        self._dialog: QFileDialog | None = None
        show(model.controls, "tracks", lambda _: self._show())
        show(model.controls, "controls", lambda _: self._show())

    def _show(self) -> None:
        like = self._model.controls.controls.like
        with QSignalBlocker(self.box):
            self.box.clear()
            self.box.addItem(tr("controls.like.nothing"), "")
            for name in self._model.controls.tracks:
                self.box.addItem(tr("controls.like.track", name=name), _TRACK + name)
            if like and self.box.findData(like) < 0:
                self.box.addItem(PurePath(like.removeprefix(_TRACK)).name, like)
            self.box.addItem(tr("controls.like.file"), _ASK)
        choose(self.box, like)

    def _choose(self, like: str) -> None:
        if like != _ASK:
            self._model.controls.set(like=like)
            return
        # Until a file is chosen nothing has changed.
        choose(self.box, self._model.controls.controls.like)
        self._dialog = QFileDialog(self, tr("controls.like.dialog"))
        self._dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._dialog.setNameFilters(
            [tr("controls.like.sounds") + " (*.wav *.flac *.mp3 *.m4a *.ogg *.aif *.aiff)"]
        )
        self._dialog.fileSelected.connect(lambda path: self._model.controls.set(like=path))
        self._dialog.open()
