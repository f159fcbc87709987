"""Whether music does something at given moments, above chance: `cut_hit_ours`, planned downbeats, accents.

Chance is the same music, turned in a circle: dense music meets anything, and only what is above that counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from .onsets import Strength

Floats = npt.NDArray[np.float64]

TOLERANCES_S = (0.04, 0.07, 0.1)
SHIFTS = 200
_ACCENT_S = 0.07
_ROUNDING_S = 1e-9
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class HitRate:
    """Which share of moments has an onset near, and what chance alone would give.

    moments  how many there are; share, chance, above and z are nan where there is none
    chance   mean over the shifts; above is share - chance
    z        above, in standard deviations of the shifts; nan where every shift gives the same, as it does
             where there are no onsets, or onsets everywhere
    """

    tolerance_s: float
    moments: int
    share: float
    chance: float
    above: float
    z: float


def near(moments: npt.ArrayLike, onsets: npt.ArrayLike, tolerance_s: float) -> npt.NDArray[np.bool_]:
    """Whether an onset lies at most `tolerance_s` from each of some moments, bool of their shape; seconds."""
    at, known = np.asarray(moments, np.float64), np.sort(np.asarray(onsets, np.float64))
    if not len(known):
        return np.zeros(at.shape, np.bool_)
    after = np.searchsorted(known, at)
    behind = np.abs(known[np.minimum(after, len(known) - 1)] - at)
    ahead = np.abs(known[np.maximum(after - 1, 0)] - at)
    return np.asarray(np.minimum(behind, ahead) <= tolerance_s + _ROUNDING_S)


def hit_rate(
    moments: npt.ArrayLike,
    onsets: npt.ArrayLike,
    duration_s: float,
    *,
    tolerance_s: float,
    seed: int,
    shifts: int = SHIFTS,
) -> HitRate:
    """The share of `moments` [n] with one of `onsets` [m] near, all in seconds of a clip of `duration_s`.

    Chance turns the onsets against the moments in a circle by `shifts` amounts drawn evenly from the clip.
    """
    at, known = np.asarray(moments, np.float64), np.asarray(onsets, np.float64)
    if not len(at):
        return HitRate(tolerance_s, 0, _NAN, _NAN, _NAN, _NAN)
    if duration_s <= 0:
        raise InputError(f"a clip of {duration_s} s cannot hold {len(at)} moments: give its duration")
    random = np.random.Generator(np.random.PCG64(seed))
    turns = random.uniform(0, duration_s, shifts)
    share = float(near(at, known, tolerance_s).mean())
    # Moving the moments back is moving the onsets on, and the sorted onsets can stay.
    wrapped = np.concatenate([known + turn for turn in (-duration_s, 0.0, duration_s)])
    moved = (at[None, :] - turns[:, None]) % duration_s
    by_chance = near(moved, wrapped, tolerance_s).mean(axis=1)
    chance, deviation = float(by_chance.mean()), float(by_chance.std())
    above = share - chance
    return HitRate(
        tolerance_s, len(at), share, chance, above, above / deviation if deviation > 1e-9 else _NAN
    )


def cut_hit(
    cuts: npt.ArrayLike, onsets: npt.ArrayLike, duration_s: float, *, seed: int, shifts: int = SHIFTS
) -> tuple[HitRate, ...]:
    """`cut_hit_ours` at 40, 70 and 100 ms: the hit rate of a film's cuts, seconds."""
    return tuple(
        hit_rate(cuts, onsets, duration_s, tolerance_s=tolerance, seed=seed, shifts=shifts)
        for tolerance in TOLERANCES_S
    )


def downbeat_hit(
    planned: npt.ArrayLike, onsets: npt.ArrayLike, duration_s: float, *, seed: int, shifts: int = SHIFTS
) -> HitRate:
    """The hit rate at 40 ms of the downbeats, or any moments, that a plan asked for, before any stretch."""
    return hit_rate(planned, onsets, duration_s, tolerance_s=TOLERANCES_S[0], seed=seed, shifts=shifts)


@dataclass(frozen=True, slots=True)
class Accents:
    """How far cuts stand out of the music: mean over cuts of the strongest onset near, in deviations of the
    clip's onset strength above its mean; the same at random moments; the difference. nan where undefined.
    """

    cuts: int
    at_cuts: float
    at_random: float
    z: float


def accent_z(cuts: npt.ArrayLike, strength: Strength, *, seed: int, draws: int = SHIFTS) -> Accents:
    """`accent_z_ours` of cuts in seconds, within 70 ms. `draws` sets of as many random moments are chance.

    Undefined without cuts and for music whose onset strength never changes.
    """
    at = np.asarray(cuts, np.float64)
    deviation = float(strength.values.std())
    if not len(at) or deviation <= 1e-9 * max(1.0, float(np.abs(strength.values).max())):
        return Accents(len(at), _NAN, _NAN, _NAN)
    standing = (strength.values - strength.values.mean()) / deviation
    random = np.random.Generator(np.random.PCG64(seed))
    anywhere = random.uniform(0, strength.duration_s, draws * len(at))
    at_cuts = float(_strongest(standing, strength.times_s, at).mean())
    at_random = float(_strongest(standing, strength.times_s, anywhere).mean())
    return Accents(len(at), at_cuts, at_random, at_cuts - at_random)


def _strongest(values: Floats, times_s: Floats, at: Floats) -> Floats:
    """The largest value within 70 ms of each moment; the nearest one where a moment lies outside all."""
    first = np.searchsorted(times_s, at - _ACCENT_S - _ROUNDING_S)
    last = np.searchsorted(times_s, at + _ACCENT_S + _ROUNDING_S, side="right")
    first = np.minimum(first, len(values) - 1)
    last = np.clip(last, first + 1, len(values))
    return np.array([values[a:b].max() for a, b in zip(first, last, strict=True)])
