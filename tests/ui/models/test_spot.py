from __future__ import annotations

import pytest
from fakes.kit import Kit

from hitpoint.engine.errors import Problem


def frames(kit: Kit) -> list[int]:
    return [row.frame for row in kit.model.spot.hits]


def test_the_picture_is_looked_at_once_and_planned_with_each_wish(kit: Kit) -> None:
    kit.open()
    assert kit.studio.count("look") == 1 and kit.studio.count("plan") == 1
    assert frames(kit) == list(range(48, 576, 48)) and not kit.model.spot.busy
    kit.model.controls.set(style="piano")
    kit.settle()
    assert kit.studio.count("look") == 1 and kit.studio.count("plan") == 2


def test_what_does_not_decide_the_plan_is_not_planned_again(kit: Kit) -> None:
    kit.open()
    kit.model.controls.set(loudness=-20.0, separate=True)
    kit.model.takes.mute("drums", True)
    kit.settle()
    assert kit.studio.count("plan") == 1


def test_a_hit_that_is_dragged_is_seen_at_once_and_is_no_step(kit: Kit) -> None:
    kit.open()
    kit.studio.hold.add("plan")
    kit.model.spot.drag(96, 111)
    assert 111 in frames(kit) and 96 not in frames(kit)
    assert kit.model.spot.busy and not kit.model.history.can_undo


def test_while_dragging_one_plan_is_asked_at_a_time_and_the_last_place_wins(kit: Kit) -> None:
    kit.open()
    kit.studio.hold.add("plan")
    for to in range(97, 120):
        kit.model.spot.drag(96, to)
    kit.settle()
    assert kit.studio.count("plan") == 2
    kit.studio.release("plan")
    kit.settle()
    assert kit.studio.count("plan") == 3
    kit.studio.release("plan")
    assert 119 in frames(kit)
    assert all(before is not None for before in kit.studio.befores[1:])


def test_dropping_is_one_step_and_a_whole_search_follows_the_local_one(kit: Kit) -> None:
    kit.open()
    kit.model.spot.drag(96, 105)
    kit.settle()
    kit.model.spot.drag(96, 111)
    kit.settle()
    asked = kit.studio.count("plan")
    kit.model.spot.drop(96, 111)
    kit.settle()
    # The last trial was the local answer already.
    assert kit.studio.count("plan") == asked + 1
    assert kit.studio.befores[-1] is None and kit.model.spot.planned.full
    assert kit.model.history.undo_label == "move hit"
    kit.model.history.undo()
    kit.settle()
    assert frames(kit) == list(range(48, 576, 48)) and not kit.model.history.can_undo


def test_a_drop_while_the_trial_is_under_way_takes_its_answer(kit: Kit) -> None:
    kit.open()
    kit.studio.hold.add("plan")
    kit.model.spot.drag(96, 111)
    kit.model.spot.drop(96, 111)
    kit.settle()
    assert kit.studio.count("plan") == 2
    kit.studio.hold.clear()
    kit.studio.release("plan")
    kit.settle()
    assert kit.studio.befores[1:] == [kit.studio.befores[1], None] and kit.model.spot.planned.full


def test_a_dragged_hit_may_be_called_by_where_it_was_or_where_it_is(kit: Kit) -> None:
    kit.open()
    kit.model.spot.drag(96, 100)
    kit.model.spot.drag(100, 104)
    kit.model.spot.drop(96, 104)
    kit.settle()
    assert 104 in frames(kit) and not {96, 100} & set(frames(kit))
    assert kit.model.cues.current.wishes.removed == (96,)


def test_a_hit_dropped_where_it_was_changes_nothing(kit: Kit) -> None:
    kit.open()
    planned = kit.model.spot.planned
    kit.model.spot.drag(96, 111)
    kit.settle()
    kit.model.spot.drop(96, 96)
    kit.settle()
    assert kit.model.spot.planned is planned and 96 in frames(kit) and not kit.model.history.can_undo


def test_a_hit_stays_inside_its_cue(kit: Kit) -> None:
    kit.open()
    kit.model.cues.add(96, 300)
    kit.settle()
    kit.model.spot.drop(144, 9999)
    kit.settle()
    assert 299 in frames(kit)
    kit.model.spot.add(50)
    assert 50 not in frames(kit)


def test_kinds_strengths_names_and_deleting(kit: Kit) -> None:
    kit.open()
    spot = kit.model.spot
    spot.add(100)
    spot.set_kind(100, "avoid")
    spot.set_strength(100, 0.25)
    spot.rename(100, "door")
    kit.settle()
    row = next(row for row in spot.hits if row.frame == 100)
    assert (row.kind, row.strength, row.name, row.from_wish) == ("avoid", 0.25, "door", True)
    spot.delete(100)
    spot.delete(144)
    kit.settle()
    assert 100 not in frames(kit) and 144 not in frames(kit)
    for _ in range(6):
        kit.model.history.undo()
    kit.settle()
    assert frames(kit) == list(range(48, 576, 48))


def test_what_is_no_hit_cannot_be_changed(kit: Kit) -> None:
    kit.open()
    before = kit.model.history.value
    for call in (
        lambda: kit.model.spot.drag(7, 9),
        lambda: kit.model.spot.drop(7, 9),
        lambda: kit.model.spot.delete(7),
        lambda: kit.model.spot.set_kind(7, "must"),
        lambda: kit.model.spot.choose("mood", 99),
        lambda: kit.model.spot.choose("weather", 0),
    ):
        call()
    assert kit.model.history.value is before


def test_answers_for_a_cue_that_was_left_are_not_shown(kit: Kit) -> None:
    kit.open()
    kit.model.cues.add(0, 200)
    kit.settle()
    kit.model.cues.add(200, 400)
    kit.settle()
    kit.studio.hold.add("plan")
    kit.model.spot.add(250)
    kit.model.cues.select("1m1")
    kit.settle()
    kit.studio.hold.clear()
    while kit.studio.waiting("plan"):
        kit.studio.release("plan")
    kit.settle()
    assert kit.model.spot.planned.plan.cue == "1m1" and all(frame < 200 for frame in frames(kit))
    # It was seen before.
    assert kit.studio.count("look") == 3


@pytest.mark.parametrize("method", ["look", "plan"])
def test_a_plan_that_failed_is_a_state_with_a_way_out(kit: Kit, method: str) -> None:
    kit.studio.fail[method] = Problem("InputError", "the film cannot be read: relink it")
    kit.open()
    assert kit.model.spot.planned is None and not kit.model.spot.busy
    (notice,) = kit.model.work.states
    assert "relink" in notice.text
    notice.action()
    kit.settle()
    assert kit.model.spot.planned is not None and kit.model.work.states == ()


def test_a_word_of_the_sentence_is_one_step(kit: Kit) -> None:
    kit.open()
    spot = kit.model.spot
    assert [word.what for word in spot.sentence] == ["mood", "course", "tempo", "key"]
    spot.choose("mood", 1)
    spot.choose("key", 1)
    spot.choose("tempo", 1)
    spot.choose("course", 1)
    kit.settle()
    cue = kit.model.cues.current
    assert cue.controls.mood == "calm" and (cue.wishes.tonic, cue.wishes.mode) == (5, "major")
    assert cue.wishes.tempo_bpm == (70.0, 84.0) and len(cue.wishes.drawn) == 3
    assert [word.text for word in spot.sentence][3] == "F major"
    for _ in range(4):
        kit.model.history.undo()
    kit.settle()
    assert kit.model.cues.current.wishes.drawn == () and spot.sentence[3].text == "D minor"


# --- Hearing the change


def playing_sketch(kit: Kit) -> None:
    kit.open()
    kit.model.work.generate()
    kit.settle()
    kit.model.transport.play()


def test_changed_bars_are_heard_where_sketch_plays(kit: Kit) -> None:
    playing_sketch(kit)
    kit.model.spot.drop(144, 160)
    kit.settle()
    ((order, begin, end),) = kit.studio.passages
    assert order.seed == kit.model.takes.takes[0].seed
    assert begin <= 160 < end <= begin + 4 * 24
    assert kit.player.passage == (kit.model.passages.path, begin) and kit.player.passage[0]
    # Before the whole search, which takes longer.
    asked = [name for name in kit.studio.asked if name in ("plan", "sketch_passage")]
    assert asked[-2:] == ["sketch_passage", "plan"]


def test_a_passage_goes_with_the_wish_that_it_is_of(kit: Kit) -> None:
    playing_sketch(kit)
    kit.model.spot.drop(144, 160)
    kit.settle()
    kit.model.transport.pause()
    kit.model.history.undo()
    kit.settle()
    assert kit.player.passage == ("", 0) and kit.model.passages.path == ""


@pytest.mark.parametrize("hear", [True, False])
def test_nothing_is_heard_while_nothing_plays_unless_it_is_wanted(kit: Kit, hear: bool) -> None:
    kit.open()
    kit.model.passages.hear_changes = hear
    kit.model.spot.drop(144, 160)
    kit.settle()
    assert len(kit.studio.passages) == hear and kit.model.transport.playing == hear


def test_a_models_take_is_not_mixed_with_sketchs_bars(kit: Kit) -> None:
    kit.open()
    kit.model.controls.set(model="gvmgen-nano")
    kit.model.work.generate()
    kit.settle()
    kit.model.transport.play()
    kit.model.passages.hear_changes = True
    kit.model.spot.drop(144, 160)
    kit.settle()
    assert kit.studio.passages == []


def test_an_audition_is_eight_seconds_from_the_playhead_and_plays(kit: Kit) -> None:
    kit.open()
    kit.model.transport.seek(100)
    kit.model.controls.set(style="rock")
    kit.model.controls.audition()
    kit.settle()
    ((order, begin, end),) = kit.studio.passages
    assert (order.controls.style, begin, end) == ("rock", 100, 100 + 8 * 24)
    assert kit.model.transport.playing and kit.model.transport.position == 100
    kit.studio.fail["sketch_passage"] = Problem("InputError", "no sound font")
    kit.model.controls.audition()
    kit.settle()
    assert "no sound font" in kit.model.work.states[0].text
