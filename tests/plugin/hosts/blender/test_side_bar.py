"""What the side bar asks and says, where no Blender is needed for it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.manifest import version
from hitpoint.plugin.hosts.base import HostError
from hitpoint.plugin.hosts.blender.controls import wanted_of
from hitpoint.plugin.hosts.blender.panel import hits_told
from hitpoint.plugin.hosts.blender.preferences import interpreter
from hitpoint.plugin.hosts.blender.scoring import MOST_SEED, Wanted
from hitpoint.plugin.hosts.note import note_path


def controls(**more: object) -> SimpleNamespace:
    chosen = {
        "model": "auto", "style": "auto", "mood": "", "seed": "", "has_loudness": False, "loudness": -16.0,
        "markers": True,
    }  # fmt: skip
    return SimpleNamespace(**{**chosen, **more})


@pytest.fixture
def note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path))
    note_path().parent.mkdir(parents=True)
    return note_path()


def write(note: Path, **more: str) -> None:
    told = {"schema": "hitpoint.engine_note.1", "python": sys.executable, "version": version(), "put": {}}
    note.write_text(json.dumps({**told, **more}))


def test_the_engine_runs_in_the_python_that_was_noted(note: Path) -> None:
    write(note)
    assert interpreter("") == sys.executable


def test_a_chosen_python_goes_before_the_noted_one(note: Path, tmp_path: Path) -> None:
    write(note)
    other = tmp_path / "python"
    other.symlink_to(sys.executable)
    assert interpreter(str(other)) == str(other)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"python": "/nowhere/python"}, "is gone"),
        ({"version": "0.0.1"}, "of one release"),
        ({"schema": "something else"}, "not installed"),
    ],
)
def test_a_note_that_does_not_serve_says_what_to_do(note: Path, told: dict[str, str], says: str) -> None:
    write(note, **told)
    with pytest.raises(HostError, match=says) as caught:
        interpreter("")
    assert "hitpoint hosts install blender" in str(caught.value)


def test_without_a_note_it_says_what_to_do(note: Path) -> None:
    with pytest.raises(HostError, match="hitpoint hosts install blender"):
        interpreter("")


@pytest.mark.parametrize("chosen", ["python3", "/nowhere/python3"])
def test_a_chosen_python_that_is_not_there_is_refused(note: Path, chosen: str) -> None:
    write(note)
    with pytest.raises(HostError, match="preferences"):
        interpreter(chosen)


def test_what_is_chosen_is_read_as_it_stands_there() -> None:
    chosen = controls(model=" sketch ", mood="dark", seed="7", has_loudness=True, loudness=-20.04)
    assert wanted_of(chosen, "client") == Wanted("sketch", "auto", "dark", 7, -20.0, "client", True)
    assert wanted_of(controls(), "any") == Wanted()


@given(st.integers(0, MOST_SEED))
def test_every_seed_that_the_engine_draws_can_be_typed(seed: int) -> None:
    assert wanted_of(controls(seed=f" {seed} "), "any").seed == seed


@pytest.mark.parametrize("seed", ["seven", "-1", "1.5", str(MOST_SEED + 1), "²"])
def test_another_seed_is_refused_in_words(seed: str) -> None:
    with pytest.raises(HostError, match="seed"):
        wanted_of(controls(seed=seed), "any")


@pytest.mark.parametrize("field", ["model", "style", "mood"])
def test_words_over_more_lines_are_refused(field: str) -> None:
    with pytest.raises(HostError, match="one line"):
        wanted_of(controls(**{field: "a\nb"}), "any")


def test_hits_are_told_with_what_chance_meets() -> None:
    cues = [{"name": "1m1", "hits": 6, "met": 5, "chance": 0.29}, {"name": "1m2", "hits": 0, "met": 0}]
    assert hits_told({"cues": cues}) == ["1m1: 5 of 6 hits met (by chance 29%)", "1m2: 0 of 0 hits met"]
