"""Somebody else's sound font, made safe and whole: values in their ranges, gaps between samples filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .. import soundfont as sf
from ..soundfont import SoundFont, Zone

PERCUSSION = 128
# A sample is moved by no more than this to a key that has none: further off it sounds like something else.
REACH = 12
# 7.10 recommends 400 to 50000 Hz.
_RATES = range(400, 400_001)
# Frames of a sample for one at 48 kHz: six octaves up, ten down.
_STEPS = (2.0**-10, 2.0**6)
_MOST_CENTS = 24_000
# Where 8.1.3 ends a generator's range, of those that the sampler plays.
_LIMITS = {
    sf.FILTER_HZ: (1_500, 13_500), sf.FILTER_Q: (0, 960), sf.MOD_ENV_TO_FILTER: (-12_000, 12_000),
    sf.MOD_LFO_TO_VOLUME: (-960, 960), sf.PAN: (-500, 500),
    sf.MOD_LFO_DELAY: (-12_000, 5_000), sf.MOD_LFO_HZ: (-16_000, 4_500),
    sf.MOD_DELAY: (-12_000, 5_000), sf.MOD_ATTACK: (-12_000, 8_000), sf.MOD_HOLD: (-12_000, 5_000),
    sf.MOD_DECAY: (-12_000, 8_000), sf.MOD_SUSTAIN: (0, 1_000),
    sf.DELAY: (-12_000, 5_000), sf.ATTACK: (-12_000, 8_000), sf.HOLD: (-12_000, 5_000),
    sf.DECAY: (-12_000, 8_000), sf.SUSTAIN: (0, 1_440), sf.RELEASE: (-12_000, 8_000),
    sf.KEY_TO_HOLD: (-1_200, 1_200), sf.KEY_TO_DECAY: (-1_200, 1_200),
    sf.ATTENUATION: (0, 1_440), sf.SCALE_TUNING: (0, 1_200),
}  # fmt: skip


class WholeFont(SoundFont):
    """A sound font whose presets have no gaps: keys in the reach of a sample play it, at every velocity.

    Drums are not moved to other keys.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._whole: dict[tuple[int, int], tuple[Zone, ...]] = {}

    @cached_property
    def names(self) -> dict[tuple[int, int], str]:
        """(bank, program) -> the preset's name."""
        return {
            (int(header["bank"]), int(header["program"])): plain(header["name"].decode("latin-1"))
            for header in self.tables["phdr"][:-1]
        }

    def zones(self, bank: int, program: int) -> tuple[Zone, ...]:
        """As of a SoundFont, gaps filled. Of no sample that cannot be played; maybe none at all."""
        known = self._whole.get((bank, program))
        if known is None:
            sane = [zone for raw in super().zones(bank, program) if (zone := _sane(raw)) is not None]
            known = self._whole[bank, program] = _filled(sane, REACH if bank != PERCUSSION else 0)
        return known

    def keys(self, bank: int, program: int) -> frozenset[int]:
        """The keys that sound."""
        return frozenset(
            key for zone in self.zones(bank, program) for key in range(zone.keys[0], zone.keys[1] + 1)
        )

    def own_keys(self, bank: int, program: int) -> frozenset[int]:
        """The keys that the font itself gives a sample."""
        raw = [zone for zone in map(_sane, super().zones(bank, program)) if zone is not None]
        return frozenset(key for zone in raw for key in range(zone.keys[0], zone.keys[1] + 1))


def _sane(zone: Zone) -> Zone | None:
    """The zone with its values in their ranges and the keys that can be played, None when there are none."""
    if zone.rate not in _RATES or zone.wave.start >= zone.wave.end_exclusive:
        return None
    if zone.velocities[0] > 127 or zone.velocities[1] < 1:
        return None
    limited = {
        kind: min(max(amount, _LIMITS[kind][0]), _LIMITS[kind][1]) if kind in _LIMITS else amount
        for kind, amount in zone.generators.items()
    }
    zone = replace(zone, generators=limited)
    keys = [key for key in range(zone.keys[0], min(zone.keys[1], 127) + 1) if _playable(zone, key)]
    return replace(zone, keys=(keys[0], keys[-1])) if keys else None


def _playable(zone: Zone, key: int) -> bool:
    cents = (key - zone.root_key) * zone.value(sf.SCALE_TUNING) + zone.tune_cents
    return abs(cents) <= _MOST_CENTS and _STEPS[0] <= zone.step(key) <= _STEPS[1]


def _filled(zones: Sequence[Zone], reach: int) -> tuple[Zone, ...]:
    """`zones`, and copies of them where a key or a velocity has none."""
    there: npt.NDArray[np.bool_] = np.zeros((128, 128), bool)
    for zone in zones:
        (low, high), (soft, loud) = zone.keys, zone.velocities
        there[low : high + 1, soft : loud + 1] = True
    sounding = [int(key) for key in np.flatnonzero(there.any(axis=1))]
    out = list(zones)
    for key in sounding:
        for (first, last), nearest in _gaps(there[key]):
            for zone in _at(zones, key, nearest):
                out.append(replace(zone, keys=(key, key), velocities=(first, last)))
    whole = tuple(out)
    for key in range(128) if sounding else ():
        source = _nearest(sounding, key)
        if source != key and abs(source - key) <= reach:
            out += [replace(zone, keys=(key, key)) for zone in _at(whole, source, None)]
    return tuple(out)


def _nearest(keys: Sequence[int], key: int) -> int:
    """Of two as near, the lower."""
    return min(keys, key=lambda other: (abs(other - key), other))


def _at(zones: Sequence[Zone], key: int, velocity: int | None) -> list[Zone]:
    """The zones of a key, at one velocity or at all."""
    return [
        zone
        for zone in zones
        if zone.keys[0] <= key <= zone.keys[1]
        and (velocity is None or zone.velocities[0] <= velocity <= zone.velocities[1])
    ]


def _gaps(there: npt.NDArray[np.bool_]) -> list[tuple[tuple[int, int], int]]:
    """Velocities 1 to 127 without a sample, as spans, each with the velocity beside it whose samples it
    plays: the next softer one, or the softest of all.
    """
    gaps: list[tuple[tuple[int, int], int]] = []
    first = 1
    for velocity in range(1, 129):
        if velocity < 128 and not there[velocity]:
            continue
        if velocity > first:
            gaps.append(((first, velocity - 1), first - 1 if first > 1 else velocity))
        first = velocity + 1
    return gaps


def plain(text: str) -> str:
    """Text of a file as it may be shown: up to its end mark, without control characters but line breaks."""
    shown = text.split("\0")[0].replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in shown).strip()
