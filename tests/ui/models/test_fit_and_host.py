from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fakes.kit import Kit, make_kit
from pytestqt.qtbot import QtBot

from hitpoint.engine.errors import Problem


def test_doubts_are_of_the_heard_take_and_gone_to(kit: Kit) -> None:
    kit.open()
    fit = kit.model.fit
    fit.go(0)
    assert fit.doubts == ()
    kit.model.work.generate()
    kit.settle()
    assert [doubt.kind for doubt in fit.doubts] == ["hit", "energy"] and not fit.busy
    fit.go(1)
    assert kit.model.transport.position == fit.doubts[1].in_frame
    kit.model.work.generate()
    kit.settle()
    kit.model.takes.hear("t0001")
    kit.settle()
    assert fit.doubts and kit.studio.count("doubts") == 2
    kit.model.takes.hear("")
    assert fit.doubts == ()


def test_doubts_that_failed_are_a_state_with_a_way_out(kit: Kit) -> None:
    kit.open()
    kit.studio.fail["doubts"] = Problem("InputError", "take.json is gone")
    kit.model.work.generate()
    kit.settle()
    notice = next(one for one in kit.model.work.states if one.kind == "doubts")
    notice.action()
    kit.settle()
    assert kit.model.fit.doubts and kit.model.work.states == ()


def test_placing_follows_its_preview_and_tells_what_it_did(kit: Kit) -> None:
    kit.open()
    kit.model.work.generate()
    kit.settle()
    host = kit.model.host
    host.preview_place()
    assert host.busy
    kit.settle()
    assert len(host.preview) == 6 and host.placed is None and not host.busy
    host.place()
    host.place()
    host.preview_place()
    kit.settle()
    assert kit.studio.count("place") == 1 and kit.studio.count("preview_place") == 1
    assert host.placed.timeline.endswith("scored.otio")


def test_a_placing_that_failed_says_why_and_the_next_one_forgets_it(kit: Kit) -> None:
    kit.open()
    kit.studio.fail["place"] = Problem("StaleResult", "the edit changed: read it again")
    kit.model.host.place()
    kit.settle()
    assert kit.model.host.problem.kind == "StaleResult" and kit.model.host.placed is None
    kit.model.host.place()
    kit.settle()
    assert kit.model.host.problem is None and kit.model.host.placed is not None


def test_the_host_is_looked_at_every_second_while_something_is_open(kit: Kit, qtbot: QtBot) -> None:
    assert kit.host.asked == 0
    kit.open()
    asked = kit.host.asked
    qtbot.waitUntil(lambda: kit.host.asked >= asked + 2, timeout=8000)
    kit.model.close()
    asked = kit.host.asked
    qtbot.wait(1200)
    assert kit.host.asked == asked and kit.model.host.state.timeline == ""


def test_a_timeline_that_changed_is_read_again_and_cues_and_wishes_stay(kit: Kit) -> None:
    kit.open()
    kit.model.cues.add(96, 300)
    kit.model.spot.add(150)
    kit.model.cues.add(400, 500)
    kit.settle()
    kit.host.changed = True
    kit.model.host.poll()
    (notice,) = kit.model.work.states
    assert notice.kind == "stale"
    kit.host.changed = False
    shorter = replace(kit.timeline, frames=300, shots=kit.timeline.shots[:7], sha256="d" * 64)
    kit.studio.timelines[kit.timeline.path] = shorter
    looks = kit.studio.count("look")
    notice.action()
    kit.settle()
    assert kit.model.timeline is shorter and kit.model.history.value.sha256 == "d" * 64
    assert [cue.name for cue in kit.model.cues.cues] == ["1m1"]
    assert [hit.frame for hit in kit.model.cues.cues[0].wishes.hits] == [150]
    assert kit.studio.count("look") == looks + 1 and 150 in [row.frame for row in kit.model.spot.hits]
    (notice,) = kit.model.work.states
    assert "1m2" in notice.text
    # Nor does undo bring a cue back that the timeline has no frames for.
    while kit.model.history.can_undo:
        kit.model.history.undo()
    assert all(cue.out_frame_exclusive <= 300 for cue in kit.model.cues.cues)


def test_a_session_of_an_earlier_edit_is_opened_on_the_present_one_and_says_so(
    qtbot: QtBot, kit: Kit, tmp_path: Path
) -> None:
    kit.open()
    kit.model.cues.add(100, 500)
    kit.model.close()
    shorter = replace(kit.timeline, frames=480, shots=kit.timeline.shots[:10], sha256="e" * 64)
    again = make_kit(tmp_path, shorter, store=kit.store)
    again.open()
    (cue,) = again.model.cues.cues
    assert (cue.in_frame, cue.out_frame_exclusive) == (100, 480)
    assert [one.kind for one in again.model.work.states] == ["stale"]
    assert again.model.spot.planned is not None
    again.model.host.read_again()
    again.settle()
    assert again.model.work.states == () and again.model.history.value.sha256 == "e" * 64
    again.model.close()


def test_media_that_came_back_are_looked_at_again_though_the_timeline_is_the_same(kit: Kit) -> None:
    kit.open()
    looks, proxies = kit.studio.count("look"), kit.studio.count("proxy")
    kit.model.host.read_again()
    kit.settle()
    assert kit.studio.count("look") == looks + 1 and kit.studio.count("proxy") == proxies + 1


def test_a_timeline_that_cannot_be_read_again_stays_as_it_was_read(kit: Kit) -> None:
    kit.open()
    kit.studio.fail["open"] = Problem("InputError", "made.otio is gone: put it back")
    before = kit.model.timeline
    kit.model.host.read_again()
    kit.settle()
    assert kit.model.timeline is before and kit.model.state == "open"
    assert "put it back" in kit.model.work.states[0].text
