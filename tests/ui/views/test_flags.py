"""Hits as flags: what is dragged, what a key does to one, what it says and how it looks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest
from fakes.kit import Kit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QColor, QContextMenuEvent, QImage, QPainter
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from hitpoint.engine.types import HitKind
from hitpoint.ui import theme
from hitpoint.ui.ports import HitRow
from hitpoint.ui.views.axis import HEADER_PX, Axis
from hitpoint.ui.views.flag_paint import error_text, paint_flag, told_apart
from hitpoint.ui.views.flags import KINDS, FlagLane
from hitpoint.ui.views.lane_menu import LaneMenu
from hitpoint.ui.views.strip import Strip

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def shown(kit: Kit, qtbot: QtBot) -> Iterator[tuple[Kit, FlagLane]]:
    """Hits on the cuts of one cue, nothing snaps; two frames a pixel."""
    kit.open()
    strip = Strip(kit.model)
    qtbot.addWidget(strip)
    strip.resize(HEADER_PX + 288, strip.sizeHint().height())
    strip.show()
    strip.activateWindow()
    qtbot.waitUntil(strip.isActiveWindow)
    kit.model.cues.add(0, 576)
    kit.settle()
    kit.model.strip.set_snap(False)
    assert len(kit.model.spot.hits) > 3
    yield kit, strip.flag_lane


def at(lane: FlagLane, frame: float) -> QPoint:
    return QPoint(round(lane.axis().x(frame)), lane.height() // 2)


def pull(lane: FlagLane, frame: int, pixels: int) -> None:
    start = at(lane, frame)
    QTest.mousePress(lane, LEFT, NONE, start)
    QTest.mouseMove(lane, start + QPoint(pixels // 2, 0))
    QTest.mouseMove(lane, start + QPoint(pixels, 0))
    QTest.mouseRelease(lane, LEFT, NONE, start + QPoint(pixels, 0))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pixels=st.integers(-60, 60), factor=st.sampled_from([1.0, 1.7, 3.0]))
def test_a_flag_pulled_by_x_pixels_moves_its_hit_by_as_many_frames(
    shown: tuple[Kit, FlagLane], pixels: int, factor: float
) -> None:
    kit, lane = shown
    frame = 144
    kit.model.strip.fit_all()
    kit.model.strip.zoom(factor, frame)
    frames = [row.frame for row in kit.model.spot.hits]
    pull(lane, frame, pixels)
    kit.settle()
    moved = frame + round(pixels * kit.model.strip.frames_per_pixel) if abs(pixels) > 3 else frame
    assert moved in [row.frame for row in kit.model.spot.hits]
    if abs(pixels) > 3 and moved != frame:
        assert kit.model.history.can_undo
        kit.model.history.undo()
        kit.settle()
    assert [row.frame for row in kit.model.spot.hits] == frames


def test_while_it_is_held_it_is_solved_around_and_there_is_no_undo_step(
    shown: tuple[Kit, FlagLane],
) -> None:
    kit, lane = shown
    label = kit.model.history.undo_label
    start = at(lane, 144)
    QTest.mousePress(lane, LEFT, NONE, start)
    QTest.mouseMove(lane, start + QPoint(10, 0))
    kit.settle()
    assert 164 in [row.frame for row in kit.model.spot.hits]
    assert kit.studio.befores[-1] is not None
    assert kit.model.history.undo_label == label
    QTest.mouseRelease(lane, LEFT, NONE, start + QPoint(10, 0))
    assert kit.model.history.undo_label != label


def test_escape_lets_a_held_flag_go_back(shown: tuple[Kit, FlagLane]) -> None:
    kit, lane = shown
    frames = [row.frame for row in kit.model.spot.hits]
    label = kit.model.history.undo_label
    start = at(lane, 144)
    QTest.mousePress(lane, LEFT, NONE, start)
    QTest.mouseMove(lane, start + QPoint(20, 0))
    kit.settle()
    QTest.keyClick(lane, Qt.Key.Key_Escape)
    QTest.mouseRelease(lane, LEFT, NONE, start + QPoint(20, 0))
    kit.settle()
    assert [row.frame for row in kit.model.spot.hits] == frames
    assert kit.model.history.undo_label == label


def test_a_flag_stays_inside_its_cue(shown: tuple[Kit, FlagLane]) -> None:
    kit, lane = shown
    pull(lane, 528, 100)
    kit.settle()
    assert max(row.frame for row in kit.model.spot.hits) == 575


def test_a_flag_pulled_beyond_the_end_takes_the_view_along(shown: tuple[Kit, FlagLane]) -> None:
    kit, lane = shown
    kit.model.strip.zoom(4, 144)
    first = kit.model.strip.first_frame
    start = at(lane, 144)
    QTest.mousePress(lane, LEFT, NONE, start)
    end = QPoint(lane.width() + 40, start.y())
    QTest.mouseMove(lane, end)
    QTest.mouseMove(lane, end + QPoint(1, 0))
    assert kit.model.strip.first_frame > first
    QTest.mouseRelease(lane, LEFT, NONE, end)
    kit.settle()
    moved = max(wish.frame for wish in kit.model.cues.cues[0].wishes.hits)
    assert moved > first + 288 * kit.model.strip.frames_per_pixel


def test_a_key_opens_the_menu_of_the_focused_flag(shown: tuple[Kit, FlagLane]) -> None:
    kit, lane = shown
    lane.setFocus()
    lane.focus_on(144)
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(1, 1), QPoint(1, 1))
    QApplication.sendEvent(lane, asked)
    [menu] = lane.findChildren(LaneMenu)
    actions = {action.text(): action for action in menu.actions() if action.text()}
    assert set(actions) == {"must", "would", "avoid", "Strong", "Weak", "Name the hit", "Delete the hit"}
    actions["avoid"].trigger()
    menu.close()
    kit.settle()
    assert lane.row(144).kind == "avoid"  # type: ignore[union-attr]


def test_it_snaps_to_a_cut_and_alt_pulls_it_free(shown: tuple[Kit, FlagLane]) -> None:
    kit, lane = shown
    kit.model.strip.set_snap(True)
    pull(lane, 144, 23)  # 190, two frames before the cut at 192
    kit.settle()
    wished = {wish.frame for wish in kit.model.cues.cues[0].wishes.hits}
    assert wished == {192}


def test_tab_goes_to_the_flags_and_the_arrows_move_one(shown: tuple[Kit, FlagLane]) -> None:
    kit, lane = shown
    lane.setFocus(Qt.FocusReason.TabFocusReason)
    assert lane.focused() is None
    first = kit.model.spot.hits[0].frame
    QTest.keyClick(lane, Qt.Key.Key_Tab)
    assert lane.focused() is not None and lane.focused().in_frame == first  # type: ignore[union-attr]
    QTest.keyClick(lane, Qt.Key.Key_Right, CONTROL)
    QTest.keyClick(lane, Qt.Key.Key_Right, CONTROL)
    QTest.keyClick(lane, Qt.Key.Key_Left, CONTROL)
    kit.settle()
    assert kit.model.spot.hits[0].frame == first + 1
    assert lane.focused() is not None and lane.focused().in_frame == first + 1  # type: ignore[union-attr]
    QTest.keyClick(lane, Qt.Key.Key_Right, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    kit.settle()
    assert kit.model.spot.hits[0].frame == first + 11


def test_tab_leaves_after_the_last_flag_and_comes_back_to_it(
    shown: tuple[Kit, FlagLane], qtbot: QtBot
) -> None:
    kit, lane = shown
    lane.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in kit.model.spot.hits:
        QTest.keyClick(lane, Qt.Key.Key_Tab)
        assert lane.hasFocus()
    QTest.keyClick(lane, Qt.Key.Key_Tab)
    after = lane.window().focusWidget()  # type: ignore[union-attr]
    assert after is not None and after is not lane
    QTest.keyClick(after, Qt.Key.Key_Backtab)
    assert lane.hasFocus()
    assert lane.focused() is not None
    assert lane.focused().in_frame == kit.model.spot.hits[-1].frame  # type: ignore[union-attr]


def test_a_flag_that_tab_reaches_is_brought_into_view(shown: tuple[Kit, FlagLane]) -> None:
    kit, lane = shown
    kit.model.strip.zoom(8, 0)
    lane.focus_on(528)
    assert lane.axis().sees(528, 529)


def test_a_screen_reader_hears_kind_place_and_error(shown: tuple[Kit, FlagLane]) -> None:
    kit, lane = shown
    kit.model.spot.drop(288, 293)
    kit.model.spot.set_kind(293, "must")
    kit.settle()
    lane.focus_on(293)
    assert lane.accessibleName() == "must at 00:00:12:05, 0 frames off"
    lane.focus_on(None)
    assert lane.accessibleName() == "Hits"


def test_a_key_and_a_double_click_go_through_the_kinds(shown: tuple[Kit, FlagLane]) -> None:
    kit, lane = shown
    kit.model.spot.add(100)
    kit.settle()
    lane.focus_on(100)
    seen = []
    for _ in KINDS:
        QTest.keyClick(lane, Qt.Key.Key_M)
        kit.settle()
        seen.append(lane.row(100).kind)  # type: ignore[union-attr]
    assert seen == ["would", "avoid", "must"]
    QTest.mouseDClick(lane, LEFT, NONE, at(lane, 100))
    kit.settle()
    assert lane.row(100).kind == "would"  # type: ignore[union-attr]


def test_delete_takes_the_focused_flag_away(shown: tuple[Kit, FlagLane]) -> None:
    kit, lane = shown
    lane.focus_on(144)
    QTest.keyClick(lane, Qt.Key.Key_Delete)
    kit.settle()
    assert lane.row(144) is None
    assert lane.focused() is None and lane.accessibleName() == "Hits"


def test_a_name_is_written_in_place_and_its_letters_are_no_keys(
    shown: tuple[Kit, FlagLane], qtbot: QtBot
) -> None:
    kit, lane = shown
    lane.focus_on(144)
    QTest.keyClick(lane, Qt.Key.Key_F2)
    edit = lane.findChild(QLineEdit)
    assert edit is not None
    QTest.keyClicks(edit, "hj k")
    hits = len(kit.model.spot.hits)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    kit.settle()
    assert lane.row(144).name == "hj k"  # type: ignore[union-attr]
    assert len(kit.model.spot.hits) == hits and not kit.model.transport.playing
    assert lane.hasFocus()


# --- Looks


def look(kind: HitKind, *, strong: bool, colours: theme.Palette = theme.LIGHT) -> QImage:
    image = QImage(40, 24, QImage.Format.Format_RGB32)
    image.fill(QColor(colours.panel))
    painter = QPainter(image)
    paint_flag(painter, 16, 11, 24, HitRow(0, kind, 1.0, "", strong, True, 0.0), colours)
    painter.end()
    return image


def shape(image: QImage, colours: theme.Palette = theme.LIGHT) -> frozenset[tuple[int, int]]:
    ground = QColor(colours.panel).rgb()
    return frozenset((x, y) for x in range(40) for y in range(24) if image.pixel(x, y) != ground)


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("strong", [True, False], ids=["strong", "weak"])
def test_kinds_differ_in_shape_and_in_colour(colours: theme.Palette, strong: bool) -> None:
    images = [look(kind, strong=strong, colours=colours) for kind in KINDS]
    for one, other in combinations(images, 2):
        assert len(shape(one, colours) ^ shape(other, colours)) >= 8
    assert len({colours.must, colours.would, colours.avoid}) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_strong_hit_is_larger_than_a_weak_one(kind: HitKind) -> None:
    assert len(shape(look(kind, strong=True))) > 1.15 * len(shape(look(kind, strong=False)))


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.sampled_from(KINDS), st.floats(0, 1)), max_size=60),
    st.floats(0.05, 50),
)
def test_flags_too_near_to_tell_apart_are_one_and_none_is_lost_far_from_another(
    made: list[tuple[int, HitKind, float]], frames_per_pixel: float
) -> None:
    hits = tuple(
        HitRow(frame, kind, strength, "", kind == "must", True, 0.0)
        for frame, kind, strength in sorted({one[0]: one for one in made}.values())
    )
    axis = Axis(0, frames_per_pixel, HEADER_PX, 6000)
    shown = told_apart(hits, axis)
    frames = [row.frame for row in shown]
    assert frames == sorted(set(frames))
    for row in hits:
        if row.frame <= axis.end_frame and row not in shown:
            near = [one for one in shown if abs(one.frame - row.frame) <= 5 * frames_per_pixel]
            assert near and (row.kind != "must" or any(one.kind == "must" for one in near))


def test_the_error_is_said_in_frames() -> None:
    said = [error_text(error) for error in (0.0, 0.04, -0.02, 2.0, -1.5, 12.34)]
    assert said == ["0", "0", "0", "+2", "-1.5", "+12.3"]


def test_a_hit_that_is_not_met_is_marked_and_said(shown: tuple[Kit, FlagLane]) -> None:
    kit, lane = shown
    row = HitRow(200, "must", 1.0, "", True, False, 3.0)
    assert lane.says(row) == "must at 00:00:08:08, 3 frames off, not met"
    kit.model.spot.hits = (row,)
    unmet = lane.grab().toImage()
    kit.model.spot.hits = (HitRow(200, "must", 1.0, "", True, True, 3.0),)
    assert lane.grab().toImage() != unmet
