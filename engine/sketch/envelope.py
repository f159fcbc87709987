"""Volume envelopes of sound font zones and their tremolo (SoundFont 2.04, generators 33 to 40, 13, 21)."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import numpy as np
import numpy.typing as npt

from . import soundfont as sf
from .soundfont import Zone

FloatArray = npt.NDArray[np.float32]

# What decides an envelope, beside the key and the length.
ENVELOPE_KINDS = (
    sf.DELAY,
    sf.ATTACK,
    sf.HOLD,
    sf.DECAY,
    sf.SUSTAIN,
    sf.RELEASE,
    sf.KEY_TO_HOLD,
    sf.KEY_TO_DECAY,
)

TREMOLO_KINDS = (sf.MOD_LFO_TO_VOLUME, sf.MOD_LFO_DELAY, sf.MOD_LFO_HZ)

# 8.1.2: decay and release times are those for a fall of 100 dB.
_FALL_DB = 100.0
# A note has ended when it is this far under full scale: the last bit of a 16-bit file.
FLOOR_DB = 90.0
LONGEST_RELEASE_S = 3.0
# FluidSynth's floor (-7200 timecents): a shorter release clicks.
SHORTEST_RELEASE_S = 1 / 64
_NEPER = float(np.log(10) / 20)


class Scratch:
    """Arrays that are used again for each note: fresh memory costs more than the arithmetic done in it."""

    def __init__(self) -> None:
        self._arrays: dict[str, FloatArray] = {}
        self._curves: dict[tuple[int, ...], FloatArray] = {}
        self._ramp = np.zeros(0, np.float32)

    def array(self, name: str, length: int) -> FloatArray:
        """`length` values of whatever was there, the same memory for the same `name`."""
        array = self._arrays.get(name)
        if array is None or len(array) < length:
            array = self._arrays[name] = np.empty(max(length, 96_000), np.float32)
        return array[:length]

    def kept(self, key: tuple[int, ...], length: int, make: Callable[[int], FloatArray]) -> FloatArray:
        """The first `length` values of a curve that depends on `key` alone."""
        curve = self._curves.get(key)
        if curve is None or len(curve) < length:
            curve = self._curves[key] = make(length)
        return curve[:length]

    def ramp(self, length: int) -> FloatArray:
        """0, 1, 2 ... (exact to 349 s of frames)."""
        if len(self._ramp) < length:
            self._ramp = np.arange(max(length, 96_000), dtype=np.float32)
        return self._ramp[:length]


def envelope(zone: Zone, key: int, length: int, silent_db: float, scratch: Scratch) -> FloatArray:
    """Amplitude at 48 kHz for a note held `length` frames, to the end of its release (at most 3 s after).

    Attack is linear in amplitude, decay and release in dB. A note ends `silent_db` under its peak.
    The array is good until the next call with the same `scratch`.
    """
    delay = round(zone.seconds(sf.DELAY) * 48_000)
    attack = round(zone.seconds(sf.ATTACK) * 48_000)
    hold = round(_scaled_s(zone, sf.HOLD, sf.KEY_TO_HOLD, key) * 48_000)
    decay_slope = _FALL_DB / max(_scaled_s(zone, sf.DECAY, sf.KEY_TO_DECAY, key) * 48_000, 1.0)
    sustain_db = min(max(zone.value(sf.SUSTAIN), 0), 1440) / 10
    release_slope = _FALL_DB / (max(zone.seconds(sf.RELEASE), SHORTEST_RELEASE_S) * 48_000)
    longest = round(LONGEST_RELEASE_S * 48_000)

    out = scratch.array("envelope", length + min(int(silent_db / release_slope) + 1, longest))
    ends = np.minimum(
        np.cumsum([delay, attack, hold, ceil(min(sustain_db, silent_db) / decay_slope)]), length
    )
    risen, held, fallen = int(ends[1]), int(ends[2]), int(ends[3])
    waited = int(ends[0])
    out[:waited] = 0
    level_db = silent_db  # under full scale, where the held part ends
    if risen > waited:
        np.multiply(scratch.ramp(risen - waited), np.float32(1 / attack), out=out[waited:risen])
        level_db = 0.0 if risen == waited + attack else -20 * float(np.log10(float(out[risen - 1]) + 1e-6))
    if length > waited + attack:
        out[risen:held] = 1
        _fall(out[held:fallen], 0.0, decay_slope, scratch)
        level_db = min((fallen - held) * decay_slope, sustain_db)
        if fallen < length and level_db >= silent_db:
            return out[:fallen]
        out[fallen:length] = 10 ** (-sustain_db / 20)
    if level_db >= silent_db:
        return out[:length]
    whole = int((silent_db - level_db) / release_slope) + 1
    end = length + min(whole, longest)
    _fall(out[length:end], level_db, release_slope, scratch)
    if whole > longest:
        # Cut at 3 s while still to be heard: its last third goes to zero smoothly.
        third = longest // 3
        out[end - third : end] *= scratch.kept((), third, _fade)
    return out[:end]


def _fade(frames: int) -> FloatArray:
    """Half a cosine from 1 to 0."""
    fade: FloatArray = (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, frames))).astype(np.float32)
    return fade


def _fall(out: FloatArray, from_db: float, slope: float, scratch: Scratch) -> None:
    """Fill `out` with a fall in dB: `from_db` under full scale at frame 0, `slope` dB a frame."""
    np.multiply(scratch.ramp(len(out)), np.float32(-slope * _NEPER), out=out)
    np.add(out, np.float32(-from_db * _NEPER), out=out)
    np.exp(out, out=out)


def _scaled_s(zone: Zone, kind: int, by_key: int, key: int) -> float:
    """A time that gets shorter up the keyboard: `by_key` timecents a key, key 60 unchanged."""
    return float(zone.seconds(kind) * 2 ** ((60 - key) * zone.value(by_key) / 1200))


def tremolo(zone: Zone, length: int, scratch: Scratch) -> FloatArray | None:
    """Factor of the modulation oscillator on the volume, or None where the zone has none to be heard."""
    depth_db = zone.value(sf.MOD_LFO_TO_VOLUME) / 10
    delay = round(zone.seconds(sf.MOD_LFO_DELAY) * 48_000)
    if abs(depth_db) < 0.3 or delay >= length:
        return None
    kinds = tuple(zone.value(kind) for kind in TREMOLO_KINDS)

    def make(frames: int) -> FloatArray:
        hertz = 8.176 * 2 ** (zone.value(sf.MOD_LFO_HZ) / 1200)
        phase = np.maximum(np.arange(frames) - delay, 0) * (hertz / 48_000)
        # The oscillator is a triangle that starts at 0 and rises (8.1.2, generator 22).
        triangle = 2 * np.abs(2 * ((phase + 0.75) % 1) - 1) - 1
        curve: FloatArray = np.exp((depth_db * _NEPER) * triangle).astype(np.float32)
        return curve

    return scratch.kept(kinds, -(-length // 96_000) * 96_000, make)[:length]
