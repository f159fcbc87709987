"""The colour of a note: the preset's low-pass with its envelope, and a darker version for soft notes.

Like the resampled sound it works on, it grows forwards only and never changes what was made.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from . import soundfont as sf
from .resample import GROW, PIECE, Resampled
from .soundfont import Zone

FloatArray = npt.NDArray[np.float32]
_Coefficients = tuple[FloatArray, FloatArray]

# A swept filter gets new coefficients every half tone, and not more often than every 64 frames (as FluidSynth).
_SWEEP_CENTS, _SWEEP_FRAMES = 100, 64
# A whole tone of sweep is not worth its time.
_SMALLEST_SWEEP_CENTS = 201
# A low-pass up here takes little: three taps have the same loss at its cutoff, at a fifth of the cost.
_HIGH_HZ = 9_500.0
# Frames that the widest of the symmetric filters looks ahead.
_AHEAD = 32
# Above this the low-pass is left out: nothing of it would be heard.
_OPEN_HZ = 19_000.0
_LOWEST_HZ, _HIGHEST_HZ = 20.0, 20_000.0

# What decides a filter.
FILTER_KINDS = (
    sf.FILTER_HZ, sf.FILTER_Q, sf.MOD_ENV_TO_FILTER,
    sf.MOD_DELAY, sf.MOD_ATTACK, sf.MOD_HOLD, sf.MOD_DECAY, sf.MOD_SUSTAIN,
)  # fmt: skip


class Coloured:
    """One zone at one key, before its envelope. `plain` gives the unfiltered sound, made anew if need be."""

    def __init__(self, zone: Zone, key: int, plain: Callable[[], Resampled], *, tilted: bool) -> None:
        self._plain = plain
        self._filter = _filter(zone)
        self._tilt = _Tilt(key) if tilted else None
        # Empty where the plain sound itself is the bright one.
        self._bright = np.zeros(0, np.float32)
        self._dark = np.zeros(0, np.float32)
        self._made = 0

    @property
    def bytes(self) -> int:
        return self._bright.nbytes + self._dark.nbytes

    def upto(self, frames: int) -> tuple[FloatArray, FloatArray | None]:
        """`frames` frames (fewer when the sample ends): as the preset filters them, and a darker version.

        The second is None where the preset opens its own filter with velocity. Not to be changed.
        """
        plain = self._plain()
        if plain.limit is not None:
            frames = min(frames, plain.limit)
        if frames > self._made and (self._filter or self._tilt):
            target = -(-(max(frames, self._made + GROW) + _AHEAD) // PIECE) * PIECE
            self._grow(plain.upto(target), plain.limit)
        bright = self._bright[:frames] if self._filter else plain.upto(frames)
        return bright, self._dark[:frames] if self._tilt else None

    def _grow(self, plain: FloatArray, limit: int | None) -> None:
        """Make as much as `plain` allows: the darker sound looks a little ahead, but where the sample ends."""
        bright = plain
        if self._filter:
            first = len(self._bright)
            bright = np.concatenate([self._bright, np.empty(len(plain) - first, np.float32)])
            for start in range(first, len(plain), PIECE):
                end = min(start + PIECE, len(plain))
                self._filter.run(plain, bright, start, end)
            self._bright = bright
        made = len(plain) if len(plain) == limit else len(plain) - _AHEAD
        if self._tilt:
            first = self._made
            dark = np.concatenate([self._dark, np.empty(made - first, np.float32)])
            for start in range(first, made, PIECE):
                self._tilt.run(bright, dark, start, min(start + PIECE, made))
            self._dark = dark
        self._made = made


class _Filter(Protocol):
    def run(self, sound: FloatArray, out: FloatArray, first: int, last: int) -> None:
        """Write frames `first` to `last` of the filtered `sound`; calls follow each other without gaps."""


def _filter(zone: Zone) -> _Filter | None:
    """The low-pass of a zone, None where nothing of it would be heard."""
    sweep = _sweep_cents(zone)
    lowest = _hertz(zone.value(sf.FILTER_HZ) + min(sweep, 0))
    if lowest >= _OPEN_HZ:
        return None
    if lowest >= _HIGH_HZ and zone.value(sf.FILTER_Q) <= 0:
        return _ThreeTaps(_hertz(zone.value(sf.FILTER_HZ) + sweep * _sustain(zone)))
    return _LowPass(zone)


def _sweep_cents(zone: Zone) -> int:
    cents = zone.value(sf.MOD_ENV_TO_FILTER)
    return cents if abs(cents) >= _SMALLEST_SWEEP_CENTS else 0


def _sustain(zone: Zone) -> float:
    return 1 - min(max(zone.value(sf.MOD_SUSTAIN), 0), 1000) / 1000


class _Tilt:
    """A gentle low-pass for soft notes: two running means, together a triangle around each frame.

    It begins to fall about an octave above the key, but where the ear hears brightness. Being symmetric it can be
    mixed with the sound itself without cancelling any of it.
    """

    def __init__(self, key: int) -> None:
        hertz = min(max(2 * 440 * 2 ** ((key - 69) / 12), 500.0), 3000.0)
        # Two means of n frames together lose 3 dB at 0.32 of the rate over n; n is a power of two.
        self._doublings = round(np.log2(0.32 * 48_000 / hertz))

    def run(self, sound: FloatArray, out: FloatArray, first: int, last: int) -> None:
        reach = 2**self._doublings - 1
        whole = _padded(sound, first - reach, last + reach)
        for _ in range(2):
            for doubling in range(self._doublings):
                # The sum of 2 n frames is that of n, and that of the n before.
                whole = whole[2**doubling :] + whole[: -(2**doubling)]
        np.multiply(whole, np.float32(0.25**self._doublings), out=out[first:last])


class _ThreeTaps:
    """Two zeros at one place, of minimum phase, that lose 3 dB at the cutoff."""

    def __init__(self, hertz: float) -> None:
        w = 2 * np.pi * min(hertz, _HIGHEST_HZ) / 48_000
        # |H| = 1 - 2 c (1 - cos w) / (1 + c)^2, to be sqrt(1/2): a quadratic equation in c.
        k = (1 - 0.5**0.5) / (1 - np.cos(w)) / 2
        c = (1 - 2 * k - np.sqrt(1 - 4 * k)) / (2 * k)
        self._taps = tuple(np.float32(tap / (1 + c) ** 2) for tap in (1, 2 * c, c * c))

    def run(self, sound: FloatArray, out: FloatArray, first: int, last: int) -> None:
        whole = _padded(sound, first - 2, last)
        part = out[first:last]
        np.multiply(whole[2:], self._taps[0], out=part)
        part += whole[1:-1] * self._taps[1]
        part += whole[:-2] * self._taps[2]


def _padded(sound: FloatArray, first: int, last: int) -> FloatArray:
    """Frames `first` to `last`, with silence before the sound's begin and behind its end."""
    inside = sound[max(first, 0) : last]
    if len(inside) == last - first:
        return inside
    out = np.zeros(last - first, np.float32)
    at = max(-first, 0)
    out[at : at + len(inside)] = inside
    return out


class _LowPass:
    """The zone's two-pole low-pass (generators 8 and 9), swept by its modulation envelope (11, 25 to 30)."""

    def __init__(self, zone: Zone) -> None:
        self._cents = zone.value(sf.FILTER_HZ)
        self._sweep = _sweep_cents(zone)
        self._q_cb = min(max(zone.value(sf.FILTER_Q), 0), 960)
        self._state = np.zeros(2, np.float32)
        steps = _sweep_steps(zone) if self._sweep else [(0, 0.0)]
        self._starts = [start for start, _ in steps]
        self._levels = [level for _, level in steps]

    def run(self, sound: FloatArray, out: FloatArray, first: int, last: int) -> None:
        at = first
        step = bisect_right(self._starts, first) - 1
        while at < last:
            stop = min(self._starts[step + 1], last) if step + 1 < len(self._starts) else last
            cents = self._cents + round(self._sweep * self._levels[step])
            out[at:stop], self._state = lfilter(
                *_low_pass(round(cents / 25) * 25, self._q_cb), sound[at:stop], zi=self._state
            )
            at = stop
            step += 1


def _sweep_steps(zone: Zone) -> list[tuple[int, float]]:
    """First frame and level of each stretch with one cutoff; the last has no end."""
    delay, attack, hold, decay = (
        round(zone.seconds(kind) * 48_000)
        for kind in (sf.MOD_DELAY, sf.MOD_ATTACK, sf.MOD_HOLD, sf.MOD_DECAY)
    )
    sustain = _sustain(zone)
    steps: list[tuple[int, float]] = [(0, 0.0)] if delay else []
    at = delay

    def ramp(begin: float, end: float, frames: int) -> None:
        wanted = int(np.ceil(abs(zone.value(sf.MOD_ENV_TO_FILTER) * (end - begin)) / _SWEEP_CENTS))
        count = max(min(wanted, frames // _SWEEP_FRAMES), 1)
        for number in range(count):
            steps.append((at + frames * number // count, begin + (end - begin) * (number + 0.5) / count))

    if attack:
        ramp(0, 1, attack)
        at += attack
    if hold:
        steps.append((at, 1.0))
        at += hold
    # The decay time is that of a fall from 1 to 0 (8.1.2, generator 28).
    falling = round(decay * (1 - sustain))
    if falling:
        ramp(1, sustain, falling)
        at += falling
    steps.append((at, sustain))
    return steps


@cache
def _low_pass(cents: int, q_cb: int) -> _Coefficients:
    """A resonant low-pass of second order (R. Bristow-Johnson's cookbook).

    8.1.3 wants the gain at DC lowered by half the peak's height, and Q 0 to be without a peak.
    """
    w = 2 * np.pi * min(max(_hertz(cents), _LOWEST_HZ), _HIGHEST_HZ) / 48_000
    q = 10 ** ((q_cb / 10 - 3.01) / 20)
    alpha = np.sin(w) / (2 * q)
    b = (1 - np.cos(w)) / 2 * 10 ** (-q_cb / 400)
    a = np.array([1 + alpha, -2 * np.cos(w), 1 - alpha])
    return (np.array([b, 2 * b, b]) / a[0]).astype(np.float32), (a / a[0]).astype(np.float32)


def _hertz(cents: float) -> float:
    return float(8.176 * 2 ** (cents / 1200))
