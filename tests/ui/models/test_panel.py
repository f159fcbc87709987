from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from fakes.fake_studio import FakeStudio
from fakes.kit import Kit, make_kit
from fakes.timelines import made_timeline
from pytestqt.qtbot import QtBot

from hitpoint.engine.errors import Problem
from hitpoint.ui.models.panel import PanelModel
from hitpoint.ui.session import Session


def test_the_first_run_offers_the_demo_and_opens_it(qtbot: QtBot, tmp_path: Path) -> None:
    kit = make_kit(tmp_path, first_run=True)
    assert kit.model.first_run and kit.model.state == "none"
    kit.model.open_demo()
    assert kit.model.state == "opening"
    kit.settle()
    assert kit.model.state == "open" and kit.model.timeline.path == "/films/demo.otio"
    kit.model.close()
    assert not kit.model.first_run and kit.model.recent == ("/films/demo.otio",)


def test_a_timeline_that_cannot_be_opened_says_why_and_another_one_can(kit: Kit) -> None:
    kit.model.open("/films/none.otio")
    kit.settle()
    assert kit.model.state == "failed" and "does not exist" in kit.model.problem.text
    kit.open()
    assert kit.model.problem is None


def test_the_last_timeline_that_was_asked_for_is_the_one_that_opens(kit: Kit) -> None:
    other = made_timeline(3, path="/films/other.otio")
    kit.studio.timelines[other.path] = other
    kit.studio.hold.add("open")
    kit.model.open(kit.timeline.path)
    kit.settle()
    kit.model.open(other.path)
    kit.settle()
    while kit.studio.waiting("open"):
        kit.studio.release("open", -1)
    kit.settle()
    assert kit.model.timeline.path == other.path


def test_a_damaged_session_is_said_and_work_begins_anew(kit: Kit) -> None:
    kit.store.damaged.add(kit.timeline.path)
    kit.open()
    assert [cue.name for cue in kit.model.cues.cues] == ["1m1"]
    assert [one.kind for one in kit.model.work.states] == ["session"]


def test_offline_shots_are_a_state_that_names_them(qtbot: QtBot, tmp_path: Path) -> None:
    kit = make_kit(tmp_path, made_timeline(12, offline=(1, 2, 3, 4)))
    kit.open()
    (notice,) = kit.model.work.states
    assert notice.kind == "offline" and "shot 02, shot 03, shot 04 ..." in notice.text and "4" in notice.text
    kit.studio.timelines[kit.timeline.path] = made_timeline(12)
    notice.action()
    kit.settle()
    assert kit.model.work.states == ()
    kit.model.close()


def test_closing_saves_stops_and_forgets_and_another_timeline_can_be_opened(kit: Kit) -> None:
    kit.open()
    kit.model.work.generate()
    kit.settle()
    kit.studio.hold.add("generate")
    kit.model.work.generate()
    kit.settle()
    kit.model.work.generate()
    waiting = kit.studio.tasks[-1]
    kit.model.transport.play()
    kit.model.transport.seek(123)
    kit.model.strip.zoom(3, 100)
    kit.model.close()
    model = kit.model
    assert model.state == "none" and model.timeline is None and model.history.value is None
    assert model.cues.cues == () and model.spot.planned is None and model.takes.takes == ()
    assert model.work.rows == () and not kit.player.playing and kit.player.takes == ()
    # What was begun is not thrown away, and what was not never begins.
    assert waiting.flag.asked and sum(task.state == "running" for task in kit.studio.tasks) == 1
    kept = kit.store.load(kit.timeline.path)
    assert kept.view.playhead_frame == 123 and kept.view.frames_per_pixel > 0 and kit.store.flushed
    assert not kit.player.closed and not kit.studio.closed
    kit.open()
    assert model.transport.position == 123 and model.takes.heard == "t0001"
    assert model.history.value == kept


def test_answers_that_come_after_closing_change_nothing(kit: Kit) -> None:
    kit.open()
    kit.studio.hold |= {"plan", "generate", "peaks", "proxy", "doubts", "models", "place", "unfinished"}
    kit.model.spot.add(100)
    kit.model.work.generate()
    kit.model.host.place()
    kit.settle()
    kit.model.close()
    saved = len(kit.store.saved[kit.timeline.path])
    for method in list(kit.studio.hold):
        while kit.studio.waiting(method):
            kit.studio.release(method)
    kit.studio.hold.clear()
    kit.settle()
    assert kit.model.state == "none" and kit.model.spot.planned is None and kit.model.host.placed is None
    assert len(kit.store.saved[kit.timeline.path]) == saved


def test_a_crash_loses_nothing_that_was_done(qtbot: QtBot, kit: Kit, tmp_path: Path) -> None:
    kit.open()
    kit.model.work.generate()
    kit.settle()
    kit.model.spot.add(100)
    before: Session = kit.model.history.value
    # No close: the process is gone.
    again = make_kit(tmp_path, kit.timeline, store=kit.store)
    again.open()
    assert again.model.history.value.cues == before.cues
    again.model.close()


def test_the_player_has_the_cue_its_bars_and_its_film(kit: Kit) -> None:
    kit.open()
    assert kit.player.cue.name == "1m1" and kit.player.plan is kit.model.spot.planned.plan
    assert (kit.player.proxy.in_frame, kit.player.proxy.frames) == (0, 576)
    kit.studio.hold.add("proxy")
    kit.model.cues.add(100, 300)
    kit.settle()
    assert kit.player.cue.in_frame == 100
    # Two seconds of it are there, and the rest is to come.
    assert (kit.player.proxy.in_frame, kit.player.proxy.frames) == (100, 48)
    kit.model.spot.add(200)
    kit.studio.hold.clear()
    kit.studio.release("proxy")
    kit.settle()
    assert kit.player.proxy.frames == 200 and kit.studio.count("proxy") == 2


def test_a_film_that_cannot_be_made_is_a_state_with_a_way_out(kit: Kit) -> None:
    kit.studio.fail["proxy"] = Problem("OutputError", "the disk is full")
    kit.open()
    (notice,) = kit.model.work.states
    assert "disk is full" in notice.text
    notice.action()
    kit.settle()
    assert kit.player.proxy.frames == 576 and kit.model.work.states == ()


def test_no_method_takes_long_on_a_timeline_of_two_thousand_clips(qtbot: QtBot, tmp_path: Path) -> None:
    kit = make_kit(tmp_path, made_timeline(2000, shot_frames=43))
    model = kit.model
    kit.open()
    times: dict[str, float] = {}

    def timed(name: str, call: Callable[[], object]) -> None:
        begin = time.perf_counter()
        call()
        times[name] = time.perf_counter() - begin
        kit.settle()

    for number in range(20):
        model.cues.add(number * 4300, number * 4300 + 4000)
        kit.settle()
    timed("add cue", lambda: model.cues.add(86_000 - 300, 86_000))
    timed("select", lambda: model.cues.select("1m7"))
    first = model.cues.current.in_frame
    timed("add hit", lambda: model.spot.add(first + 100))
    timed("drag", lambda: model.spot.drag(first + 100, first + 120))
    timed("drop", lambda: model.spot.drop(first + 100, first + 120))
    timed("wish", lambda: model.sections.wish("bigger", first, first + 500))
    timed("draw", lambda: model.sections.draw([(first + n, n / 1000) for n in range(1000)]))
    timed("controls", lambda: model.controls.set(style="rock"))
    timed("generate", model.work.generate)
    timed("generate all", model.work.generate_all)
    timed("hear", lambda: model.takes.hear("t0001"))
    timed("undo", model.history.undo)
    timed("redo", model.history.redo)
    timed("seek", lambda: model.transport.seek(40_000))
    timed("zoom", lambda: model.strip.zoom(2, 40_000))
    timed("snapped", lambda: model.strip.snapped(40_000.5, 3))
    timed("wanted", lambda: model.strip.wanted(range(0, 86_000, 43)))
    timed("read again", model.host.read_again)
    timed("preview", model.host.preview_place)
    timed("close", model.close)
    for name, seconds in sorted(times.items(), key=lambda item: -item[1]):
        print(f"{name:14} {1000 * seconds:6.1f} ms")
    assert max(times.values()) < 0.5


def test_the_models_of_one_panel_know_nothing_of_another(qtbot: QtBot, tmp_path: Path) -> None:
    one, other = make_kit(tmp_path), make_kit(tmp_path)
    assert isinstance(one.model, PanelModel) and isinstance(other.studio, FakeStudio)
    one.open()
    one.model.spot.add(100)
    assert other.model.state == "none" and other.model.work.states == ()
    one.model.close()
    other.model.close()
