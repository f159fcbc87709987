from __future__ import annotations

from pathlib import Path

import pytest
from fakes.kit import Kit

from hitpoint.engine.errors import Problem


@pytest.fixture
def two(kit: Kit) -> Kit:
    """Two takes, the second one heard."""
    kit.open()
    for _ in range(2):
        kit.model.work.generate()
        kit.settle()
    return kit


def test_takes_have_ids_names_and_seeds_of_their_own(two: Kit) -> None:
    takes = two.model.takes.takes
    assert [(take.id, take.name) for take in takes] == [("t0001", "Take 1"), ("t0002", "Take 2")]
    assert takes[0].seed != takes[1].seed and takes[0].made < takes[1].made
    # The first is as it was planned.
    assert takes[0].seed == two.model.cues.current.first_seed


def test_a_chosen_seed_is_every_takes_seed(kit: Kit) -> None:
    kit.open()
    kit.model.controls.set(seed=7)
    for _ in range(2):
        kit.model.work.generate()
        kit.settle()
    assert [take.seed for take in kit.model.takes.takes] == [7, 7]


def test_switching_tells_the_player_once_and_the_takes_once(two: Kit) -> None:
    two.player.calls.clear()
    two.model.takes.hear("t0001")
    two.model.takes.hear("t0001")
    two.model.takes.hear("none such")
    told = [call for call in two.player.calls if call[0] in ("hear", "set_takes")]
    assert told == [("hear", "t0001")]


def test_the_temp_track_is_heard_in_between_and_is_no_step(two: Kit) -> None:
    takes = two.model.takes
    takes.swap()
    assert takes.heard == "t0002"
    two.model.controls.set(like="/music/temp.wav")
    steps = two.model.history.undo_label
    takes.swap()
    assert (takes.heard, two.player.heard, two.player.temp_track) == ("temp", "temp", "/music/temp.wav")
    takes.swap()
    assert (takes.heard, two.player.heard) == ("t0002", "t0002")
    assert two.model.history.undo_label == steps
    takes.hear("temp")
    two.model.controls.set(like="track:A1")
    assert takes.temp_track == "" and takes.heard == "t0002" == two.player.heard


def test_a_rejected_take_that_is_heard_leaves_the_ears_to_another(two: Kit) -> None:
    two.model.takes.reject("t0002")
    assert two.model.takes.heard == "t0001" == two.player.heard and len(two.model.takes.takes) == 2
    two.model.takes.reject("t0001")
    assert two.model.takes.heard == "" == two.player.heard
    two.model.history.undo()
    assert two.model.takes.heard == "t0001"


def test_more_like_this_orders_with_that_takes_score_and_another_seed(two: Kit) -> None:
    two.model.takes.more_like("t0001")
    two.model.takes.more_like("none such")
    two.settle()
    order = two.studio.orders[-1]
    assert len(two.studio.orders) == 3 and order.like_take == "t0001"
    assert order.seed not in [take.seed for take in two.model.takes.takes[:2]]
    # And what is then redone of it is like it, too.
    two.model.sections.redo_stem("bass")
    two.settle()
    assert two.studio.orders[-1].like_take == "t0001" and two.studio.orders[-1].seed == order.seed


def test_waveforms_come_one_after_another_the_newest_first(two: Kit) -> None:
    assert set(two.model.takes.peaks) == {"t0001", "t0002"}
    assert two.model.takes.peaks["t0001"][0].stem == "drums"
    two.model.cues.rename("1m1", "x")
    two.settle()
    assert two.studio.count("peaks") == 2


def test_a_waveform_that_cannot_be_drawn_is_said_and_not_asked_again(kit: Kit) -> None:
    kit.open()
    kit.studio.fail["peaks"] = Problem("InputError", "drums.wav is gone")
    kit.model.work.generate()
    kit.settle()
    assert "drums.wav is gone" in kit.model.work.states[0].text
    kit.model.takes.rename("t0001", "first")
    kit.settle()
    assert kit.studio.count("peaks") == 1 and kit.model.takes.peaks == {}
    assert kit.model.work.states == ()


def test_files_that_can_be_dragged_out_are_there(two: Kit) -> None:
    files = [Path(path) for path in two.model.takes.files("t0001")]
    assert [file.name for file in files] == [
        *(f"{name}.wav" for name in ("drums", "bass", "harmony", "melody", "pads", "hits")),
        "mix.wav",
        "score.mid",
    ]
    assert all(file.is_file() and file.is_absolute() for file in files)
    files[0].unlink()
    assert len(two.model.takes.files("t0001")) == 7
    assert two.model.takes.files("none such") == ()


def test_the_mix_reaches_the_player_and_is_undone(two: Kit) -> None:
    two.model.takes.mute("drums", True)
    two.model.takes.solo("bass", True)
    two.model.takes.set_mix(click=True)
    assert two.player.mix.muted == ("drums",) and two.player.mix.soloed == ("bass",) and two.player.mix.click
    for _ in range(3):
        two.model.history.undo()
    assert two.player.mix == two.model.takes.mix == type(two.player.mix)()


def test_another_cue_has_its_own_takes(kit: Kit) -> None:
    kit.open()
    kit.model.cues.add(0, 200)
    kit.model.cues.add(200, 400)
    kit.model.work.generate()
    kit.settle()
    assert [take.name for take in kit.model.takes.takes] == ["Take 1"]
    kit.model.cues.select("1m1")
    assert kit.model.takes.takes == () and kit.player.takes == () and kit.model.takes.peaks == {}
