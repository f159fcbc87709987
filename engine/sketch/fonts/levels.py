"""How loud the presets of a sound font are beside the bundled ones, so that styles keep their balance."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from ...audio.loudness import Energies, KWeighting
from ...timebase import SAMPLE_RATE
from ..instruments import Facts
from ..sampler import Sampler
from ..soundfont import SoundFont
from ..voices import Voice, bundled_font

_VELOCITY = 75
_HELD = SAMPLE_RATE // 2
# Of a pitched instrument: so many keys, spread over the middle half of its range.
_KEYS = 8


def line(facts: Facts) -> tuple[int, ...]:
    """The keys that an instrument is measured with: its middle register, or each drum once."""
    if facts.lanes:
        return tuple(dict.fromkeys(facts.lanes.values()))
    quarter = (facts.high - facts.low) / 4
    return tuple(round(facts.low + quarter + 2 * quarter * i / (_KEYS - 1)) for i in range(_KEYS))


def loudness(font: SoundFont, preset: tuple[int, int], keys: tuple[int, ...]) -> float | None:
    """Integrated LUFS (BS.1770-4) of `keys` played one after the other at velocity 75, half a second each, as
    our player renders them dry. None for silence.

    InputError when the preset or a key has no sample.
    """
    sampler = Sampler(font, [Voice("line", "melody", *preset)], 0)
    sound = np.zeros((0, 2), np.float32)
    energies, weighting = Energies(), KWeighting()
    for key in keys:
        note = sampler.note(sampler.note_key("line", key, _VELOCITY, _HELD))
        whole = np.zeros((max(len(sound), len(note), _HELD), 2), np.float32)
        whole[: len(sound)] += sound
        whole[: len(note)] += note
        # Numbers that are not finite would stay in the filter for ever.
        energies.feed(weighting.squares(np.nan_to_num(whole[:_HELD])))
        sound = whole[_HELD:]
    lufs = energies.level().lufs
    return lufs if lufs is not None and math.isfinite(lufs) else None


def level(font: SoundFont, preset: tuple[int, int], facts: Facts, keys: frozenset[int]) -> float | None:
    """`Facts.level_lufs` of the instrument as `preset` of `font` plays it: the bundled preset's, and the
    difference between the two on those of its keys that `font` has (`keys`). None where that is silence.
    """
    both = tuple(key for key in line(facts) if key in keys)
    theirs = loudness(font, preset, both) if both else None
    ours = _bundled_loudness((facts.bank, facts.program), both) if both else None
    if theirs is None or ours is None:
        return None
    return round(facts.level_lufs + theirs - ours, 2)


@cache
def _bundled_loudness(preset: tuple[int, int], keys: tuple[int, ...]) -> float | None:
    return loudness(SoundFont(bundled_font()), preset, keys)
