"""Samples at other pitches: loops unrolled, 4-point cubic Hermite interpolation.

Everything here grows on demand and forwards only, and what was made does not change when more is asked for: a
note is the same however long the notes beside it are.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from .soundfont import SoundFont, Wave

FloatArray = npt.NDArray[np.float32]

# Interpolated at a stretch: small enough for a core's own cache, large enough to hide numpy's call overhead.
PIECE = 8_192
_HALF, _ONE_AND_A_HALF = np.float32(0.5), np.float32(1.5)
# A sample that begins with a step is faded in over a millisecond.
_RAMP = 48
# A first frame over this share of the next 100 ms is a step, where the second is as much of the first.
_STEP, _GOES_ON, _BEGIN = 0.01, 0.25, 4_800
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

    @cached_property
    def begins_with_step(self) -> bool:
        """Whether the sample was cut out of a sound that was there before: it begins off zero and goes on so.
        A click that is meant is over at once.
        """
        start = self.upto(_BEGIN)[_LEAD : _LEAD + _BEGIN]
        first, second = float(start[0]), float(start[1])
        return abs(first) > _STEP * float(np.abs(start).max()) and second / first > _GOES_ON

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
            # Whole pieces: each is made in one go, so that it does not matter who asked for how much.
            # What has to grow twice may grow again.
            target = -(-max(frames, made * 3 // 2) // PIECE) * PIECE
            if self.limit is not None:
                target = min(target, self.limit)
            sound = np.empty(target, np.float32)
            sound[:made] = self._sound
            self._interpolate(sound, made)
            if not made and self.source.begins_with_step:
                sound[:_RAMP] *= np.linspace(0, 1, _RAMP, dtype=np.float32)[: len(sound)]
            self._sound = sound
        return self._sound[:frames]

    def _interpolate(self, out: FloatArray, first: int) -> None:
        last = len(out)
        x = self.source.upto(int(last * self._step) + _BEHIND + 1)
        ramp = np.arange(PIECE) * self._step
        positions, indices = np.empty(PIECE), np.empty(PIECE, np.int64)
        floats = np.empty((6, PIECE), np.float32)
        for start in range(first, last, PIECE):
            frames = min(PIECE, last - start)
            origin = int(start * self._step)
            position, index = positions[:frames], indices[:frames]
            f, c1, y0, y1, y2, y3 = floats[:, :frames]
            np.add(ramp[:frames], start * self._step - origin, out=position)
            index[...] = position
            position -= index
            f[...] = position
            # `x` leads by one frame: x[origin] is the frame before the position.
            window = x[origin : origin + int(position.size * self._step) + _BEHIND + 2]
            for offset, y in enumerate((y0, y1, y2, y3)):
                window[offset:].take(index, out=y, mode="clip")
            # c1 = (y2 - y0) / 2, c3 = (y3 - y0) / 2 + 1.5 (y1 - y2), c2 = y0 - y1 + c1 - c3
            np.subtract(y2, y0, out=c1)
            c1 *= _HALF
            y3 -= y0
            y3 *= _HALF
            np.subtract(y1, y2, out=y2)
            y2 *= _ONE_AND_A_HALF
            y3 += y2
            y0 -= y1
            y0 += c1
            y0 -= y3
            # ((c3 f + c2) f + c1) f + y1
            y3 *= f
            y3 += y0
            y3 *= f
            y3 += c1
            y3 *= f
            np.add(y3, y1, out=out[start : start + frames])
