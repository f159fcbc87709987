"""The whole way through the models, on fakes."""

from __future__ import annotations

from pathlib import Path

from fakes.kit import Kit, make_kit
from pytestqt.qtbot import QtBot


def test_a_sitting_from_opening_to_reopening_the_same_session(kit: Kit, tmp_path: Path, qtbot: QtBot) -> None:
    model = kit.model
    kit.open()
    assert [cue.name for cue in model.cues.cues] == ["1m1"]
    assert len(model.timeline.shots) == 12 and len(model.spot.hits) == 11

    frame = model.spot.hits[2].frame
    model.spot.drag(frame, frame + 10)
    model.spot.drag(frame, frame + 20)
    kit.settle()
    model.spot.drop(frame, frame + 20)
    kit.settle()
    moved = next(row for row in model.spot.hits if row.frame == frame + 20)
    assert moved.met and moved.from_wish and model.spot.planned.full
    assert frame not in [row.frame for row in model.spot.hits]

    model.work.generate()
    kit.settle()
    model.work.generate()
    kit.settle()
    assert [take.name for take in model.takes.takes] == ["Take 1", "Take 2"]
    assert model.takes.heard == "t0002" == kit.player.heard

    model.transport.play()
    model.takes.hear("t0001")
    assert kit.player.heard == "t0001" and model.transport.playing
    assert model.history.undo_label == "switch takes"
    model.history.undo()
    model.history.undo()
    kit.settle()
    assert frame in [row.frame for row in model.spot.hits]
    assert len(model.takes.takes) == 2
    model.history.redo()
    kit.settle()

    model.takes.approve("t0001")
    model.host.preview_place()
    kit.settle()
    assert {row.stem for row in model.host.preview} == {name for name, _, _ in model.takes.takes[0].stems}
    model.host.place()
    kit.settle()
    assert model.host.placed is not None

    before = model.history.value
    model.close()
    again = make_kit(tmp_path, kit.timeline, store=kit.store)
    again.open()
    assert again.model.history.value == before
    again.model.close()
