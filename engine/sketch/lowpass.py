"""The colour of a note: the preset's low-pass with its envelope, and a darker version for soft notes.

Like the resampled sound it works on, it grows forwards only and never changes what was made.
"""

from __future__ import annotations

from functools import cache
from math import ceil, floor
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from . import soundfont as sf
from .resample import PIECE, Resampled
from .soundfont import Zone

FloatArray = npt.NDArray[np.float32]
_Doubles = npt.NDArray[np.float64]
_Coefficients = tuple[FloatArray, FloatArray]

_SWEEP_CENTS = 400
# A whole tone of sweep is not worth its time.
_SMALLEST_SWEEP_CENTS = 201
# A low-pass up here takes little: three taps have the same loss at its cutoff, at a fifth of the cost.
_HIGH_HZ = 9_500.0
# Frames that the widest of the symmetric filters looks ahead: that of the lowest shelf.
_AHEAD = 64
# Its begin comes in over a millisecond.
_RISE = 48
_SHELF_HZ = (250.0, 3000.0)
# Above this the low-pass is left out: nothing of it would be heard.
_OPEN_HZ = 19_000.0
_LOWEST_HZ, _HIGHEST_HZ = 20.0, 20_000.0

# What decides a filter.
FILTER_KINDS = (
    sf.FILTER_HZ, sf.FILTER_Q, sf.MOD_ENV_TO_FILTER,
    sf.MOD_DELAY, sf.MOD_ATTACK, sf.MOD_HOLD, sf.MOD_DECAY, sf.MOD_SUSTAIN,
)  # fmt: skip


class Coloured:
    """One zone at one key, before its envelope. Its darker version begins to fall at `shelf_hz`."""

    def __init__(self, zone: Zone, shelf_hz: float) -> None:
        self._filter = _filter(zone)
        self._tilt = _Tilt(shelf_hz)
        # Empty where the plain sound itself is the bright one.
        self._bright = np.zeros(0, np.float32)
        self._dark = np.zeros(0, np.float32)
        self._made = 0

    @property
    def bytes(self) -> int:
        return self._bright.nbytes + self._dark.nbytes

    def upto(self, frames: int, plain: Resampled) -> tuple[FloatArray, FloatArray]:
        """`frames` frames (fewer when the sample ends): as the preset filters them, and a darker version.

        `plain` is the unfiltered sound. Neither is to be changed.
        """
        if plain.limit is not None:
            frames = min(frames, plain.limit)
        if frames > self._made:
            target = -(-(max(frames, self._made * 3 // 2) + _AHEAD) // PIECE) * PIECE
            self._grow(plain.upto(target), plain.limit)
        bright = self._bright[:frames] if self._filter else plain.upto(frames)
        return bright, self._dark[:frames]

    def _grow(self, plain: FloatArray, limit: int | None) -> None:
        """Make as much as `plain` allows; the darker sound looks a little ahead, save at the sample's end."""
        bright = plain
        if self._filter:
            first = len(self._bright)
            bright = np.concatenate([self._bright, np.empty(len(plain) - first, np.float32)])
            for start in range(first, len(plain), PIECE):
                end = min(start + PIECE, len(plain))
                self._filter.run(plain, bright, start, end)
            self._bright = bright
        made = len(plain) if len(plain) == limit else len(plain) - _AHEAD
        first = self._made
        dark = np.concatenate([self._dark, np.empty(made - first, np.float32)])
        for start in range(first, made, PIECE):
            self._tilt.run(bright, dark, start, min(start + PIECE, made))
        if not first:
            # Looking ahead it begins before the sound does, with a step.
            dark[:_RISE] *= np.linspace(0, 1, _RISE, dtype=np.float32)[:made]
        self._dark, self._made = dark, made


def shelf_hz(key: int | None) -> float:
    """Where a soft note begins to lose treble: half an octave above its key, so that its first overtones fade
    too, but where the ear hears brightness. The key of a drum (None) is no pitch.
    """
    if key is None:
        return _SHELF_HZ[1]
    return float(min(max(2**0.5 * 440 * 2 ** ((key - 69) / 12), _SHELF_HZ[0]), _SHELF_HZ[1]))


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

    Being symmetric it can be mixed with the sound itself without cancelling any of it.
    """

    def __init__(self, hertz: float) -> None:
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
    """The zone's two-pole low-pass (generators 8 and 9), swept by its modulation envelope (11, 25 to 30).

    A sweep is a walk along fixed filters a third of an octave apart, each faded into the next: they need no
    coefficients in between and make no steps. A filter that joins in starts from silence, faded out.
    """

    def __init__(self, zone: Zone) -> None:
        sweep = _sweep_cents(zone)
        sustain = _sustain(zone) if sweep else 0.0
        # Filter 0 is the one that the envelope comes to rest at.
        self._rest_cents = zone.value(sf.FILTER_HZ) + sweep * sustain
        self._q_cb = min(max(zone.value(sf.FILTER_Q), 0), 960)
        self._times, levels = _breakpoints(zone, sustain) if sweep else (np.zeros(1), np.zeros(1))
        self._places = (levels - sustain) * sweep / _SWEEP_CENTS
        self._states: dict[int, FloatArray] = {}

    def run(self, sound: FloatArray, out: FloatArray, first: int, last: int) -> None:
        part = sound[first:last]
        if first >= self._times[-1]:
            out[first:last] = self._fixed(0, part, {})
            return
        place = np.interp(np.arange(first, last), self._times, self._places)
        states, self._states = self._states, {}
        total = np.zeros(len(part), np.float32)
        for number in range(floor(place.min()), ceil(place.max()) + 1):
            weight = (1 - np.abs(place - number)).clip(0, 1).astype(np.float32)
            weight *= self._fixed(number, part, states)
            total += weight
        out[first:last] = total

    def _fixed(self, number: int, sound: FloatArray, states: dict[int, FloatArray]) -> FloatArray:
        """One of the fixed filters; its state is taken from `states`, or from the part before."""
        before = states.get(number, self._states.get(number, np.zeros(2, np.float32)))
        cents = self._rest_cents + number * _SWEEP_CENTS
        filtered, after = lfilter(*_low_pass(round(cents / 25) * 25, self._q_cb), sound, zi=before)
        self._states[number] = after
        return np.asarray(filtered, np.float32)


def _breakpoints(zone: Zone, sustain: float) -> tuple[_Doubles, _Doubles]:
    """Frames and levels of the modulation envelope's corners, in order."""
    delay, attack, hold, decay = (
        zone.seconds(kind) * 48_000 for kind in (sf.MOD_DELAY, sf.MOD_ATTACK, sf.MOD_HOLD, sf.MOD_DECAY)
    )
    # The decay time is that of a fall from 1 to 0 (8.1.2, generator 28).
    times = np.cumsum([delay, attack, hold, max(decay * (1 - sustain), 1.0)])
    levels = np.array([0.0, 1.0, 1.0, sustain])
    # Without a rise there is no corner at 0.
    return (times, levels) if delay or attack else (times[2:], levels[2:])


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
