"""The strip with the mouse: one axis, true widths, what is dragged goes where it was dragged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.kit import Kit, make_kit
from fakes.timelines import made_timeline
from PyQt6.QtCore import QPoint, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from hitpoint.ui import theme
from hitpoint.ui.views import shots as shots_module
from hitpoint.ui.views.axis import HEADER_PX
from hitpoint.ui.views.lane import Lane
from hitpoint.ui.views.shot_paint import paint_tile, shot_rect
from hitpoint.ui.views.strip import Strip

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def shown(kit: Kit, qtbot: QtBot) -> Iterator[tuple[Kit, Strip]]:
    """12 shots of 48 frames over 576 pixels of time: a frame a pixel. One cue over all of it."""
    kit.open()
    strip = Strip(kit.model)
    qtbot.addWidget(strip)
    strip.resize(HEADER_PX + 576, strip.sizeHint().height())
    strip.show()
    kit.model.cues.add(0, 576)
    kit.settle()
    yield kit, strip


def drag(widget: QWidget, start: QPoint, end: QPoint, *, steps: int = 4) -> None:
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, start)
    for step in range(1, steps + 1):
        at = start + (end - start) * step / steps
        QTest.mouseMove(widget, at)
    QTest.mouseRelease(widget, LEFT, Qt.KeyboardModifier.NoModifier, end)


def middle(lane: Lane, frame: float) -> QPoint:
    return QPoint(round(lane.axis().x(frame)), lane.height() // 2)


def test_a_shot_of_n_frames_is_n_by_frames_per_pixel_wide(shown: tuple[Kit, Strip]) -> None:
    kit, strip = shown
    for factor in (1, 2.5, 7):
        kit.model.strip.zoom(factor, 100)
        axis = strip.shot_lane.axis()
        for shot in kit.timeline.shots:
            rect = shot_rect(axis, shot, 0, 50)
            wanted = (shot.out_frame_exclusive - shot.in_frame) / kit.model.strip.frames_per_pixel
            assert rect.width() == pytest.approx(wanted)


def test_all_lanes_lie_on_one_axis(shown: tuple[Kit, Strip]) -> None:
    kit, strip = shown
    kit.model.strip.zoom(3, 200)
    assert {lane.axis() for lane in strip.lanes} == {strip.axis()}
    assert {lane.mapTo(strip, QPoint(0, 0)).x() for lane in strip.lanes} == {0}


@pytest.mark.parametrize("factor", [1.0, 2.0, 5.0])
def test_zooming_with_the_wheel_keeps_the_frame_under_the_mouse(
    shown: tuple[Kit, Strip], factor: float
) -> None:
    kit, strip = shown
    kit.model.strip.zoom(factor, 300)
    at = QPointF(HEADER_PX + 211, 20)
    before = strip.axis().frame(at.x())
    turn(strip.ruler, at, 120, Qt.KeyboardModifier.ControlModifier)
    assert strip.axis().frame(at.x()) == pytest.approx(before)
    assert kit.model.strip.frames_per_pixel == pytest.approx(1 / factor / 1.25)


def test_the_wheel_scrolls_and_the_scroll_bar_follows(shown: tuple[Kit, Strip]) -> None:
    kit, strip = shown
    kit.model.strip.zoom(4, 0)
    turn(strip.shot_lane, QPointF(HEADER_PX + 50, 20), -240, Qt.KeyboardModifier.NoModifier)
    assert kit.model.strip.first_frame == pytest.approx(120 / 4)
    assert strip.scroll_bar.value() == 30
    strip.scroll_bar.setValue(200)
    assert kit.model.strip.first_frame == pytest.approx(200)


def turn(lane: Lane, at: QPointF, by: int, modifiers: Qt.KeyboardModifier) -> None:
    event = QWheelEvent(
        at, lane.mapToGlobal(at), QPoint(), QPoint(0, by), Qt.MouseButton.NoButton, modifiers,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(lane, event)


def test_a_click_seeks_and_a_drag_on_the_ruler_scrubs(shown: tuple[Kit, Strip]) -> None:
    kit, strip = shown
    QTest.mouseClick(strip.shot_lane, LEFT, Qt.KeyboardModifier.NoModifier, middle(strip.shot_lane, 137))
    assert int(kit.model.transport.position) == 137
    seen: list[float] = []
    kit.model.transport.position_changed.connect(seen.append)
    drag(strip.ruler, middle(strip.ruler, 20), middle(strip.ruler, 60))
    assert [int(one) for one in seen] == [20, 30, 40, 50, 60]


def test_a_drag_over_free_pictures_makes_a_cue_named_1m1(kit: Kit, qtbot: QtBot) -> None:
    kit.open()
    strip = Strip(kit.model)
    qtbot.addWidget(strip)
    strip.resize(HEADER_PX + 576, 300)
    strip.show()
    kit.model.strip.set_snap(False)
    drag(strip.shot_lane, middle(strip.shot_lane, 101), middle(strip.shot_lane, 309))
    [cue] = kit.model.cues.cues
    assert (cue.name, cue.in_frame, cue.out_frame_exclusive) == ("1m1", 101, 309)


def test_a_range_snaps_to_a_cut_that_is_near(kit: Kit, qtbot: QtBot) -> None:
    kit.open()
    strip = Strip(kit.model)
    qtbot.addWidget(strip)
    strip.resize(HEADER_PX + 576, 300)
    strip.show()
    drag(strip.cue_lane, middle(strip.cue_lane, 101), middle(strip.cue_lane, 285))
    [cue] = kit.model.cues.cues
    assert cue.out_frame_exclusive == 288


def test_a_drag_inside_a_cue_that_is_worked_on_loops(shown: tuple[Kit, Strip]) -> None:
    kit, strip = shown
    kit.model.strip.set_snap(False)
    kit.model.spot.add(100)
    drag(strip.shot_lane, middle(strip.shot_lane, 110), middle(strip.shot_lane, 230))
    assert kit.model.transport.loop == (110, 230)
    assert len(kit.model.cues.cues) == 1


def test_dragging_an_edge_moves_it_when_it_is_let_go(shown: tuple[Kit, Strip]) -> None:
    kit, strip = shown
    kit.model.strip.set_snap(False)
    moved: list[object] = []
    kit.model.cues.cues_changed.connect(moved.append)
    drag(strip.cue_lane, middle(strip.cue_lane, 0), middle(strip.cue_lane, 33))
    [cue] = kit.model.cues.cues
    assert (cue.in_frame, cue.out_frame_exclusive) == (33, 576)
    assert len(moved) == 1


def test_a_drag_over_bars_loops_them(shown: tuple[Kit, Strip]) -> None:
    kit, strip = shown
    planned = kit.model.spot.planned
    assert planned is not None
    starts = [kit.timeline.rate.frame_of_sample(at) for at in planned.plan.downbeats]
    drag(strip.bar_lane, middle(strip.bar_lane, starts[1] + 2), middle(strip.bar_lane, starts[3] + 2))
    assert kit.model.transport.loop is not None
    first, last = kit.model.transport.loop
    assert abs(first - starts[1]) <= 1 and abs(last - starts[4]) <= 1


# --- What is painted


def counted(monkeypatch: pytest.MonkeyPatch, lanes: tuple[Lane, ...]) -> list[str]:
    """Which lanes paint their layers anew from now on."""
    painted: list[str] = []

    def count(lane: Lane) -> None:
        paint: Callable[..., None] = lane.paint_layer

        def counting(*args: object) -> None:
            painted.append(type(lane).__name__)
            paint(*args)

        monkeypatch.setattr(lane, "paint_layer", counting)

    for lane in lanes:
        count(lane)
    return painted


def test_moving_the_playhead_paints_no_lane_anew(
    shown: tuple[Kit, Strip], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    kit, strip = shown
    strip.grab()
    qtbot.waitUntil(lambda: len(kit.model.strip.thumbs) >= 12)
    kit.settle()
    strip.grab()
    qtbot.waitUntil(lambda: strip.thumbs.bytes > 0 and strip.thumbs.waiting == 0)
    strip.grab()
    painted = counted(monkeypatch, strip.lanes)
    for frame in range(0, 500, 25):
        kit.model.transport.seek(frame)
        QApplication.processEvents()
    strip.grab()
    assert painted == []
    kit.model.strip.zoom(2, 100)
    strip.grab()
    assert set(painted) == {type(lane).__name__ for lane in strip.lanes}


def test_shots_out_of_view_are_not_painted(shown: tuple[Kit, Strip], monkeypatch: pytest.MonkeyPatch) -> None:
    kit, strip = shown
    names: list[str] = []
    paint = shots_module.paint.paint_frame

    def noting(painter: object, rect: object, shot: object, colours: object) -> None:
        names.append(shot.name)  # type: ignore[attr-defined]
        paint(painter, rect, shot, colours)  # type: ignore[arg-type]

    monkeypatch.setattr(shots_module.paint, "paint_frame", noting)
    kit.model.strip.zoom(6, 5 * 48 + 24)
    strip.grab()
    axis = strip.axis()
    wanted = [s.name for s in kit.timeline.shots if axis.sees(s.in_frame, s.out_frame_exclusive)]
    assert names == wanted and len(wanted) <= 4


def test_pictures_that_are_seen_are_asked_for_and_then_shown(shown: tuple[Kit, Strip], qtbot: QtBot) -> None:
    kit, strip = shown
    before = strip.shot_lane.grab().toImage()
    strip.shot_lane.grab()
    qtbot.waitUntil(lambda: len(kit.model.strip.thumbs) >= 12)
    kit.settle()
    strip.shot_lane.grab()
    qtbot.waitUntil(lambda: strip.thumbs.bytes > 0 and strip.thumbs.waiting == 0)
    assert {shot.in_frame for shot in kit.timeline.shots} <= set(kit.model.strip.thumbs)
    assert strip.shot_lane.grab().toImage() != before


def test_gaps_and_offline_shots_look_and_say_so(tmp_path: Path, qtbot: QtBot) -> None:
    kit = make_kit(tmp_path, made_timeline(6, shot_frames=96, gaps=(1,), offline=(3,)))
    kit.open()
    strip = Strip(kit.model)
    qtbot.addWidget(strip)
    strip.resize(HEADER_PX + 576, 300)
    strip.show()
    kit.settle()
    lane = strip.shot_lane
    image = lane.grab().toImage()
    looks = [stretch(image, lane, n) for n in range(4)]
    assert looks[0] != looks[1] != looks[3] != looks[0]
    assert lane.tip_at(middle(lane, 1.5 * 96)).startswith("gap")
    tip = lane.tip_at(middle(lane, 3.5 * 96))
    assert "shot 04 is offline: relink it in your editor" in tip
    kit.model.close()


def test_a_picture_of_another_shape_is_cut_and_not_stretched() -> None:
    tall = QImage(90, 160, QImage.Format.Format_RGB32)
    tall.fill(QColor("#0000ff"))
    painter = QPainter(tall)
    painter.setBrush(QColor("#ffffff"))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(QPointF(45, 80), 20, 20)
    painter.end()
    strip = QImage(160, 90, QImage.Format.Format_RGB32)
    strip.fill(QColor("#000000"))
    painter = QPainter(strip)
    paint_tile(painter, 0, QRectF(0, 0, 160, 90), 160, tall)
    painter.end()
    white = [(x, y) for x in range(160) for y in range(90) if strip.pixelColor(x, y).red() > 200]
    wide = max(x for x, _ in white) - min(x for x, _ in white)
    high = max(y for _, y in white) - min(y for _, y in white)
    assert abs(wide - high) <= 2 and abs(wide - 71) <= 3


def stretch(image: QImage, lane: Lane, shot: int) -> frozenset[int]:
    """The colours in the lower half of a shot's pictures."""
    ratio = image.devicePixelRatio()
    x0 = lane.axis().x(shot * 96 + 10)
    return frozenset(
        image.pixel(round((x0 + dx) * ratio), round(dy * ratio)) for dx in range(70) for dy in range(26, 50)
    )


def test_light_and_dark_paint_other_colours(shown: tuple[Kit, Strip], qapp: QApplication) -> None:
    _, strip = shown
    sheet, palette, style = qapp.styleSheet(), qapp.palette(), qapp.style()
    assert style is not None
    name = style.objectName()
    try:
        grounds = []
        for choice in ("light", "dark"):
            colours = theme.apply(qapp, choice)  # type: ignore[arg-type]
            image = strip.curve_lane.grab().toImage()
            corner = image.pixelColor(HEADER_PX + 250, 1)
            assert corner == QColor(colours.panel)
            grounds.append(corner)
        assert grounds[0] != grounds[1]
    finally:
        qapp.setStyleSheet(sheet)
        qapp.setPalette(palette)
        qapp.setStyle(name)


def test_layers_have_the_screens_own_pixels(shown: tuple[Kit, Strip]) -> None:
    _, strip = shown
    for lane in strip.lanes:
        layer = lane._painted(lane.axis(), theme.LIGHT, 2.0)
        assert (layer.width(), layer.height()) == (2 * lane.width(), 2 * lane.height())


def test_the_page_turns_while_it_plays_and_not_while_it_stands(shown: tuple[Kit, Strip]) -> None:
    kit, strip = shown
    kit.model.strip.zoom(4, 0)
    kit.model.transport.seek(300)
    assert kit.model.strip.first_frame == 0
    kit.model.transport.play()
    kit.player.move(2)
    assert strip.axis().sees(302, 303)
    assert strip.axis().x(302) < HEADER_PX + 60
