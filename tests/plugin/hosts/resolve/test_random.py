"""Five hundred timelines by chance: the music lies where it should, or everything is as it was."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from fakes.resolve.fake import Killed

from hitpoint.plugin.hosts.base import HostError
from resolve_judge import CHOSEN, check_placed, check_same, host_of, settle_at
from resolve_worlds import random_world

SEEDS = 500
# A multiple of the five rates.
FEW = 60


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clicks")


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settle_at(tmp_path / "home", monkeypatch)


def calls_of_a_placing(seed: int, sounds: Path, folder: Path) -> tuple[int, int]:
    """Between which calls music is placed when nothing breaks."""
    with mock.patch.dict(os.environ, {"HITPOINT_HOME": str(folder / "home")}):
        world = random_world(seed, sounds)
        host = host_of(world.fake, folder)
        first = world.fake.calls
        host.place(world.landing)
    return first, world.fake.calls


def check_world(seed: int, sounds: Path, folder: Path) -> None:
    world = random_world(seed, sounds)
    fake, before = world.fake, world.fake.frozen()
    if world.breaks is None:
        check_placed(world, host_of(fake, folder).place(world.landing), before)
        return
    first, last = calls_of_a_placing(seed, sounds, folder / "untroubled")
    chosen = random.Random(seed).randint(first + 1, last)
    breaks: dict[str, Any] = {key: chosen if it == -1 else it for key, it in world.breaks.items()}
    untroubled = fake.traps
    fake.traps = replace(untroubled, **breaks)
    host = host_of(fake, folder)
    try:
        landed = host.place(world.landing)
    except HostError:
        if "project_switched_at_call" in breaks:
            # Nothing of a project that is not open can be undone: that waits until it is.
            fake.traps, fake.film = untroubled, fake.films[0]
            host_of(fake, folder).recover()
            check_same(fake.frozen().without(*CHOSEN), before.without(*CHOSEN))
        elif "timeline_switched_at_call" in breaks:
            check_same(fake.frozen().without(*CHOSEN), before.without(*CHOSEN))
        else:
            check_same(fake.frozen(), before)
    except Killed:
        fake.traps = untroubled
        host_of(fake, folder).recover()
        if fake.frozen() != before:
            # Cut off when all lay there already.
            check_placed(world, None, before)
    else:
        fake.film = fake.films[0]
        check_placed(world, landed, before.without(*CHOSEN) if "switched" in str(breaks) else before)


@pytest.mark.parametrize("seed", range(FEW))
def test_music_lies_where_it_should_or_everything_is_as_it_was(
    seed: int, sounds: Path, tmp_path: Path
) -> None:
    check_world(seed, sounds, tmp_path)


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(FEW, SEEDS))
def test_music_lies_where_it_should_in_hundreds_of_timelines(seed: int, sounds: Path, tmp_path: Path) -> None:
    check_world(seed, sounds, tmp_path)
