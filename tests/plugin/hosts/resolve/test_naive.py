"""The fake bites: for each trap a naive adapter does what it means to without it, and does not with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fakes.resolve.made import made
from fakes.resolve.traps import CASES, Killed, Traps

from naive import PLACING, Naive
from naive_reading import READING

NAIVE = PLACING | READING


def comes_about(naive: Naive, traps: Traps, folder: Path) -> bool:
    fake = made(replace(traps, **naive.traps), **naive.world)
    try:
        return naive.act(fake, folder)
    except (TypeError, AttributeError, LookupError, ValueError, ZeroDivisionError, Killed):
        return False


def test_every_trap_has_its_naive_adapter() -> None:
    assert set(NAIVE) == set(CASES)


@pytest.mark.parametrize("name", sorted(CASES))
def test_naive_adapter_does_what_it_means_to_without_the_trap(name: str, tmp_path: Path) -> None:
    assert comes_about(NAIVE[name], CASES[name][0], tmp_path)


@pytest.mark.parametrize("name", sorted(CASES))
def test_naive_adapter_fails_in_the_trap(name: str, tmp_path: Path) -> None:
    assert not comes_about(NAIVE[name], CASES[name][1], tmp_path)
