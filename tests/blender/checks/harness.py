"""What every other check relies on."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def check_a_check_begins_with_an_empty_sequencer_at_24(scene: Any, folder: Path) -> None:
    assert (scene.render.fps, scene.render.fps_base) == (24, 1.0)
    assert len(scene.sequence_editor.channels) == 129
    assert list(folder.iterdir()) == []


def check_no_file_of_the_user_is_read(bpy: Any) -> None:
    assert bpy.data.filepath == ""
    assert "blender" in Path(bpy.utils.resource_path("USER")).parts
