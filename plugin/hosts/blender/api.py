"""All that differs between Blender 4.5, 5.0, 5.1 and 5.2, and what of bpy hides a trap. Everything else asks
here.

bpy has no types; what it hands out is `Any`. Frames here are Blender's own: of the scene, ends exclusive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ....engine.errors import OptionError
from ....engine.timebase import Rate
from ..base import HostError

# Blender clamps higher ones to this silently.
MOST_CHANNELS = 128


@dataclass(frozen=True, slots=True)
class Times:
    """Of a strip, in frames of the scene: what it shows is `first` up to `end`, its content begins at `zero`
    and lasts `length`; `trimmed` frames of the file before its content are cut off for good."""

    first: int
    end: int
    zero: int
    length: int
    trimmed: int


def scene_of(context: Any) -> Any:
    """The scene whose strips the sequencer shows. A timer has no window, and then no sequencer scene."""
    scene = getattr(context, "sequencer_scene", None)
    if scene is not None:
        return scene
    windows = list(context.window_manager.windows)
    # Windows that show a sequencer first.
    windows.sort(key=lambda window: all(area.type != "SEQUENCE_EDITOR" for area in window.screen.areas))
    for window in windows:
        scene = getattr(window.workspace, "sequencer_scene", None)
        if scene is not None:
            return scene
    return context.scene or windows[0].scene


def strips(owner: Any) -> list[Any]:
    """The strips of a scene or of a meta strip, without what lies in metas; by channel and time."""
    if hasattr(owner, "sequence_editor"):
        owner = owner.sequence_editor
        if owner is None:
            return []
    found = list(collection(owner))
    return sorted(found, key=lambda strip: (strip.channel, times(strip).first))


def all_strips(scene: Any) -> Iterator[Any]:
    """With those in metas, parents first."""
    waiting = strips(scene)
    while waiting:
        strip = waiting.pop(0)
        yield strip
        if strip.type == "META":
            waiting.extend(strips(strip))


def collection(owner: Any) -> Any:
    """Of an editor or a meta strip. Never asked with `or`: an empty one is falsy."""
    return owner.strips if hasattr(owner, "strips") else owner.sequences


def times(strip: Any) -> Times:
    # The old names warn from 5.2 on, and go in 6.0.
    if hasattr(strip, "left_handle"):
        found = (strip.left_handle, strip.right_handle, strip.content_start, strip.content_duration)
        trimmed = getattr(strip, "content_trim_start", 0)
    else:
        found = (strip.frame_final_start, strip.frame_final_end, strip.frame_start, strip.frame_duration)
        trimmed = getattr(strip, "animation_offset_start", 0)
    first, end, zero, length = found
    return Times(int(first), int(end), round(zero), int(length), int(trimmed))


def set_handles(strip: Any, first: int, end: int) -> None:
    """What a strip shows. A handle over a neighbour moves the strip to another channel: read it back."""
    names = ("frame_final_start", "frame_final_end")
    if hasattr(strip, "left_handle"):
        names = ("left_handle", "right_handle")
    # The end first where the strip moves on: a strip never gets shorter than one frame on its way.
    order = ((names[1], end), (names[0], first))
    for name, frame in order if end > times(strip).first else reversed(order):
        setattr(strip, name, frame)


def rate_of(scene: Any) -> Rate:
    """Exactly: Blender holds 1001/1000 as the nearest float. HostError where no editor has such a rate."""
    render = scene.render
    try:
        return Rate.of(Fraction(render.fps) / Fraction(render.fps_base))
    except OptionError:
        fps = render.fps / render.fps_base
        raise HostError(
            f"the scene has {fps:g} frames a second, which no editor has: set its Frame Rate in the Output "
            "properties"
        ) from None


def movie_rate(strip: Any) -> Rate | None:
    """Of a movie strip's file; None where Blender could not open it, or it is none."""
    # Noted when the strip was made; `fps` opens the file, which takes a millisecond each.
    noted = strip.elements[0].orig_fps if strip.elements else 0
    try:
        return Rate.of(noted or strip.fps)
    except OptionError:
        return None


def movie_frames(bpy: Any, path: str) -> int | None:
    """How many pictures a file has, whatever a strip makes of them; None where it cannot be opened."""
    if not Path(path).is_file():
        return None
    try:
        clip = bpy.data.movieclips.load(path)
    except RuntimeError:
        return None
    frames = int(clip.frame_duration)
    bpy.data.movieclips.remove(clip)
    return frames or None


def absolute(bpy: Any, path: str, owner: Any) -> str:
    """A path of Blender's, where "//" is the folder of the file that `owner` (a data block) comes from."""
    found = str(bpy.path.abspath(path, library=getattr(owner, "library", None)))
    return found if found.startswith("//") else str(Path(found))


def is_animated(scene: Any, strip: Any) -> bool:
    """Whether keyframes or drivers set anything of the strip."""
    escaped = strip.name.replace("\\", "\\\\").replace('"', '\\"')
    begin = tuple(f'sequence_editor.{name}["{escaped}"].' for name in ("strips_all", "sequences_all"))
    data = scene.animation_data
    if data is None:
        return False
    curves = [*data.drivers, *(_curves(data.action) if data.action is not None else ())]
    return any(curve.data_path.startswith(begin) for curve in curves)


def _curves(action: Any) -> Iterator[Any]:
    # From 4.4 on in layers; the flat list went in 5.0.
    if hasattr(action, "layers"):
        for layer in action.layers:
            for part in layer.strips:
                for bag in part.channelbags:
                    yield from bag.fcurves
    else:
        yield from action.fcurves


def custom(owner: Any, key: str) -> Any:
    """A custom property as plain values, None without."""
    value = owner.get(key)
    return value.to_dict() if hasattr(value, "to_dict") else value


def is_rendering(bpy: Any) -> bool:
    return bool(bpy.app.is_job_running("RENDER"))


def arguments(call: Any, name: str, **values: Any) -> dict[str, Any]:
    """Of `values` those that the method `name` of a collection takes: new_effect wants `length` or
    `frame_end`, `input1` or `seq1`."""
    taken = {one.identifier for one in call.bl_rna.functions[name].parameters}
    return {key: value for key, value in values.items() if key in taken}


def new_effect(owner: Any, kind: str, channel: int, first: int, end: int, *inputs: Any) -> Any:
    """An effect strip of an editor or a meta strip."""
    call = collection(owner)
    values: dict[str, Any] = {"length": end - first, "frame_end": end}
    for number, strip in enumerate(inputs, 1):
        values[f"input{number}"] = strip
        values[f"seq{number}"] = strip
    wanted = arguments(call, "new_effect", **values)
    return call.new_effect(kind, kind, channel, first, **wanted)


def mixdown(bpy: Any, path: str) -> None:
    """All that sounds in the scene's range as a WAV of 24 bits."""
    operator = bpy.ops.sound.mixdown
    extra = {"check_existing": False} if "check_existing" in operator.get_rna_type().properties else {}
    operator(filepath=path, container="WAV", codec="PCM", format="S24", **extra)
