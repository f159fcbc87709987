"""Media and edits for the checks, made without anything but Python, and what a mixdown holds."""

from __future__ import annotations

import array
import math
import struct
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Placement
from hitpoint.plugin.hosts.base import HostMarker, Landing, Read
from hitpoint.plugin.hosts.blender import api
from hitpoint.plugin.hosts.blender.host import BlenderHost

FILM = Rate(24)
# Of a click: 10 ms of a 1 kHz cosine.
_CLICK = 480
_QUIET = 0.05
_DEAD = 2400


def a_host(bpy: Any, folder: Path) -> BlenderHost:
    return BlenderHost(bpy, folder_of_unsaved=str(folder / "unsaved"))


def movie(path: Path, rate: Rate, frames: int) -> Path:
    """An AVI of plain pictures: 16 by 16, each of one grey (see `grey`)."""
    size = 16 * 16 * 3
    head = struct.pack("<14I", 0, 0, 0, 0x10, frames, 0, 1, size, 16, 16, 0, 0, 0, 0)
    stream = b"vidsDIB " + struct.pack("<12I", 0, 0, 0, rate.den, rate.num, 0, frames, size, 0, 0, 0, 0)
    form = struct.pack("<IiiHHIIiiII", 40, 16, 16, 1, 24, 0, size, 0, 0, 0, 0)
    streams = _chunk(b"LIST", b"strl" + _chunk(b"strh", stream) + _chunk(b"strf", form))
    header = _chunk(b"LIST", b"hdrl" + _chunk(b"avih", head) + streams)
    pictures = b"".join(_chunk(b"00db", bytes([grey(path.stem, number)]) * size) for number in range(frames))
    index = b"".join(
        struct.pack("<4sIII", b"00db", 0x10, 4 + number * (size + 8), size) for number in range(frames)
    )
    body = header + _chunk(b"LIST", b"movi" + pictures) + _chunk(b"idx1", index)
    path.write_bytes(_chunk(b"RIFF", b"AVI " + body))
    return path


def grey(name: str, number: int) -> int:
    """Of a movie's picture, 0 to 255: another for each of 51 in a row, and for most other movies."""
    return (5 * number + 3 * sum(name.encode())) % 256


def shown(bpy: Any, scene: Any, folder: Path) -> list[int]:
    """What Blender itself renders at each frame of the scene's range: the grey in its middle."""
    render = scene.render
    render.resolution_x = render.resolution_y = 16
    render.image_settings.file_format = "BMP"
    render.filepath = str(folder / "frame.bmp")
    scene.view_settings.view_transform = "Standard"
    found = []
    for frame in range(scene.frame_start, scene.frame_end + 1):
        scene.frame_set(frame)
        bpy.ops.render.render(write_still=True)
        data = (folder / "frame.bmp").read_bytes()
        found.append(data[int.from_bytes(data[10:14], "little") + 16 * 3 * 8 + 8 * 3])
    return found


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data


def clicks(path: Path, samples: int, at: tuple[int, ...]) -> Path:
    """A stereo WAV, 48 kHz, with clicks at those samples."""
    data = array.array("h", bytes(samples * 4))
    for begin in at:
        for number in range(min(_CLICK, samples - begin)):
            value = round(8000 * math.cos(2 * math.pi * 1000 * number / 48_000))
            data[2 * (begin + number)] = data[2 * (begin + number) + 1] = value
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(data.tobytes())
    return path


def stem(folder: Path, rate: Rate, name: str, cue: str, first: int, end: int, *frames: int) -> Placement:
    """A stem with a second of handle on both sides and clicks at those record frames."""
    handle = rate.nominal
    begin = rate.sample(first - handle)
    path = clicks(
        folder / f"{cue} {name}.wav",
        rate.sample(end + handle) - begin,
        tuple(rate.sample(frame) - begin for frame in frames),
    )
    return Placement(
        f"Stem: {name}", cue, name, str(path), "00", first, end, handle, end - first + 2 * handle
    )


def landing(
    read: Read, placements: tuple[Placement, ...], job: str = "job 1", markers: tuple[HostMarker, ...] = ()
) -> Landing:
    return Landing(job, "sketch, seed 7", read.rate, placements, markers, read.ident, read.seen)


def edit(scene: Any, folder: Path, rate: Rate = FILM, cuts: tuple[int, ...] = (96, 72, 120)) -> list[Any]:
    """Movie strips one after another on channel 1, from the scene's first frame; it ends with the last."""
    scene.render.fps, scene.render.fps_base = rate.nominal, float(Fraction(rate.nominal) / rate.fps)
    strips = []
    at = scene.frame_start
    for number, frames in enumerate(cuts, 1):
        path = movie(folder / f"shot {number}.avi", rate, frames)
        strips.append(api.collection(scene.sequence_editor).new_movie(f"shot {number}", str(path), 1, at))
        at += frames
    scene.frame_end = at - 1
    return strips


def onsets(bpy: Any, folder: Path) -> list[int]:
    """Samples at which the mixdown of the scene begins to sound, after silence."""
    path = folder / "mixdown.wav"
    api.mixdown(bpy, str(path))
    data = path.read_bytes()
    at = data.index(b"data") + 8
    channels, bits = struct.unpack_from("<H", data, 22)[0], struct.unpack_from("<H", data, 34)[0]
    assert bits == 24, bits
    step = 3 * channels
    out: list[int] = []
    last = -_DEAD
    level = _QUIET * (1 << 23)
    for number in range((len(data) - at) // step):
        begin = at + number * step
        if abs(int.from_bytes(data[begin : begin + 3], "little", signed=True)) > level:
            if number - last >= _DEAD:
                out.append(number)
            last = number
    return out


def picture_of(scene: Any) -> list[Any]:
    """All strips of the editor's, as they lie."""
    return [
        (strip.name, strip.type, strip.channel, api.times(strip), strip.select, strip.mute, strip.lock)
        for strip in api.all_strips(scene)
        if strip.get("hitpoint") is None
        and (strip.parent_meta() is None or strip.parent_meta().get("hitpoint") is None)
    ]
