"""One of our processes is killed at random times, again and again: `killed.py ORDER`, a JSON file: zip,
python, movies, whom ("panel", "supervisor" or "worker"), times, seed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import bpy
from extension import desk, edit, engine, install, preferences, state, step_until, tell

# A short cue is scored within this, and a panel has opened and asked.
_MOST_S = 2.5


def step_for(seconds: float) -> None:
    until = time.monotonic() + seconds
    step_until(lambda: time.monotonic() >= until)


def pid_of(whom: str) -> int | None:
    if whom == "panel":
        serving = desk().serving
        return serving.pid if serving is not None else None
    return engine().get(whom)


def kill(whom: str) -> bool:
    pid = pid_of(whom)
    if pid is None:
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    chance = random.Random(order["seed"])
    install(order["zip"])
    preferences().python = order["python"]
    edit(order["movies"])
    controls = bpy.context.scene.hitpoint_controls
    controls.model = "sketch"
    before = state()
    scoring = desk().scoring
    killed = 0
    phases: dict[str, int] = {}
    for number in range(order["times"]):
        if order["whom"] == "panel":
            bpy.ops.hitpoint.open_panel()
        else:
            controls.seed = str(number)
            bpy.ops.hitpoint.score()
        step_for(chance.uniform(0, _MOST_S))
        killed += kill(order["whom"])
        step_for(chance.uniform(0, 0.3))
        if order["whom"] == "panel":
            step_until(lambda: desk().serving is None)
        else:
            scoring.cancel()
            step_until(lambda: scoring.phase not in ("working", "made"))
            phases[scoring.phase] = phases.get(scoring.phase, 0) + 1
            if scoring.phase == "placed":
                bpy.ops.hitpoint.remove()
            bpy.ops.hitpoint.discard()
        assert state() == before, number
    tell(killed=killed, phases=phases)
    controls.seed = "1000"
    bpy.ops.hitpoint.score()
    step_until(lambda: scoring.phase not in ("working", "made"))
    tell(after=scoring.phase, sentence=scoring.sentence, placed=len(state()) > len(before))


main()
