"""The panel beside an editor's program, with real windows, engine processes and pipes, offscreen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.made_host import TITLE, MadeHost
from fakes.served import Served
from pytestqt.qtbot import QtBot

from films import timeline
from hitpoint.engine.types import Span
from hitpoint.plugin.panel import app
from hitpoint.plugin.panel.programs import Beside
from whole import Gaps, Whole, whole_panel

# Of 24 frames each: as long as the film.
ITEMS = 14

Program = Served[MadeHost]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """A program that has a film of stills open; its first six seconds are selected."""
    folder = tmp_path / "film"
    folder.mkdir()
    otio = timeline(folder).read_bytes()
    made = Served(MadeHost(folder, otio=otio, items=ITEMS, spans=(Span(0, 144),)))
    # The tests' own output goes on.
    monkeypatch.setattr(app, "_quiet", lambda: None)
    yield made
    made.end()


@pytest.fixture
def panel(served: Program, qtbot: QtBot) -> Iterator[Whole]:
    with whole_panel(qtbot, Beside("resolve", served.stdio)) as made:
        made.until(lambda: made.model.state == "open", "what is open there opens")
        made.until(lambda: len(made.model.cues.cues) == 1 and made.model.cues.cues[0].takes == (), "a cue")
        yield made
    served.join()


def said(panel: Whole, kind: str) -> str:
    return next((one.text for one in panel.model.desk.notices if one.kind == kind), "")


def generated(panel: Whole) -> None:
    panel.until(lambda: panel.model.cues.current.out_frame_exclusive == 144, "a cue of what is selected")
    panel.planned()
    panel.model.controls.set(model="sketch", seed=7)
    panel.model.work.generate()
    panel.takes(1)


def placed(panel: Whole) -> None:
    panel.model.host.place()
    panel.until(lambda: not panel.model.host.busy, "it is placed, or refused")


def test_the_whole_way_from_a_click_there_to_music_on_its_tracks(served: Program, panel: Whole) -> None:
    model, host = panel.model, served.host
    panel.until(lambda: said(panel, "there"), "it says by what the cue was made")
    assert said(panel, "there") == f"From {TITLE}: the selected clips"
    generated(panel)
    assert panel.window.host_bar.road.text() == f"in {TITLE}, script"
    # The playheads, both ways.
    host.at = 30
    model.there.go_there()
    panel.until(lambda: model.transport.position == 30, "the playhead comes here")
    model.transport.seek(50)
    model.there.show_there()
    panel.until(lambda: host.at == 50, "and goes there")
    # Placed, with hits as markers.
    (take,) = model.takes.takes
    placed(panel)
    assert model.host.landed is not None and model.host.landed.there, model.host.problem
    assert [track.name for track in host.tracks] == list(model.host.landed.added)
    lanes = {one.stem: one for track in host.tracks for one in track.placements}
    assert set(lanes) == {name for name, _, _ in take.stems}
    assert {(one.in_frame, one.out_frame_exclusive) for one in lanes.values()} == {(0, 144)}
    assert all(Path(one.path).is_file() for one in lanes.values())
    ours = [one for one in host.hits if one.ident]
    assert ours and all(one.ident == f"1m1@{one.in_frame}" for one in ours)
    assert Path(model.host.placed.timeline).is_file()
    assert not model.host.state.changed and not said(panel, "stale")
    # Again: nothing is done twice.
    before = list(host.tracks)
    placed(panel)
    assert host.tracks == before and model.host.landed.there
    # A marker that is moved there moves the hit, in one step.
    frame = ours[-1].in_frame
    host.hits = [
        replace(one, in_frame=frame + 3, out_frame_exclusive=frame + 4) if one is ours[-1] else one
        for one in host.hits
    ]
    model.there.take_hits()
    panel.until(lambda: any(hit.frame == frame + 3 for hit in model.cues.current.wishes.hits), "it is taken")
    panel.planned()
    assert frame + 3 in {hit.frame for hit in model.spot.hits} and frame not in {
        hit.frame for hit in model.spot.hits
    }
    model.history.undo()
    assert all(hit.frame != frame + 3 for hit in model.cues.current.wishes.hits)
    # Taken away again.
    model.host.take_away()
    panel.until(lambda: model.host.taken_away is not None, "it is taken away")
    assert host.tracks == []


def test_an_edit_that_changed_under_the_music_is_not_placed_on(served: Program, panel: Whole) -> None:
    generated(panel)
    told = json.loads(served.host.otio)
    told["tracks"]["children"][0]["children"][0]["source_range"]["duration"]["value"] = 40.0
    served.host.otio = json.dumps(told).encode()
    served.host.edit(1)
    placed(panel)
    problem = panel.model.host.problem
    assert problem is not None and problem.kind == "StaleResult" and "read it again" in problem.text
    assert served.host.tracks == [] and "place" not in served.host.calls
    # What is said to help, helps.
    panel.until(lambda: said(panel, "stale"), "the change is told")
    panel.model.host.read_again()
    panel.until(lambda: panel.model.timeline.frames == 328, "it is read again")
    panel.until(lambda: not said(panel, "stale"), "and is not stale any more")


def test_a_program_that_hangs_is_waited_for_and_one_that_ends_leaves_the_panel(
    served: Program, panel: Whole, capsys: pytest.CaptureFixture[str]
) -> None:
    generated(panel)
    with served.busy, Gaps() as gaps:
        panel.model.there.go_there()
        panel.until(lambda: panel.model.host.state.standing == "waiting", "it is waited for")
        assert panel.window.host_bar.text.text().startswith(f"waiting for {TITLE}")
        assert not panel.window.host_bar.select.isEnabled()
    with capsys.disabled():
        print(f"\n{gaps.told('a host call hangs for some seconds')}")
    # Wanted: 50 ms on a quiet machine. Here others compute beside us.
    assert gaps.own_ms < 500
    panel.until(lambda: panel.model.host.state.standing == "live", "it answers")
    served.end()
    panel.until(lambda: said(panel, "gone"), "its end is told")
    assert panel.window.host_bar.road.text() == f"{TITLE} let go"
    # Everything else works, and the timeline can be placed by a file.
    panel.model.spot.add(20)
    panel.planned()
    placed(panel)
    assert panel.model.host.landed is not None and not panel.model.host.landed.there
    assert "'scored.otio'" in said(panel, "placed")
    assert Path(panel.model.host.placed.timeline).is_file()
