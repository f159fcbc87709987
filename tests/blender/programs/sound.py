"""Opens a file in a Blender without the extension and renders its sound: `sound.py BLEND WAV`."""

from __future__ import annotations

import sys

import bpy
from extension import tell

bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
scene = bpy.context.scene
tell(
    strips=sorted(strip.name for strip in scene.sequence_editor.strips_all if strip.type == "SOUND"),
    markers=len(scene.timeline_markers),
)
bpy.ops.sound.mixdown(filepath=sys.argv[2], container="WAV", codec="PCM", format="S24", check_existing=False)
