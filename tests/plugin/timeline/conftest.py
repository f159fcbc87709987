"""Small timelines and media for the tests of reading, and documents as text so that a failure reads as a
diff.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

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


class Dialect:
    """An export of Resolve, by hand: `rate` as it spells it, `start` of the timeline, `zero` of the media."""

    SHOTS: ClassVar = (40, 30, 24, 36)
    # Frames of picture in every file.
    HELD: ClassVar = 400

    def __init__(self, media: tuple[str, str], rate: float, start: int, zero: int | None = None) -> None:
        self.media, self.rate, self.start = media, rate, start
        self.zero = start if zero is None else zero

    def time(self, value: float) -> Json:
        return {"OTIO_SCHEMA": "RationalTime.1", "rate": self.rate, "value": float(value)}

    def span(self, start: float, frames: float) -> Json:
        return {
            "OTIO_SCHEMA": "TimeRange.1",
            "duration": self.time(frames),
            "start_time": self.time(start),
        }

    def item(self, schema: str, name: str, source: Json | None, own: Json | None, **more: Any) -> Json:
        return {
            "OTIO_SCHEMA": schema,
            "metadata": {} if own is None else {"Resolve_OTIO": own},
            "name": name,
            "source_range": source,
            "effects": [],
            "markers": [],
            "enabled": True,
            **more,
        }

    def reference(self, path: str) -> Json:
        return {
            "OTIO_SCHEMA": "ExternalReference.1",
            "metadata": {},
            "name": Path(path).name,
            "available_range": self.span(self.zero, self.HELD),
            "available_image_bounds": None,
            "target_url": path,
        }

    def clip(self, name: str, which: int, at: float, frames: float, link: int, **more: Any) -> Json:
        channels = more.pop("channels", None)
        own = {"Link Group ID": link} | ({} if channels is None else {"Channels": channels})
        return self.item(
            "Clip.2",
            name,
            self.span(self.zero + at, frames),
            own,
            media_references={"DEFAULT_MEDIA": self.reference(self.media[which])},
            active_media_reference_key="DEFAULT_MEDIA",
            **more,
        )

    def gap(self, frames: float) -> Json:
        return self.item("Gap.1", "", self.span(0, frames), None)

    def marker(self, name: str, at: float, frames: float, note: str, colour: str = "RED") -> Json:
        return {
            "OTIO_SCHEMA": "Marker.2",
            "metadata": {"Resolve_OTIO": {"Keywords": [], "Note": note}},
            "name": name,
            "color": colour,
            "comment": "",
            "marked_range": self.span(at, frames),
        }

    def volume(self, db: float | None, keys: dict[int, float] | None = None) -> Json:
        """Without a level no parameters, as Resolve writes it."""
        told = {
            str(frame): {"Value": value, "Variant Type": "Double"} for frame, value in (keys or {}).items()
        }
        parameter = {
            "Parameter ID": "volume",
            "Variant Type": "Double",
            "Parameter Value": db,
            "Key Frames": told,
        }
        own = {
            "Effect Name": "Fairlight Clip Volume and Fades",
            "Name": "Volume",
            "Enabled": True,
            "Type": 62,
            "Parameters": [] if db is None else [parameter],
        }
        return {
            "OTIO_SCHEMA": "Effect.1",
            "metadata": {"Resolve_OTIO": own},
            "name": "",
            "effect_name": "Resolve Effect",
        }

    def warp(self, speed: float) -> Json:
        return {
            "OTIO_SCHEMA": "LinearTimeWarp.1",
            "metadata": {},
            "name": "",
            "effect_name": "",
            "time_scalar": speed,
        }

    def track(self, name: str, kind: str, own: Json, *children: Json, enabled: bool = True) -> Json:
        return self.item("Track.1", name, None, own, children=list(children), kind=kind, enabled=enabled)

    def timeline(self) -> Json:
        """Four shots, the second at double speed and dissolved into, a title over the third, their sound with
        levels on a stereo track, a mono track that is off, markers on the timeline and on a clip."""
        two = [{"Source Channel ID": channel, "Source Track ID": 0} for channel in (0, 1)]
        one, fast, third, last = self.SHOTS
        dissolve = {
            "OTIO_SCHEMA": "Transition.1",
            "metadata": {"Resolve_OTIO": {"Effect Name": "Cross Dissolve", "Alignment": "Center"}},
            "name": "Cross Dissolve",
            "in_offset": self.time(4),
            "out_offset": self.time(4),
            "transition_type": "SMPTE_Dissolve",
        }
        title = self.item(
            "Clip.2",
            "Text+",
            self.span(0, third),
            {"Link Group ID": 0},
            media_references={
                "DEFAULT_MEDIA": {
                    "OTIO_SCHEMA": "GeneratorReference.1",
                    "metadata": {},
                    "name": "Text+",
                    "available_range": None,
                    "available_image_bounds": None,
                    "generator_kind": "Text+",
                    "parameters": {},
                }
            },
            active_media_reference_key="DEFAULT_MEDIA",
        )
        pictures = self.track(
            "Video 1",
            "Video",
            {"Locked": False},
            self.clip("a", 0, 20, one, 1, markers=[self.marker("must: door", self.zero + 30, 1, "it shuts")]),
            dissolve,
            self.clip("b", 1, 60, fast, 2, effects=[self.warp(2.0)]),
            self.clip("c", 0, 100, third, 3),
            self.clip("d", 1, 10, last, 4),
        )
        titles = self.track("Video 2", "Video", {"Locked": False}, self.gap(one + fast), title)
        sound = self.track(
            "Audio 1",
            "Audio",
            {"Audio Type": "Stereo", "Locked": False, "SoloOn": False},
            self.clip("a", 0, 20, one, 1, channels=two, effects=[self.volume(None)]),
            self.clip("b", 1, 60, fast, 2, channels=two, effects=[self.volume(-6.5), self.warp(2.0)]),
            self.clip("c", 0, 100, third, 3, channels=two, effects=[self.volume(-3.0, {0: -3.0, 12: -20.0})]),
        )
        mono = self.track(
            "Boom",
            "Audio",
            {"Audio Type": "Mono", "Locked": True, "SoloOn": False},
            self.gap(one),
            self.clip("boom", 0, 0, fast, 41, channels=two[:1], enabled=False),
            enabled=False,
        )
        stack = self.item(
            "Stack.1",
            "",
            None,
            None,
            children=[pictures, titles, sound, mono],
            markers=[
                self.marker("would 0.9: turn", one, 1, "she turns", "BLUE"),
                self.marker("a note", 100, 12, "check grade", "GREEN"),
            ],
        )
        return {
            "OTIO_SCHEMA": "Timeline.1",
            "metadata": {"Resolve_OTIO": {"Resolve OTIO Meta Version": "1.0"}},
            "name": "",
            "global_start_time": self.time(self.start),
            "tracks": stack,
        }


@pytest.fixture
def dialect() -> type[Dialect]:
    return Dialect


@pytest.fixture(scope="session")
def stills(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Paths that a url would have to bend; what they show and sound like matters to nobody here."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("Reel #1 für Anna 100%")
    for number, colour in enumerate(((20, 30, 90), (240, 190, 60))):
        Image.new("RGB", (160, 90), colour).save(folder / f"shot {number}.png")
    return str(folder / "shot 0.png"), str(folder / "shot 1.png")


@pytest.fixture
def export(tmp_path: Path, stills: tuple[str, str]) -> Callable[[float, int], Path]:
    """Write what Resolve would at a rate, from a start frame."""

    def to_disk(rate: float, start: int) -> Path:
        path = tmp_path / "export.otio"
        path.write_text(json.dumps(Dialect(stills, rate, start).timeline(), indent=4))
        return path

    return to_disk
