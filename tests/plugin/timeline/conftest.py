"""Small timelines and media for the tests of reading, and documents as text so that a failure reads as a
diff.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hitpoint.engine.timebase import Rate
from hitpoint.plugin.timeline import otiojson
from hitpoint.plugin.timeline.document import Document
from hitpoint.plugin.timeline.read import read_timeline

Json = dict[str, Any]


class Make:
    """Timeline parts at one rate; times in frames."""

    def __init__(self, rate: float = 24.0) -> None:
        self.rate = rate

    def time(self, value: float, rate: float | None = None) -> Json:
        return {"OTIO_SCHEMA": "RationalTime.1", "rate": rate or self.rate, "value": value}

    def range(self, start: float, length: float, rate: float | None = None) -> Json:
        return {
            "OTIO_SCHEMA": "TimeRange.1",
            "start_time": self.time(start, rate),
            "duration": self.time(length, rate),
        }

    def file(
        self, url: str, start: float | None = 0, length: float = 1000, rate: float | None = None
    ) -> Json:
        return otiojson.file_reference(url, "", None if start is None else self.range(start, length, rate))

    def clip(
        self,
        name: str,
        start: float,
        length: float,
        *,
        media: Json | None = None,
        speeds: Sequence[float] = (),
        markers: Sequence[Json] = (),
        rate: float | None = None,
        **more: Any,
    ) -> Json:
        reference = self.file(f"{name}.mov") if media is None else media
        effects = [otiojson.speed_effect(Fraction(speed)) for speed in speeds]
        span = self.range(start, length, rate)
        return {**otiojson.clip(name, span, reference, effects=effects, markers=markers), **more}

    def gap(self, length: float) -> Json:
        return otiojson.gap(self.range(0, length))

    def track(self, *children: Json, kind: str = "Video", name: str = "", **more: Any) -> Json:
        return {**otiojson.composition("Track", children, track=kind, name=name), **more}

    def stack(self, *children: Json, speeds: Sequence[float] = (), **more: Any) -> Json:
        effects = [otiojson.speed_effect(Fraction(speed)) for speed in speeds]
        return {**otiojson.composition("Stack", children, effects=effects), **more}

    def dissolve(self, before: float, after: float) -> Json:
        rate = Rate.of(self.rate)
        return otiojson.transition(
            rate.seconds(1) * Fraction(before), rate.seconds(1) * Fraction(after), rate, ""
        )

    def marker(self, name: str, start: float, length: float = 0, **more: Any) -> Json:
        return {**otiojson.marker(name, self.range(start, length), ""), **more}

    def timeline(self, *tracks: Json, start: float | None = None, **more: Any) -> Json:
        data = otiojson.timeline("cut", tracks, None if start is None else self.time(start))
        data["tracks"].update(more)
        return data


@pytest.fixture
def make() -> Make:
    return Make()


@pytest.fixture
def make_at() -> Callable[[float], Make]:
    return Make


Read = Callable[..., Document]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a timeline's JSON beside the test's media and read it."""

    def read_it(data: Json, **options: Any) -> Document:
        path = tmp_path / "cut.otio"
        path.write_text(json.dumps(data), encoding="utf-8")
        return read_timeline(path, **options)

    return read_it


def _shot_line(document: Document, shot: Any) -> str:
    fps = document.rate.fps
    words = [f"{shot.in_frame}-{shot.out_frame_exclusive}", shot.name or shot.kind]
    if shot.kind != "gap":
        words.append(f"from {shot.source_in_s * fps}")
    if shot.speed != 1:
        words.append(f"x{shot.speed}")
    if shot.dissolve_frames != (0, 0):
        words.append(f"dissolve {shot.dissolve_frames[0]}+{shot.dissolve_frames[1]}")
    return " ".join(words)


@pytest.fixture
def shots() -> Callable[[Document], list[str]]:
    """The event list as text: record frames, name, source frame at the timeline's rate, speed, dissolve."""
    return lambda document: [_shot_line(document, shot) for shot in document.shots]


@pytest.fixture
def sounds() -> Callable[[Document], list[str]]:
    def lines(document: Document) -> list[str]:
        fps = document.rate.fps
        return [
            f"{sound.in_frame}-{sound.out_frame_exclusive} {sound.name} on {sound.track} "
            f"from {sound.source_in_s * fps} x{sound.speed}"
            for sound in document.sounds
        ]

    return lines


@pytest.fixture
def markers() -> Callable[[Document], list[str]]:
    return lambda document: [
        f"{marker.in_frame}-{marker.out_frame_exclusive} {marker.name} {marker.hit} {marker.strength}"
        for marker in document.markers
    ]


def make_film(
    path: Path, *, frames: int = 48, rate: int = 24, sound: bool = False, timecode: str = ""
) -> Path:
    """A tiny film whose picture n is grey level 4 n."""
    import av

    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=rate)
        video.width, video.height, video.pix_fmt = 64, 36, "yuv420p"
        audio = container.add_stream("pcm_s16le", rate=48_000, layout="mono") if sound else None
        if timecode:
            video.metadata["timecode"] = timecode
        for number in range(frames):
            pixels = np.full((36, 64, 3), (4 * number) % 256, np.uint8)
            for packet in video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                container.mux(packet)
        container.mux(video.encode(None))
        if audio is not None:
            samples = np.zeros((1, 48_000 * frames // rate), np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate = 48_000
            container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
    return path


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 frames at 24 fps with sound, timecode from 01:00:00:00."""
    return make_film(tmp_path_factory.mktemp("media") / "film.mov", sound=True, timecode="01:00:00:00")


@pytest.fixture
def film_maker() -> Callable[..., Path]:
    return make_film
