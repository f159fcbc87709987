"""The colour of a note: the preset's low-pass with its envelope, and a darker version for soft notes.

Like the resampled sound it works on, it grows forwards only and never changes what was made.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from . import soundfont as sf
from .resample import GROW, Resampled
from .soundfont import Zone

FloatArray = npt.NDArray[np.float32]
_Coefficients = tuple[FloatArray, FloatArray]

# A swept filter gets new coefficients every quarter tone, and not more often than every 64 frames (as FluidSynth).
_SWEEP_CENTS, _SWEEP_FRAMES = 50, 64
# Less than a whole tone of sweep is not worth its time.
_SMALLEST_SWEEP_CENTS = 200
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
        self._filter = None if _is_open(zone) else _LowPass(zone)
        self._tilt = _one_pole(key) if tilted else None
        self._tilt_state = np.zeros(1, np.float32)
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
            target = max(frames, self._made + GROW)
            self._grow(plain.upto(target))
        bright = self._bright[:frames] if self._filter else plain.upto(frames)
        return bright, self._dark[:frames] if self._tilt else None

    def _grow(self, plain: FloatArray) -> None:
        new = plain[self._made :]
        if self._filter:
            new = self._filter.run(new, self._made)
            self._bright = np.concatenate([self._bright, new])
        if self._tilt:
            dark, self._tilt_state = lfilter(*self._tilt, new, zi=self._tilt_state)
            self._dark = np.concatenate([self._dark, dark])
        self._made = len(plain)


def _is_open(zone: Zone) -> bool:
    lowest = zone.value(sf.FILTER_HZ) + min(_sweep_cents(zone), 0)
    return _hertz(lowest) >= _OPEN_HZ


def _sweep_cents(zone: Zone) -> int:
    cents = zone.value(sf.MOD_ENV_TO_FILTER)
    return cents if abs(cents) >= _SMALLEST_SWEEP_CENTS else 0


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

    def run(self, sound: FloatArray, first: int) -> FloatArray:
        """Filter the frames that follow those of the call before; `first` is their number in the note."""
        out = np.empty_like(sound)
        at, end = first, first + len(sound)
        step = bisect_right(self._starts, first) - 1
        while at < end:
            stop = min(self._starts[step + 1], end) if step + 1 < len(self._starts) else end
            cents = self._cents + round(self._sweep * self._levels[step])
            part, self._state = lfilter(
                *_low_pass(round(cents / 25) * 25, self._q_cb),
                sound[at - first : stop - first],
                zi=self._state,
            )
            out[at - first : stop - first] = part
            at = stop
            step += 1
        return out


def _sweep_steps(zone: Zone) -> list[tuple[int, float]]:
    """First frame and level of each stretch with one cutoff; the last has no end."""
    delay, attack, hold, decay = (
        round(zone.seconds(kind) * 48_000)
        for kind in (sf.MOD_DELAY, sf.MOD_ATTACK, sf.MOD_HOLD, sf.MOD_DECAY)
    )
    sustain = 1 - min(max(zone.value(sf.MOD_SUSTAIN), 0), 1000) / 1000
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


@cache
def _one_pole(key: int) -> _Coefficients:
    """For soft notes: an octave above the key, but where the ear hears brightness."""
    hertz = min(max(2 * 440 * 2 ** ((key - 69) / 12), 500.0), 3000.0)
    share = 1 - np.exp(-2 * np.pi * hertz / 48_000)
    return np.array([share], np.float32), np.array([1, share - 1], np.float32)


def _hertz(cents: float) -> float:
    return float(8.176 * 2 ** (cents / 1200))
