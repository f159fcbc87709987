"""Samples at other pitches: loops unrolled, 4-point cubic Hermite interpolation.

Everything here grows on demand and forwards only, and what was made does not change when more is asked for: a
note is the same however long the notes beside it are.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .soundfont import SoundFont, Wave

FloatArray = npt.NDArray[np.float32]

# Interpolated at a stretch: small enough for a core's own cache, large enough to hide numpy's call overhead.
_PIECE = 8_192
# At least this much is made at once; notes of one pitch differ little in length.
GROW = 24_000
_LEAD = 1
_BEHIND = 3


class Unrolled:
    """A sample with its loop laid out in a row. `limit` is its length in frames, None when it loops."""

    def __init__(self, font: SoundFont, wave: Wave) -> None:
        self._reader = font.open_sample(wave.sample)
        self._reader.read(wave.start)
        self._loop = wave.loop_end_exclusive - wave.loop_start
        # Frames that come from the file; the loop repeats after them.
        self._in_file = (wave.loop_end_exclusive if self._loop else wave.end_exclusive) - wave.start
        self.limit = None if self._loop else self._in_file
        # One frame of silence ahead of the first: the interpolation looks one back.
        self._sound = np.zeros(_LEAD, np.float32)
        self._made = 0

    @property
    def bytes(self) -> int:
        return int(self._sound.nbytes)

    def upto(self, frames: int) -> FloatArray:
        """At least `frames` frames behind one leading frame of silence; silence behind a sample's end."""
        if frames > self._made:
            self._grow(max(frames, min(2 * self._made, self._made + 480_000), 16_384))
        return self._sound

    def _grow(self, frames: int) -> None:
        sound = np.zeros(_LEAD + frames, np.float32)
        sound[: _LEAD + self._made] = self._sound[: _LEAD + self._made]
        at = self._made
        if at < self._in_file:
            want = min(frames, self._in_file) - at
            part = self._reader.read(want)
            sound[_LEAD + at : _LEAD + at + len(part)] = part
            at += want
        if self._loop:
            while at < frames:
                # Copies whole loops, so each copy may be longer than the one before.
                back = self._loop * max((at - self._in_file) // self._loop, 1)
                part_length = min(back, frames - at)
                source = _LEAD + at - back
                sound[_LEAD + at : _LEAD + at + part_length] = sound[source : source + part_length]
                at += part_length
        self._sound, self._made = sound, frames


class Resampled:
    """A sample at one pitch: `step` of its frames for one frame at 48 kHz."""

    def __init__(self, source: Unrolled, step: float) -> None:
        self.source = source
        self._step = step
        # Frames that there are; None is no end.
        self.limit = None if source.limit is None else int(np.ceil(source.limit / step))
        self._sound = np.zeros(0, np.float32)

    @property
    def bytes(self) -> int:
        return int(self._sound.nbytes)

    def upto(self, frames: int) -> FloatArray:
        """The first `frames` frames, fewer where the sample ends. Not to be changed."""
        if self.limit is not None:
            frames = min(frames, self.limit)
        made = len(self._sound)
        if frames > made:
            target = max(frames, made + GROW)
            if self.limit is not None:
                target = min(target, self.limit)
            sound = np.empty(target, np.float32)
            sound[:made] = self._sound
            self._interpolate(sound, made)
            self._sound = sound
        return self._sound[:frames]

    def _interpolate(self, out: FloatArray, first: int) -> None:
        last = len(out)
        x = self.source.upto(int(last * self._step) + _BEHIND + 1)
        half, more = np.float32(0.5), np.float32(1.5)
        for start in range(first, last, _PIECE):
            end = min(start + _PIECE, last)
            position = np.arange(start, end) * self._step
            index = position.astype(np.int64)
            f = (position - index).astype(np.float32)
            # `x` leads by one frame: x[index] is the frame before the position.
            y0, y1, y2, y3 = x[index], x[index + 1], x[index + 2], x[index + 3]
            c1 = (y2 - y0) * half
            c3 = (y3 - y0) * half + (y1 - y2) * more
            c2 = y0 - y1 + c1 - c3
            out[start:end] = ((c3 * f + c2) * f + c1) * f + y1
