from __future__ import annotations

from pathlib import Path

import pytest
from fakes.kit import Kit, make_kit
from fakes.timelines import made_timeline
from pytestqt.qtbot import QtBot

from hitpoint.engine.timebase import Rate


def test_l_doubles_up_to_eight_and_j_turns_round(kit: Kit) -> None:
    kit.open()
    transport = kit.model.transport
    for speed in (1, 2, 4, 8, 8):
        transport.shuttle(1)
        assert kit.player.speed == speed == transport.speed and transport.playing
    for speed in (-1, -2):
        transport.shuttle(-1)
        assert kit.player.speed == speed
    transport.stop()
    assert not transport.playing and transport.speed == 1
    transport.toggle()
    assert transport.playing and kit.player.speed == 1
    transport.toggle()
    assert not transport.playing


def test_stepping_stops_and_counts_from_the_frame_that_is_shown(kit: Kit) -> None:
    kit.open()
    transport = kit.model.transport
    transport.play()
    kit.player.move(10.7)
    transport.step(1)
    assert transport.position == 11 and not transport.playing
    transport.step(-20)
    assert transport.position == 0


def test_the_timecode_is_the_timelines_with_its_start_and_dropped_frames(
    qtbot: QtBot, tmp_path: Path
) -> None:
    rate = Rate.of(29.97)
    start = 107_892  # 01:00:00;00
    timeline = made_timeline(40, rate=rate, drop_frame=True, start_timecode_frame=start)
    kit = make_kit(tmp_path, timeline)
    kit.open()
    kit.model.transport.seek(0)
    assert kit.model.transport.timecode == "01:00:00;00"
    kit.model.transport.seek(1800.4)
    assert kit.model.transport.timecode == "01:01:00;02"
    assert kit.model.transport.timecode_of(1799) == "01:00:59;29"
    kit.model.close()
    assert kit.model.transport.timecode == kit.model.transport.timecode_of(5) == ""


def test_in_and_out_mark_a_range_that_enter_makes_a_cue(kit: Kit) -> None:
    kit.open()
    transport = kit.model.transport
    transport.seek(100)
    transport.set_in()
    assert transport.marked == (100, 576)
    transport.seek(199)
    transport.set_out()
    assert transport.marked == (100, 200)
    transport.make_cue()
    (cue,) = kit.model.cues.cues
    assert (cue.in_frame, cue.out_frame_exclusive) == (100, 200) and transport.marked is None
    transport.seek(300)
    transport.set_out()
    transport.seek(400)
    transport.set_in()
    assert transport.marked == (400, 576)


def test_a_range_that_makes_no_cue_stays_marked(kit: Kit) -> None:
    kit.open()
    kit.model.transport.seek(100)
    kit.model.transport.set_in()
    kit.model.transport.set_out()
    kit.model.transport.make_cue()
    assert kit.model.transport.marked == (100, 101)


def test_hits_are_gone_to_one_after_another(kit: Kit) -> None:
    kit.open()
    transport = kit.model.transport
    transport.next_hit()
    transport.next_hit()
    assert transport.position == 96
    transport.previous_hit()
    assert transport.position == 48
    transport.previous_hit()
    assert transport.position == 48


def test_home_and_end_go_to_the_cue_first_and_then_to_the_timeline(kit: Kit) -> None:
    kit.open()
    kit.model.cues.add(100, 200)
    transport = kit.model.transport
    transport.seek(150)
    assert [(transport.home(), transport.position)[1] for _ in range(2)] == [100, 0]
    transport.seek(150)
    assert [(transport.end(), transport.position)[1] for _ in range(2)] == [199, 575]


def test_seeking_into_another_cue_works_on_that_cue(kit: Kit) -> None:
    kit.open()
    kit.model.cues.add(100, 200)
    kit.model.cues.add(300, 400)
    kit.model.transport.seek(150)
    assert kit.model.cues.current.name == "1m1" and kit.player.cue.name == "1m1"
    assert kit.player.position == 150 == kit.model.transport.position
    kit.model.cues.select("1m2")
    assert kit.model.transport.position == 300 == kit.player.position


def test_where_there_is_no_cue_the_playhead_stands_and_playing_begins_with_the_cue(kit: Kit) -> None:
    kit.open()
    kit.model.cues.add(100, 200)
    transport = kit.model.transport
    transport.play()
    transport.seek(500)
    assert transport.position == 500 and not transport.playing and kit.model.cues.current.name == "1m1"
    transport.play()
    assert transport.position == 100 and transport.playing


def test_bars_are_looped_by_their_numbers(kit: Kit) -> None:
    kit.open()
    bars = kit.model.spot.planned.plan.bars
    kit.model.transport.loop_bars(2, 1)
    begin, end = kit.model.transport.loop
    assert kit.timeline.rate.sample(begin) == pytest.approx(bars[1].start_sample, abs=1000)
    assert kit.timeline.rate.sample(end) == pytest.approx(bars[2].end_sample_exclusive, abs=1000)
    assert kit.player.loop == (begin, end)
    kit.model.transport.set_loop((7, 7))
    assert kit.model.transport.loop is None is kit.player.loop


def test_a_device_that_goes_is_said_until_it_comes_back(kit: Kit) -> None:
    kit.open()
    assert kit.model.transport.device_text == "fake speakers"
    kit.player.unplug()
    assert kit.model.transport.device_text == "" and [n.kind for n in kit.model.work.states] == ["device"]
    kit.player.device_changed.emit("headphones")
    assert kit.model.work.states == ()


def test_playing_writes_nothing_and_the_playhead_is_kept_when_it_rests(kit: Kit, qtbot: QtBot) -> None:
    kit.open()
    saved = kit.store.saved[kit.timeline.path]
    before = len(saved)
    kit.model.transport.play()
    with qtbot.assertNotEmitted(kit.model.history.changed, wait=700):
        for _ in range(100):
            kit.player.move(1)
    assert len(saved) == before
    kit.model.transport.pause()
    qtbot.waitUntil(lambda: kit.model.history.value.view.playhead_frame == 100, timeout=5000)
