"""The first seconds of a cue whose rest is still being made, as a file that every player plays."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..progress import Heard
from ..store.durable import durable_write
from ..timebase import SAMPLE_RATE

PREVIEW = "preview.wav"
# Enough to hear what it will be.
_WANTED_S = 3.5
# Stems are not mastered: their sum may be louder than a file of whole numbers can say.
_LOUDEST = 0.95

Floats = npt.NDArray[np.float32]


def write_preview(path: Path, sound: Floats, sample_rate: int = SAMPLE_RATE) -> None:
    """Write `sound`, float [frames, channels], as 16-bit WAV, turned down where it is too loud for that.

    OutputError when the disk refuses.
    """
    peak = float(np.max(np.abs(sound), initial=0.0))
    scale = 32767 * min(1.0, _LOUDEST / peak if peak else 1.0)
    buffer = io.BytesIO()
    with wave.Wave_write(buffer) as out:
        out.setnchannels(sound.shape[1])
        out.setsampwidth(2)
        out.setframerate(sample_rate)
        out.writeframes(np.rint(sound * scale).astype("<i2").tobytes())
    durable_write(path, buffer.getvalue())


class FirstSeconds:
    """Adds up blocks of stems as they are made, and tells `heard` once, when there is enough of the cue or no
    more of it. The cue lies at frames `head` to `end` of what is made; times that are told are the cue's.
    """

    def __init__(self, path: Path, head: int, end: int, heard: Heard) -> None:
        self.path = path
        self._head, self._end = head, end
        self._heard = heard
        self._blocks: list[Floats] = []
        self._told = False

    def add(self, start: int, stems: Mapping[str, Floats]) -> None:
        """Each stem's sound from frame `start` on, float32 [frames, 2]."""
        if self._told or not stems:
            return
        mixed: Floats = np.asarray(sum(stems.values()), np.float32)
        upto = min(start + len(mixed), self._end)
        self._blocks.append(mixed[max(self._head - start, 0) : max(upto - start, 0)])
        if upto < min(self._head + round(_WANTED_S * SAMPLE_RATE), self._end):
            return
        self._told = True
        write_preview(self.path, np.concatenate(self._blocks))
        self._blocks.clear()
        self._heard(str(self.path), 0.0, (upto - self._head) / SAMPLE_RATE)
