"""Whether music lies where it should on a fake Resolve's timeline, and all else is as it was."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from fakes.resolve.fake import FakeResolve
from fakes.resolve.frozen import Frozen

from hitpoint.plugin.hosts.base import Landed
from hitpoint.plugin.hosts.resolve.host import ResolveHost
from resolve_worlds import RATES, World, heard_clicks

# What is open is what somebody chose in the middle; to put it back would be against him.
CHOSEN = ("open", "current timeline", "playhead")


def settle_at(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our folders are there, and nothing waits for the disk: no power cut is tried."""
    monkeypatch.setenv("HITPOINT_HOME", str(home))
    monkeypatch.setattr("hitpoint.engine.store.durable.sync_descriptor", lambda descriptor: None)
    monkeypatch.setattr("hitpoint.engine.store.durable.sync_folder", lambda folder: None)


def host_of(fake: FakeResolve, folder: Path) -> ResolveHost:
    return ResolveHost(fake.resolve, folder=str(folder / "media"), sleep=lambda seconds: None)


def check_placed(world: World, landed: Landed | None, before: Frozen) -> None:
    """Every stem begins at its frame, every click sounds at its sample, nothing of the editor's is another.
    `landed` None: by the names of the tracks there are."""
    fake, rate, edit = world.fake, world.landing.rate, world.edit
    lanes = {lane.name: lane for lane in edit.of_kind("audio") if ("track", lane.ident) not in before.facts}
    if landed is not None:
        assert set(landed.added) == set(lanes), (landed, sorted(lanes))
    sounding = {(one.track, one.sample): one for one in fake.render(edit)}
    # At another rate than the timeline's a clip's end can lie between two frames of it.
    uneven = math.ceil(edit.fps / min(RATES)) if world.counts_otherwise else 0
    slack = 0 if rate.den == 1 else 1
    for one in world.landing.placements:
        (name,) = [name for name in lanes if name == one.track or name.startswith(f"{one.track} v")]
        assert lanes[name].subtype == "stereo" and lanes[name].enabled
        (piece,) = [p for p in lanes[name].pieces if p.start - edit.start == one.in_frame]
        assert abs(piece.frames - (one.out_frame_exclusive - one.in_frame)) <= uneven, (one, piece)
        heard = sounding[name, rate.sample(one.in_frame)]
        end = rate.sample(one.in_frame + piece.frames)
        clicks = [click for click in world.expected[one.track, one.in_frame] if click < end]
        found = [click for click in heard_clicks(heard) if click < rate.sample(one.out_frame_exclusive)]
        assert heard.channels == 2 and len(found) == len(clicks), (one, heard, found, clicks)
        assert all(abs(a - b) <= slack for a, b in zip(found, clicks, strict=True)), (one, found, clicks)
    assert sum(len(lane.pieces) for lane in lanes.values()) == len(world.landing.placements)
    idents = [mark.custom.removeprefix("hitpoint:") for mark in edit.marks if mark.custom]
    assert sorted(idents) == sorted(mark.ident for mark in world.landing.markers), idents
    lost = before.lost_in(fake.frozen())
    assert lost == (), lost


def check_same(now: Frozen, before: Frozen) -> None:
    told = before.lost_in(now), before.added_in(now)
    assert told == ((), ()), told
