"""Hitpoint's window is opened, asks, comes to the front and is ended: `panel.py ORDER`, a JSON file: zip,
python, movies.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import bpy
from extension import MODULE, desk, edit, install, ours, preferences, state, step_until, tell

CALLS: list[str] = []


def counted(kind: Any, name: str) -> None:
    """Have calls of a method noted."""
    method = getattr(kind, name)

    def call(*words: Any) -> Any:
        CALLS.append(name)
        return method(*words)

    setattr(kind, name, call)


def main() -> None:
    # Found once bpy is loaded.
    import addon_utils

    order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    install(order["zip"])
    preferences().python = order["python"]
    edit(order["movies"])
    for name in ("facts", "read"):
        counted(ours("plugin.hosts.blender.host").BlenderHost, name)
    assert bpy.ops.hitpoint.open_panel() == {"FINISHED"}
    pid = desk().serving.pid
    step_until(lambda: {"facts", "read"} <= set(CALLS), most_s=120)
    tell(asked=sorted(set(CALLS)), pid=pid)
    assert bpy.ops.hitpoint.open_panel() == {"FINISHED"}
    tell(same=desk().serving.pid == pid)

    # What a panel has placed is one step of Blender's undo.
    bpy.context.scene.hitpoint_controls.model = "sketch"
    bpy.ops.ed.undo_push(message="before")
    before = state()
    assert bpy.ops.hitpoint.score() == {"FINISHED"}
    step_until(lambda: desk().scoring.phase not in ("working", "made"))
    assert desk().scoring.phase == "placed", desk().scoring.sentence
    bpy.ops.ed.undo()
    first = state() == before
    host = ours("plugin.hosts.blender.desk").Undoing(desk().host, desk().push_undo)
    host.place(desk().scoring.landing)
    placed = state()
    bpy.ops.ed.undo()
    second = state() == before
    bpy.ops.ed.redo()
    tell(undone=[first, second, state() == placed])
    addon_utils.disable(MODULE)


main()
