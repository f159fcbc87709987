"""How the picture was read, as a sentence of which every word is a choice."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from ..models.panel import PanelModel
from ..observable import show
from ..ports import Word
from ..text import tr
from .parts import label, menu_button

# Mood, course, tempo, key.
_USUAL = 4


class Sentence(QWidget):
    """ "tense, building, 96 bpm, D minor": a button a word, its menu the picture's own word first."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spot = model.spot
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._lead = label(tr("sentence.lead"), dim=True)
        self._layout.addWidget(self._lead)
        self._layout.addStretch(1)
        self.words: list[QToolButton] = []
        # Made before what lies below, so that Tab comes through them in their place.
        self._spare = [self._new() for _ in range(_USUAL)]
        show(self._spot, "sentence", self._show)
        show(self._spot, "busy", lambda _: self._say())

    def _say(self) -> None:
        # While nothing is known yet the line says what goes on.
        if self._spot.sentence:
            self._lead.setText(tr("sentence.lead"))
        else:
            self._lead.setText(tr("sentence.looking") if self._spot.busy else tr("sentence.none"))

    def _show(self, words: tuple[Word, ...]) -> None:
        # A word that stays keeps its button, and with it the keyboard.
        for button in self.words[len(words) :]:
            button.hide()
        self._spare = self.words[len(words) :] + self._spare
        self.words = self.words[: len(words)]
        for at, word in enumerate(words):
            if at == len(self.words):
                self.words.append(self._spare.pop(0) if self._spare else self._new())
                self.words[at].show()
            button = self.words[at]
            button.setText(word.text)
            name = tr(f"word.{word.what}")
            button.setAccessibleName(f"{name}: {word.text}")
            button.setToolTip(f"{name}: {word.text}")
            menu = button.menu()
            assert menu is not None
            menu.clear()
            for index, (text, _) in enumerate(word.choices):
                action = menu.addAction(text)
                assert action is not None
                action.setCheckable(True)
                action.setChecked(text == word.text)
                action.triggered.connect(self._chooser(word.what, index))
                if index == 0:
                    # The picture's own stands apart.
                    menu.addSeparator()
        self._say()

    def _new(self) -> QToolButton:
        button = menu_button("sentence.word", QMenu())
        button.hide()
        self._layout.insertWidget(self._layout.count() - 1, button)
        return button

    def _chooser(self, what: str, index: int) -> Callable[[], None]:
        return lambda: self._spot.choose(what, index)
