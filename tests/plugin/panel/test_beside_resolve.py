"""The panel beside DaVinci Resolve: our real part in it, over a real pipe, in front of a made Resolve."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.resolve.fake import FakeResolve
from fakes.resolve.made import SHOTS, made
from fakes.resolve.traps import Traps
from fakes.served import Served
from PIL import Image
from pytestqt.qtbot import QtBot

from hitpoint.plugin.hosts.resolve.host import ResolveHost
from hitpoint.plugin.panel import app
from hitpoint.plugin.panel.programs import Beside
from hitpoint.ui.ports import Timeline
from whole import Whole, whole_panel


@pytest.fixture
def resolve(tmp_path: Path) -> FakeResolve:
    """The timeline "cut" is open, its first 144 frames are marked."""
    stills = []
    for index, colour in enumerate([(20, 30, 90), (240, 190, 60), (30, 120, 40), (250, 250, 250)]):
        path = tmp_path / f"still{index}.png"
        Image.new("RGB", (160, 90), colour).save(path)
        stills.append(str(path))
    fake = made(Traps.all(), shots=SHOTS, media=tuple(stills))
    fake.edit.mark_in, fake.edit.mark_out = 0, 143
    return fake


@pytest.fixture
def panel(
    resolve: FakeResolve, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Whole]:
    served = Served(ResolveHost(resolve.resolve, folder=str(tmp_path / "media"), sleep=lambda _: None))
    monkeypatch.setattr(app, "_quiet", lambda: None)
    with whole_panel(qtbot, Beside("resolve", served.stdio)) as whole:
        whole.until(lambda: whole.model.state == "open", "what is open there opens")
        yield whole
    served.join()


def generated(panel: Whole, takes: int) -> None:
    panel.planned()
    panel.model.controls.set(model="sketch", seed=takes)
    panel.model.work.generate()
    panel.takes(takes)


def hits(timeline: Timeline) -> list[tuple[int, str | None]]:
    return [(one.in_frame, one.hit) for one in timeline.markers]


def placed(panel: Whole) -> None:
    panel.model.host.place()
    panel.until(lambda: not panel.model.host.busy, "it is placed, or refused")


def test_music_goes_onto_the_open_timeline_gives_way_to_new_and_is_taken_away(
    resolve: FakeResolve, panel: Whole
) -> None:
    model = panel.model
    panel.until(lambda: model.cues.current.out_frame_exclusive == 144, "the marks make a cue")
    assert panel.window.host_bar.name.text() == "cut"
    assert panel.window.host_bar.road.text().startswith("in DaVinci Resolve")
    first = model.timeline
    assert first is not None
    before = [lane.name for lane in resolve.edit.of_kind("audio")]
    generated(panel, 1)
    placed(panel)
    landed = model.host.landed
    assert landed is not None and landed.there, (model.host.problem, landed)
    assert set(landed.added) <= {lane.name for lane in resolve.edit.of_kind("audio")}
    assert [lane.name for lane in resolve.edit.of_kind("audio")][: len(before)] == before
    assert not model.host.state.changed and landed.problems == ()
    assert landed.marks
    # Our own music and markers there are never read as the editor's.
    model.host.read_again()
    panel.until(lambda: model.timeline is not first, "it is read again")
    assert model.timeline is not None and model.timeline.sounds == first.sounds
    assert hits(model.timeline) == hits(first)
    # What was placed is known again: the next music takes its place.
    generated(panel, 2)
    model.takes.approve(model.takes.takes[1].id)
    model.host.preview_place()
    panel.until(lambda: model.host.preview and not model.host.busy, "a preview is there")
    assert {row.what for row in model.host.preview} == {"add", "replace"}
    names = [lane.name for lane in resolve.edit.of_kind("audio")]
    placed(panel)
    assert model.host.landed is not None and model.host.landed.there, model.host.landed
    assert set(model.host.landed.replaced) == set(landed.added)
    assert [lane.name for lane in resolve.edit.of_kind("audio")] == names
    # Our own music and markers there are no change of the edit.
    assert not model.host.state.changed
    model.host.take_away()
    panel.until(lambda: model.host.taken_away is not None, "it is taken away")
    assert [lane.name for lane in resolve.edit.of_kind("audio")] == before
