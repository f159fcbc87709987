"""The whole way at every rate from 01:00:00:00, in each trap: read, placed, read back, heard; or undone."""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from fakes.resolve.fake import Killed
from fakes.resolve.traps import CASES, Traps

from hitpoint.plugin.hosts.base import HostError
from resolve_judge import CHOSEN, check_placed, check_same, host_of, settle_at
from resolve_worlds import RATES, usual_world

# No adapter overcomes these: it refuses.
REFUSED = {"none_project", "none_timeline", "project_switched", "vanishes_on_save"}
# Somebody comes in between: it is refused, or done, by when that was. What he opened stays open.
BETWEEN = "timeline_switched"


@pytest.mark.parametrize("on", [False, True], ids=["off", "on"])
@pytest.mark.parametrize("fps", RATES, ids=str)
def test_music_lies_where_it_should_in_each_trap(
    fps: Fraction, on: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in sorted(CASES):
        settle_at(tmp_path / f"home-{name}", monkeypatch)
        check_trap(name, on, fps, tmp_path)


def check_trap(name: str, on: bool, fps: Fraction, folder: Path) -> None:
    (folder / "sounds").mkdir(exist_ok=True)
    traps = CASES[name][on]
    world = usual_world(quiet(traps), fps, folder / "sounds")
    fake = world.fake
    host = host_of(fake, folder)
    read, before = host.read(), fake.frozen()
    assert (read.rate.fps, read.start_frame, read.frames) == (fps, world.edit.start, 336), name
    fake.traps = later(traps, fake.calls)
    landing = replace(world.landing, timeline=read.ident, seen=read.seen)
    try:
        landed = host.place(landing)
    except HostError:
        assert name in {BETWEEN, *REFUSED} and on, name
    except Killed:
        assert name == "killed"
    else:
        assert name not in REFUSED or not on, name
        check_placed(world, landed, before if name != BETWEEN else before.without(*CHOSEN))
        fake.films[0].current_edit = world.edit
        assert host.verify(landing.job) == (), name
        return
    fake.traps, fake.film = CASES[name][False], fake.films[0]
    fake.film.current_edit = world.edit
    host_of(fake, folder).recover()
    check_same(fake.frozen(), before)


def _at_calls(traps: Traps, call: int) -> dict[str, Any]:
    return {
        one.name: call for one in fields(traps) if one.name.endswith("_at_call") and getattr(traps, one.name)
    }


def quiet(traps: Traps) -> Traps:
    """As it is before something happens."""
    return replace(traps, none_from=frozenset(), **_at_calls(traps, 0))


def later(traps: Traps, calls: int) -> Traps:
    """What happens at a call happens while music is placed."""
    return replace(traps, **_at_calls(traps, calls + 60))
