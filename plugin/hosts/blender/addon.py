"""The extension in Blender: what `register` and `unregister` of its `__init__.py` do.

Loaded in Blender only; bpy is imported when it is enabled.
"""

from __future__ import annotations

import atexit
from typing import Any

from . import controls, operators, panel, preferences
from .desk import Desk

# What Blender has of us while the extension is enabled.
_desk: Desk | None = None
_classes: list[type] = []


def register(package: str) -> None:
    """`package` is the extension's module ("bl_ext.user_default.hitpoint")."""
    global _desk
    import bpy

    unregister()
    _desk = Desk(bpy, package)
    made = [
        *controls.classes(bpy, _desk),
        *preferences.classes(bpy, package),
        *operators.classes(bpy, _desk),
        *panel.classes(bpy, _desk),
    ]
    for one in made:
        bpy.utils.register_class(one)
        _classes.append(one)
    controls.attach(bpy, made[0])
    bpy.app.handlers.load_pre.append(_load_pre)
    # A handler stays over a file's end only when it says so.
    bpy.app.handlers.persistent(_load_pre)
    atexit.register(_at_exit)


def unregister() -> None:
    """All that `register` did; nothing where it did not."""
    global _desk
    import bpy

    atexit.unregister(_at_exit)
    if _load_pre in bpy.app.handlers.load_pre:
        bpy.app.handlers.load_pre.remove(_load_pre)
    _at_exit()
    _desk = None
    controls.detach(bpy)
    while _classes:
        bpy.utils.unregister_class(_classes.pop())


def desk() -> Desk:
    """What the side bar works at. RuntimeError while the extension is not enabled."""
    if _desk is None:
        raise RuntimeError("the extension is not enabled")
    return _desk


def _load_pre(*_: Any) -> None:
    if _desk is not None:
        _desk.leave_file()


def _at_exit() -> None:
    if _desk is not None:
        _desk.end()
