"""The window beside an editor's program: which road is live, what can be asked, what became of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes.kit import Kit
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from hitpoint.engine.errors import Problem
from hitpoint.ui.panel import Panel
from hitpoint.ui.ports import Landed

TITLE = "DaVinci Resolve Studio 21.1"
THERE = ("open_there", "use_selected", "go_there", "show_there", "show_hits", "take_hits")


@pytest.fixture
def panel(kit: Kit, qtbot: QtBot, qapp: QApplication) -> Panel:
    made = Panel(kit.model)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def menu_is_there(panel: Panel) -> bool:
    (menu,) = [
        one
        for one in panel.menuBar().actions()
        if one.menu() is not None and panel.menus.actions["take_hits"] in one.menu().actions()
    ]
    return menu.isVisible()


def with_take(kit: Kit) -> None:
    kit.open_there(TITLE)
    kit.model.work.generate()
    kit.settle()


def test_beside_no_program_nothing_of_one_is_shown(kit: Kit, panel: Panel) -> None:
    kit.open()
    bar = panel.host_bar
    assert not (bar.road.isVisible() or bar.there.isVisible() or bar.select.isVisible())
    assert not menu_is_there(panel)
    assert not any(panel.menus.actions[name].isEnabled() for name in THERE)
    kit.model.work.generate()
    kit.settle()
    panel.sheet.open()
    kit.settle()
    assert not panel.sheet.markers.isVisible()


def test_the_welcome_page_offers_what_is_open_there_and_says_that_it_is_read(kit: Kit, panel: Panel) -> None:
    assert not panel.welcome.there.isVisible()
    kit.host.become(TITLE, kit.timeline.path)
    kit.host.hold.add("read")
    kit.model.host.poll()
    assert panel.welcome.there.isVisible() and TITLE in panel.welcome.lead.text()
    panel.welcome.there.click()
    kit.settle()
    assert panel.welcome.lead.text() == f"Reading the timeline from {TITLE} …"
    assert panel.welcome.busy.isVisible() and not panel.welcome.there.isEnabled()
    # A dialog is open there.
    kit.host.standing, kit.host.text = "waiting", f"waiting for {TITLE}"
    kit.model.host.poll()
    assert panel.welcome.lead.text() == f"waiting for {TITLE}"


def test_a_program_that_cannot_be_read_leaves_the_welcome_page_with_its_sentence(
    kit: Kit, panel: Panel
) -> None:
    kit.host.become(TITLE, kit.timeline.path)
    kit.host.fail["read"] = Problem("refused", "no timeline is open there: open one, then try again")
    kit.model.open_there()
    kit.settle()
    assert panel.welcome.lead.text() == "no timeline is open there: open one, then try again"
    assert panel.welcome.there.isEnabled()


def test_why_no_better_road_is_open_is_said_on_both_pages(kit: Kit, panel: Panel) -> None:
    kit.host.name, kit.host.notes = "resolve", ("DaVinci Resolve is not running: start it",)
    kit.model.host.poll()
    assert panel.welcome.road.text() == "DaVinci Resolve is not running: start it"
    kit.open()
    bar = panel.host_bar
    assert bar.road.isVisible() and bar.road.text() == "by files"
    assert bar.road.toolTip() == "DaVinci Resolve is not running: start it"
    assert bar.text.text().endswith(" · DaVinci Resolve is not running: start it")


def test_the_bar_says_by_which_road_and_offers_what_can_be_asked(kit: Kit, panel: Panel) -> None:
    kit.open_there(TITLE)
    bar = panel.host_bar
    assert bar.road.text() == f"in {TITLE}, script"
    assert bar.select.isVisible() and bar.select.isEnabled() and not bar.there.isVisible()
    assert menu_is_there(panel)
    assert all(panel.menus.actions[name].isEnabled() for name in THERE)
    kit.host.standing, kit.host.text = "waiting", f"waiting for {TITLE}"
    kit.model.host.poll()
    assert bar.text.text() == f"waiting for {TITLE}" and not bar.select.isEnabled()
    assert not any(panel.menus.actions[name].isEnabled() for name in THERE)
    kit.host.standing, kit.host.text = "gone", f"{TITLE} has ended"
    kit.model.host.poll()
    assert bar.road.text() == f"{TITLE} let go" and not bar.select.isVisible()
    assert "import" in bar.text.text()


def test_what_a_program_cannot_do_is_not_offered(kit: Kit, panel: Panel) -> None:
    kit.host.become(TITLE, kit.timeline.path)
    kit.host.abilities -= {"selection", "markers"}
    kit.model.open_there()
    kit.settle()
    assert not panel.host_bar.select.isVisible()
    enabled = {name for name in THERE if panel.menus.actions[name].isEnabled()}
    assert enabled == {"open_there", "go_there", "show_there"}


def test_a_file_that_is_open_beside_a_program_is_told_apart_from_what_is_open_there(
    kit: Kit, panel: Panel
) -> None:
    kit.host.become(TITLE, "/films/other.otio")
    kit.open()
    bar = panel.host_bar
    assert bar.road.text() == f"from a file, not {TITLE}"
    assert bar.there.isVisible() and not bar.select.isVisible()


def test_the_keys_of_the_editors_menu_do_what_it_says(kit: Kit, panel: Panel, qtbot: QtBot) -> None:
    kit.open_there(TITLE)
    kit.host.stands_at = 123
    qtbot.keyClick(panel.focusWidget(), Qt.Key.Key_G)
    kit.settle()
    assert kit.model.transport.position == 123
    kit.model.transport.seek(50)
    qtbot.keyClick(panel.focusWidget(), Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    kit.settle()
    assert kit.host.stands_at == 50


def test_placing_says_what_it_waits_for_and_what_became_of_it(kit: Kit, panel: Panel) -> None:
    with_take(kit)
    sheet = panel.sheet
    sheet.open()
    kit.settle()
    assert TITLE in sheet.lead.text() and sheet.markers.isVisible() and sheet.markers.isChecked()
    sheet.markers.click()
    kit.host.hold |= {"read again", "place"}
    sheet.place.click()
    kit.settle()
    assert sheet.lead.text() == f"Reading the timeline from {TITLE} …"
    kit.host.release("read again")
    kit.settle()
    assert sheet.lead.text() == f"{TITLE} is putting it on its timeline …"
    kit.host.standing, kit.host.text = "waiting", f"waiting for {TITLE}: is a dialog open there?"
    kit.model.host.poll()
    assert sheet.lead.text() == kit.host.text
    kit.host.standing, kit.host.text = "live", ""
    kit.host.landed = Landed(
        there=True,
        added=("Stem: drums v2", "Stem: bass"),
        replaced=("Stem: pads",),
        kept=("Stem: drums",),
        problems=("one marker could not be written",),
        job="j1",
    )
    kit.model.host.poll()
    kit.host.release("place")
    kit.settle()
    assert sheet.lead.text().split("\n") == [
        f"On the timeline of {TITLE}: Stem: drums v2, Stem: bass",
        "Gave way: Stem: pads",
        "Stays, switched off, since somebody worked on it: Stem: drums",
        "one marker could not be written",
    ]
    assert kit.host.placings[-1][1] is False
    sheet.take_away.click()
    kit.settle()
    assert sheet.lead.text() == "Taken away again: Stem: drums v2, Stem: bass"
    assert not sheet.take_away.isVisible()


def test_a_refusal_says_why_where_the_stems_are_and_what_can_be_done(kit: Kit, panel: Panel) -> None:
    with_take(kit)
    kit.host.landed = Landed(there=False, refused="the track is locked", step="import 'scored.otio' there")
    panel.sheet.open()
    kit.settle()
    panel.sheet.place.click()
    kit.settle()
    assert panel.sheet.lead.text().split("\n") == [
        f"{TITLE} did not take it: the track is locked",
        f"Stems and timeline are in {kit.model.host.placed.folder}",
        "import 'scored.otio' there",
    ]
    assert not panel.sheet.take_away.isVisible() and panel.sheet.show_folder.isVisible()


def test_a_timeline_that_appears_can_be_opened_from_the_welcome_page(kit: Kit, panel: Panel) -> None:
    assert not panel.welcome.offered.isVisible()
    kit.studio.timelines["/exports/reel 2.otio"] = replace(kit.timeline, path="/exports/reel 2.otio")
    kit.host.appeared = "/exports/reel 2.otio"
    kit.model.host.poll()
    assert panel.welcome.offered_text.text() == "A timeline has appeared: reel 2.otio"
    panel.welcome.offered.click()
    kit.settle()
    assert kit.model.timeline.path == "/exports/reel 2.otio" and not panel.welcome.offered.isVisible()
