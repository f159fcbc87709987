"""Blender is never at risk: our processes are killed at random times beside it, and it lives with its scene
as it was. A hundred times each with `-m heavy`, five else.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from test_risks import order_for

from blenders import blenders, run
from judges import need_program

pytestmark = pytest.mark.blender

KILLED = Path(__file__).parent / "programs" / "killed.py"


@pytest.mark.parametrize("whom", ["panel", "supervisor", "worker"])
@pytest.mark.parametrize("series", sorted(blenders()))
def test_five_kills_do_nothing_to_it(series: str, whom: str, tmp_path: Path) -> None:
    kill(series, whom, 5, tmp_path)


@pytest.mark.heavy
@pytest.mark.parametrize("whom", ["panel", "supervisor", "worker"])
@pytest.mark.parametrize("series", sorted(blenders()))
def test_a_hundred_kills_do_nothing_to_it(series: str, whom: str, tmp_path: Path) -> None:
    kill(series, whom, 100, tmp_path)


def kill(series: str, whom: str, times: int, folder: Path) -> None:
    # The panel has a window.
    before = [need_program("xvfb-run"), "-a"] if whom == "panel" else []
    order = order_for(folder, whom=whom, times=times, seed=times)
    outcome = run(blenders()[series], KILLED, folder / "profile", str(order), before=before, most_s=1800)
    assert outcome.code == 0, outcome.said
    told = {key: value for facts in outcome.told for key, value in facts.items()}
    print(f"Blender {series}, {whom}: {told['killed']} of {times} killed, {told['phases']}")
    assert told["killed"] >= times * 0.6
    assert told["after"] == "placed", told["sentence"]
    assert told["placed"]
