"""The window: nothing cut off, nothing nameless, every control reached by Tab, one table of keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.kit import Kit
from PyQt6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent, QKeySequence
from PyQt6.QtWidgets import (
    QApplication,
    QCheckBox,
    QGroupBox,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from hitpoint.engine.errors import Problem
from hitpoint.ui import theme
from hitpoint.ui.panel import Panel
from hitpoint.ui.ports import Landed
from hitpoint.ui.text import tr
from hitpoint.ui.views.menus import MENUS
from hitpoint.ui.views.shortcuts import SHORTCUTS

SIZES = ((1280, 720), (1920, 1080))


@pytest.fixture
def panel(kit: Kit, qtbot: QtBot, qapp: QApplication) -> Panel:
    theme.apply(qapp, "light")
    made = Panel(kit.model)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def with_takes(kit: Kit, panel: Panel) -> None:
    kit.open()
    kit.model.cues.add(0, 240)
    kit.settle()
    for _ in range(2):
        kit.model.work.generate()
        kit.settle()


def with_stems(kit: Kit, panel: Panel) -> None:
    with_takes(kit, panel)
    next(iter(panel.takes.rows.values())).set_open(True)


def with_fit(kit: Kit, panel: Panel) -> None:
    with_takes(kit, panel)
    panel.menus.actions["go_fit"].trigger()
    kit.settle()


def with_sheet(kit: Kit, panel: Panel) -> None:
    with_takes(kit, panel)
    panel.menus.actions["preview_place"].trigger()
    kit.settle()


def with_result(kit: Kit, panel: Panel) -> None:
    with_sheet(kit, panel)
    panel.sheet.place.click()
    kit.settle()


def with_work(kit: Kit, panel: Panel) -> None:
    with_takes(kit, panel)
    kit.studio.fail["generate"] = Problem(
        "memory",
        "GVMGen medium needs about 6.0 GB and 3.1 GB are free: close other programs, or start it anyway",
    )
    kit.model.work.generate()
    kit.settle()
    kit.studio.hold.add("generate")
    kit.model.work.generate()
    kit.model.work.generate()
    kit.settle()
    for kind in ("one", "two"):
        kit.model.desk.notify(
            kind,
            "3 clips are offline (interview_03.mov, drone_7.mov, drone_8.mov): music is made without their "
            "pictures. Relink them in your editor, then read again.",
            "Read again",
            kit.model.host.read_again,
        )


def with_neural(kit: Kit, panel: Panel) -> None:
    with_takes(kit, panel)
    kit.model.controls.set(model="musicgen-small")
    kit.model.controls.set_tempo(80.0, 120.0)


def nothing(kit: Kit, panel: Panel) -> None:
    """The welcome page."""


RESOLVE = "DaVinci Resolve Studio 21.1.1"


def beside_reading(kit: Kit, panel: Panel) -> None:
    kit.host.hold.add("read")
    kit.host.become(RESOLVE, kit.timeline.path)
    kit.host.notes = ("Hitpoint's part in it is of release 0.4: run 'hitpoint hosts install resolve'",)
    kit.host.appeared = "/exports/second_reel_of_the_documentary.otio"
    kit.model.host.poll()
    kit.model.open_there()
    kit.settle()


def beside(kit: Kit, panel: Panel) -> None:
    kit.open_there(RESOLVE)
    kit.model.cues.add(0, 240)
    kit.settle()
    kit.model.work.generate()
    kit.settle()


def beside_sheet(kit: Kit, panel: Panel) -> None:
    beside(kit, panel)
    panel.menus.actions["preview_place"].trigger()
    kit.settle()


def beside_result(kit: Kit, panel: Panel) -> None:
    kit.host.landed = Landed(
        there=True,
        added=("Stem: drums v2", "Stem: bass"),
        replaced=("Stem: pads",),
        kept=("Stem: drums",),
        problems=("the level of a clip on 'Stem: drums' could not be read",),
        job="j1",
    )
    beside_sheet(kit, panel)
    panel.sheet.place.click()
    kit.settle()


def beside_gone(kit: Kit, panel: Panel) -> None:
    beside(kit, panel)
    kit.host.standing = "gone"
    kit.host.text = f"{RESOLVE} has ended, or let go of the panel: what was made stays here"
    kit.model.host.poll()
    lay_out()


STATES: list[Callable[[Kit, Panel], None]] = [
    nothing,
    with_takes,
    with_stems,
    with_fit,
    with_sheet,
    with_result,
    with_work,
    with_neural,
    beside_reading,
    beside,
    beside_sheet,
    beside_result,
    beside_gone,
]
EACH_STATE = pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)


def lay_out() -> None:
    """Layouts inside layouts take a turn of the event loop each."""
    for _ in range(6):
        QApplication.processEvents()


def shown(panel: Panel) -> list[QWidget]:
    return [one for one in panel.findChildren(QWidget) if one.isVisible()]


def inside_scrolled(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            return True
        parent = parent.parentWidget()
    return False


@EACH_STATE
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_no_text_is_cut_off(
    kit: Kit, panel: Panel, qtbot: QtBot, state: Callable[[Kit, Panel], None], size: tuple[int, int]
) -> None:
    panel.resize(*size)
    state(kit, panel)
    lay_out()
    assert (panel.width(), panel.height()) == size, "its least size is larger than the screen"
    cut = []
    for one in shown(panel):
        if not isinstance(one, QLabel | QPushButton | QCheckBox | QToolButton):
            continue
        wide, high = one.sizeHint().width(), one.sizeHint().height()
        if isinstance(one, QLabel) and one.wordWrap():
            wide, high = 0, one.heightForWidth(one.width())
        if one.width() < wide or one.height() < high:
            cut.append(
                (
                    type(one).__name__,
                    one.accessibleName() or getattr(one, "text", str)(),
                    one.size(),
                    one.sizeHint(),
                )
            )
        # And it lies within the window, unless what it is in scrolls.
        if not inside_scrolled(one):
            corner = one.mapTo(panel, one.rect().bottomRight())
            assert panel.rect().contains(corner), (one.accessibleName(), corner)
    assert cut == []


@EACH_STATE
def test_everything_that_takes_the_keyboard_has_a_name(
    kit: Kit, panel: Panel, state: Callable[[Kit, Panel], None]
) -> None:
    state(kit, panel)
    nameless = [
        (type(one).__name__, type(one.parentWidget()).__name__)
        for one in panel.findChildren(QWidget)
        if one.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not one.accessibleName()
        and not one.objectName().startswith("qt_")
    ]
    assert nameless == []


@EACH_STATE
def test_no_group_is_empty(kit: Kit, panel: Panel, state: Callable[[Kit, Panel], None]) -> None:
    state(kit, panel)
    for box in panel.findChildren(QGroupBox):
        assert not box.isVisible() or any(child.isVisible() for child in box.findChildren(QWidget)), (
            box.title()
        )


@pytest.mark.parametrize(
    "state",
    [nothing, with_stems, with_fit, with_sheet, beside, beside_sheet, beside_result],
    ids=lambda state: state.__name__,
)
def test_tab_goes_through_every_control_and_comes_round(
    kit: Kit, panel: Panel, qtbot: QtBot, state: Callable[[Kit, Panel], None]
) -> None:
    state(kit, panel)
    QApplication.processEvents()
    wanted = {
        one
        for one in shown(panel)
        if one.focusPolicy() & Qt.FocusPolicy.TabFocus and one.isEnabled() and one.focusProxy() is None
    }
    reached: set[QWidget] = set()
    for _ in range(250):
        focus = panel.focusWidget()
        assert focus is not None
        reached.add(focus)
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    missed = {(type(one).__name__, one.accessibleName()) for one in wanted - reached}
    assert missed == set()


def test_tab_goes_from_the_picture_over_the_controls_to_the_lanes(kit: Kit, panel: Panel) -> None:
    with_takes(kit, panel)
    order: list[QWidget] = []
    one = panel.host_bar.place.nextInFocusChain()
    while one is not None and one is not panel.host_bar.place:
        order.append(one)
        one = one.nextInFocusChain()
    places = [
        order.index(widget)
        for widget in (
            panel.mix.balance,
            panel.transport.play,
            panel.tabs.tabBar() or panel.tabs,
            panel.controls.model,
            panel.controls.mood,
            panel.controls.seed,
            panel.generate,
            panel.cue_bar.chosen,
            panel.strip.ruler,
            panel.strip.flag_lane,
            next(iter(panel.takes.rows.values())),
        )
    ]
    assert places == sorted(places)


def test_the_table_of_shortcuts_has_no_key_twice() -> None:
    for where in ("strip", "takes"):
        # A lane's own key goes before the window's: Right opens a take, elsewhere it steps.
        keys = [QKeySequence(key).toString() for one in SHORTCUTS if one.where == where for key in one.keys]
        assert len(keys) == len(set(keys))
    keys = [QKeySequence(key).toString() for one in SHORTCUTS if one.where == "anywhere" for key in one.keys]
    assert len(keys) == len(set(keys)) and "" not in keys
    assert len({one.action for one in SHORTCUTS}) == len(SHORTCUTS)
    assert all(one.menu in MENUS for one in SHORTCUTS if one.where == "anywhere")


def test_every_action_of_the_table_is_in_a_menu_under_its_text(panel: Panel) -> None:
    bar = panel.menuBar()
    assert bar is not None
    found = set()
    for top in bar.actions():
        menu = top.menu()
        assert menu is not None
        found |= {action.text().split("\t")[0] for action in menu.actions()}
    for one in SHORTCUTS:
        if one.where == "anywhere":
            assert tr(f"action.{one.action}") in found


def test_a_letter_plays_nothing_while_a_text_is_written(kit: Kit, panel: Panel, qtbot: QtBot) -> None:
    with_takes(kit, panel)
    mood = panel.controls.mood
    mood.setFocus()
    qtbot.keyClicks(mood, "dark ill")
    assert mood.text() == "dark ill" and not kit.model.transport.playing
    qtbot.keyClick(mood, Qt.Key.Key_Escape)
    qtbot.keyClick(panel.focusWidget(), Qt.Key.Key_Space)
    assert kit.model.transport.playing


def test_undo_says_what_it_takes_back(kit: Kit, panel: Panel) -> None:
    with_takes(kit, panel)
    kit.model.controls.set(mood="dark")
    text = panel.menus.actions["undo"].text()
    assert text.startswith(tr("action.undo") + ": ") and kit.model.history.undo_label in text
    panel.menus.actions["undo"].trigger()
    assert kit.model.controls.controls.mood == ""
    assert panel.menus.actions["redo"].isEnabled()


def test_without_a_timeline_only_opening_and_quitting_are_offered(panel: Panel) -> None:
    offered = {name for name, action in panel.menus.actions.items() if action.isEnabled()}
    assert offered == {"open", "demo", "quit"}


def test_the_theme_is_chosen_in_the_menu_and_kept_with_the_session(kit: Kit, panel: Panel) -> None:
    with_takes(kit, panel)
    panel.menus.themes["dark"].trigger()
    assert theme.palette(panel) is theme.DARK
    assert kit.model.history.value is not None and kit.model.history.value.view.theme == "dark"
    panel.menus.themes["light"].trigger()
    assert theme.palette(panel) is theme.LIGHT


def test_a_file_that_is_dropped_on_the_window_is_opened(kit: Kit, panel: Panel, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(kit.timeline.path)])
    event = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, mime,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QEvent.Type.Drop,
    )  # fmt: skip
    panel.dropEvent(event)
    kit.settle()
    assert kit.model.state == "open" and kit.model.timeline == kit.timeline
    assert panel.windowTitle().startswith("made.otio")


def test_two_files_at_once_are_not_taken(kit: Kit, panel: Panel) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/a.otio"), QUrl.fromLocalFile("/b.otio")])
    event = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, mime,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QEvent.Type.Drop,
    )  # fmt: skip
    panel.dropEvent(event)
    kit.settle()
    assert kit.model.state == "none"


def test_closing_the_window_is_told(panel: Panel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.closed, timeout=1000):
        panel.close()


def test_the_sizes_of_its_parts_are_kept_and_come_back(kit: Kit, panel: Panel, qtbot: QtBot) -> None:
    with_takes(kit, panel)
    halves = panel.findChildren(QSplitter)[0]
    first, second = halves.sizes()
    halves.moveSplitter(halves.handle(1).pos().y() + 30, 1)
    moved = halves.sizes()
    assert moved != [first, second]
    session = kit.model.history.value
    assert session is not None and list(session.view.split[0]) == moved
    kit.model.close()
    other = Panel(kit.model)
    qtbot.addWidget(other)
    other.resize(panel.size())
    other.show()
    qtbot.waitExposed(other)
    kit.open()
    assert other.findChildren(QSplitter)[0].sizes() == moved
