"""Cuts edits of every kind and has the adapter read each: `edits.py`. Told: name, path, frames, problems and
seen of each, or why it was refused.
"""

from __future__ import annotations

import json
import struct
import sys
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "checks")]

import bpy  # noqa: E402
from inside import have_hitpoint, tell  # noqa: E402

have_hitpoint()

from cutting import a_host, clicks, edit, movie, shown  # noqa: E402

from hitpoint.engine.timebase import Rate  # noqa: E402
from hitpoint.plugin.hosts.base import HostError  # noqa: E402
from hitpoint.plugin.hosts.blender import api  # noqa: E402

FOLDER = Path.cwd()


def new(scene: Any) -> Any:
    return api.collection(scene.sequence_editor)


def film(scene: Any, name: str, rate: Rate, frames: int, channel: int, at: int) -> Any:
    path = movie(FOLDER / f"{name}.avi", rate, frames)
    return new(scene).new_movie(name, str(path), channel, at)


def png(path: Path) -> str:
    """Eight by eight, grey."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    body = (
        chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress((b"\0" + b"\x80" * 8) * 8)) + chunk(b"IEND", b"")
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return str(path)


def plain(scene: Any) -> None:
    edit(scene, FOLDER)


def ntsc(scene: Any) -> None:
    edit(scene, FOLDER, Rate(24000, 1001))


def from_frame_100(scene: Any) -> None:
    scene.frame_start = 100
    edit(scene, FOLDER)


def trimmed(scene: Any) -> None:
    _, second, third = edit(scene, FOLDER)
    api.set_handles(second, 107, 150)
    api.collection(scene.sequence_editor).remove(third)
    # Cut off for good: from 5.2 on what is left stays in its place, before it moved to the front.
    is_new = "content_trim_start" in bpy.types.MovieStrip.bl_rna.properties
    strip = new(scene).new_movie("cut off", str(FOLDER / "shot 3.avi"), 2, 169 if is_new else 189)
    setattr(strip, "content_trim_start" if is_new else "animation_offset_start", 20)
    assert api.times(strip).zero == 189
    api.set_handles(strip, 193, 260)


def on_top(scene: Any) -> None:
    edit(scene, FOLDER)
    film(scene, "insert", Rate(24), 30, 3, 51)
    film(scene, "off", Rate(24), 30, 4, 61).mute = True
    film(scene, "quiet channel", Rate(24), 30, 6, 61)
    scene.sequence_editor.channels[6].mute = True


def before_and_after_the_range(scene: Any) -> None:
    edit(scene, FOLDER)
    scene.frame_start, scene.frame_end = 41, 200


def dissolved(scene: Any) -> None:
    first = film(scene, "first", Rate(24), 100, 1, 1)
    second = film(scene, "second", Rate(24), 100, 2, 81)
    third = film(scene, "third", Rate(24), 100, 1, 161)
    api.new_effect(scene.sequence_editor, "CROSS", 3, 81, 101, first, second)
    api.new_effect(scene.sequence_editor, "WIPE", 3, 161, 181, second, third)
    scene.frame_end = 260


def dissolved_below_another(scene: Any) -> None:
    dissolved(scene)
    film(scene, "above", Rate(24), 40, 2, 21)


def grouped(scene: Any) -> None:
    edit(scene, FOLDER)
    editor = scene.sequence_editor
    meta = new(scene).new_meta("scene 2", 3, 101)
    inside = api.collection(meta)
    inside.new_movie("inner", str(FOLDER / "shot 1.avi"), 1, 101)
    path = clicks(FOLDER / "inner.wav", 96_000, (100,))
    inside.new_sound("inner sound", str(path), 2, 121)
    inside.new_movie("inner too", str(FOLDER / "shot 2.avi"), 1, 197)
    api.set_handles(meta, 131, 221)
    assert len(editor.channels) == 129


def sped(scene: Any) -> None:
    first, second, third = edit(scene, FOLDER)
    double = api.new_effect(scene.sequence_editor, "SPEED", 2, 1, 97, first)
    double.speed_control, double.speed_factor = "MULTIPLY", 2
    api.set_handles(second, 97, 133)
    # Stretched: all of its pictures in half of its frames.
    api.new_effect(scene.sequence_editor, "SPEED", 2, 97, 133, second)
    held = api.new_effect(scene.sequence_editor, "SPEED", 2, 169, 289, third)
    held.speed_control = "FRAME_NUMBER"


def other_rate(scene: Any) -> None:
    film(scene, "at 25", Rate(25), 100, 1, 1)
    scene.frame_end = 100


def in_its_own_time(scene: Any) -> None:
    """As Blender's own import does it unless told otherwise: 100 pictures at 25 in 96 frames at 24."""
    path = movie(FOLDER / "at 25.avi", Rate(25), 100)
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    region = next(one for one in area.regions if one.type == "WINDOW")
    if hasattr(window.workspace, "sequencer_scene"):
        window.workspace.sequencer_scene = scene
    known = bpy.ops.sequencer.movie_strip_add.get_rna_type().properties
    extra = {"move_strips": False} if "move_strips" in known else {}
    with bpy.context.temp_override(window=window, area=area, region=region, scene=scene):
        bpy.ops.sequencer.movie_strip_add(
            "EXEC_DEFAULT",
            filepath=str(path),
            directory=str(FOLDER),
            files=[{"name": path.name}],
            frame_start=1,
            channel=1,
            sound=False,
            use_framerate=False,
            adjust_playback_rate=True,
            **extra,
        )
    (strip,) = api.strips(scene)
    strip.name = "at 25"
    api.set_handles(strip, 25, 97)
    scene.frame_end = 96


def slowed(scene: Any) -> None:
    strip = film(scene, "slow", Rate(24), 100, 1, 1)
    if bpy.app.version >= (5, 2):
        strip.retiming_keys.add(timeline_frame=1)
        strip.retiming_keys[-1].timeline_frame = 201
        assert len(strip.retiming_keys) == 2
    scene.frame_end = 200


def retimed(scene: Any) -> None:
    strip = film(scene, "slow", Rate(24), 100, 1, 1)
    # Before 5.2 this ends the process.
    if bpy.app.version >= (5, 2):
        for frame in (1, 41):
            strip.retiming_keys.add(timeline_frame=frame)
        strip.retiming_keys[-1].timeline_frame = 201
    scene.frame_end = 200


def pictures(scene: Any) -> None:
    still = new(scene).new_image("still", png(FOLDER / "still.png"), 1, 1)
    api.set_handles(still, 1, 51)
    names = [Path(png(FOLDER / f"x{number:04}.png")).name for number in range(10, 40, 2)]
    row = new(scene).new_image("row", str(FOLDER / names[0]), 1, 51)
    for name in names[1:]:
        row.elements.append(name)
    api.set_handles(row, 56, 66)
    scene.frame_end = 65


def made(scene: Any) -> None:
    first, _, _ = edit(scene, FOLDER, cuts=(48, 48, 48))
    black = api.new_effect(scene.sequence_editor, "COLOR", 5, 145, 169)
    black.color = (0, 0, 0)
    title = api.new_effect(scene.sequence_editor, "TEXT", 6, 10, 30)
    title.text, title.font_size, title.location = "Title", 1, (0.9, 0.02)
    api.new_effect(scene.sequence_editor, "ADJUSTMENT", 7, 1, 145)
    other = bpy.data.scenes.new("other")
    other.frame_end = 20
    new(scene).new_scene("other", other, 4, 61)
    scene.frame_end = 168
    assert first.channel == 1


def angles(scene: Any) -> None:
    film(scene, "camera 1", Rate(24), 120, 1, 1)
    film(scene, "camera 2", Rate(24), 120, 2, 1)
    cut = api.new_effect(scene.sequence_editor, "MULTICAM", 3, 41, 81)
    cut.multicam_source = 1
    scene.frame_end = 120


def missing(scene: Any) -> None:
    edit(scene, FOLDER)
    (FOLDER / "shot 2.avi").unlink()


def sounding(scene: Any) -> None:
    edit(scene, FOLDER)
    path = clicks(FOLDER / "voice.wav", 480_000, (100,))
    sound = new(scene).new_sound("voice", str(path), 4, 49)
    api.set_handles(sound, 61, 121)
    later = new(scene).new_sound("later", str(path), 5, 97)
    later.sound_offset = 0.25
    api.set_handles(later, 121, 145)


def marked(scene: Any) -> None:
    edit(scene, FOLDER)
    scene.timeline_markers.new("must: door", frame=49)
    scene.timeline_markers.new("before", frame=-5)


def empty(scene: Any) -> None:
    scene.frame_end = 100


EDITS: tuple[Callable[[Any], None], ...] = (
    plain, ntsc, from_frame_100, trimmed, on_top, before_and_after_the_range, dissolved,
    dissolved_below_another, grouped, sped, other_rate, in_its_own_time, slowed, retimed, pictures, made,
    angles, missing, sounding, marked, empty,
)  # fmt: skip


def main() -> None:
    global FOLDER
    warnings.simplefilter("error", DeprecationWarning)
    top = Path.cwd()
    for make in EDITS:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        scene = bpy.context.scene
        scene.sequence_editor_create()
        scene.render.fps, scene.render.fps_base = 24, 1.0
        FOLDER = top / make.__name__
        FOLDER.mkdir()
        make(scene)
        host = a_host(bpy, FOLDER)
        try:
            read = host.read()
        except HostError as error:
            tell(edit=make.__name__, refused=str(error))
            continue
        seen = [[one.in_frame, one.out_frame_exclusive] for one in read.seen]
        again = json.dumps([one.digest for one in host.read().seen])
        tell(
            edit=make.__name__,
            path=read.path,
            frames=read.frames,
            start=read.start_frame,
            rate=str(read.rate),
            problems=list(read.problems),
            seen=seen,
            shown=shown(bpy, scene, FOLDER),
            steady=again == json.dumps([one.digest for one in read.seen]),
        )


main()
