"""Writes films: H.264 and AAC in an mp4 where the encoders are there, else MPEG-4."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...engine.store.durable import durable_file
from ...engine.timebase import SAMPLE_RATE, Rate

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream

# Near-transparent quality at the speed of drawing. With x264's macroblock tree two runs gave different bytes.
_H264 = {"preset": "veryfast", "crf": "19", "x264-params": "mbtree=0"}
_MPEG4_BITS = 8_000_000
_AAC_BITS = 192_000


class FilmWriter:
    """Takes pictures, and sound where asked for, in order of time."""

    def __init__(
        self, container: OutputContainer, video: VideoStream, audio: AudioStream | None, rate: Rate
    ) -> None:
        self._container = container
        self._video = video
        self._audio = audio
        self._tick = 1 / rate.fps
        self._frames = 0
        self._samples = 0

    def picture(self, pixels: npt.NDArray[np.uint8]) -> None:
        """The next picture, uint8 (height, width, 3) RGB."""
        import av

        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        frame.pts, frame.time_base = self._frames, self._tick
        self._frames += 1
        self._container.mux(self._video.encode(frame))

    def sound(self, block: npt.NDArray[np.float32]) -> None:
        """The next stretch of sound, float32 (n, 2) at 48 kHz; over full scale it is clipped."""
        import av

        assert self._audio is not None, "this film was begun without sound"
        planes = np.ascontiguousarray(np.clip(block.T, -1, 1))
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout="stereo")
        frame.sample_rate = SAMPLE_RATE
        frame.pts, frame.time_base = self._samples, Fraction(1, SAMPLE_RATE)
        self._samples += len(block)
        self._container.mux(self._audio.encode(frame))

    def end(self) -> None:
        self._container.mux(self._video.encode(None))
        if self._audio is not None:
            self._container.mux(self._audio.encode(None))


@contextmanager
def film_writer(path: Path, rate: Rate, width: int, height: int, *, sound: bool) -> Iterator[FilmWriter]:
    """A film that becomes `path` when the block ends well. OutputError when the disk refuses."""
    import av
    from av import open as muxer

    # The muxer writes into the durable file, it opens none itself.
    with durable_file(path) as file, muxer(file, "w", format="mp4") as container:
        h264 = "libx264" in av.codecs_available
        video = container.add_stream("libx264" if h264 else "mpeg4", rate=rate.fps)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.gop_size = max(1, round(rate.fps))
        if h264:
            video.options = dict(_H264)
        else:
            video.bit_rate = _MPEG4_BITS
        audio = None
        if sound:
            audio = container.add_stream("aac", rate=SAMPLE_RATE)
            audio.layout = "stereo"
            audio.bit_rate = _AAC_BITS
        writer = FilmWriter(container, video, audio, rate)
        yield writer
        writer.end()
