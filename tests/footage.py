"""Small films with known content, in any codec, and cues made by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Media, Shot

Pixels = npt.NDArray[np.uint8]
_RATE = Rate(24)


def write_film(
    path: Path,
    pictures: Iterable[Pixels],
    *,
    rate: int | Fraction = 24,
    codec: str = "libx264",
    pts: Sequence[int] | None = None,
    tick: Fraction | None = None,
    timecode: str | None = None,
    sound: bool = False,
) -> Path:
    """Picture i is shown at `pts[i] * tick`, by default at i / rate. Half a second between key frames."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(rate))
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.gop_size = 12
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "crf": "12", "bf": "2"}
        else:
            stream.bit_rate = 4_000_000
        if timecode is not None:
            container.metadata["timecode"] = timecode
        audio = container.add_stream("pcm_s16le", rate=48000) if sound else None
        for index, picture in enumerate(pictures):
            if index == 0:
                stream.height, stream.width = picture.shape[:2]
                if tick is not None:
                    stream.codec_context.time_base = tick
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts = index if pts is None else pts[index]
            frame.time_base = tick or 1 / Fraction(rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None:
            block = av.AudioFrame.from_ndarray(np.zeros((1, 9600), np.int16), format="s16", layout="stereo")
            block.sample_rate = 48000
            container.mux(audio.encode(block))
            container.mux(audio.encode(None))
    return path


def cue_of(*shots: Shot, rate: Rate = _RATE, find_cuts: bool = False, in_frame: int = 0) -> Cue:
    """A cue that ends with its last shot."""
    return Cue("test", rate, in_frame, shots[-1].out_frame_exclusive, shots, find_cuts=find_cuts)


def flat(value: int | tuple[int, int, int], height: int = 90, width: int = 160) -> Pixels:
    """A picture of one colour."""
    return np.full((height, width, 3), value, np.uint8)


def numbered(count: int) -> list[Pixels]:
    """Pictures whose grey tells their number: 16 + 3 n."""
    return [flat(16 + 3 * index) for index in range(count)]


def number_of(pixels: Pixels) -> int:
    """Inverse of `numbered`, from small luma."""
    return round((float(pixels[0].mean()) - 16) / 3)


def scenery(
    seed: int, count: int, *, step: float = 0.0, tint: tuple[float, float, float] = (1, 1, 1)
) -> list[Pixels]:
    """A soft random landscape that drifts `step` pixels a picture."""
    chance = np.random.Generator(np.random.PCG64(seed))
    x = np.arange(160)[None, :]
    y = np.arange(90)[:, None]
    waves = [
        (chance.uniform(0.02, 0.16), chance.uniform(-0.15, 0.15), chance.uniform(0, 6)) for _ in range(8)
    ]
    out = []
    for index in range(count):
        value = sum(np.sin((x + index * step) * a + y * b + c) for a, b, c in waves)
        grey = np.clip(128 + value * 18, 0, 255)
        out.append(np.clip(grey[:, :, None] * np.array(tint), 0, 255).astype(np.uint8))
    return out


def video(path: Path, start: int, end: int, *, source: int = 0, rate: int = 24, **more: Any) -> Shot:
    """A shot of record frames `start` to `end` that shows the file from its frame `source` on."""
    return Shot(path.stem, start, end, "video", Media(str(path)), Fraction(source, rate), **more)
