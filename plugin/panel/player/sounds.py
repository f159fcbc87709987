"""Sound files in memory as far as they are about to be heard: half seconds around the playhead, read by
threads of their own. Whoever mixes never waits for a disk: what is not there yet is silence, and counted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ....engine.audio.decode import SoundFile
from ....engine.audio.wav import work_blocks, work_frames
from ....engine.errors import Cancelled, EngineFault, HitpointError, Problem
from ....engine.progress import Cancel
from ....engine.timebase import SAMPLE_RATE

Floats = npt.NDArray[np.float32]
CHUNK = SAMPLE_RATE // 2
# 192 kB a piece: three times what two takes of six stems, film and passage need for two seconds ahead.
_MOST_CHUNKS = 320
_number = count()


@dataclass(frozen=True, slots=True)
class Sound:
    """A file on the cue's clock: the cue's sample `p` is its sample `p + head`. `foreign`: not written by us,
    to be decoded; its second 0 is the cue's first sample. Two values of one file are two sounds: a file that
    has grown is a new one."""

    path: str
    head: int = 0
    foreign: bool = False
    key: int = field(default_factory=lambda: next(_number))


class _Reader:
    """Reads pieces of ours, and of a foreign file as it goes forward."""

    def __init__(self, cancel: Cancel) -> None:
        self._cancel = cancel
        self._file: SoundFile | None = None
        self._key = self._at = -1

    def piece(self, sound: Sound, index: int) -> Floats:
        if sound.foreign:
            return self._foreign(sound, index * CHUNK)
        return _own(sound, index * CHUNK + sound.head)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _foreign(self, sound: Sound, at: int) -> Floats:
        if at < 0:
            return np.zeros((CHUNK, 2), np.float32)
        if self._file is None or self._key != sound.key or self._at != at:
            self.close()
            start_s = Fraction(at, SAMPLE_RATE)
            self._file = SoundFile(Path(sound.path), start_s=start_s, cancel=self._cancel)
            self._key = sound.key
        data = self._file.read(CHUNK)
        self._at = at + CHUNK
        return np.ascontiguousarray(data)


def _own(sound: Sound, start: int) -> Floats:
    path = Path(sound.path)
    rate = work_frames(path)[1]
    if rate != SAMPLE_RATE:
        raise EngineFault(
            f"the sound '{path.name}' has {rate} samples a second: it has to have {SAMPLE_RATE}"
        )
    out = np.zeros((CHUNK, 2), np.float32)
    at = max(0, -start)
    if at < CHUNK:
        for block in work_blocks(path, start=start + at, stop=start + CHUNK, block=CHUNK):
            # One channel goes to both sides.
            out[at : at + len(block)] = block[:, :2]
            at += len(block)
    return out


class Shelf:
    """The pieces that are there. `failed` is told once a file, in a thread of the shelf's."""

    def __init__(self, failed: Callable[[Problem], object], *, most: int = _MOST_CHUNKS) -> None:
        self._failed = failed
        self._most = most
        # None: a file that cannot be read is silent.
        self._pieces: dict[tuple[int, int], Floats | None] = {}
        self._broken: set[int] = set()
        self._wanted: tuple[tuple[Sound, int], ...] = ()
        self._there = threading.Condition()
        self._cancel = Cancel()
        # Samples that were wanted at once and were not there.
        self.starved = 0
        self._threads = [
            threading.Thread(target=self._run, args=(foreign,), daemon=True, name=name)
            for foreign, name in ((False, "player-stems"), (True, "player-temp"))
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._cancel.set()
        with self._there:
            self._there.notify_all()
        for thread in self._threads:
            thread.join()

    def want(self, pieces: Sequence[tuple[Sound, int]]) -> None:
        """Which pieces are to be there, the most urgent first; others go when there is no room."""
        with self._there:
            self._wanted = tuple(pieces[: self._most])
            self._there.notify_all()

    def ready(self, sounds: Sequence[Sound], at: int, samples: int) -> bool:
        """Whether these samples of the cue are there, of all `sounds`."""
        indices = range(at // CHUNK, (at + samples - 1) // CHUNK + 1)
        return all((sound.key, index) in self._pieces for sound in sounds for index in indices)

    def wait(self, sounds: Sequence[Sound], at: int, samples: int, timeout_s: float) -> bool:
        """Wait until they are there."""
        with self._there:
            return self._there.wait_for(
                lambda: self._cancel.asked or self.ready(sounds, at, samples), timeout_s
            )

    def add(self, sound: Sound, at: int, out: Floats, gain: Floats | np.float32) -> None:
        """Add the sound from the cue's sample `at` on to `out` [n, 2]; `gain` is one value, or one a sample
        [n, 1]."""
        done = 0
        while done < len(out):
            index, offset = divmod(at + done, CHUNK)
            samples = min(len(out) - done, CHUNK - offset)
            key = sound.key, index
            piece = self._pieces.get(key)
            if piece is not None:
                some = gain[done : done + samples] if isinstance(gain, np.ndarray) else gain
                out[done : done + samples] += piece[offset : offset + samples] * some
            elif key not in self._pieces:
                self.starved += samples
            done += samples

    def _run(self, foreign: bool) -> None:
        reader = _Reader(self._cancel)
        try:
            while (work := self._next(foreign)) is not None:
                self._read(reader, *work)
        finally:
            reader.close()

    def _next(self, foreign: bool) -> tuple[Sound, int] | None:
        with self._there:
            while not self._cancel.asked:
                for sound, index in self._wanted:
                    if sound.foreign == foreign and (sound.key, index) not in self._pieces:
                        return sound, index
                self._there.wait()
        return None

    def _read(self, reader: _Reader, sound: Sound, index: int) -> None:
        piece: Floats | None = None
        if sound.key not in self._broken:
            try:
                piece = reader.piece(sound, index)
            except Cancelled:
                return
            except HitpointError as error:
                self._broken.add(sound.key)
                self._failed(Problem("sound", str(error)))
        with self._there:
            self._pieces[sound.key, index] = piece
            if len(self._pieces) > self._most:
                self._make_room()
            self._there.notify_all()

    def _make_room(self) -> None:
        wanted = {(sound.key, index) for sound, index in self._wanted}
        # In the order in which they came: the oldest goes first.
        for key in [key for key in self._pieces if key not in wanted]:
            if len(self._pieces) <= self._most:
                return
            del self._pieces[key]
