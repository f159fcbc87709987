"""Whether music is loud and busy where the film moves: from piece to piece, and from second to second.

A corpus of calm and wild films can be met by two settings of a knob; only within a piece does a system show
that it follows. Both stand beside the same numbers with the music of other films.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from .onsets import Strength
from .statistics import bootstrap_interval, derangements, pearson

Floats = npt.NDArray[np.float64]

_SILENT_DB = -60.0
_SMALLEST = 1e-12
# Of fewer changes in a second none can be told to be a cut.
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Correlation:
    """r with its 95 % interval over pieces, and the same of shuffled pairs.

    shuffled          mean over 20 derangements
    shuffled_as_high  share of the derangements that reach r
    pieces            how many had a value, skipped how many had none; all else is None where too few had
    """

    r: float | None
    interval: tuple[float, float] | None
    shuffled: float | None
    shuffled_as_high: float | None
    pieces: int
    skipped: int
    seed: int


def loudness_per_second(sound: npt.NDArray[np.floating], rate: int) -> Floats:
    """dB of full scale, not below -60, of every whole second of mono float [n]: float64 [n // rate]."""
    whole = len(sound) // rate
    power = np.square(sound[: whole * rate].reshape(whole, rate), dtype=np.float64).mean(axis=1)
    return np.asarray(np.maximum(10 * np.log10(np.maximum(power, _SMALLEST)), _SILENT_DB))


def onsets_per_second(strength: Strength) -> Floats:
    """Mean onset strength of every whole second: float64 [floor(duration)]."""
    return per_second(strength.values, strength.times_s, strength.duration_s)


def motion_per_second(pictures: npt.NDArray[np.uint8], times: npt.ArrayLike, duration_s: float) -> Floats:
    """Mean absolute change of uint8 pictures [n, h, w, 3] at `times` [n] seconds, per second of film, 0..255:
    float64 [floor(duration)].

    A change lies at the later picture and is divided by the time between the two, so that the rate of the
    pictures does not matter. The largest
    tenth of a second, at least one change of three, is left out, so that a cut does not count as motion.
    """
    moments = np.asarray(times, np.float64)
    changes = np.array(
        [np.abs(after.astype(np.int16) - before).mean() for before, after in pairwise(pictures)]
    )
    return per_second(changes / np.diff(moments), moments[1:], duration_s, without_cuts=True)


def per_second(
    values: npt.ArrayLike, times: npt.ArrayLike, duration_s: float, *, without_cuts: bool = False
) -> Floats:
    """Means of values [n] over every whole second, less the largest tenth when `without_cuts`.

    InputError when a second has none.
    """
    data, moments = np.asarray(values, np.float64), np.asarray(times, np.float64)
    index = np.floor(moments + 1e-9).astype(np.int64)
    out = np.zeros(int(duration_s + 1e-9))
    for second in range(len(out)):
        own = data[index == second]
        if not len(own):
            raise InputError(f"nothing is known of second {second}: give denser values")
        if without_cuts and len(own) >= _FEWEST:
            own = np.sort(own)[: -max(1, round(len(own) / 10))]
        out[second] = own.mean()
    return out


def between(energies: Sequence[npt.ArrayLike], motions: Sequence[npt.ArrayLike], *, seed: int) -> Correlation:
    """Over pieces: Pearson's r of mean energy with mean motion; one curve a piece and kind, of any length."""
    _check(energies, motions)
    rows = np.array(
        [
            (np.asarray(e, np.float64).mean(), np.asarray(m, np.float64).mean())
            for e, m in zip(energies, motions, strict=True)
        ],
        np.float64,
    )
    r = pearson(rows[:, 0], rows[:, 1]) if len(rows) else float("nan")
    if np.isnan(r) or len(rows) < 3:
        return Correlation(None, None, None, None, 0, len(rows), seed)
    orders = derangements(len(rows), seed=seed)
    others = np.array([pearson(rows[order, 0], rows[:, 1]) for order in orders])
    interval = bootstrap_interval(rows, seed=seed, statistic=lambda some: pearson(some[:, 0], some[:, 1]))
    as_high = float((others >= r).mean())
    return Correlation(r, interval, float(others.mean()), as_high, len(rows), 0, seed)


def within(energies: Sequence[npt.ArrayLike], motions: Sequence[npt.ArrayLike], *, seed: int) -> Correlation:
    """Mean over pieces of Pearson's r of their curves, one value a second.

    A film and the music of another are compared over the shorter one. A piece whose film or music never
    changes has no r.
    """
    _check(energies, motions)
    heard = [np.asarray(energy, np.float64) for energy in energies]
    seen = [np.asarray(motion, np.float64) for motion in motions]

    @cache
    def score(film: int, music: int) -> float:
        length = min(len(seen[film]), len(heard[music]))
        return pearson(heard[music][:length], seen[film][:length])

    own = np.array([score(piece, piece) for piece in range(len(seen))], np.float64)
    known = own[~np.isnan(own)]
    skipped = len(own) - len(known)
    if len(known) < 2:
        return Correlation(None, None, None, None, len(known), skipped, seed)
    means = [
        _known_mean([score(film, int(music)) for film, music in enumerate(order)])
        for order in derangements(len(seen), seed=seed)
    ]
    others = np.array([mean for mean in means if not np.isnan(mean)])
    r = float(known.mean())
    return Correlation(
        r=r,
        interval=bootstrap_interval(known, seed=seed),
        shuffled=float(others.mean()) if len(others) else None,
        shuffled_as_high=float((others >= r).mean()) if len(others) else None,
        pieces=len(known),
        skipped=skipped,
        seed=seed,
    )


def _known_mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _check(energies: Sequence[npt.ArrayLike], motions: Sequence[npt.ArrayLike]) -> None:
    if len(energies) != len(motions):
        raise InputError(f"{len(energies)} musics and {len(motions)} films are not pairs: give one for each")
