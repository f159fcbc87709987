"""The menu bar, made of the table of shortcuts, and the keys that no menu can own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import QKeyCombination, Qt
from PyQt6.QtGui import QAction, QActionGroup, QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QMainWindow, QMenu

from ..models.panel import PanelModel
from ..ports import Ability
from ..text import tr
from ..theme import ThemeChoice
from .shortcuts import SHORTCUTS

MENUS = ("file", "edit", "play", "cue", "takes", "there", "view")
_THEMES: tuple[ThemeChoice, ...] = ("system", "light", "dark")
# Open without a timeline, too.
_ALWAYS = {"open", "demo", "quit"}
# What the editor's program must be able to do for these; opening asks for no timeline here.
_THERE: dict[str, Ability] = {
    "open_there": "timeline",
    "use_selected": "selection",
    "go_there": "playhead",
    "show_there": "playhead",
    "show_hits": "markers",
    "take_hits": "markers",
}


class Menus:
    """Actions by name in `actions`; `press` runs those whose keys a text field wants first."""

    def __init__(
        self,
        window: QMainWindow,
        model: PanelModel,
        run: Mapping[str, Callable[[], object]],
        choose_theme: Callable[[ThemeChoice], object],
    ) -> None:
        self._model = model
        self.actions: dict[str, QAction] = {}
        self.themes: dict[str, QAction] = {}
        bar = window.menuBar()
        assert bar is not None
        menus: dict[str, QMenu] = {}
        for name in MENUS:
            made = bar.addMenu(tr(f"menu.{name}"))
            assert made is not None
            menus[name] = made
        self._there = menus["there"]
        self._keys: dict[str, QAction] = {}
        for shortcut in SHORTCUTS:
            if shortcut.where != "anywhere":
                continue
            action = QAction(window)
            text = tr(f"action.{shortcut.action}")
            action.setText(text)
            if shortcut.plain:
                # Told beside the text, and pressed through `press`: as a shortcut it would be taken from
                # every text field and button.
                native = QKeySequence(shortcut.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)
                action.setText(f"{text}\t{native}")
                self._keys |= {QKeySequence(key).toString(): action for key in shortcut.keys}
            elif shortcut.keys:
                action.setShortcuts([QKeySequence(key) for key in shortcut.keys])
            action.triggered.connect(_runner(run[shortcut.action]))
            menus[shortcut.menu].addAction(action)
            self.actions[shortcut.action] = action
        self._add_themes(menus["view"], choose_theme)
        model.history.changed.connect(lambda _: self._show_history())
        model.state_changed.connect(lambda _: self._show_state())
        model.host.state_changed.connect(lambda _: self._show_state())
        self._show_history()
        self._show_state()

    def press(self, event: QKeyEvent) -> bool:
        """Whether the key was one of ours."""
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        combination = QKeyCombination(modifiers, Qt.Key(event.key()))
        action = self._keys.get(QKeySequence(combination).toString())
        if action is None or not action.isEnabled():
            return False
        action.trigger()
        return True

    def show_theme(self, choice: ThemeChoice) -> None:
        self.themes[choice].setChecked(True)

    def _add_themes(self, menu: QMenu, choose: Callable[[ThemeChoice], object]) -> None:
        inside = menu.addMenu(tr("menu.theme"))
        assert inside is not None
        group = QActionGroup(inside)
        for name in _THEMES:
            action = QAction(tr(f"theme.{name}"), group)
            action.setCheckable(True)
            action.triggered.connect(_chooser(choose, name))
            inside.addAction(action)
            self.themes[name] = action

    def _show_history(self) -> None:
        history = self._model.history
        for name, can, what in (
            ("undo", history.can_undo, history.undo_label),
            ("redo", history.can_redo, history.redo_label),
        ):
            text = tr(f"action.{name}")
            self.actions[name].setText(f"{text}: {what}" if what else text)
            self.actions[name].setEnabled(can)

    def _show_state(self) -> None:
        for name, action in self.actions.items():
            action.setEnabled(name in _ALWAYS or self._model.state == "open")
        host = self._model.host.state
        for name, ability in _THERE.items():
            # While one is opened, no other is.
            free = self._model.state != "opening"
            self.actions[name].setEnabled(host is not None and host.can(ability) and free)
        inside = self._there.menuAction()
        assert inside is not None
        # Beside no program there is nothing in it.
        inside.setVisible(host is not None and bool(host.title))
        self._show_history()


def _runner(run: Callable[[], object]) -> Callable[[], None]:
    def go() -> None:
        run()

    return go


def _chooser(choose: Callable[[ThemeChoice], object], name: ThemeChoice) -> Callable[[], None]:
    def go() -> None:
        choose(name)

    return go
