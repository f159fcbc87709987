"""Scored again over music that lies there, some of it worked on by hand: what nobody touched gives way, what
somebody worked on stays, and a placing that is cut off leaves all of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fakes.resolve.frozen import Frozen
from fakes.resolve.render import Heard
from fakes.resolve.state import Lane, Piece
from fakes.resolve.traps import Killed, Traps

from hitpoint.plugin.hosts.base import HostError, Landed, Landing
from resolve_judge import host_of, settle_at
from resolve_worlds import World, heard_clicks, music, random_world

SEEDS = 200
FEW = 40


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clicks")


@dataclass(frozen=True)
class Before:
    """What there is when it is scored again: everything, and of our clips those that were touched."""

    all: Frozen
    ours: dict[str, tuple[Lane, Piece]]
    touched: frozenset[str]


def work_on(chance: random.Random, ours: dict[str, tuple[Lane, Piece]]) -> frozenset[str]:
    """An editor's hand on some of our clips; idents of those that are not as we laid them."""
    touched: set[str] = set()
    for ident, (lane, piece) in ours.items():
        if chance.random() < 0.7:
            continue
        touched.add(ident)
        what = chance.choice(("trim", "move", "slip", "off", "level", "lock", "rename"))
        if what == "trim":
            cut = min(5, piece.frames - 1)
            piece.source_end -= (piece.source_end - piece.source_start) * cut / piece.frames
            piece.frames -= cut
        elif what == "move":
            piece.start += 2000
        elif what == "slip" and piece.source_start >= 1:
            piece.source_start -= 1
            piece.source_end -= 1
        elif what in ("off", "slip"):
            piece.enabled = False
        elif what == "level":
            piece.level_db = -6.0
        else:
            lane.locked, lane.name = what == "lock", "my own" if what == "rename" else lane.name
            touched.update(one.ident for one in lane.pieces)
    return frozenset(touched)


def of_ours(world: World, before: Frozen) -> dict[str, tuple[Lane, Piece]]:
    return {
        piece.ident: (lane, piece)
        for lane, piece in world.edit.pieces()
        if ("item", piece.ident) not in before.facts
    }


def nameless(frozen: Frozen) -> tuple[dict[Any, Any], list[str]]:
    """A clip that was taken away and laid again has another number."""
    items = sorted(repr(value) for key, value in frozen.facts.items() if key[0] == "item")
    return {key: value for key, value in frozen.facts.items() if key[0] != "item"}, items


def stem_of(path: str) -> str:
    """Clicks tell stems apart in the name of their file: rate, head, frames, tail, stem."""
    return Path(path).name.removesuffix(".wav").split("-")[5]


def check_again(
    world: World, landing: Landing, expected: dict[tuple[str, int], tuple[int, ...]], before: Before
) -> None:
    now = world.fake.frozen()
    mine = set(before.ours)
    lost = before.all.lost_in(now)
    tracks = {lane.ident for lane, _ in before.ours.values()}
    kept = [one for one in lost if not one.startswith(("item", "track", "marker"))]
    assert kept == []
    for kind, ident in before.all.facts:
        if (kind == "item" and ident not in mine) or (kind == "track" and ident not in tracks):
            assert now.facts.get((kind, ident)) == before.all.facts[kind, ident]
        if kind == "item" and ident in before.touched:
            assert now.facts.get((kind, ident)) == before.all.facts[kind, ident], "somebody's work is gone"
    rate = landing.rate
    slack = 0 if rate.den == 1 else 1
    heard = [one for one in world.fake.render(world.edit) if Path(one.path).exists()]
    for one in landing.placements:
        there = [
            h for h in heard if h.sample == rate.sample(one.in_frame) and stem_of(h.path) == stem_of(one.path)
        ]
        assert len(there) == 1, (one, there)
        found = heard_clicks(there[0])
        clicks = expected[one.track, one.in_frame]
        assert len(found) == len(clicks), (one, found, clicks)
        assert all(abs(a - b) <= slack for a, b in zip(found, clicks, strict=True))
    # No stem sounds twice at a time.
    for stem in {stem_of(one.path) for one in heard}:
        of_stem = sorted((h.sample, h.sample + h.samples, h.item) for h in heard if stem_of(h.path) == stem)
        for first, second in pairwise(of_stem):
            assert first[1] <= second[0], (stem, of_stem)
    check_what_lay_outside(world, landing, before, heard)


def check_what_lay_outside(world: World, landing: Landing, before: Before, heard: list[Heard]) -> None:
    """Music that nobody touched and nothing new plays over is heard as it was, once."""
    start = world.edit.start
    stems = {stem_of(one.path) for one in landing.placements}
    for ident, (lane, piece) in before.ours.items():
        assert piece.source is not None
        first, end = piece.start - start, piece.end - start
        over = [s for s in landing.spans if s.in_frame < end and first < s.out_frame_exclusive]
        if ident in before.touched or over or stem_of(piece.source.medium.path) not in stems:
            continue
        sample = landing.rate.sample(first)
        same = [h for h in heard if h.sample == sample and h.path == piece.source.medium.path]
        assert len(same) == 1, (lane, piece, heard)


def check_seed(seed: int, sounds: Path, folder: Path) -> None:
    chance = random.Random(1_000_000 + seed)
    world = random_world(seed, sounds, plain=True)
    fake = world.fake
    empty = fake.frozen()
    host = host_of(fake, folder)
    host.place(world.landing)
    ours = of_ours(world, empty)
    touched = work_on(chance, ours)
    before = Before(fake.frozen(), ours, touched)
    landing, expected = music(chance, world.edit, sounds)
    landing = replace(landing, job="again")
    breaks: dict[str, Any] | None = None
    if chance.random() < 0.5:
        at = fake.calls + chance.randint(1, 700)
        breaks = chance.choice(
            (
                {"killed_at_call": at},
                {"killed_at_call": at, "killed_after": True},
                {"dropped_at_append": fake.appends + chance.randint(1, 4), "dropped_appends": 10**6},
                {"vanishing": fake.vanished + chance.randint(1, 3)},
            )
        )
        fake.traps = replace(fake.traps, **breaks)
    done: Landed | None = None
    try:
        done = host.place(landing)
    except Killed:
        fake.traps = Traps()
        host_of(fake, folder).recover()
    except HostError:
        assert breaks is not None and not breaks.get("killed_at_call")
        fake.traps = Traps()
        host_of(fake, folder).recover()
    if done is None and nameless(fake.frozen()) == nameless(before.all):
        return
    assert done is not None or (breaks is not None and "killed_at_call" in breaks)
    check_again(world, landing, expected, before)


@pytest.mark.parametrize("seed", range(FEW))
def test_music_is_scored_again_and_no_work_of_anybody_is_lost(
    seed: int, sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle_at(tmp_path / "home", monkeypatch)
    check_seed(seed, sounds, tmp_path)


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(FEW, SEEDS))
def test_music_is_scored_again_on_hundreds_of_timelines(
    seed: int, sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle_at(tmp_path / "home", monkeypatch)
    check_seed(seed, sounds, tmp_path)
