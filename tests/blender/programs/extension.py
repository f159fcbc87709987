"""Inside Blender, for the programs beside this: our extension as a user has it, put there by Blender's own
installer, and a side bar without a screen.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import bpy

MODULE = "bl_ext.user_default.hitpoint"
_MOST_S = 300.0


def tell(**facts: object) -> None:
    print("TOLD " + json.dumps(facts), flush=True)


def install(path: str) -> None:
    warnings.simplefilter("error", DeprecationWarning)
    done = bpy.ops.extensions.package_install_files(
        filepath=path, repo="user_default", enable_on_install=True
    )
    assert done == {"FINISHED"}, done


def preferences() -> Any:
    return bpy.context.preferences.addons[MODULE].preferences


def desk() -> Any:
    return sys.modules[f"{MODULE}.plugin.hosts.blender.addon"].desk()


def step_until(is_so: Callable[[], bool], *, most_s: float = _MOST_S) -> None:
    """What Blender's event loop does with a timer: there is none in the background."""
    until = time.monotonic() + most_s
    while not is_so():
        assert time.monotonic() < until, (desk().scoring.phase, desk().scoring.sentence)
        wait = desk().step()
        time.sleep(0.05 if wait is None else wait)


def ours(name: str) -> Any:
    """A module of the installed extension."""
    return importlib.import_module(f"{MODULE}.{name}")


def edit(movies: list[list[Any]], fps: int = 24, fps_base: float = 1.0, unselected: int = 0) -> Any:
    """The scene with movies, [path, frames from, frames] each, one after the other on channels 2 and 3."""
    api = ours("plugin.hosts.blender.api")
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = fps, fps_base
    strips = scene.sequence_editor_create().strips
    at = scene.frame_start
    for number, (path, begin, frames) in enumerate(movies):
        strip = strips.new_movie(f"shot {number + 1}", path, 2 + number % 2, at - begin)
        api.set_handles(strip, at, at + frames)
        times = api.times(strip)
        assert (times.first, times.end) == (at, at + frames), times
        strip.select = number >= unselected
        at += frames
    scene.frame_end = at - 1
    return scene


def state() -> list[list[Any]]:
    """Everything of the sequencer, with what lies in metas."""
    api = ours("plugin.hosts.blender.api")
    scene = bpy.context.scene
    found = [
        [one.name, one.type, one.channel, api.times(one).first, api.times(one).end]
        for one in api.all_strips(scene)
    ]
    marks = [[marker.name, marker.frame] for marker in scene.timeline_markers]
    return [*sorted(found), *sorted(marks)]


def engine() -> dict[str, int]:
    """The numbers of our processes that run now: "supervisor" and "worker"."""
    found = {}
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            found[int(folder.name)] = (parent, words)
    out = {}
    for pid, (parent, words) in found.items():
        if parent == os.getpid() and b"hitpoint.engine.worker.main" in words:
            out["supervisor"] = pid
            for other, (above, said) in found.items():
                if above == pid and b"hitpoint.plugin.jobs" in said:
                    out["worker"] = other
    return out


class Layout:
    """Draws nothing, and takes only what Blender's own layouts take. `said` is all text, `asked` the
    operators."""

    def __init__(self, top: Layout | None = None) -> None:
        self.__dict__["said"] = top.said if top else []
        self.__dict__["asked"] = top.asked if top else []

    def __setattr__(self, name: str, value: object) -> None:
        assert name in bpy.types.UILayout.bl_rna.properties, name

    def __getattr__(self, name: str) -> Callable[..., Any]:
        known = bpy.types.UILayout.bl_rna.functions[name].parameters

        def call(*words: Any, **options: Any) -> Any:
            assert set(options) <= set(known.keys()), (name, options)
            if name == "prop":
                owner, attribute = words
                assert attribute in owner.bl_rna.properties, attribute
                self.said.append(options.get("text", owner.bl_rna.properties[attribute].name))
            if name == "operator":
                group, _, call = words[0].partition(".")
                operator = getattr(getattr(bpy.ops, group), call)
                self.asked.append(words[0])
                return Properties(operator.get_rna_type().properties.keys())
            if "text" in options:
                self.said.append(options["text"])
            return Layout(self)

        return call


class Properties:
    """Of an operator's button."""

    def __init__(self, names: list[str]) -> None:
        self.__dict__["names"] = set(names)

    def __setattr__(self, name: str, value: object) -> None:
        assert name in self.names, name


def drawn() -> Layout:
    """The side bar as it is now."""
    layout = Layout()
    kind = bpy.types.HITPOINT_PT_score

    class Shown:
        pass

    shown = Shown()
    shown.layout = layout  # type: ignore[attr-defined]
    kind.draw(shown, bpy.context)
    return layout
