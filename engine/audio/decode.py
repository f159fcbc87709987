"""The only door through which foreign sound comes in: read in blocks at exact positions.

It is decoded in a process of its own (`apart`), by `reading`: a file that kills or stalls its reader is an
unreadable file. Second 0 of a file is where its picture begins (its sound, when it has no picture). Beyond
the end there is silence. Everything leaves as float32 stereo or mono, full scale 1.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from ..apart.stream import Stream
from ..errors import InputError, Problem
from ..progress import Cancel
from ..timebase import SAMPLE_RATE
from .wav import BLOCK

Floats = npt.NDArray[np.float32]


def checked(path: Path) -> Path:
    """`path` when it is a regular file that may be opened. InputError otherwise."""
    try:
        real = path.resolve(strict=True)
        regular = stat.S_ISREG(real.stat().st_mode)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"'{path.name}' cannot be found: relink it or give its folder with --media"
        ) from error
    if not regular or real.parts[1:2] in (("dev",), ("proc",), ("sys",)):
        raise InputError(f"'{path.name}' is not a regular file: give a media file")
    return real


class SoundFile:
    """One file's first sound stream, read forward from `start_s` as float32 [n, 2] at `rate`.

    `speed` source seconds pass per second read, like a tape (pitch moves along). `read()` never ends: silence
    follows the file. A context manager. InputError when the file has no readable sound; Cancelled while
    waiting for it.
    """

    def __init__(
        self,
        path: Path,
        *,
        start_s: Fraction = Fraction(0),
        rate: int = SAMPLE_RATE,
        speed: Fraction = Fraction(1),
        cancel: Cancel | None = None,
    ) -> None:
        if speed <= 0:
            raise ValueError(f"a speed of {speed} cannot be read forward")
        self.path = path
        # Packets that could not be decoded: silence stands in for them.
        self.damaged = 0
        checked(path)
        wanted = {"start_s": str(start_s), "rate": rate, "speed": str(speed)}
        self._stream = Stream("sound", path, wanted, share=True, cancel=cancel)
        # Faults of the file show now, not in the middle of the work.
        first = self._next()
        self._waiting: Floats = np.zeros((0, 2), np.float32) if first is None else first

    def __enter__(self) -> SoundFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._stream.close()

    def read(self, samples: int) -> Floats:
        """The next `samples` frames, float32 [samples, 2]."""
        parts = [self._waiting]
        have = len(self._waiting)
        while have < samples:
            block = self._next()
            if block is None:
                parts.append(np.zeros((samples - have, 2), np.float32))
                have = samples
            else:
                parts.append(block)
                have += len(block)
        data = np.concatenate(parts)
        self._waiting = data[samples:]
        return data[:samples]

    def rest(self) -> Iterator[Floats]:
        """What is left of the file, until it ends: float32 [n, 2], any n."""
        waiting, self._waiting = self._waiting, self._waiting[:0]
        yield waiting
        while (block := self._next()) is not None:
            yield block

    def _next(self) -> Floats | None:
        answer = self._stream.next()
        if answer is None:
            return None
        header, arrays = answer
        self.damaged = header["damaged"]
        block: Floats = arrays[0]
        return block


def audio_blocks(
    path: Path,
    *,
    samples: int,
    start_s: Fraction = Fraction(0),
    speed: Fraction = Fraction(1),
    problems: list[Problem] | None = None,
) -> Iterator[Floats]:
    """`samples` frames of a file's sound from `start_s` as float32 [n, 2] at 48 kHz, in blocks of at most a
    second.

    InputError when the file has no readable sound. Damaged parts are silence, and a Problem in `problems`.
    """
    with SoundFile(path, start_s=start_s, speed=speed) as file:
        for at in range(0, samples, BLOCK):
            yield file.read(min(BLOCK, samples - at))
        if file.damaged and problems is not None:
            problems.append(damage(path))


def damage(path: Path) -> Problem:
    return Problem("sound", f"the sound of '{path.name}' is damaged: the broken parts count as silence")


def read_mono(path: Path, *, rate: int, start_s: Fraction, duration_s: Fraction) -> Floats:
    """A stretch of a file's sound, both sides averaged: float32 [round(duration_s * rate)].

    For short stretches: the result is held in memory. InputError when the file has no readable sound.
    """
    samples = round(duration_s * rate)
    out = np.empty(samples, np.float32)
    with SoundFile(path, start_s=start_s, rate=rate) as file:
        for at in range(0, samples, BLOCK):
            block = file.read(min(BLOCK, samples - at))
            out[at : at + len(block)] = (block[:, 0] + block[:, 1]) * np.float32(0.5)
    return out
