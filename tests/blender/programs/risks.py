"""What may go wrong while music is made, one after the other: `risks.py ORDER`, a JSON file: zip, python,
blend, movies.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import bpy
from extension import desk, drawn, edit, engine, install, ours, preferences, state, step_until, tell


def score(seed: int) -> None:
    bpy.context.scene.hitpoint_controls.seed = str(seed)
    assert bpy.ops.hitpoint.score() == {"FINISHED"}


def is_over() -> bool:
    return desk().scoring.phase not in ("working", "made")


def is_at_work() -> bool:
    return desk().scoring.stage in ("picture", "plan", "generate")


def is_killed(whom: str) -> bool:
    """Whether it was there to be killed."""
    pid = engine().get(whom)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    return pid is not None


def main() -> None:
    order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    install(order["zip"])
    preferences().python = order["python"]
    edit(order["movies"])
    bpy.ops.wm.save_as_mainfile(filepath=order["blend"])
    bpy.context.scene.hitpoint_controls.model = "sketch"
    before = state()
    scoring = desk().scoring

    # Cancelled on the way.
    score(1)
    step_until(is_at_work)
    shown = drawn()
    bpy.ops.hitpoint.cancel()
    step_until(is_over)
    tell(cancelled=[scoring.phase, state() == before], shown=shown.asked)

    # The edit is another when the music is there.
    score(2)
    step_until(is_at_work)
    api = ours("plugin.hosts.blender.api")
    strip = api.strips(bpy.context.scene)[0]
    times = api.times(strip)
    api.set_handles(strip, times.first, times.end - 5)
    trimmed = state()
    step_until(is_over)
    tell(stale=[scoring.phase, scoring.sentence, state() == trimmed], offered=drawn().asked)
    assert bpy.ops.hitpoint.place(anyway=True) == {"FINISHED"}
    tell(anyway=[scoring.phase, len(state()) > len(trimmed)], result=drawn().said, then=drawn().asked)
    assert bpy.ops.hitpoint.markers(show=False) == {"FINISHED"}
    assert not [one for one in bpy.context.scene.timeline_markers]
    assert bpy.ops.hitpoint.markers(show=True) == {"FINISHED"}
    assert bpy.ops.hitpoint.remove() == {"FINISHED"}
    assert bpy.ops.hitpoint.markers.poll() is False
    tell(removed=state() == trimmed)
    bpy.ops.hitpoint.discard()
    api.set_handles(strip, times.first, times.end)
    assert state() == before

    # Its processes are killed: it goes on, and the music is placed.
    for seed, whom in ((3, "supervisor"), (4, "worker")):
        score(seed)
        step_until(is_at_work)
        killed = is_killed(whom)
        step_until(lambda: bool(scoring.notes and "again" in scoring.notes[-1]) or is_over())
        told = list(scoring.notes)
        step_until(is_over)
        tell(killed=[whom, killed, scoring.phase, told, scoring.sentence])
        assert bpy.ops.hitpoint.remove() == {"FINISHED"}
        assert state() == before

    # Another file is opened meanwhile.
    score(5)
    step_until(is_at_work)
    bpy.ops.wm.open_mainfile(filepath=order["blend"])
    tell(opened=[scoring.phase, scoring.sentence, state() == before])
    tell(timer=bpy.app.timers.is_registered(desk().timer))
    step_until(lambda: not desk().scoring.asking.is_at_work)
    desk().step()
    tell(after_opening=[scoring.phase, state() == before])

    # What cannot be asked is said.
    bpy.context.scene.hitpoint_controls.seed = "seven"
    try:
        bpy.ops.hitpoint.score()
    except RuntimeError as error:
        tell(refused=str(error))
    bpy.context.scene.hitpoint_controls.style = "nothing"
    score(6)
    step_until(is_over)
    tell(failed=[scoring.phase, scoring.sentence])

    # A mistake of ours: the timer's function goes on.
    scoring.asking.news.put("nonsense")
    desk().step()
    tell(fault=[scoring.phase, scoring.sentence])
    bpy.context.scene.hitpoint_controls.style = "auto"
    score(6)
    step_until(is_over)
    tell(after_fault=scoring.phase)

    # The file is opened again: its music can still be taken away.
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=order["blend"])
    with_music, shown = state(), drawn()
    assert bpy.ops.hitpoint.remove() == {"FINISHED"}
    tell(later=[with_music != before, state() == before], then_shown=shown.asked)
    assert bpy.ops.hitpoint.remove.poll() is False


main()
