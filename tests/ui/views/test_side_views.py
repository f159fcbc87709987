"""Work, notices, fit view, placing, welcome, sentence, cues, transport: what they show and do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fakes.kit import Kit, make_kit
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from hitpoint.engine.errors import Problem
from hitpoint.ui.models.work import WorkRow
from hitpoint.ui.ports import Levels
from hitpoint.ui.views.cue_bar import CueBar
from hitpoint.ui.views.fit_view import FitView
from hitpoint.ui.views.host_bar import HostBar
from hitpoint.ui.views.meters import Meters
from hitpoint.ui.views.mix_view import MixView
from hitpoint.ui.views.notices import Notices
from hitpoint.ui.views.place_sheet import PlaceSheet
from hitpoint.ui.views.sentence import Sentence
from hitpoint.ui.views.transport_bar import TransportBar
from hitpoint.ui.views.welcome import Welcome
from hitpoint.ui.views.work_view import WorkView, time_left


@pytest.fixture
def opened(kit: Kit) -> Kit:
    """With a cue."""
    kit.open()
    kit.model.cues.add(0, 240)
    kit.settle()
    return kit


def click(qtbot: QtBot, button: object) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_row_of_work_offers_to_listen_and_to_cancel_while_it_goes_on(opened: Kit, qtbot: QtBot) -> None:
    view = WorkView(opened.model)
    qtbot.addWidget(view)
    assert not view.isVisibleTo(view.parentWidget()) or not view.lines
    opened.studio.hold.add("generate")
    opened.model.work.generate()
    opened.settle()
    (line,) = view.lines.values()
    assert (
        line.listen.isVisibleTo(line) and line.cancel.isVisibleTo(line) and not line.retry.isVisibleTo(line)
    )
    assert line.bar.value() == round(1000 * opened.model.work.rows[0].done) and "1m1" in line.what.text()
    line.cancel.click()
    opened.studio.hold.clear()
    qtbot.waitUntil(lambda: not opened.model.work.rows or opened.model.work.rows[0].state == "cancelled")


def test_a_failed_row_says_why_and_can_be_tried_again(opened: Kit, qtbot: QtBot) -> None:
    view = WorkView(opened.model)
    qtbot.addWidget(view)
    opened.studio.fail["generate"] = Problem(
        "crashed", "the engine ended: try again, it goes on where it was"
    )
    opened.model.work.generate()
    opened.settle()
    (line,) = view.lines.values()
    assert line.text.text() == "the engine ended: try again, it goes on where it was"
    assert line.retry.isVisibleTo(line)
    line.retry.click()
    opened.settle()
    assert len(opened.model.takes.takes) == 1


def test_too_little_memory_offers_to_start_anyway_or_with_sketch(opened: Kit, qtbot: QtBot) -> None:
    view = WorkView(opened.model)
    qtbot.addWidget(view)
    text = "GVMGen needs about 6.0 GB and 3.1 GB are free: close other programs, or start it anyway"
    opened.model.work.rows = (
        WorkRow(
            "w1", "1m1, Take 1", "failed", problem=Problem("memory", text), remedies=("anyway", "sketch")
        ),
    )
    (line,) = view.lines.values()
    assert [one.accessibleName() for one in line.remedies] == ["Start anyway", "Make it with Sketch"]
    before = line.remedies
    opened.model.work.rows = (replace(opened.model.work.rows[0], done=0.5),)
    assert line.remedies is before, "a button that has the keyboard keeps it"


def test_time_left_is_told_in_whole_seconds_or_minutes() -> None:
    assert (time_left(None), time_left(0.2), time_left(42.4), time_left(150)) == (
        "",
        "about 1 s left",
        "about 42 s left",
        "about 2 min left",
    )


def test_a_state_is_a_line_with_what_to_do_and_goes_when_it_is_over(opened: Kit, qtbot: QtBot) -> None:
    view = Notices(opened.model)
    qtbot.addWidget(view)
    pressed: list[str] = []
    opened.model.desk.notify("offline", "2 clips are offline", "Read again", lambda: pressed.append("again"))
    assert "2 clips are offline" in [one.text() for one in view.findChildren(QLabel)]
    (button,) = (one for one in view.findChildren(QPushButton) if one.text() == "Read again")
    button.click()
    assert pressed == ["again"]
    opened.model.desk.unsay("offline")
    assert not any(
        one.text() == "Read again" and one.isVisibleTo(view) for one in view.findChildren(QPushButton)
    )


def test_the_fit_view_lists_the_worst_first_and_enter_goes_there(opened: Kit, qtbot: QtBot) -> None:
    view = FitView(opened.model)
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    opened.model.work.generate()
    opened.settle()
    doubts = opened.model.fit.doubts
    assert view.list.count() == len(doubts) > 1
    item = view.list.item(0)
    assert item is not None and doubts[0].text in item.text()
    view.list.setCurrentRow(1)
    qtbot.keyClick(view.list, Qt.Key.Key_Return)
    assert opened.model.transport.position == doubts[1].in_frame
    box = view.heat.box(doubts[0])
    qtbot.mouseClick(
        view.heat, Qt.MouseButton.LeftButton, pos=QPoint(round(box.center().x()), round(box.center().y()))
    )
    assert opened.model.transport.position == doubts[0].in_frame
    qtbot.keyClick(view.heat, Qt.Key.Key_Right)
    assert opened.model.transport.position > doubts[0].in_frame


def test_the_heat_strip_lies_true(opened: Kit, qtbot: QtBot) -> None:
    view = FitView(opened.model)
    qtbot.addWidget(view)
    opened.model.work.generate()
    opened.settle()
    view.heat.resize(484, 34)
    energy = next(one for one in opened.model.fit.doubts if one.kind == "energy")
    box = view.heat.box(energy)
    # 240 frames over 480 pixels.
    assert box.left() == pytest.approx(2 + 2 * energy.in_frame)
    assert box.width() == pytest.approx(2 * (energy.out_frame_exclusive - energy.in_frame))


def test_a_changed_timeline_is_told_with_a_button_to_read_it_again(opened: Kit, qtbot: QtBot) -> None:
    bar = HostBar(opened.model, lambda: None)
    qtbot.addWidget(bar)
    assert bar.name.text() == "made.otio" and not bar.again.isVisibleTo(bar)
    opened.host.changed = True
    qtbot.waitUntil(lambda: bar.again.isVisibleTo(bar), timeout=5000)
    assert bar.text.text() == "changed since it was read"
    asked = opened.studio.count("open")
    bar.again.click()
    opened.settle()
    assert opened.studio.count("open") == asked + 1


def test_nothing_can_be_placed_before_there_is_a_take(opened: Kit, qtbot: QtBot) -> None:
    bar = HostBar(opened.model, lambda: None)
    qtbot.addWidget(bar)
    qtbot.waitUntil(lambda: opened.model.host.state is not None, timeout=5000)
    assert not bar.place.isEnabled()
    opened.model.work.generate()
    opened.settle()
    assert bar.place.isEnabled()


def test_placing_shows_every_step_before_and_the_path_after(opened: Kit, qtbot: QtBot) -> None:
    opened.model.work.generate()
    opened.settle()
    sheet = PlaceSheet(opened.model)
    qtbot.addWidget(sheet)
    sheet.open()
    opened.settle()
    assert sheet.isVisible() and sheet.table.rowCount() == len(opened.model.host.preview) > 0
    first = [item.text() if (item := sheet.table.item(0, column)) else "" for column in range(4)]
    assert first == ["Add", "Hitpoint drums", "1m1", "drums"]
    assert opened.studio.count("place") == 0
    qtbot.keyClick(sheet.place, Qt.Key.Key_Return)
    opened.settle()
    assert opened.model.host.placed is not None
    assert opened.model.host.placed.timeline in sheet.lead.text() and sheet.show_folder.isVisible()
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.isVisible()


def test_a_failed_placing_says_why(opened: Kit, qtbot: QtBot) -> None:
    opened.model.work.generate()
    opened.settle()
    sheet = PlaceSheet(opened.model)
    qtbot.addWidget(sheet)
    sheet.open()
    opened.settle()
    opened.studio.fail["place"] = Problem("OutputError", "the folder cannot be written: choose another")
    sheet.place.click()
    opened.settle()
    assert sheet.lead.text() == "the folder cannot be written: choose another" and sheet.place.isEnabled()


def test_the_first_run_offers_the_demo_film(tmp_path: Path, qapp: object, qtbot: QtBot) -> None:
    kit = make_kit(tmp_path, first_run=True)
    page = Welcome(kit.model, lambda: None)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitExposed(page)
    page.begin()
    assert page.window().focusWidget() is page.demo and "demo" in page.lead.text()
    page.demo.click()
    kit.settle()
    assert kit.model.state == "open"
    kit.model.close()


def test_a_timeline_that_cannot_be_opened_says_why(kit: Kit, qtbot: QtBot) -> None:
    page = Welcome(kit.model, lambda: None)
    qtbot.addWidget(page)
    kit.model.open("/films/gone.otio")
    kit.settle()
    assert page.lead.text() == "/films/gone.otio does not exist: choose another timeline"
    assert page.open.isEnabled()


def test_each_word_of_the_sentence_is_a_choice(opened: Kit, qtbot: QtBot) -> None:
    view = Sentence(opened.model)
    qtbot.addWidget(view)
    assert [button.text() for button in view.words] == [word.text for word in opened.model.spot.sentence]
    key = view.words[3]
    menu = key.menu()
    assert menu is not None
    action = next(one for one in menu.actions() if one.text() == "F major")
    action.trigger()
    opened.settle()
    assert view.words[3] is key and key.text() == "F major" and key.accessibleName() == "Key: F major"
    opened.model.history.undo()
    opened.settle()
    assert key.text() == "D minor"


def test_cues_are_chosen_renamed_locked_and_removed(opened: Kit, qtbot: QtBot) -> None:
    bar = CueBar(opened.model)
    qtbot.addWidget(bar)
    bar.show()
    opened.model.cues.add(240, 480)
    assert [bar.chosen.itemText(at) for at in range(bar.chosen.count())] == ["1m1", "1m2"]
    bar.chosen.setCurrentIndex(0)
    bar.chosen.activated.emit(0)
    assert opened.model.cues.current is not None and opened.model.cues.current.name == "1m1"
    bar.rename.click()
    bar.name.setText("opening")
    qtbot.keyClick(bar.name, Qt.Key.Key_Return)
    assert [cue.name for cue in opened.model.cues.cues] == ["opening", "1m2"]
    bar.lock.click()
    assert opened.model.cues.cues[0].locked
    bar.lock.click()
    bar.remove.click()
    assert [cue.name for cue in opened.model.cues.cues] == ["1m2"]


def test_the_transport_plays_loops_and_mixes(opened: Kit, qtbot: QtBot) -> None:
    bar = TransportBar(opened.model)
    qtbot.addWidget(bar)
    bar.play.click()
    assert opened.player.playing and bar.play.accessibleName() == "Pause"
    bar.play.click()
    assert not opened.player.playing
    bar.loop.click()
    loop = opened.model.transport.loop
    assert loop is not None and loop[0] <= opened.model.transport.position < loop[1]
    bar.loop.click()
    assert opened.model.transport.loop is None
    mixer = MixView(opened.model)
    qtbot.addWidget(mixer)
    mixer.click.click()
    mixer.balance.setValue(10)
    mixer.matched.click()
    mix = opened.model.takes.mix
    assert mix.click and mix.balance == 0.5 and not mix.matched
    opened.model.takes.set_mix(balance=-1.0)
    assert mixer.balance.value() == mixer.balance.minimum()


def test_meters_tell_their_numbers_to_a_screen_reader(qtbot: QtBot) -> None:
    meters = Meters()
    qtbot.addWidget(meters)
    meters.show_levels(Levels(-14.0, -16.25, -1.04))
    assert meters.accessibleDescription() == "−16.2 LUFS, −1.0 dBTP"
    meters.show_levels(Levels(None, None, None))
    assert meters.accessibleDescription() == "– LUFS, – dBTP"
