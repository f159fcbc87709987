from __future__ import annotations

from pathlib import Path

import pytest
from fakes.kit import Kit, make_kit
from fakes.timelines import made_timeline
from pytestqt.qtbot import QtBot

from hitpoint.engine.errors import Problem
from hitpoint.engine.progress import Step

MEMORY = Problem("OptionError", "'big' needs about 9 GB of memory; use sketch; --anyway starts all the same")


@pytest.fixture
def held(kit: Kit) -> Kit:
    """Open, and nothing that is made is ever finished by itself."""
    kit.open()
    kit.studio.hold.add("generate")
    return kit


def test_generating_without_any_cue_scores_the_whole_timeline(qtbot: QtBot, tmp_path: Path) -> None:
    kit = make_kit(tmp_path, made_timeline(400))
    kit.open()
    kit.model.work.generate()
    kit.settle()
    (cue,) = kit.model.cues.cues
    assert (cue.in_frame, cue.out_frame_exclusive, len(cue.takes)) == (0, 400 * 48, 1)
    kit.model.close()


def test_a_row_tells_stage_share_and_the_first_seconds(held: Kit) -> None:
    work = held.model.work
    work.generate()
    assert work.rows[0].state == "waiting"
    held.settle()
    (row,) = work.rows
    assert (row.what, row.state, row.text, row.can_cancel) == ("1m1, Take 1", "running", "half of it", True)
    assert Path(row.heard_path).is_file()
    # Nothing else is to be heard: the first seconds are.
    assert held.player.passage == (row.heard_path, 0)
    held.studio.release("generate")
    held.settle()
    (row,) = work.rows
    assert (row.state, row.done, row.can_cancel, row.left_s) == ("done", 1.0, False, None)
    assert held.player.passage == ("", 0) and held.model.takes.heard == "t0001"


def test_the_time_left_follows_the_share_that_is_done(held: Kit) -> None:
    held.model.work.generate()
    held.settle()
    task = held.studio.tasks[-1]
    assert held.model.work.rows[0].left_s is None
    task.step_to(Step("generate", 1, 2, ""))
    row = held.model.work.rows[0]
    assert 0.4 < row.done < 0.8 and row.left_s is not None and 0 <= row.left_s < 5
    task.step_to(Step("generate", 1, 100, ""))
    assert held.model.work.rows[0].done == row.done


def test_a_preview_is_silent_where_a_take_is_heard_until_it_is_asked_for(kit: Kit) -> None:
    kit.open()
    kit.model.work.generate()
    kit.settle()
    kit.studio.hold.add("generate")
    kit.model.work.generate()
    kit.settle()
    assert kit.player.passage == ("", 0)
    row = kit.model.work.rows[-1]
    kit.model.work.listen(row.id)
    assert kit.player.passage == (row.heard_path, 0) and kit.player.playing


def test_a_take_that_arrives_while_another_plays_waits_to_be_heard(kit: Kit) -> None:
    kit.open()
    kit.model.work.generate()
    kit.settle()
    kit.model.transport.play()
    kit.model.work.generate()
    kit.settle()
    assert kit.model.takes.heard == "t0001" and len(kit.model.takes.takes) == 2
    kit.model.transport.pause()
    kit.model.work.generate()
    kit.settle()
    assert kit.model.takes.heard == "t0003"


def test_all_cues_are_queued_in_order_but_those_that_are_locked(kit: Kit) -> None:
    kit.open()
    for begin in (0, 100, 200):
        kit.model.cues.add(begin, begin + 100)
    kit.model.cues.lock("1m2", True)
    kit.model.work.generate_all()
    kit.settle()
    assert [order.cue.name for order in kit.studio.orders] == ["1m1", "1m3"]
    assert [order.take_id for order in kit.studio.orders] == ["t0001", "t0002"]
    spotting = (("1m1", 0, 100), ("1m2", 100, 200), ("1m3", 200, 300))
    assert all(order.spotting == spotting for order in kit.studio.orders)
    assert [len(cue.takes) for cue in kit.model.cues.cues] == [1, 0, 1]


def test_a_take_is_not_undone_and_finds_its_renamed_cue(held: Kit) -> None:
    held.model.spot.add(100)
    held.model.work.generate()
    held.settle()
    held.model.cues.rename("1m1", "chase")
    held.studio.release("generate")
    held.settle()
    for _ in range(2):
        held.model.history.undo()
    assert [take.id for take in held.model.cues.cues[0].takes] == ["t0001"]
    assert held.model.cues.cues[0].name == "1m1"


def test_takes_that_end_out_of_order_stay_who_they_are(held: Kit) -> None:
    for _ in range(3):
        held.model.work.generate()
    held.settle()
    for index in (2, 0, 0):
        held.studio.release("generate", index)
    held.settle()
    assert [take.id for take in held.model.takes.takes] == ["t0003", "t0001", "t0002"]
    assert len({take.seed for take in held.model.takes.takes}) == 3


def test_cancelling_ends_one_and_its_id_is_not_given_again(held: Kit) -> None:
    held.model.work.generate()
    held.model.work.generate()
    held.settle()
    held.model.work.cancel(held.model.work.rows[0].id)
    held.settle()
    assert [row.state for row in held.model.work.rows] == ["cancelled", "running"]
    held.studio.release("generate", -1)
    held.model.work.generate()
    held.settle()
    assert [order.take_id for order in held.studio.orders] == ["t0001", "t0002", "t0003"]


def test_a_dismissed_row_goes_and_one_that_runs_stays(held: Kit) -> None:
    held.model.work.generate()
    held.settle()
    row = held.model.work.rows[0].id
    held.model.work.dismiss(row)
    assert held.model.work.rows
    held.model.work.cancel(row)
    held.settle()
    held.model.work.dismiss(row)
    assert held.model.work.rows == ()


def test_an_engine_that_ends_is_told_and_the_same_order_is_tried_again(held: Kit) -> None:
    held.model.work.generate()
    held.settle()
    held.studio.crash()
    (row,) = held.model.work.rows
    assert (row.state, row.can_retry, row.problem.kind) == ("failed", True, "crashed")
    assert "ended" in held.model.work.engine_text
    (notice,) = held.model.work.states
    assert notice.kind == "engine" and "1m1, Take 1" in notice.text
    notice.action()
    held.settle()
    assert held.model.work.states == ()
    held.studio.release("generate")
    held.settle()
    assert held.studio.orders[0] == held.studio.orders[1]
    assert [take.id for take in held.model.takes.takes] == ["t0001"] and held.model.work.engine_text == ""


def test_too_little_memory_is_a_state_that_offers_to_start_anyway(kit: Kit) -> None:
    kit.open()
    kit.model.controls.set(model="gvmgen-nano")
    kit.studio.fail["generate"] = MEMORY
    kit.model.work.generate()
    kit.settle()
    assert kit.model.work.rows[0].remedies == ("anyway", "sketch")
    (notice,) = kit.model.work.states
    notice.action()
    kit.settle()
    assert kit.studio.orders[-1].controls.anyway and not kit.model.controls.controls.anyway
    assert kit.model.work.states == () and len(kit.model.takes.takes) == 1


def test_a_model_that_fails_can_give_way_to_sketch(kit: Kit) -> None:
    kit.open()
    kit.model.controls.set(model="gvmgen-nano")
    kit.studio.fail["generate"] = Problem("EngineFault", "the model gave silence: try another")
    kit.model.work.generate()
    kit.settle()
    row = kit.model.work.rows[0]
    assert row.remedies == ("sketch",)
    kit.model.work.help(row.id, "anyway")
    assert kit.model.work.rows[0].state == "failed"
    kit.model.work.help(row.id, "sketch")
    kit.settle()
    assert kit.model.takes.takes[0].generator == "sketch" and kit.model.work.rows[0].state == "done"


def test_a_model_without_weights_is_a_state_before_anything_fails(kit: Kit) -> None:
    kit.open()
    kit.model.controls.set(model="musicgen-small")
    (notice,) = kit.model.work.states
    assert notice.kind == "weights" and "hitpoint models get" in notice.text
    notice.action()
    assert kit.model.controls.controls.model == "sketch" and kit.model.work.states == ()


def test_a_picture_that_cannot_be_looked_at_fails_the_row_and_is_tried_again(
    kit: Kit, tmp_path: Path
) -> None:
    kit.open()
    kit.model.cues.add(0, 100)
    kit.model.cues.add(100, 200)
    kit.settle()
    kit.model.close()
    kit.open()
    # The other cue was not looked at since the timeline was read.
    kit.studio.fail["look"] = Problem("InputError", "the film cannot be read")
    kit.model.work.generate("1m1")
    kit.settle()
    (row,) = kit.model.work.rows
    assert row.state == "failed" and row.problem.text == "the film cannot be read" and row.remedies == ()
    assert kit.studio.orders == []
    kit.model.work.retry(row.id)
    kit.settle()
    assert kit.model.work.rows[0].state == "done" and [o.cue.name for o in kit.studio.orders] == ["1m1"]


def test_takes_begun_before_are_offered_and_gone_on_with(kit: Kit, tmp_path: Path) -> None:
    kit.open()
    kit.model.work.generate()
    kit.settle()
    kit.studio.hold.add("generate")
    kit.model.work.generate()
    kit.settle()
    orders = tuple(kit.studio.orders)
    kit.model.close()
    again = make_kit(tmp_path, kit.timeline, store=kit.store)
    again.studio.unfinished_orders = orders
    again.open()
    (notice,) = again.model.work.states
    assert "Take 2" in notice.text and "Take 1" not in notice.text
    notice.action()
    again.settle()
    assert again.studio.orders == [orders[1]] and again.model.work.states == ()
    assert [take.id for take in again.model.takes.takes] == ["t0001", "t0002"]
    again.model.work.generate()
    again.settle()
    assert [take.id for take in again.model.takes.takes] == ["t0001", "t0002", "t0003"]
    again.model.close()
