"""Drawing intensity, wishes on sections, and taking them back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from itertools import pairwise

import pytest
from fakes.kit import Kit
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from hitpoint.ui.views.axis import HEADER_PX
from hitpoint.ui.views.section_lane import SectionLane
from hitpoint.ui.views.strip import Strip

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def shown(kit: Kit, qtbot: QtBot) -> Iterator[tuple[Kit, SectionLane]]:
    """Sections A, B, A of a cue over all 576 frames, a frame a pixel."""
    kit.open()
    strip = Strip(kit.model)
    qtbot.addWidget(strip)
    strip.resize(HEADER_PX + 576, strip.sizeHint().height())
    strip.show()
    strip.activateWindow()
    qtbot.waitUntil(strip.isActiveWindow)
    kit.model.cues.add(0, 576)
    kit.settle()
    assert [row.label for row in kit.model.sections.sections] == ["A", "B", "A"]
    yield kit, strip.section_lane


def place(lane: SectionLane, frame: float, value: float) -> QPoint:
    box = lane.curve_box()
    return QPoint(round(lane.axis().x(frame)), round(box.bottom() - value * box.height()))


def test_what_the_mouse_draws_is_the_intensity_there(shown: tuple[Kit, SectionLane]) -> None:
    kit, lane = shown
    label = kit.model.history.undo_label
    QTest.mousePress(lane, LEFT, NONE, place(lane, 100, 0.25))
    QTest.mouseMove(lane, place(lane, 200, 0.75))
    assert kit.model.history.undo_label == label
    shown_now = dict(kit.model.sections.intensity)
    assert shown_now[200] == pytest.approx(0.75, abs=0.03)
    QTest.mouseRelease(lane, LEFT, NONE, place(lane, 200, 0.75))
    assert kit.model.history.undo_label != label
    drawn = {one.frame: one.value for one in kit.model.cues.cues[0].wishes.drawn}
    assert sorted(drawn) == [100, 200]
    assert drawn[100] == pytest.approx(0.25, abs=0.03) and drawn[200] == pytest.approx(0.75, abs=0.03)


def test_drawing_stays_inside_the_cue(shown: tuple[Kit, SectionLane]) -> None:
    kit, lane = shown
    kit.model.cues.move_edges("1m1", 100, 400)
    kit.settle()
    QTest.mousePress(lane, LEFT, NONE, place(lane, 200, 0.5))
    QTest.mouseMove(lane, place(lane, 560, 0.9))
    QTest.mouseRelease(lane, LEFT, NONE, place(lane, 560, 0.9))
    assert max(one.frame for one in kit.model.cues.cues[0].wishes.drawn) == 399


def test_keys_wish_for_the_section_that_they_are_on(shown: tuple[Kit, SectionLane]) -> None:
    kit, lane = shown
    row = kit.model.sections.sections[1]
    lane.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(lane, Qt.Key.Key_Tab)
    QTest.keyClick(lane, Qt.Key.Key_Tab)
    QTest.keyClick(lane, Qt.Key.Key_B)
    kit.settle()
    [span] = kit.model.sections.spans
    assert (span.kind, span.in_frame, span.out_frame_exclusive) == (
        "bigger",
        row.in_frame,
        row.out_frame_exclusive,
    )


def test_without_a_section_focused_the_one_at_the_playhead_is_meant(shown: tuple[Kit, SectionLane]) -> None:
    kit, lane = shown
    row = kit.model.sections.sections[2]
    kit.model.transport.seek(row.in_frame + 3)
    lane.setFocus()
    QTest.keyClick(lane, Qt.Key.Key_S)
    kit.settle()
    assert [(span.kind, span.in_frame) for span in kit.model.sections.spans] == [("smaller", row.in_frame)]


def test_the_arrows_draw_a_focused_section_louder_or_softer(shown: tuple[Kit, SectionLane]) -> None:
    kit, lane = shown
    row = kit.model.sections.sections[0]
    lane.setFocus()
    lane.focus_on(("section", 0))
    QTest.keyClick(lane, Qt.Key.Key_Up)
    kit.settle()
    first = {one.frame: one.value for one in kit.model.cues.cues[0].wishes.drawn}
    assert set(first) == {row.in_frame, row.out_frame_exclusive - 1}
    lane.focus_on(("section", 0))
    QTest.keyClick(lane, Qt.Key.Key_Down)
    kit.settle()
    then = {one.frame: one.value for one in kit.model.cues.cues[0].wishes.drawn}
    assert then[row.in_frame] == pytest.approx(first[row.in_frame] - 0.1, abs=1e-6)


def test_raising_the_last_section_leaves_the_one_between_as_it_was(shown: tuple[Kit, SectionLane]) -> None:
    kit, lane = shown
    middle = kit.model.sections.sections[1]
    lane.setFocus()
    lane.focus_on(("section", 0))
    QTest.keyClick(lane, Qt.Key.Key_Up)
    kit.settle()
    frames = range(middle.in_frame + 20, middle.out_frame_exclusive - 20, 10)
    before = [value_at(kit.model.sections.intensity, frame) for frame in frames]
    lane.focus_on(("section", 2))
    QTest.keyClick(lane, Qt.Key.Key_Down)
    kit.settle()
    after = [value_at(kit.model.sections.intensity, frame) for frame in frames]
    assert len(before) > 5 and after == pytest.approx(before, abs=0.02)


def value_at(points: tuple[tuple[int, float], ...], frame: int) -> float:
    """Of the curve that the points are joined to."""
    for (begin, low), (end, high) in pairwise(points):
        if begin <= frame <= end:
            return low + (high - low) * (frame - begin) / (end - begin)
    raise AssertionError(frame)


def test_a_wish_is_a_chip_that_its_cross_and_delete_take_back(shown: tuple[Kit, SectionLane]) -> None:
    kit, lane = shown
    kit.model.sections.wish("no_melody", 0, 100)
    kit.model.sections.wish("less_busy", 200, 300)
    kit.settle()
    chips = lane.chips()
    assert [chip.text for chip in chips] == ["no melody", "less busy"]
    QTest.mouseClick(lane, LEFT, NONE, chips[0].cross.center().toPoint())
    kit.settle()
    assert [span.kind for span in kit.model.sections.spans] == ["less_busy"]
    lane.setFocus()
    lane.focus_on(("wish", 0))
    assert lane.accessibleName().startswith("wish: less busy at 00:00:08:08")
    QTest.keyClick(lane, Qt.Key.Key_Delete)
    kit.settle()
    assert kit.model.sections.spans == ()


def test_chips_never_lie_over_each_other(shown: tuple[Kit, SectionLane]) -> None:
    kit, lane = shown
    for kind in ("bigger", "less_busy", "no_melody", "stop"):
        kit.model.sections.wish(kind, 0, 100)  # type: ignore[arg-type]
    kit.settle()
    boxes = [chip.box for chip in lane.chips()]
    assert len(boxes) == 4
    assert all(one.right() <= other.left() for one, other in itertools.pairwise(boxes))


def test_the_menu_has_every_wish_and_says_why_one_cannot_be_had(shown: tuple[Kit, SectionLane]) -> None:
    kit, lane = shown
    kit.model.sections.why_not = {"no_melody": "this model plays no melody apart"}
    kit.model.sections.can = {**kit.model.sections.can, "no_melody": False}
    menu = lane.menu("section", 0)
    actions = {action.text(): action for action in menu.actions() if action.text()}
    assert {"bigger", "smaller", "less busy", "busier", "no melody", "stop here"} <= set(actions)
    assert any(text.startswith("redo") for text in actions)
    assert not actions["no melody"].isEnabled()
    assert actions["no melody"].toolTip() == "this model plays no melody apart"
    actions["stop here"].trigger()
    kit.settle()
    assert [span.kind for span in kit.model.sections.spans] == ["stop"]


def test_a_locked_cue_is_not_drawn_on(shown: tuple[Kit, SectionLane]) -> None:
    kit, lane = shown
    kit.model.cues.lock("1m1", True)
    before = kit.model.sections.intensity
    QTest.mousePress(lane, LEFT, NONE, place(lane, 100, 0.9))
    QTest.mouseMove(lane, place(lane, 200, 0.9))
    QTest.mouseRelease(lane, LEFT, NONE, place(lane, 200, 0.9))
    assert kit.model.cues.cues[0].wishes.drawn == ()
    assert kit.model.sections.intensity == before


def test_a_section_says_its_label_place_and_energy(shown: tuple[Kit, SectionLane]) -> None:
    _, lane = shown
    lane.focus_on(("section", 1))
    assert lane.accessibleName().startswith("section B at 00:00:")
    assert lane.accessibleName().endswith("percent")
