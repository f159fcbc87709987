"""What the user sets once for all scenes, and which Python the engine runs in. bpy is given, so that this
loads without.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ....engine.manifest import version
from ..base import HostError
from ..note import read_note

_INSTALL = "run 'hitpoint hosts install blender' in the engine's environment"


def classes(bpy: Any, package: str) -> tuple[type, ...]:
    """`package` is the extension's module, which Blender knows its preferences by."""
    props = bpy.props

    class HITPOINT_AP_preferences(bpy.types.AddonPreferences):
        bl_idname = package
        __annotations__ = {
            "python": props.StringProperty(
                name="Engine",
                description="The engine's Python; empty: as noted at installation",
                subtype="FILE_PATH",
            ),
            "client": props.BoolProperty(
                name="Client Work",
                description="No model whose weights are for non-commercial use only",
            ),
        }

        def draw(self, context: Any) -> None:
            layout = self.layout
            layout.use_property_split = True
            layout.prop(self, "python")
            try:
                layout.label(text=f"Engine runs in {interpreter(self.python)}")
            except HostError as error:
                layout.label(text=str(error), icon="ERROR")
            layout.prop(self, "client")
            # True of all that is started from here, whether or not Blender may go online.
            layout.label(text="Nothing is fetched from the network: 'hitpoint models get' does that")

    return (HITPOINT_AP_preferences,)


def interpreter(chosen: str) -> str:
    """Absolute path of the engine's Python: `chosen`, or as noted. HostError tells what to do."""
    if chosen:
        # Not resolve(): a venv's python is a link, and only by that name it finds its packages.
        path = Path(chosen).expanduser()
        if not path.is_absolute() or not path.is_file():
            raise HostError(
                f"there is no Python at '{chosen}': choose the engine's in this extension's preferences"
            )
        return str(path)
    note = read_note()
    if note is None or not note.python:
        raise HostError(
            f"the engine is not installed: {_INSTALL}, or choose its Python in this extension's preferences"
        )
    if not Path(note.python).is_file():
        raise HostError(f"the engine's Python '{note.python}' is gone: {_INSTALL}")
    if note.version != version():
        raise HostError(
            f"the engine is Hitpoint {note.version}, this extension {version()}: {_INSTALL} for both of one "
            "release"
        )
    return note.python
