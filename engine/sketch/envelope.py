"""Volume envelopes of sound font zones (SoundFont 2.04, generators 33 to 40) and their tremolo (13, 21, 22)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from . import soundfont as sf
from .soundfont import Zone

FloatArray = npt.NDArray[np.float32]

# 8.1.2: decay and release times are those for a fall of 100 dB.
_FALL_DB = 100.0
# Below this under full scale a note has ended: under the noise of 16 bit, and of the mix's other notes.
SILENT_DB = 84.0
LONGEST_RELEASE_S = 3.0
# FluidSynth's floor (-7200 timecents): a shorter release clicks.
_SHORTEST_RELEASE_S = 1 / 64
_NEPER = np.log(10) / 20


def decay_level(t: float, decay: float, sustain: float) -> float:
    """Level of a modulation envelope `t` after its hold: falls 1 in `decay`, linearly, not below `sustain`."""
    return sustain if decay <= 0 else max(1 - t / decay, sustain)


def envelope(zone: Zone, key: int, length: int) -> FloatArray:
    """Amplitude at 48 kHz for a note held `length` frames, to the end of its release (at most 3 s after).

    Attack is linear in amplitude, decay and release in dB. A note that has decayed to silence ends before.
    """
    delay = round(zone.seconds(sf.DELAY) * 48_000)
    attack = round(zone.seconds(sf.ATTACK) * 48_000)
    hold = round(_scaled_s(zone, sf.HOLD, sf.KEY_TO_HOLD, key) * 48_000)
    decay_s = _scaled_s(zone, sf.DECAY, sf.KEY_TO_DECAY, key)
    sustain_db = min(max(zone.value(sf.SUSTAIN), 0), 1440) / 10
    decay_slope = _FALL_DB / max(decay_s * 48_000, 1.0)  # dB a frame
    decay = int(np.ceil(min(sustain_db, SILENT_DB) / decay_slope))

    parts: list[FloatArray] = []
    left = length
    level_db = 0.0  # under full scale, where the held part ends

    def add(part: FloatArray) -> None:
        nonlocal left
        parts.append(part)
        left -= len(part)

    add(np.zeros(min(delay, left), np.float32))
    if left == 0:
        return parts[0]
    rising = min(attack, left)
    if rising:
        add(np.arange(rising, dtype=np.float32) * np.float32(1 / attack))
        if rising < attack:
            level_db = -20 * float(np.log10(max(rising / attack, 1e-6)))
    if left:
        add(np.ones(min(hold, left), np.float32))
    if left:
        falling = min(decay, left)
        add(np.exp(np.arange(falling, dtype=np.float32) * np.float32(-decay_slope * _NEPER)))
        level_db = min(falling * decay_slope, sustain_db)
    if left and sustain_db < SILENT_DB:
        add(np.full(left, 10 ** (-sustain_db / 20), np.float32))
    if level_db < SILENT_DB:
        parts.append(_release(zone, level_db))
    return np.concatenate(parts)


def _release(zone: Zone, level_db: float) -> FloatArray:
    release_s = max(zone.seconds(sf.RELEASE), _SHORTEST_RELEASE_S)
    slope = _FALL_DB / (release_s * 48_000)
    whole = int((SILENT_DB - level_db) / slope) + 1
    length = min(whole, round(LONGEST_RELEASE_S * 48_000))
    fall = np.exp(
        np.arange(1, length + 1, dtype=np.float32) * np.float32(-slope * _NEPER)
        + np.float32(-level_db * _NEPER)
    )
    if length < whole:
        # Cut at 3 s while still to be heard: its last third goes to zero smoothly.
        third = length // 3
        fall[-third:] *= (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, third))).astype(np.float32)
    return np.asarray(fall, np.float32)


def _scaled_s(zone: Zone, kind: int, by_key: int, key: int) -> float:
    """A time that gets shorter up the keyboard: `by_key` timecents a key, key 60 unchanged."""
    return float(zone.seconds(kind) * 2 ** ((60 - key) * zone.value(by_key) / 1200))


def tremolo(zone: Zone, length: int) -> FloatArray | None:
    """Factor of the modulation oscillator on the volume, or None where the zone has none."""
    depth_db = zone.value(sf.MOD_LFO_TO_VOLUME) / 10
    if abs(depth_db) < 0.3:
        return None
    delay = round(zone.seconds(sf.MOD_LFO_DELAY) * 48_000)
    hertz = 8.176 * 2 ** (zone.value(sf.MOD_LFO_HZ) / 1200)
    if delay >= length:
        return None
    out = np.ones(length, np.float32)
    phase = np.arange(length - delay) * (hertz / 48_000)
    # The oscillator is a triangle that starts at 0 and rises (8.1.2, generator 22).
    triangle = 2 * np.abs(2 * ((phase + 0.75) % 1) - 1) - 1
    out[delay:] = np.exp((depth_db * _NEPER) * triangle)
    return out
