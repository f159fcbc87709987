"""Takes: heard, approved, rejected, renamed, opened, dragged out; by mouse and by keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.kit import Kit
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from hitpoint.ui.ports import Peaks
from hitpoint.ui.views.axis import HEADER_PX
from hitpoint.ui.views.drag import mime_of
from hitpoint.ui.views.meters import reading
from hitpoint.ui.views.take_row import TakeRow, facts, made_at
from hitpoint.ui.views.takes_lane import TakesLane
from hitpoint.ui.views.wave import filled, together


@pytest.fixture
def lane(kit: Kit, qtbot: QtBot) -> TakesLane:
    """Two takes of a cue."""
    kit.open()
    kit.model.cues.add(0, 240)
    kit.settle()
    for _ in range(2):
        kit.model.work.generate()
        kit.settle()
    made = TakesLane(kit.model)
    qtbot.addWidget(made)
    made.resize(1000, 300)
    made.show()
    return made


def rows(lane: TakesLane) -> list[TakeRow]:
    return list(lane.rows.values())


def test_a_row_tells_seed_generator_style_hits_and_loudness(kit: Kit, lane: TakesLane) -> None:
    take = kit.model.takes.takes[0]
    text = facts(take)
    for part in ("sketch", "cinematic", f"seed {take.seed}", "4/5 strong hits", "−16.0 LUFS"):
        assert part in text
    assert rows(lane)[0].name.text() == take.name


def test_enter_on_a_row_hears_it_and_up_and_down_go_on(kit: Kit, lane: TakesLane, qtbot: QtBot) -> None:
    first, second = rows(lane)
    second.setFocus()
    qtbot.keyClick(second, Qt.Key.Key_Up)
    assert first.hasFocus()
    qtbot.keyClick(first, Qt.Key.Key_Return)
    assert kit.model.takes.heard == first.id and kit.player.heard == first.id
    qtbot.keyClick(first, Qt.Key.Key_Down)
    qtbot.keyClick(second, Qt.Key.Key_Enter)
    assert kit.model.takes.heard == second.id
    assert "heard" in second.accessibleName() and "heard" not in first.accessibleName()


def test_a_rejected_take_is_dim_and_kept_and_comes_back(kit: Kit, lane: TakesLane, qtbot: QtBot) -> None:
    row = rows(lane)[0]
    qtbot.mouseClick(row.reject, Qt.MouseButton.LeftButton)
    assert kit.model.takes.takes[0].rejected and not row.wave.isVisible()
    assert len(rows(lane)) == 2
    qtbot.mouseClick(row.reject, Qt.MouseButton.LeftButton)
    assert not kit.model.takes.takes[0].rejected and row.wave.isVisible()


def test_one_take_is_approved_at_a_time(kit: Kit, lane: TakesLane, qtbot: QtBot) -> None:
    first, second = rows(lane)
    qtbot.mouseClick(first.approve, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(second.approve, Qt.MouseButton.LeftButton)
    assert (first.approve.isChecked(), second.approve.isChecked()) == (False, True)
    assert kit.model.takes.approved == second.id


def test_an_opened_take_has_a_lane_for_each_stem_with_mute_and_solo(
    kit: Kit, lane: TakesLane, qtbot: QtBot
) -> None:
    row = rows(lane)[0]
    qtbot.keyClick(row, Qt.Key.Key_Right)
    assert list(row.stems) == [name for name, _, _ in kit.model.takes.takes[0].stems]
    qtbot.mouseClick(row.stems["bass"].mute, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(row.stems["melody"].solo, Qt.MouseButton.LeftButton)
    assert kit.model.takes.mix.muted == ("bass",) and kit.model.takes.mix.soloed == ("melody",)
    kit.model.takes.mute("bass", False)
    assert not row.stems["bass"].mute.isChecked()
    qtbot.keyClick(row, Qt.Key.Key_Left)
    assert not row.stems
    # What was thrown away hears nothing any more.
    kit.model.takes.mute("bass", True)
    kit.model.transport.seek(20.0)


def test_waveforms_lie_on_the_strips_axis(kit: Kit, lane: TakesLane, qtbot: QtBot) -> None:
    row = rows(lane)[0]
    qtbot.waitExposed(lane)
    left = row.wave.mapTo(lane, row.wave.rect().topLeft()).x()
    assert left == HEADER_PX
    strip = kit.model.strip
    strip.frames_per_pixel, strip.first_frame = 0.5, 100.0
    assert row.wave.pixel(100.0) == 0 and row.wave.pixel(200.0) == 200
    box = row.wave.box()
    assert box.left() == -200 and box.width() == 480


def test_a_click_into_a_waveform_goes_there(kit: Kit, lane: TakesLane, qtbot: QtBot) -> None:
    kit.model.strip.frames_per_pixel, kit.model.strip.first_frame = 0.5, 0.0
    wave = rows(lane)[0].wave
    at = wave.rect().center()
    at.setX(120)
    qtbot.mouseClick(wave, Qt.MouseButton.LeftButton, pos=at)
    assert kit.model.transport.position == pytest.approx(60, abs=1)


def test_files_are_given_out_as_urls_and_as_text(kit: Kit, lane: TakesLane) -> None:
    take = kit.model.takes.takes[0]
    mime = mime_of(kit.model.takes.files(take.id))
    paths = [Path(url.toLocalFile()) for url in mime.urls()]
    assert [path.stem for path in paths[: len(take.stems)]] == [name for name, _, _ in take.stems]
    assert all(path.is_absolute() and path.exists() for path in paths)
    assert mime.text().splitlines() == [str(path) for path in paths]


def test_a_grip_that_is_pressed_copies_the_files(kit: Kit, lane: TakesLane, qtbot: QtBot) -> None:
    qtbot.mouseClick(rows(lane)[0].mix_file, Qt.MouseButton.LeftButton)
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    mime = clipboard.mimeData()
    assert mime is not None
    assert [url.toLocalFile() for url in mime.urls()] == [kit.model.takes.takes[0].mix]


def test_a_take_is_renamed_in_its_row(kit: Kit, lane: TakesLane, qtbot: QtBot) -> None:
    row = rows(lane)[0]
    qtbot.keyClick(row, Qt.Key.Key_F2)
    row.edit.setText("the warm one")
    qtbot.keyClick(row.edit, Qt.Key.Key_Return)
    assert kit.model.takes.takes[0].name == "the warm one" == row.name.text()
    assert not row.edit.isVisible()


def test_more_like_this_asks_for_the_takes_score(kit: Kit, lane: TakesLane, qtbot: QtBot) -> None:
    row = rows(lane)[0]
    qtbot.mouseClick(row.more, Qt.MouseButton.LeftButton)
    kit.settle()
    assert kit.studio.orders[-1].like_take != "" and len(rows(lane)) == 3


def test_a_locked_cues_takes_can_be_heard_and_no_more(kit: Kit, lane: TakesLane) -> None:
    kit.model.cues.lock("1m1", True)
    row = rows(lane)[0]
    assert row.hear.isEnabled() and not row.approve.isEnabled() and not row.reject.isEnabled()


def test_next_take_skips_what_was_rejected(kit: Kit, lane: TakesLane) -> None:
    first, second = (take.id for take in kit.model.takes.takes)
    kit.model.takes.hear(first)
    kit.model.takes.reject(second)
    lane.go(1)
    assert kit.model.takes.heard == first


def test_an_outline_holds_all_stems() -> None:
    one, two = Peaks("a", (-0.1, -0.9), (0.2, 0.3)), Peaks("b", (-0.5, 0.0), (0.1, 0.8))
    assert together((one, two)) == Peaks("", (-0.5, -0.9), (0.2, 0.8))
    assert together(()) is None


def test_a_quiet_take_fills_its_lane_and_its_stems_keep_their_proportion() -> None:
    loud, quiet = filled((Peaks("a", (-0.1, 0.0), (0.05, 0.2)), Peaks("b", (-0.02,), (0.01,))))
    assert loud.high == pytest.approx((0.25, 1.0)) and quiet.low == pytest.approx((-0.1,))
    silent = (Peaks("a", (0.0,), (0.0,)),)
    assert filled(silent) == silent


def test_readings_are_short() -> None:
    assert reading(None) == "–" and reading(-16.04) == "−16.0"
    assert made_at("yesterday") == "yesterday" and made_at("2020-05-01T10:00:00Z").startswith("2020-05-01 ")
