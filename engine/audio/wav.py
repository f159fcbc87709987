"""Work files: float32 WAV between the stages, written and read in blocks, hashed on the way.

The number of samples is known before the first is written, so the header is final from the start and the
sha256 of the whole file is ready when the last block is. Beyond 4 GB the header is RF64 (EBU Tech 3306).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile

from ..errors import EngineFault
from ..store.durable import output_error
from ..timebase import SAMPLE_RATE

# All stages work in these steps: one second, 384 kB of stereo, fits the second-level cache.
BLOCK = 48_000
_FLOAT = 3
_RIFF_LARGEST = 0xFFFF_FFFF


def float_header(samples: int, channels: int, sample_rate: int) -> bytes:
    """The bytes before the data of a float32 WAV (RF64 where 32-bit sizes do not reach)."""
    frame = 4 * channels
    data = samples * frame
    fmt = struct.pack(
        "<4sIHHIIHHH", b"fmt ", 18, _FLOAT, channels, sample_rate, sample_rate * frame, frame, 32, 0
    )
    fact = struct.pack("<4sII", b"fact", 4, min(samples, _RIFF_LARGEST))
    riff = 4 + len(fmt) + len(fact) + 8 + data
    if riff <= _RIFF_LARGEST:
        return struct.pack("<4sI4s", b"RIFF", riff, b"WAVE") + fmt + fact + struct.pack("<4sI", b"data", data)
    ds64 = struct.pack("<4sIQQQI", b"ds64", 28, riff + 36, data, samples, 0)
    head = struct.pack("<4sI4s", b"RF64", _RIFF_LARGEST, b"WAVE")
    return head + ds64 + fmt + fact + struct.pack("<4sI", b"data", _RIFF_LARGEST)


class WorkWriter:
    """Writes `samples` float32 frames to `path`; `sha256` is that of the whole file once all are written.

    Used as a context manager. A block that ends early leaves no file. OutputError when the disk refuses,
    EngineFault when fewer or more frames come than were announced.
    """

    def __init__(
        self, path: Path, samples: int, *, channels: int = 2, sample_rate: int = SAMPLE_RATE
    ) -> None:
        self.path = path
        self.samples = samples
        self.written = 0
        self._channels = channels
        self._hash = hashlib.sha256()
        self._header = float_header(samples, channels, sample_rate)
        self._file: BinaryIO | None = None

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def __enter__(self) -> WorkWriter:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("wb")
        except OSError as error:
            raise output_error(self.path, error) from error
        self._put(self._header)
        return self

    def write(self, block: npt.NDArray[np.float32]) -> None:
        """Append `block`, float32 [n, channels]."""
        if block.ndim != 2 or block.shape[1] != self._channels:
            raise EngineFault(f"a block of shape {block.shape} was given to '{self.path.name}'")
        self.written += len(block)
        self._put(np.ascontiguousarray(block, dtype="<f4").tobytes())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._file is not None
        self._file.close()
        if kind is not None:
            self.path.unlink(missing_ok=True)
        elif self.written != self.samples:
            self.path.unlink(missing_ok=True)
            raise EngineFault(f"'{self.path.name}' got {self.written} samples instead of {self.samples}")

    def _put(self, data: bytes) -> None:
        assert self._file is not None
        try:
            self._file.write(data)
        except OSError as error:
            raise output_error(self.path, error) from error
        self._hash.update(data)


def work_blocks(
    path: Path, *, start: int = 0, stop: int | None = None, block: int = BLOCK
) -> Iterator[npt.NDArray[np.float32]]:
    """Frames `start` up to `stop` of a WAV of ours as float32 [n, channels], `block` frames at a time.

    A stretch beyond the file's end is not padded. EngineFault when the file is gone or damaged.
    """
    try:
        with soundfile.SoundFile(path) as file:
            file.seek(min(start, file.frames))
            left = (file.frames if stop is None else min(stop, file.frames)) - start
            while left > 0:
                data: npt.NDArray[np.float32] = file.read(min(block, left), dtype="float32", always_2d=True)
                if not len(data):
                    raise EngineFault(f"the work file '{path.name}' ends {left} samples early")
                left -= len(data)
                yield data
    except (soundfile.LibsndfileError, OSError) as error:
        raise EngineFault(f"the work file '{path.name}' cannot be read back ({error})") from error


def work_frames(path: Path) -> tuple[int, int]:
    """(frames, sample rate) of a WAV of ours. EngineFault when it is gone or damaged."""
    try:
        info = soundfile.info(path)
    except (soundfile.LibsndfileError, OSError) as error:
        raise EngineFault(f"the work file '{path.name}' cannot be read back ({error})") from error
    return int(info.frames), int(info.samplerate)
