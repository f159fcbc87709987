"""An edit of movies is scored with `sketch`, placed, undone, done again and saved: `whole.py ORDER`, a JSON
file: zip, python, blend, fps, fps_base, movies [[path, frames from, frames]], unselected (first shots that
are not selected).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import bpy
from extension import desk, edit, install, preferences, state, step_until, tell


def main() -> None:
    order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    install(order["zip"])
    preferences().python = order["python"]
    scene = edit(order["movies"], order["fps"], order["fps_base"], order["unselected"])
    bpy.ops.wm.save_as_mainfile(filepath=order["blend"])
    controls = scene.hitpoint_controls
    controls.model, controls.seed = "sketch", "7"
    bpy.ops.ed.undo_push(message="before")
    before = state()
    assert bpy.ops.hitpoint.score() == {"FINISHED"}
    scoring = desk().scoring
    seen: set[str] = set()

    def is_over() -> bool:
        seen.add(scoring.stage)
        return scoring.phase not in ("working", "made")

    step_until(is_over)
    tell(phase=scoring.phase, sentence=scoring.sentence, notes=list(scoring.notes), stages=sorted(seen))
    assert scoring.phase == "placed", scoring.sentence
    placed = state()
    landing = scoring.landing
    tell(
        job=landing.job,
        placements=[
            [one.cue, one.stem, one.path, one.in_frame, one.out_frame_exclusive, one.source_in_frame]
            for one in landing.placements
        ],
        summary=dict(scoring.summary),
        markers=len(landing.markers),
    )
    tell(editors_kept=all(one in placed for one in before))
    bpy.ops.ed.undo()
    undone = state()
    tell(undone=undone == before)
    bpy.ops.ed.redo()
    tell(redone=state() == placed)
    bpy.ops.ed.undo()
    assert bpy.ops.hitpoint.place() == {"FINISHED"}
    tell(placed_again=state() == placed)
    tell(verified=list(desk().host.verify(landing.job)))
    bpy.ops.wm.save_mainfile()
    tell(placed=placed)


main()
