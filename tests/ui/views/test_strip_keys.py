"""Every key of the strip, in any of its lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fakes.kit import Kit
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from hitpoint.ui.views.axis import HEADER_PX
from hitpoint.ui.views.strip import Strip

Key = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def shown(kit: Kit, qtbot: QtBot) -> Iterator[tuple[Kit, Strip]]:
    kit.open()
    strip = Strip(kit.model)
    qtbot.addWidget(strip)
    strip.resize(HEADER_PX + 576, strip.sizeHint().height())
    strip.show()
    strip.activateWindow()
    qtbot.waitUntil(strip.isActiveWindow)
    kit.model.cues.add(48, 480)
    kit.settle()
    kit.model.transport.seek(100)
    yield kit, strip


@pytest.mark.parametrize(
    ("key", "shift", "there"),
    [
        (Key.Key_Left, False, 99),
        (Key.Key_Right, False, 101),
        (Key.Key_Left, True, 90),
        (Key.Key_Right, True, 110),
        (Key.Key_Up, False, 96),
        (Key.Key_Down, False, 144),
        (Key.Key_Home, False, 48),
        (Key.Key_End, False, 479),
    ],
)
def test_keys_move_the_playhead(shown: tuple[Kit, Strip], key: Qt.Key, shift: bool, there: int) -> None:
    kit, strip = shown
    QTest.keyClick(strip.ruler, key, SHIFT if shift else Qt.KeyboardModifier.NoModifier)
    assert int(kit.model.transport.position) == there


def test_keys_work_in_every_lane(shown: tuple[Kit, Strip]) -> None:
    kit, strip = shown
    for number, lane in enumerate(strip.lanes):
        QTest.keyClick(lane, Key.Key_Right)
        assert int(kit.model.transport.position) == 101 + number


def test_space_plays_and_pauses_and_k_stops_a_shuttle(shown: tuple[Kit, Strip]) -> None:
    kit, strip = shown
    QTest.keyClick(strip.shot_lane, Key.Key_Space)
    assert kit.model.transport.playing
    QTest.keyClick(strip.shot_lane, Key.Key_Space)
    assert not kit.model.transport.playing
    QTest.keyClick(strip.shot_lane, Key.Key_L)
    QTest.keyClick(strip.shot_lane, Key.Key_L)
    assert kit.player.speed == 2
    QTest.keyClick(strip.shot_lane, Key.Key_J)
    assert kit.player.speed < 2
    QTest.keyClick(strip.shot_lane, Key.Key_K)
    assert not kit.model.transport.playing


def test_in_out_and_enter_make_a_cue(shown: tuple[Kit, Strip]) -> None:
    kit, strip = shown
    kit.model.transport.seek(500)
    QTest.keyClick(strip.ruler, Key.Key_I)
    kit.model.transport.seek(560)
    QTest.keyClick(strip.ruler, Key.Key_O)
    # On a flag as well: what Enter does there without a range gives way.
    strip.flag_lane.setFocus()
    strip.flag_lane.focus_on(kit.model.spot.hits[0].frame)
    QTest.keyClick(strip.flag_lane, Key.Key_Return)
    names = [cue.name for cue in kit.model.cues.cues]
    assert len(names) == 2
    made = next(cue for cue in kit.model.cues.cues if cue.in_frame == 500)
    assert made.out_frame_exclusive in (560, 561)


def test_h_adds_a_hit_at_the_playhead_and_the_keyboard_is_on_it(shown: tuple[Kit, Strip]) -> None:
    kit, strip = shown
    kit.model.transport.seek(111)
    QTest.keyClick(strip.ruler, Key.Key_H)
    kit.settle()
    assert 111 in [row.frame for row in kit.model.spot.hits]
    assert strip.flag_lane.hasFocus()
    QTest.keyClick(strip.flag_lane, Key.Key_Right, CONTROL)
    kit.settle()
    assert 112 in [row.frame for row in kit.model.spot.hits]


def test_zoom_and_fit_keys(shown: tuple[Kit, Strip]) -> None:
    kit, strip = shown
    model = kit.model.strip
    QTest.keyClick(strip.ruler, Key.Key_Plus)
    assert model.frames_per_pixel == pytest.approx(1 / 1.25)
    assert strip.axis().sees(100, 101)
    QTest.keyClick(strip.ruler, Key.Key_Minus)
    assert model.frames_per_pixel == pytest.approx(1.0)
    QTest.keyClick(strip.ruler, Key.Key_F)
    assert strip.axis().first_frame > 0
    QTest.keyClick(strip.ruler, Key.Key_F, SHIFT)
    assert (strip.axis().first_frame, strip.axis().end_frame) == (0, pytest.approx(576))


def test_brackets_loop_bars(shown: tuple[Kit, Strip]) -> None:
    kit, strip = shown
    kit.model.transport.seek(100)
    QTest.keyClick(strip.ruler, Key.Key_BracketLeft)
    kit.model.transport.seek(250)
    QTest.keyClick(strip.ruler, Key.Key_BracketRight)
    loop = kit.model.transport.loop
    assert loop is not None
    assert loop[0] <= 100 and loop[1] > 250


def test_a_cue_is_chosen_moved_and_removed_by_keys(shown: tuple[Kit, Strip]) -> None:
    kit, strip = shown
    lane = strip.cue_lane
    lane.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(lane, Key.Key_Tab)
    assert "1m1" in lane.accessibleName()
    QTest.keyClick(lane, Key.Key_Right, CONTROL)
    QTest.keyClick(lane, Key.Key_Left, CONTROL | SHIFT)
    [cue] = kit.model.cues.cues
    assert (cue.in_frame, cue.out_frame_exclusive) == (49, 479)
    QTest.keyClick(lane, Key.Key_Delete)
    assert kit.model.cues.cues == ()


def test_nothing_happens_without_a_timeline(kit: Kit, qtbot: QtBot) -> None:
    strip = Strip(kit.model)
    qtbot.addWidget(strip)
    strip.show()
    for key in (Key.Key_Space, Key.Key_H, Key.Key_Return, Key.Key_B, Key.Key_Plus, Key.Key_BracketLeft):
        for lane in strip.lanes:
            QTest.keyClick(lane, key)
    assert kit.model.cues.cues == () and not kit.model.transport.playing


def test_everything_that_takes_the_keyboard_has_a_name_and_a_visible_ring(shown: tuple[Kit, Strip]) -> None:
    _, strip = shown
    inside = [one for one in strip.findChildren(QWidget) if one.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert len(inside) >= len(strip.lanes) + 5
    assert [one for one in inside if not one.accessibleName()] == []
    for lane in strip.lanes:
        lane.clearFocus()
        without = lane.grab().toImage()
        lane.setFocus(Qt.FocusReason.TabFocusReason)
        assert lane.grab().toImage() != without


def test_tab_reaches_all_lanes_from_above_to_below(shown: tuple[Kit, Strip]) -> None:
    _, strip = shown
    strip.ruler.setFocus(Qt.FocusReason.TabFocusReason)
    reached = [strip.ruler]
    for _ in range(60):
        now = strip.window().focusWidget()  # type: ignore[union-attr]
        assert now is not None
        QTest.keyClick(now, Key.Key_Tab)
        after = strip.window().focusWidget()  # type: ignore[union-attr]
        if after in strip.lanes and after not in reached:
            reached.append(after)  # type: ignore[arg-type]
    assert tuple(reached) == strip.lanes


def test_no_word_of_a_button_is_cut_off(shown: tuple[Kit, Strip]) -> None:
    _, strip = shown
    buttons: list[QAbstractButton] = strip.findChildren(QAbstractButton)
    fits: Callable[[QAbstractButton], bool] = lambda one: one.width() >= one.minimumSizeHint().width()  # noqa: E731
    assert buttons and all(fits(one) for one in buttons)
    for lane in strip.lanes:
        assert lane.small_metrics().horizontalAdvance(lane.title) <= HEADER_PX - 14
