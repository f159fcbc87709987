"""Movies whose pictures move, each in a colour of its own."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def make_movie(path: Path, rate: Fraction, frames: int, number: int) -> Path:
    """`frames` pictures at `rate`, with a square that moves; MPEG-4, no sound."""
    colour = np.array([(37 * number) % 256, (91 * number + 60) % 256, (173 * number + 20) % 256], np.uint8)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for at in range(frames):
            picture = np.empty((96, 160, 3), np.uint8)
            picture[:] = colour
            left = (at * (2 + number)) % 128
            picture[32:64, left : left + 32] = 255 - colour
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
    return path
