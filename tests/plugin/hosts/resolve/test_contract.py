"""The fake keeps the contract that a real Resolve is asked to keep by hand."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from fakes.resolve.made import made
from fakes.resolve.traps import Traps

import contract
from contract_bench import CHECKS, bench


@pytest.mark.parametrize("name", CHECKS)
def test_fake_keeps_the_contract(name: str) -> None:
    fake = made()
    with bench(fake.resolve) as at:
        at.new_timeline()
        CHECKS[name](at)


@pytest.mark.parametrize("version", ["18.5.1.6", "20.0.0.49", "21.0.4.5"])
def test_older_resolves_keep_it_too(version: str) -> None:
    told = contract.run(made(Traps(version=version)).resolve)
    assert {name: text for name, text in told.items() if text != "holds"} == {}


def test_contract_leaves_the_projects_as_they_were(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    fake = made(fps=Fraction(30000, 1001))
    before = fake.frozen()
    path = contract.main(fake.resolve)
    assert fake.frozen() == before
    report = json.loads(path.read_text())
    assert report["version"] == "21.1.0.14" and set(report["checks"]) == set(CHECKS)


def test_what_does_not_hold_is_told_in_the_report() -> None:
    told = contract.run(made(Traps(mono_default=False, overlap_dropped=False)).resolve)
    assert {name for name, text in told.items() if text != "holds"} == {
        "new_track_is_mono",
        "overlap_is_dropped",
    }
