"""Between the panel and the editor's program: opening, selection, playhead, markers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fakes.kit import Kit, make_kit
from fakes.timelines import made_timeline
from PyQt6.QtWidgets import QApplication

from hitpoint.engine.errors import Problem
from hitpoint.ui.ports import Mark

TITLE = "DaVinci Resolve Studio"


def said(kit: Kit, kind: str) -> str:
    return next((one.text for one in kit.model.desk.notices if one.kind == kind), "")


def spans(kit: Kit) -> list[tuple[int, int]]:
    return [(cue.in_frame, cue.out_frame_exclusive) for cue in kit.model.cues.cues]


def test_what_is_open_there_is_read_and_opened_and_the_panel_says_from_whom(kit: Kit) -> None:
    kit.host.become(TITLE, kit.timeline.path)
    kit.host.hold.add("read")
    kit.model.open_there()
    kit.settle()
    assert (kit.model.state, kit.model.reading) == ("opening", TITLE)
    kit.host.release("read")
    kit.settle()
    assert (kit.model.state, kit.model.reading) == ("open", "")
    assert kit.model.timeline is kit.timeline
    assert kit.model.host.state.linked


def test_without_a_program_nothing_is_asked_for(kit: Kit) -> None:
    kit.model.open_there()
    kit.settle()
    assert kit.model.state == "none" and kit.host.calls == []


def test_a_program_that_cannot_be_read_is_a_sentence_and_can_be_asked_again(kit: Kit) -> None:
    kit.host.become(TITLE, kit.timeline.path)
    kit.host.fail["read"] = Problem("busy", "a dialog is open there: close it, then open this again")
    kit.model.open_there()
    kit.settle()
    assert kit.model.state == "failed" and "a dialog is open" in kit.model.problem.text
    kit.model.open_there()
    kit.settle()
    assert kit.model.state == "open"


def test_what_could_not_be_read_of_it_is_told(kit: Kit) -> None:
    kit.host.problems = ("a Fusion title is kept unseen",)
    kit.open_there()
    assert said(kit, "read") == "a Fusion title is kept unseen"


def test_a_fresh_timeline_begins_with_cues_of_what_is_selected_there(kit: Kit) -> None:
    kit.host.select((96, 240), (300, 420), rule="the two selected clips")
    kit.open_there()
    assert spans(kit) == [(96, 240), (300, 420)]
    assert kit.model.cues.current.name == kit.model.cues.cues[0].name
    assert said(kit, "there") == f"From {TITLE}: the two selected clips"


def test_where_nothing_is_selected_a_fresh_timeline_stays_as_it_begins(kit: Kit) -> None:
    kit.host.select((0, kit.timeline.frames), rule="nothing is selected: the whole timeline")
    kit.open_there()
    assert spans(kit) == [(0, kit.timeline.frames)]
    assert not kit.model.history.can_undo


def test_a_long_timeline_of_which_nothing_is_selected_is_not_made_one_cue(
    qapp: QApplication, tmp_path: Path
) -> None:
    kit = make_kit(tmp_path, made_timeline(400))
    kit.host.select((0, kit.timeline.frames), rule="nothing is selected: the whole timeline")
    kit.open_there()
    assert spans(kit) == []
    kit.model.close()


def test_a_session_that_was_worked_on_is_not_asked_for_a_selection(kit: Kit) -> None:
    kit.open_there()
    kit.model.cues.add(0, 100)
    kit.model.close()
    kit.host.select((200, 400))
    kit.host.calls.clear()
    kit.model.open_there()
    kit.settle()
    assert spans(kit) == [(0, 100)] and "selected" not in kit.host.calls


def test_a_selection_that_comes_late_takes_nothing_away_that_was_done_meanwhile(kit: Kit) -> None:
    kit.host.hold.add("selected")
    kit.host.select((200, 400))
    kit.open_there()
    kit.model.spot.add(50)
    kit.host.release("selected")
    kit.settle()
    assert spans(kit) == [(0, kit.timeline.frames)]


def test_the_selection_is_used_on_demand_as_one_step_beside_what_is_there(kit: Kit) -> None:
    kit.open_there()
    kit.model.cues.add(0, 100)
    kit.settle()
    kit.host.select((50, 150), (200, 300), (302, 310), rule="the in and out marks")
    kit.model.there.use_selected()
    kit.settle()
    # What another cue covers is left to it, and a third of a second is no cue.
    assert spans(kit) == [(0, 100), (100, 150), (200, 300)]
    kit.model.there.use_selected()
    kit.settle()
    assert len(spans(kit)) == 3
    kit.model.history.undo()
    assert spans(kit) == [(0, 100)]


def test_the_playheads_follow_each_other_on_demand(kit: Kit) -> None:
    kit.open_there()
    kit.host.stands_at = 123
    kit.model.there.go_there()
    kit.settle()
    assert kit.model.transport.position == 123
    kit.model.transport.seek(77)
    kit.model.there.show_there()
    kit.settle()
    assert kit.host.stands_at == 77


@pytest.mark.parametrize("stands_at", [None, 576, -1])
def test_a_playhead_outside_the_timeline_is_not_gone_to(kit: Kit, stands_at: int | None) -> None:
    kit.open_there()
    kit.model.transport.seek(77)
    kit.host.stands_at = stands_at
    kit.model.there.go_there()
    kit.settle()
    assert kit.model.transport.position == 77 and "outside" in said(kit, "there")


@pytest.mark.parametrize("standing", ["waiting", "gone"])
def test_a_program_that_does_not_answer_is_asked_nothing(kit: Kit, standing: str) -> None:
    kit.open_there()
    kit.host.standing = standing
    kit.model.host.poll()
    kit.host.calls.clear()
    there = kit.model.there
    for ask in (there.use_selected, there.go_there, there.show_there, there.show_hits, there.take_hits):
        ask()
    kit.settle()
    assert kit.host.calls == []


def test_an_answer_that_comes_after_the_timeline_was_closed_is_not_used(kit: Kit) -> None:
    kit.open_there()
    kit.host.hold.add("playhead")
    kit.host.stands_at = 123
    kit.model.there.go_there()
    kit.settle()
    kit.model.close()
    kit.open()
    kit.model.transport.seek(5)
    kit.host.release("playhead")
    kit.settle()
    assert kit.model.transport.position == 5


def test_hits_are_written_there_and_taken_back_where_they_were_moved(kit: Kit) -> None:
    kit.open_there()
    kit.model.spot.add(100)
    kit.model.spot.add(200)
    kit.model.spot.add(300)
    kit.settle()
    kit.model.there.show_hits()
    kit.settle()
    idents = {mark.ident: mark for mark in kit.host.marks}
    assert {"1m1@100", "1m1@200", "1m1@300"} <= set(idents)
    # Moved, removed, and one of the editor's own.
    kit.host.marks = (
        replace(idents["1m1@100"], frame=104),
        *(mark for mark in kit.host.marks if mark.ident not in ("1m1@100", "1m1@200")),
        Mark("", 400, "avoid", None, "word"),
        Mark("", 410, None, None, "check this"),
    )
    kit.model.there.take_hits()
    kit.settle()
    wishes = kit.model.cues.current.wishes
    assert [(hit.frame, hit.kind) for hit in wishes.hits] == [(104, "must"), (300, "must"), (400, "avoid")]
    assert said(kit, "there") == "Hits as the markers there: 1 moved, 1 removed, 1 added"
    # It is one step.
    kit.model.history.undo()
    assert [hit.frame for hit in kit.model.cues.current.wishes.hits] == [100, 200, 300]


def test_markers_that_say_nothing_new_make_no_step(kit: Kit) -> None:
    kit.open_there()
    kit.model.spot.add(100)
    kit.settle()
    kit.model.there.show_hits()
    kit.settle()
    before = kit.model.history.value
    kit.model.there.take_hits()
    kit.settle()
    assert kit.model.history.value == before and "nothing new" in said(kit, "there")


def test_a_question_that_fails_is_one_sentence(kit: Kit) -> None:
    kit.open_there()
    kit.host.fail["markers"] = Problem("refused", "the markers cannot be read now: try again")
    kit.model.there.take_hits()
    kit.settle()
    assert said(kit, "there") == "the markers cannot be read now: try again"


def test_read_again_has_the_program_write_it_out_anew(kit: Kit) -> None:
    kit.open_there()
    asked = kit.studio.count("open")
    kit.model.host.read_again()
    kit.settle()
    assert kit.host.calls.count("read") == 2 and kit.studio.count("open") == asked + 1


def test_reading_again_while_another_timeline_is_open_there_offers_that_one(kit: Kit) -> None:
    kit.open_there()
    other = made_timeline(6, path="/films/other.otio")
    kit.studio.timelines[other.path] = other
    kit.host.open_there = other.path
    kit.model.host.read_again()
    kit.settle()
    assert kit.model.timeline is kit.timeline
    notice = next(one for one in kit.model.desk.notices if one.kind == "stale")
    assert "'other'" in notice.text
    notice.action()
    kit.settle()
    assert kit.model.timeline is other


def test_a_timeline_that_was_switched_there_is_told_with_a_way_to_open_it(kit: Kit) -> None:
    kit.open_there()
    kit.host.elsewhere, kit.host.text = True, f"{TITLE} has another timeline open than this one"
    kit.model.host.poll()
    notice = next(one for one in kit.model.desk.notices if one.kind == "stale")
    assert notice.text == kit.host.text and notice.action_label == "Open that one"
    kit.host.elsewhere = False
    kit.model.host.poll()
    assert not said(kit, "stale")


def test_a_kept_session_is_of_the_edit_that_was_just_read(kit: Kit) -> None:
    kit.open_there()
    kit.model.close()
    kit.studio.timelines[kit.timeline.path] = replace(kit.timeline, sha256="f" * 64)
    kit.model.open_there()
    kit.settle()
    assert kit.model.history.value.sha256 == "f" * 64 and not said(kit, "stale")


def test_a_program_that_is_gone_is_told_once_and_everything_else_works(kit: Kit) -> None:
    kit.open_there()
    kit.host.standing, kit.host.text = "gone", f"{TITLE} has ended"
    kit.model.host.poll()
    assert said(kit, "gone") == f"{TITLE} has ended"
    kit.model.desk.unsay("gone")
    kit.model.host.poll()
    assert not said(kit, "gone")
    kit.model.spot.add(100)
    kit.model.work.generate()
    kit.settle()
    assert kit.model.takes.takes


def test_a_timeline_that_appears_is_offered_once_and_opened_on_demand(kit: Kit) -> None:
    other = made_timeline(6, path="/exports/other.otio")
    kit.studio.timelines[other.path] = other
    kit.open()
    kit.host.appeared = other.path
    kit.model.host.poll()
    notice = next(one for one in kit.model.desk.notices if one.kind == "offered")
    assert "other.otio" in notice.text and kit.model.timeline is kit.timeline
    kit.model.desk.unsay("offered")
    kit.model.host.poll()
    assert not said(kit, "offered")
    notice.action()
    kit.settle()
    assert kit.model.timeline is other and kit.model.host.offered == ""


def test_the_open_timeline_itself_is_not_offered(kit: Kit) -> None:
    kit.open()
    kit.host.appeared = kit.timeline.path
    kit.model.host.poll()
    assert not said(kit, "offered") and kit.model.host.offered == ""
