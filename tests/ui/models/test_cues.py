from __future__ import annotations

from pathlib import Path

from fakes.kit import Kit, make_kit
from fakes.timelines import made_timeline
from pytestqt.qtbot import QtBot

from hitpoint.engine.wishes import wishes_of


def ranges(kit: Kit) -> list[tuple[str, int, int]]:
    return [(cue.name, cue.in_frame, cue.out_frame_exclusive) for cue in kit.model.cues.cues]


def test_a_short_timeline_begins_as_one_cue_and_a_long_one_as_none(qtbot: QtBot, tmp_path: Path) -> None:
    short, long = make_kit(tmp_path), make_kit(tmp_path, made_timeline(400))
    short.open()
    long.open()
    assert ranges(short) == [("1m1", 0, 576)] and ranges(long) == []
    assert short.model.history.can_undo is False
    short.model.close()
    long.model.close()


def test_a_drawn_range_takes_the_place_of_the_cue_that_nobody_touched(kit: Kit) -> None:
    kit.open()
    kit.model.cues.add(100, 200)
    kit.model.cues.add(300, 250)
    assert ranges(kit) == [("1m1", 100, 200), ("1m2", 250, 300)]
    assert kit.model.cues.current.name == "1m2"
    kit.model.history.undo()
    kit.model.history.undo()
    assert ranges(kit) == [("1m1", 0, 576)]


def test_a_first_cue_that_was_worked_on_is_not_replaced(kit: Kit) -> None:
    kit.open()
    kit.model.spot.add(100)
    kit.model.cues.add(200, 300)
    assert ranges(kit) == [("1m1", 0, 576)]
    assert [one.kind for one in kit.model.work.states] == ["cue"]


def test_a_new_cue_ends_where_another_begins(kit: Kit) -> None:
    kit.open()
    kit.model.cues.add(100, 200)
    kit.model.cues.add(50, 150)
    kit.model.cues.add(180, 300)
    assert ranges(kit) == [("1m2", 50, 100), ("1m1", 100, 200), ("1m3", 200, 300)]
    kit.model.cues.move_edges("1m2", 10, 150)
    assert ranges(kit)[0] == ("1m2", 10, 100)


def test_a_cue_shorter_than_a_second_is_refused_with_a_sentence(kit: Kit) -> None:
    kit.open()
    kit.model.cues.add(100, 200)
    before = kit.model.history.value
    kit.model.cues.add(300, 310)
    kit.model.cues.move_edges("1m1", 100, 105)
    assert kit.model.history.value is before
    assert [one.kind for one in kit.model.work.states] == ["cue"]
    kit.model.spot.add(150)
    assert kit.model.work.states == ()


def test_a_locked_cue_is_changed_by_nothing_but_unlocking(kit: Kit) -> None:
    kit.open()
    kit.model.work.generate()
    kit.settle()
    model = kit.model
    model.cues.lock("1m1", True)
    before = model.history.value
    model.spot.add(100)
    model.spot.drag(48, 60)
    model.spot.drop(48, 60)
    model.cues.remove("1m1")
    model.cues.rename("1m1", "x")
    model.cues.move_edges("1m1", 10, 500)
    model.sections.wish("bigger", 0, 100)
    model.sections.draw([(10, 0.5), (60, 0.9)])
    model.controls.set(style="rock")
    model.takes.approve("t0001")
    model.work.generate()
    model.work.generate_all()
    kit.settle()
    assert model.history.value is before
    assert kit.studio.count("generate") == 1
    (notice,) = model.work.states
    assert notice.kind == "locked" and "1m1" in notice.text
    notice.action()
    assert not model.cues.current.locked and model.work.states == ()


def test_a_locked_cue_may_be_heard(kit: Kit) -> None:
    kit.open()
    for _ in range(2):
        kit.model.work.generate()
        kit.settle()
    kit.model.cues.lock("1m1", True)
    kit.model.takes.hear("t0001")
    assert kit.player.heard == "t0001"


def test_the_engine_is_asked_for_the_current_cue_with_its_wishes(kit: Kit) -> None:
    kit.open()
    kit.model.cues.add(100, 200)
    kit.model.spot.add(150, "avoid")
    cue = kit.model.cues.engine_cue
    assert (cue.name, cue.in_frame, cue.out_frame_exclusive) == ("1m1", 100, 200)
    assert [shot.in_frame for shot in cue.shots] == [100, 144, 192]
    assert [hit.frame for hit in wishes_of(cue).hits] == [150]
    kit.model.cues.remove("1m1")
    assert kit.model.cues.engine_cue is None
