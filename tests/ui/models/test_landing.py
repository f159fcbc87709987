"""Placing beside an editor's program: read first, written, put there, and taken away again."""

from __future__ import annotations

import pytest
from fakes.kit import Kit

from hitpoint.engine.errors import Problem
from hitpoint.ui.ports import Landed


@pytest.fixture
def ready(kit: Kit) -> Kit:
    """A take of a timeline that is open there."""
    kit.open_there()
    kit.model.work.generate()
    kit.settle()
    kit.host.calls.clear()
    return kit


def test_the_timeline_is_read_again_before_anything_is_written(ready: Kit) -> None:
    ready.host.hold.add("read again")
    ready.model.host.place()
    ready.settle()
    assert ready.model.host.step == "read" and ready.studio.count("place") == 0
    ready.host.release("read again")
    ready.settle()
    assert ready.host.calls == ["read again", "place"] and ready.studio.count("place") == 1
    assert ready.model.host.landed == ready.host.landed
    assert ready.model.host.placed is not None and not ready.model.host.busy
    assert ready.model.desk.notices == () or all(one.kind != "placed" for one in ready.model.desk.notices)


def test_another_timeline_that_is_open_there_is_not_placed_on(ready: Kit) -> None:
    ready.host.open_there = "/films/other.otio"
    ready.model.host.place()
    ready.settle()
    assert ready.studio.count("place") == 0 and ready.host.placings == []
    assert "'other'" in ready.model.host.problem.text


def test_an_edit_that_changed_under_a_take_stops_before_the_program_is_asked(ready: Kit) -> None:
    ready.studio.fail["place"] = Problem("StaleResult", "the edit changed: read it again, then place")
    ready.model.host.place()
    ready.settle()
    assert ready.host.placings == [] and ready.model.host.problem.kind == "StaleResult"


def test_a_refusal_says_what_was_kept_and_what_can_be_done(ready: Kit) -> None:
    ready.host.landed = Landed(there=False, refused="the track is locked", step="import 'scored.otio'")
    ready.model.host.place()
    ready.settle()
    assert ready.model.host.landed.refused == "the track is locked"
    assert ready.model.host.placed.folder
    assert [one.text for one in ready.model.desk.notices if one.kind == "placed"] == ["import 'scored.otio'"]


def test_a_program_that_is_gone_leaves_the_road_by_files(ready: Kit) -> None:
    ready.host.standing = "gone"
    ready.model.host.poll()
    ready.model.host.place()
    ready.settle()
    assert ready.host.calls == ["place"]
    assert not ready.model.host.landed.there and ready.model.host.landed.step


def test_a_timeline_of_a_file_is_not_put_on_the_programs_own(kit: Kit) -> None:
    kit.host.become("DaVinci Resolve", "/films/other.otio")
    kit.open()
    kit.model.work.generate()
    kit.settle()
    kit.host.calls.clear()
    kit.model.host.place()
    kit.settle()
    assert "read again" not in kit.host.calls and kit.studio.count("place") == 1


def test_hits_are_written_as_markers_as_long_as_that_is_wished(ready: Kit) -> None:
    ready.host.landed = Landed(there=True, added=("Stem: drums",), marks=("1m1@96",), job="j1")
    ready.model.host.place()
    ready.settle()
    assert ready.host.placings[-1][1] is True
    (note,) = ready.model.history.value.extra["markers"].values()
    assert note == {"name": "1m1", "at": [[96, 96]]}
    ready.model.host.set_markers(False)
    ready.model.host.place()
    ready.settle()
    assert ready.host.placings[-1][1] is False
    # It is no edit, and kept.
    assert ready.store.saved[ready.timeline.path][-1].view.hit_markers is False


def test_placing_again_is_told_again(ready: Kit) -> None:
    told: list[object] = []
    ready.model.host.placed_changed.connect(told.append)
    for _ in range(2):
        ready.model.host.place()
        ready.settle()
    assert [one is not None for one in told] == [True, False, True]


def test_what_was_placed_can_be_taken_away_once(ready: Kit) -> None:
    ready.model.host.place()
    ready.settle()
    ready.model.host.take_away()
    ready.model.host.take_away()
    ready.settle()
    assert ready.host.removed == ["j1"]
    assert ready.model.host.landed is None and ready.model.host.taken_away.replaced == ("Stem: drums",)
    ready.model.host.take_away()
    ready.settle()
    assert ready.host.removed == ["j1"]


def test_closing_while_the_program_is_asked_places_nothing_more(ready: Kit) -> None:
    ready.host.hold.add("read again")
    ready.model.host.place()
    ready.settle()
    ready.model.close()
    ready.host.release("read again")
    ready.settle()
    assert ready.studio.count("place") == 0 and not ready.model.host.busy
