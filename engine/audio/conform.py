"""A generator's stem at its own rate, mono or stereo, as the 48 kHz stereo that everything after it
expects.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from ..errors import EngineFault
from ..timebase import SAMPLE_RATE
from ..types import Stem
from .wav import BLOCK, work_blocks, work_frames

Floats = npt.NDArray[np.float32]


def stem_blocks(stem: Stem, samples: int) -> Iterator[Floats]:
    """A stem as 48 kHz stereo, float32 [n, 2] in blocks of BLOCK, exactly `samples` long."""
    left = samples
    waiting = np.zeros((0, 2), np.float32)
    for block in _at_48k(Path(stem.path)):
        waiting = np.concatenate((waiting, block)) if len(waiting) else block
        while left and len(waiting) >= min(BLOCK, left):
            size = min(BLOCK, left)
            yield waiting[:size]
            waiting = waiting[size:]
            left -= size
        if not left:
            return
    while left:
        size = min(BLOCK, left)
        out = np.zeros((size, 2), np.float32)
        out[: len(waiting)] = waiting
        waiting = waiting[:0]
        yield out
        left -= size


def _at_48k(path: Path) -> Iterator[Floats]:
    _, rate = work_frames(path)
    blocks = (_stereo(block) for block in work_blocks(path))
    if rate == SAMPLE_RATE:
        yield from blocks
        return
    stream = soxr.ResampleStream(rate, SAMPLE_RATE, 2, dtype="float32", quality="VHQ")
    for block in blocks:
        yield stream.resample_chunk(np.ascontiguousarray(block))
    yield stream.resample_chunk(np.zeros((0, 2), np.float32), last=True)


def _stereo(block: Floats) -> Floats:
    if block.shape[1] == 2:
        return block
    if block.shape[1] == 1:
        return np.repeat(block, 2, axis=1)
    raise EngineFault(f"a stem has {block.shape[1]} channels, one or two are possible")
