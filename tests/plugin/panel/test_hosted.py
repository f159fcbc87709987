"""A host program as the panel sees it: how things stand at once, answers as tasks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.made_host import TITLE, MadeHost
from fakes.served import Served
from pytestqt.qtbot import QtBot

from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Placement
from hitpoint.plugin.hosts.base import Capabilities, HostMarker, Landing
from hitpoint.plugin.hosts.files import FilesHost
from hitpoint.plugin.hosts.piped import PipedHost
from hitpoint.plugin.panel.hosted import Hosted
from hitpoint.plugin.panel.letters import sealed
from hitpoint.ui.ports import Chosen, HereRead, Landed, Mark, Placed
from hitpoint.ui.session import Session
from hitpoint.ui.task import Task

Program = Served[MadeHost]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Program]:
    made = Served(MadeHost(tmp_path))
    yield made
    made.end()


@pytest.fixture
def hosted(served: Program, qtbot: QtBot) -> Iterator[Hosted]:
    program = PipedHost("resolve", *served.stdio, glance_s=0.02)
    made = Hosted(program)
    yield made
    made.close()
    served.join()


def done(qtbot: QtBot, task: Task) -> object:
    qtbot.waitUntil(lambda: task.ended, timeout=20_000)
    assert task.state == "done", task.problem
    return task.result


def opened(hosted: Hosted, qtbot: QtBot) -> Session:
    """A session of what is open there."""
    read = done(qtbot, hosted.read())
    assert isinstance(read, HereRead)
    sha256 = hashlib.sha256(Path(read.path).read_bytes()).hexdigest()
    return Session(read.path, {"name": read.name}, sha256)


def placed(job: str = "j1", markers: tuple[HostMarker, ...] = ()) -> Placed:
    lane = Placement("Stem: drums", "1m1", "drums", "/x/drums.wav", "a" * 64, 24, 72, 0, 48)
    landing = Landing(job, "sketch, seed 7", Rate(24), (lane,), markers)
    return Placed("/x", "/x/scored.otio", "", (), sealed(landing))


def test_a_timeline_of_the_program_is_linked_with_it_and_a_file_is_not(hosted: Hosted, qtbot: QtBot) -> None:
    before = hosted.state(None)
    assert (before.title, before.road, before.abilities) == (TITLE, "script", {"timeline"})
    session = opened(hosted, qtbot)
    state = hosted.state(session)
    assert state.linked and state.can("place") and state.can("playhead") and not state.changed
    assert state.notes == ("a note",) or "a note" in state.notes
    other = hosted.state(replace(session, source="/nowhere/other.otio"))
    assert not other.linked and other.abilities == {"timeline"}


def test_an_edit_there_is_a_change_and_another_timeline_is_told_as_such(
    served: Program, hosted: Hosted, qtbot: QtBot
) -> None:
    session = opened(hosted, qtbot)
    served.host.edit()
    qtbot.waitUntil(lambda: hosted.state(session).changed, timeout=20_000)
    assert "read it again" in hosted.state(session).text
    session = opened(hosted, qtbot)
    assert not hosted.state(session).changed
    served.host.ident = "timeline-2"
    qtbot.waitUntil(lambda: hosted.state(session).elsewhere, timeout=20_000)
    state = hosted.state(session)
    assert TITLE in state.text and not state.changed
    served.host.ident = "timeline-1"
    qtbot.waitUntil(lambda: not hosted.state(session).elsewhere, timeout=20_000)
    assert not hosted.state(session).changed


def test_an_edit_that_is_found_while_placing_is_told_afterwards(
    served: Program, hosted: Hosted, qtbot: QtBot
) -> None:
    session = opened(hosted, qtbot)
    served.host.edit(3)
    done(qtbot, hosted.read(show=False))
    assert hosted.state(session).changed


def test_selection_playhead_and_markers_are_told_in_the_panels_words(
    served: Program, hosted: Hosted, qtbot: QtBot
) -> None:
    opened(hosted, qtbot)
    chosen = done(qtbot, hosted.selected())
    assert isinstance(chosen, Chosen) and chosen.rule == "nothing is selected: the whole timeline"
    done(qtbot, hosted.set_playhead(30))
    assert served.host.at == 30 and done(qtbot, hosted.playhead()) == 30
    served.host.hits += [
        HostMarker("1m1@48", 50, 51, "would 0.81: door"),
        HostMarker("", 10, 11, "avoid"),
        HostMarker("", 20, 21, "HIT: bang"),
    ]
    assert done(qtbot, hosted.markers()) == (
        Mark("", 10, "avoid", None, ""),
        Mark("", 12, None, None, "check this"),
        Mark("", 20, "must", None, "bang"),
        Mark("1m1@48", 50, "would", 0.81, "door"),
    )


def test_hits_that_are_written_there_replace_those_of_their_cue_alone(
    served: Program, hosted: Hosted, qtbot: QtBot
) -> None:
    opened(hosted, qtbot)
    served.host.hits += [HostMarker("1m1@1", 1, 2, "must"), HostMarker("1m2@60", 60, 61, "must")]
    done(qtbot, hosted.write_markers("1m1", (Mark("1m1@48", 48, "would", 0.5, "door"),)))
    written = {one.ident: one.name for one in served.host.hits}
    assert written == {"": "check this", "1m2@60": "must", "1m1@48": "would 0.50: door"}
    told = done(qtbot, hosted.markers())
    assert isinstance(told, tuple) and Mark("1m1@48", 48, "would", 0.5, "door") in told


def test_a_run_is_put_on_the_timeline_that_was_read_last_with_its_hits_or_without(
    served: Program, hosted: Hosted, qtbot: QtBot
) -> None:
    session = opened(hosted, qtbot)
    run = placed(markers=(HostMarker("1m1@48", 48, 49, "must"),))
    landed = done(qtbot, hosted.place(run, markers=True))
    assert landed == Landed(there=True, added=("Stem: drums",), marks=("1m1@48",), job="j1")
    assert [one.ident for one in served.host.hits] == ["", "1m1@48"]
    # What we did there is no change of the edit.
    assert not hosted.state(session).changed
    again = done(qtbot, hosted.place(placed("j2"), markers=False))
    assert isinstance(again, Landed) and again.replaced == ("Stem: drums",) and again.marks == ()
    gone = done(qtbot, hosted.remove("j2"))
    assert isinstance(gone, Landed) and gone.replaced == ("Stem: drums",) and served.host.tracks == []


def test_the_same_run_twice_does_nothing_twice(served: Program, hosted: Hosted, qtbot: QtBot) -> None:
    opened(hosted, qtbot)
    first = done(qtbot, hosted.place(placed(), markers=False))
    assert done(qtbot, hosted.place(placed(), markers=False)) == first
    assert len(served.host.tracks) == 1


def test_a_refusal_is_its_sentence_and_the_road_by_files(
    served: Program, hosted: Hosted, qtbot: QtBot
) -> None:
    opened(hosted, qtbot)
    served.host.edit(1)
    landed = done(qtbot, hosted.place(placed(), markers=False))
    assert isinstance(landed, Landed) and not landed.there
    assert landed.refused == "the edit under the music has changed: read it again"
    assert "'scored.otio'" in landed.step


def test_a_program_that_ended_leaves_the_timeline_as_a_file(
    served: Program, hosted: Hosted, qtbot: QtBot
) -> None:
    session = opened(hosted, qtbot)
    served.end()
    qtbot.waitUntil(lambda: hosted.state(session).standing == "gone", timeout=20_000)
    state = hosted.state(session)
    assert not state.linked and state.abilities == frozenset() and state.can_place and not state.changed
    assert "ended" in state.text
    landed = done(qtbot, hosted.place(placed(), markers=True))
    assert isinstance(landed, Landed) and not landed.there and "'scored.otio'" in landed.step


def test_a_program_that_is_waited_for_says_so_and_can_nothing_meanwhile(
    served: Program, hosted: Hosted, qtbot: QtBot
) -> None:
    session = opened(hosted, qtbot)
    with served.busy:
        task = hosted.playhead()
        qtbot.waitUntil(lambda: hosted.state(session).standing == "waiting", timeout=20_000)
        state = hosted.state(session)
        assert state.text.startswith(f"waiting for {TITLE}") and state.linked and not state.can("place")
    assert done(qtbot, task) == 0
    qtbot.waitUntil(lambda: hosted.state(session).can("place"), timeout=20_000)


def test_what_a_program_cannot_do_is_not_asked_of_it(tmp_path: Path, qtbot: QtBot) -> None:
    lacks = Capabilities({"place": "it is too old", "markers": "it has none"})
    served = Served(MadeHost(tmp_path, capabilities=lacks))
    hosted = Hosted(PipedHost("resolve", *served.stdio))
    session = opened(hosted, qtbot)
    assert hosted.state(session).abilities == {"timeline", "changes", "selection", "playhead"}
    landed = done(qtbot, hosted.place(placed(), markers=True))
    assert isinstance(landed, Landed) and not landed.there and not landed.refused and landed.step
    assert "place" not in served.host.calls
    hosted.close()
    served.join()


def test_files_of_a_program_that_was_asked_for_carry_its_name_and_why(qtbot: QtBot) -> None:
    hosted = Hosted(FilesHost(name="resolve", notes=("Resolve is not running: start it, then this",)))
    state = hosted.state(None)
    assert (hosted.name, state.road, state.title) == ("resolve", "files", "")
    assert state.notes == ("Resolve is not running: start it, then this",) and not state.abilities
    hosted.close()
