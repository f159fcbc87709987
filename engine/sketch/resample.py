"""Samples at other pitches: loops unrolled, 4-point cubic Hermite interpolation, the preset's low-pass.

Everything here grows on demand and forwards only, and what was made does not change when more is asked for: a
note is the same however long the notes beside it are.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter, sosfilt

from . import soundfont as sf
from .envelope import decay_level
from .soundfont import SoundFont, Wave, Zone

FloatArray = npt.NDArray[np.float32]

# Interpolated at a stretch: small enough for a core's own cache, large enough to hide numpy's call overhead.
_PIECE = 8_192
# At least this much is made at once; notes of one pitch differ little in length.
_GROW = 24_000
# A swept filter gets new coefficients this often (5.3 ms at first, then 21 ms: fast sweeps end early).
_SWEEP_STEPS = ((256, 40), (1024, 1 << 30))
# Above this the low-pass is left out: nothing of it would be heard.
_OPEN_HZ = 19_000.0
_LOWEST_HZ, _HIGHEST_HZ = 20.0, 20_000.0
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


PitchedKey = tuple[Wave, int, float, tuple[int, ...]]
_FILTER = (
    sf.FILTER_HZ, sf.FILTER_Q, sf.MOD_ENV_TO_FILTER,
    sf.MOD_DELAY, sf.MOD_ATTACK, sf.MOD_HOLD, sf.MOD_DECAY, sf.MOD_SUSTAIN,
)  # fmt: skip


def pitched_key(zone: Zone, key: int) -> PitchedKey:
    """Equal for zones that differ only in their envelope or level: they share one `Pitched`."""
    return zone.wave, key, zone.step(key), tuple(zone.value(kind) for kind in _FILTER)


class Pitched:
    """One zone at one key, before its envelope: as the preset filters it, and darker for soft notes."""

    def __init__(self, source: Unrolled, zone: Zone, key: int) -> None:
        self.key = pitched_key(zone, key)
        self.source = source
        self._step = zone.step(key)
        self._lowpass = _LowPass(zone)
        self._tilt = _tilt_coefficient(key)
        self._tilt_state = np.zeros(1, np.float32)
        # Frames that there are; None is no end.
        self.limit = None if source.limit is None else int(np.ceil(source.limit / self._step))
        self._bright = np.zeros(0, np.float32)
        self._dark = np.zeros(0, np.float32)
        self._made = 0

    @property
    def bytes(self) -> int:
        return self._bright.nbytes + self._dark.nbytes

    def upto(self, frames: int) -> tuple[FloatArray, FloatArray]:
        """`frames` frames at 48 kHz (fewer when the sample ends): bright, and through a one-pole low-pass."""
        if self.limit is not None:
            frames = min(frames, self.limit)
        if frames > self._made:
            target = max(frames, self._made + _GROW)
            if self.limit is not None:
                target = min(target, self.limit)
            self._grow(target)
        return self._bright[:frames], self._dark[:frames]

    def _grow(self, frames: int) -> None:
        new = self._lowpass.run(self._interpolate(self._made, frames), self._made)
        dark, self._tilt_state = lfilter(
            np.array([self._tilt], np.float32),
            np.array([1, self._tilt - 1], np.float32),
            new,
            zi=self._tilt_state,
        )
        self._bright = np.concatenate([self._bright, new])
        self._dark = np.concatenate([self._dark, dark.astype(np.float32, copy=False)])
        self._made = frames

    def _interpolate(self, first: int, last: int) -> FloatArray:
        x = self.source.upto(int(last * self._step) + _BEHIND + 1)
        out = np.empty(last - first, np.float32)
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
            out[start - first : end - first] = ((c3 * f + c2) * f + c1) * f + y1
        return out


class _LowPass:
    """The zone's two-pole low-pass (generators 8 and 9), swept by its modulation envelope (11, 25 to 30)."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._cents = zone.value(sf.FILTER_HZ)
        self._sweep = zone.value(sf.MOD_ENV_TO_FILTER)
        # Less than a whole tone of sweep is not worth its time.
        if abs(self._sweep) < 200:
            self._sweep = 0
        self._q_cb = min(max(zone.value(sf.FILTER_Q), 0), 960)
        reach = max(self._cents, self._cents + self._sweep)
        lowest = min(self._cents, self._cents + self._sweep)
        self._off = _hertz(lowest) >= _OPEN_HZ or (self._sweep == 0 and _hertz(reach) >= _OPEN_HZ)
        self._state = np.zeros((1, 2), np.float32)
        self._release_never = 1 << 40

    def run(self, sound: FloatArray, first: int) -> FloatArray:
        """Filter the frames that follow those of the call before; `first` is their number in the note."""
        if self._off:
            return sound
        if self._sweep == 0:
            out, self._state = sosfilt(self._sections(self._cents), sound, zi=self._state)
            return np.asarray(out, np.float32)
        parts = []
        at, end = first, first + len(sound)
        while at < end:
            stop, level = self._segment(at)
            stop = min(stop, end)
            part, self._state = sosfilt(
                self._sections(self._cents + round(self._sweep * level)),
                sound[at - first : stop - first],
                zi=self._state,
            )
            parts.append(part)
            at = stop
        return np.concatenate(parts).astype(np.float32, copy=False)

    def _segment(self, at: int) -> tuple[int, float]:
        """The end of the filter step that frame `at` lies in, and the envelope's level at its start."""
        zone = self._zone
        start = 0
        for length, count in _SWEEP_STEPS:
            if at < start + length * count:
                begin = start + (at - start) // length * length
                break
            start += length * count
        delay, attack, hold = (
            zone.seconds(kind) * 48_000 for kind in (sf.MOD_DELAY, sf.MOD_ATTACK, sf.MOD_HOLD)
        )
        sustain = 1 - min(max(zone.value(sf.MOD_SUSTAIN), 0), 1000) / 1000
        decay = zone.seconds(sf.MOD_DECAY) * 48_000
        end = begin + length
        t = begin - delay
        if t < 0:
            level = 0.0
        elif t < attack:
            level = t / attack
        elif t < attack + hold:
            level = 1.0
        else:
            level = decay_level(t - attack - hold, decay, sustain)
            if level == sustain:
                end = self._release_never
        return end, level

    def _sections(self, cents: int) -> npt.NDArray[np.float32]:
        return _sections(round(cents / 25) * 25, self._q_cb)


@cache
def _sections(cents: int, q_cb: int) -> npt.NDArray[np.float32]:
    """A resonant low-pass as one second-order section (R. Bristow-Johnson's cookbook).

    8.1.3 wants the gain at DC lowered by half the peak's height, and Q 0 to be without a peak.
    """
    w = 2 * np.pi * min(max(_hertz(cents), _LOWEST_HZ), _HIGHEST_HZ) / 48_000
    q = 10 ** ((q_cb / 10 - 3.01) / 20)
    alpha = np.sin(w) / (2 * q)
    b = (1 - np.cos(w)) / 2 * 10 ** (-q_cb / 400)
    a0 = 1 + alpha
    return np.array([[b / a0, 2 * b / a0, b / a0, 1, -2 * np.cos(w) / a0, (1 - alpha) / a0]], np.float32)


def _hertz(cents: float) -> float:
    return float(8.176 * 2 ** (cents / 1200))


def _tilt_coefficient(key: int) -> float:
    """One-pole low-pass for soft notes, an octave above the key but where the ear hears brightness."""
    hertz = min(max(2 * 440 * 2 ** ((key - 69) / 12), 500.0), 3000.0)
    return float(1 - np.exp(-2 * np.pi * hertz / 48_000))
