from __future__ import annotations

from fakes.kit import Kit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot


def test_the_whole_timeline_is_shown_until_somebody_zooms(kit: Kit) -> None:
    strip = kit.model.strip
    strip.resize(288)
    kit.open()
    assert (strip.first_frame, strip.frames_per_pixel) == (0, 2)
    strip.resize(576)
    assert strip.frames_per_pixel == 1
    strip.zoom(4, 100)
    strip.resize(288)
    assert strip.frames_per_pixel == 0.25


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0.2, 5), st.floats(0, 1)), max_size=6))
def test_zooming_keeps_the_frame_under_the_pointer_and_shows_nothing_beyond_the_ends(
    kit: Kit, turns: list[tuple[float, float]]
) -> None:
    if kit.model.state != "open":
        kit.open()
    strip = kit.model.strip
    strip.resize(400)
    strip.fit_all()
    for factor, at in turns:
        frame = strip.first_frame + at * 400 * strip.frames_per_pixel
        before = (frame - strip.first_frame) / strip.frames_per_pixel
        strip.zoom(factor, frame)
        after = (frame - strip.first_frame) / strip.frames_per_pixel
        end = strip.first_frame + 400 * strip.frames_per_pixel
        assert strip.first_frame >= 0 and end <= 576 + 1e-6
        at_edge = strip.first_frame == 0 or abs(end - 576) < 1e-6
        assert at_edge or abs(after - before) < 1e-6


def test_a_cue_fills_the_width_and_the_view_is_kept(kit: Kit, qtbot: QtBot) -> None:
    kit.open()
    kit.model.cues.add(200, 300)
    kit.model.strip.resize(500)
    kit.model.strip.fit_cue()
    assert 195 < kit.model.strip.first_frame <= 200
    assert kit.model.strip.first_frame + 500 * kit.model.strip.frames_per_pixel >= 300
    qtbot.waitUntil(lambda: kit.model.history.value.view.frames_per_pixel > 0, timeout=5000)
    kit.model.history.undo()
    assert 195 < kit.model.strip.first_frame <= 200


def test_a_frame_snaps_to_what_is_nearest_within_reach(kit: Kit) -> None:
    kit.open()
    strip = kit.model.strip
    kit.model.transport.seek(200)
    assert strip.snapped(50.4, 4) == 48
    assert strip.snapped(199.2, 1) == 200
    assert strip.snapped(70.4, 0.5) == 70
    strip.set_snap(False)
    assert strip.snapped(50.4, 4) == 50


def test_thumbnails_are_asked_once_in_handfuls_and_shown_as_they_come(kit: Kit, qtbot: QtBot) -> None:
    kit.open()
    strip = kit.model.strip
    seen = []
    strip.thumbs_changed.connect(lambda thumbs: seen.append(len(thumbs)))
    strip.wanted(range(0, 400, 4))
    qtbot.waitUntil(lambda: len(strip.thumbs) == 100, timeout=5000)
    kit.settle()
    assert kit.studio.count("thumbs") == 2 and len(seen) > 50
    strip.wanted(range(0, 400, 4))
    qtbot.wait(80)
    assert kit.studio.count("thumbs") == 2


def test_what_was_scrolled_away_is_not_asked_for_any_more(kit: Kit, qtbot: QtBot) -> None:
    kit.open()
    kit.studio.hold.add("thumbs")
    strip = kit.model.strip
    strip.wanted(range(100))
    qtbot.waitUntil(lambda: kit.studio.waiting("thumbs") == 1, timeout=5000)
    strip.wanted([500, 501])
    kit.studio.hold.clear()
    kit.studio.release("thumbs")
    qtbot.waitUntil(lambda: 501 in strip.thumbs, timeout=5000)
    assert len(strip.thumbs) == 62
