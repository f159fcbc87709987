"""The made-up film of `hitpoint demo`: four drawn sources, their timeline, and a narrator."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import wave
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...engine.errors import Problem
from ...engine.progress import Cancel, Progress, Step, silent
from ...engine.store.durable import durable_write
from ...engine.timebase import SAMPLE_RATE, Rate
from .canvas import HEIGHT, WIDTH, Pixels, Scene
from .city import rings, skyline, tunnel
from .day import birds, dunes, forest, home, train
from .encode import film_writer
from .night import lighthouse, sea, title

RATE = Rate(24)
_WHOLE_S = 40
_START_FRAME = 3600 * 24
_SHORTEST = 6
_DISSOLVE = 24
# Pictures drawn ahead of the encoder; each takes 1.5 MB.
_AHEAD = 16
_VOICE_SPEED = "140"
_VOICE_PEAK = 0.5

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Shot:
    """A clip: `frames` of a scene from its frame `start` on, at `speed` (0 freezes)."""

    name: str
    scene: str
    start: int
    frames: int
    speed: int = 1
    dissolve: bool = False


_SOURCES: dict[str, dict[str, Callable[[], Scene]]] = {
    "coast": {"sea": sea, "lighthouse": lighthouse, "title": title},
    "journey": {"dunes": dunes, "train": train, "birds": birds},
    "city": {"tunnel": tunnel, "skyline": skyline, "rings": rings},
    "return": {"forest": forest, "home": home},
}
_SHOTS = (
    _Shot("night sea", "sea", 0, 84),
    _Shot("lighthouse", "lighthouse", 0, 66),
    _Shot("title", "title", 0, 66),
    _Shot("desert", "dunes", 0, 78),
    _Shot("train", "train", 0, 66),
    _Shot("birds", "birds", 0, 54),
    _Shot("train again", "train", 78, 30),
    _Shot("tunnel", "tunnel", 0, 54),
    _Shot("city", "skyline", 0, 42),
    _Shot("rings", "rings", 0, 36),
    _Shot("tunnel, twice as fast", "tunnel", 54, 30, speed=2),
    _Shot("city again", "skyline", 60, 30),
    _Shot("rings again", "rings", 48, 24),
    _Shot("held breath", "rings", 72, 36, speed=0),
    _Shot("forest", "forest", 14, 110, dissolve=True),
    _Shot("home", "home", 0, 154),
)
_FADE_IN, _FADE_OUT = ("sea", 30), ("home", 40)
# A line and the shot it begins in, as a part of that shot's length.
_LINES = (
    ("Every night the light goes round, and nobody comes.", "night sea", 0.55),
    ("It is a long way. But there is a lamp in the window.", "forest", 0.45),
)
_MARKED = ("tunnel", "must: the city")


def make_demo(
    folder: Path,
    *,
    seconds: float = _WHOLE_S,
    problems: list[Problem] | None = None,
    progress: Progress = silent,
    cancel: Cancel | None = None,
) -> Path:
    """Draw the film into `folder`; the result is its timeline, `demo.otio`, with media named relative to it.

    Always the same film, `seconds` long (its shots shrink or grow). Without espeak-ng nobody speaks, and
    `problems` gets that as a sentence. OutputError when the folder cannot be written.
    """
    shots = _fitted(seconds)
    total = sum(_scene_frames(shots, scene) for names in _SOURCES.values() for scene in names)
    done = 0
    offsets: dict[str, tuple[str, int]] = {}
    lengths: dict[str, int] = {}
    for source, names in _SOURCES.items():
        with film_writer(folder / "media" / f"{source}.mp4", RATE, WIDTH, HEIGHT, sound=False) as writer:
            position = 0
            for scene, made in names.items():
                offsets[scene] = (source, position)
                count = _scene_frames(shots, scene)
                for pixels in _drawn(scene, made(), count, shots):
                    if cancel is not None:
                        cancel.check()
                    writer.picture(pixels)
                    done += 1
                    if done % _AHEAD == 0:
                        progress(Step("read", done / total, 1, f"drawing the film: {scene}"))
                position += count
            lengths[source] = position
    voice = _spoken(folder / "media" / "voice.wav")
    if voice is None and problems is not None:
        problems.append(
            Problem(
                "no-voice",
                "nobody speaks in the demo film, as espeak-ng is missing or fails: install it to hear her",
            )
        )
    document = _timeline(shots, offsets, lengths, voice)
    path = folder / "demo.otio"
    durable_write(path, (json.dumps(document, indent=2) + "\n").encode())
    return path


def _fitted(seconds: float) -> tuple[_Shot, ...]:
    """The shots for another length of film; the last one takes what rounding leaves."""
    factor = seconds / _WHOLE_S
    shots = [
        _Shot(
            shot.name,
            shot.scene,
            round(shot.start * factor),
            max(_SHORTEST, round(shot.frames * factor)),
            shot.speed,
            shot.dissolve,
        )
        for shot in _SHOTS
    ]
    spare = round(seconds * RATE.fps) - sum(shot.frames for shot in shots[:-1])
    last = shots[-1]
    shots[-1] = _Shot(last.name, last.scene, last.start, max(_SHORTEST, spare), last.speed)
    return tuple(shots)


def _dissolve_frames(shots: tuple[_Shot, ...]) -> int:
    """Half of the dissolve, on either side of its cut."""
    shortest = min(shot.frames for shot in shots if shot.dissolve)
    return max(1, min(_DISSOLVE // 2, shortest // 3))


def _scene_frames(shots: tuple[_Shot, ...], scene: str) -> int:
    """As many as the timeline shows, and the handles that the dissolve needs."""
    ends = [shot.start + ceil(shot.frames * max(1, shot.speed)) for shot in shots if shot.scene == scene]
    return max(ends) + _DISSOLVE // 2


def _drawn(scene: str, draw: Scene, count: int, shots: tuple[_Shot, ...]) -> Iterator[Pixels]:
    factor = sum(shot.frames for shot in shots) / (_WHOLE_S * float(RATE.fps))
    shown = next(shot for shot in shots if shot.scene == scene)

    def picture(frame: int) -> Pixels:
        pixels = draw(frame)
        light = 1.0
        if scene == _FADE_IN[0]:
            light = min(1.0, frame / (_FADE_IN[1] * factor))
        elif scene == _FADE_OUT[0]:
            light = (shown.start + shown.frames - max(3, 4 * factor) - frame) / (_FADE_OUT[1] * factor)
        return pixels if light >= 1 else (pixels * max(0.0, light)).astype(np.uint8)

    # Every picture depends on its number only, so threads cannot change the film.
    with ThreadPoolExecutor(2) as pool:
        for first in range(0, count, _AHEAD):
            yield from pool.map(picture, range(first, min(first + _AHEAD, count)))


def _spoken(path: Path) -> tuple[tuple[int, int], ...] | None:
    """Write the narrator's lines in a row; the frames (start, length) of each, None without a voice."""
    program = shutil.which("espeak-ng")
    if program is None:
        return None
    spans: list[tuple[int, int]] = []
    parts: list[npt.NDArray[np.float32]] = []
    frame_samples = RATE.sample(1)
    frames = 0
    for text, _, _ in _LINES:
        try:
            said = _said(program, text)
        except (OSError, subprocess.SubprocessError, wave.Error, EOFError, ValueError):
            return None
        length = ceil(len(said) / frame_samples) + 2
        parts.append(np.pad(said, (0, length * frame_samples - len(said))))
        spans.append((frames, length))
        frames += length
    sound = np.concatenate(parts)
    sound *= _VOICE_PEAK / max(float(np.abs(sound).max()), 1e-6)
    data = io.BytesIO()
    with wave.Wave_write(data) as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.rint(sound * 32767).astype("<i2").tobytes())
    durable_write(path, data.getvalue())
    return tuple(spans)


def _said(program: str, text: str) -> npt.NDArray[np.float32]:
    """One line as float32 at 48 kHz."""
    import soxr

    run = subprocess.run(
        [program, "-v", "en-gb", "-s", _VOICE_SPEED, "--stdout", "--", text],
        capture_output=True,
        timeout=60,
        check=True,
    )
    with wave.open(io.BytesIO(run.stdout)) as file:
        rate = file.getframerate()
    # Written to a pipe, the header's length is a guess: all that follows it is sound.
    start = run.stdout.index(b"data") + 8
    samples = np.frombuffer(run.stdout[start : len(run.stdout) - (len(run.stdout) - start) % 2], "<i2")
    resampled: npt.NDArray[np.float32] = soxr.resample(samples.astype(np.float32) / 32768, rate, SAMPLE_RATE)
    return resampled


# --- The timeline, as OpenTimelineIO's JSON -----------------------------------------------------------------


def _timeline(
    shots: tuple[_Shot, ...],
    offsets: dict[str, tuple[str, int]],
    lengths: dict[str, int],
    voice: tuple[tuple[int, int], ...] | None,
) -> Json:
    picture: list[Json] = []
    starts: dict[str, int] = {}
    frame = 0
    for shot in shots:
        source, offset = offsets[shot.scene]
        if shot.dissolve:
            half = _dissolve_frames(shots)
            widths = {"in_offset": _time(half), "out_offset": _time(half)}
            kind = "SMPTE_Dissolve"
            picture.append(_object("Transition.1", "dissolve", transition_type=kind, **widths))
        clip = _clip(shot.name, f"{source}.mp4", lengths[source], offset + shot.start, shot.frames)
        if shot.speed != 1:
            kind = "FreezeFrame" if shot.speed == 0 else "LinearTimeWarp"
            warp = _object(f"{kind}.1", "", effect_name=kind, time_scalar=float(shot.speed))
            clip["effects"] = [warp]
        picture.append(clip)
        starts[shot.name] = frame
        frame += shot.frames
    tracks = [_track("V1", "Video", picture)]
    if voice is not None:
        tracks.append(_track("A1", "Audio", _narration(shots, starts, voice, frame)))
    marked, name = _MARKED
    marker = _object("Marker.2", name, color="RED", marked_range=_range(starts[marked], 0), comment="")
    stack = _object(
        "Stack.1", "tracks", source_range=None, effects=[], markers=[marker], enabled=True, children=tracks
    )
    return _object("Timeline.1", "The Long Way Home", global_start_time=_time(_START_FRAME), tracks=stack)


def _narration(
    shots: tuple[_Shot, ...], starts: dict[str, int], voice: tuple[tuple[int, int], ...], total: int
) -> list[Json]:
    """The lines with gaps between; one that the film is too short for is cut or left out."""
    frames = {shot.name: shot.frames for shot in shots}
    available = voice[-1][0] + voice[-1][1]
    children: list[Json] = []
    position = 0
    for (_, shot, part), (source, length) in zip(_LINES, voice, strict=True):
        begin = max(position, starts[shot] + round(part * frames[shot]))
        length = min(length, total - begin)
        if length <= 0:
            break
        if begin > position:
            children.append(
                _object("Gap.1", "", source_range=_range(0, begin - position), effects=[], markers=[])
            )
        children.append(_clip("narrator", "voice.wav", available, source, length))
        position = begin + length
    return children


def _object(schema: str, name: str, **fields: Any) -> Json:
    return {"OTIO_SCHEMA": schema, "metadata": {}, "name": name, **fields}


def _time(frames: int) -> Json:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(RATE.fps), "value": float(frames)}


def _range(start: int, frames: int) -> Json:
    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": _time(start), "duration": _time(frames)}


def _clip(name: str, file: str, available: int, start: int, frames: int) -> Json:
    url = f"media/{file}"
    media = _object("ExternalReference.1", file, available_range=_range(0, available), target_url=url)
    return _object(
        "Clip.2",
        name,
        source_range=_range(start, frames),
        effects=[],
        markers=[],
        enabled=True,
        media_references={"DEFAULT_MEDIA": media},
        active_media_reference_key="DEFAULT_MEDIA",
    )


def _track(name: str, kind: str, children: list[Json]) -> Json:
    fields: Json = {"source_range": None, "effects": [], "markers": [], "enabled": True}
    return _object("Track.1", name, **fields, children=children, kind=kind)
