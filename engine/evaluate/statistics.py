"""What a number of an evaluation is worth: its interval, its chance level, and whether two systems differ.

A value that is not defined for a clip is nan; it is left out and counted, never taken for 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ..errors import InputError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Statistic = Callable[[Floats], float]

BOOTSTRAPS = 2_000
PERMUTATIONS = 10_000
DERANGEMENTS = 20
LEVEL = 0.95
_AT_ONCE = 2_000_000  # random numbers held at a time
# A permuted difference that equals the observed one but for rounding counts as equal.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Result:
    """One number of a table and everything that is needed to get it again.

    variant      which of a metric's published or own forms
    tolerance_s  tolerance or width of a bin
    clips        how many the mean is over; `skipped` more had no defined value
    mean         None, and so is the interval (95 %, bootstrap over clips), where no clip had a value
    versions     package: version
    reference    name of the set that was compared with; checkpoint_sha256 of the weights that were judged
    """

    SCHEMA: ClassVar[str] = "hitpoint.result.1"

    key: str
    variant: str
    tolerance_s: float | None
    clips: int
    skipped: int
    seed: int
    mean: float | None
    interval: tuple[float, float] | None
    versions: Mapping[str, str] = field(default_factory=dict)
    sample_rate: int | None = None
    clip_s: float | None = None
    reference: str | None = None
    checkpoint_sha256: str | None = None


def result(
    key: str,
    values: npt.ArrayLike,
    *,
    seed: int,
    variant: str = "",
    tolerance_s: float | None = None,
    packages: Sequence[str] = ("numpy", "scipy"),
    sample_rate: int | None = None,
    clip_s: float | None = None,
    reference: str | None = None,
    checkpoint_sha256: str | None = None,
) -> Result:
    """The mean over clips of `values`, float [n], nan where a clip has none, with its interval."""
    data = np.asarray(values, np.float64)
    known = data[~np.isnan(data)]
    return Result(
        key=key,
        variant=variant,
        tolerance_s=tolerance_s,
        clips=len(known),
        skipped=len(data) - len(known),
        seed=seed,
        mean=float(known.mean()) if len(known) else None,
        interval=bootstrap_interval(known, seed=seed) if len(known) else None,
        versions={name: version(name) for name in packages},
        sample_rate=sample_rate,
        clip_s=clip_s,
        reference=reference,
        checkpoint_sha256=checkpoint_sha256,
    )


def bootstrap_interval(
    values: npt.ArrayLike,
    *,
    seed: int,
    statistic: Statistic | None = None,
    draws: int = BOOTSTRAPS,
    level: float = LEVEL,
) -> tuple[float, float]:
    """Percentile interval of the mean, or of a `statistic` of rows, over clips drawn with replacement.

    values: float [n] or [n, ...], one row a clip. A draw whose statistic is nan is left out. InputError
    when there is no clip or no draw with a value.
    """
    data = np.asarray(values, np.float64)
    if not len(data):
        raise InputError("an interval needs at least one clip: evaluate more clips")
    random = np.random.Generator(np.random.PCG64(seed))
    n = len(data)
    found = []
    at_once = max(1, _AT_ONCE // n)
    for first in range(0, draws, at_once):
        rows = random.integers(0, n, (min(at_once, draws - first), n))
        if statistic is None:
            found.append(data[rows].mean(axis=1))
        else:
            found.append(np.array([statistic(data[row]) for row in rows]))
    known = np.concatenate(found)
    known = known[~np.isnan(known)]
    if not len(known):
        raise InputError("no draw of these clips has a defined value: evaluate more clips")
    low, high = np.quantile(known, ((1 - level) / 2, (1 + level) / 2))
    return float(low), float(high)


def paired_permutation(
    first: npt.ArrayLike, second: npt.ArrayLike, *, seed: int, draws: int = PERMUTATIONS
) -> float:
    """Two-sided p that two systems have the same mean: float [n] of the same clips, swapped at random.

    (1 + draws as far out as what was seen) / (1 + draws), so never 0 (Phipson and Smyth 2010). Clips that
    lack either value are left out. InputError when the lengths differ or no clip is left.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise InputError(f"two systems of {a.shape} and {b.shape} values are not pairs: use the same clips")
    differences = (a - b)[~np.isnan(a - b)]
    n = len(differences)
    if not n:
        raise InputError("no clip has a value in both systems: evaluate more clips")
    seen = abs(float(differences.sum()))
    slack = _ROUNDING * max(1.0, float(np.abs(differences).sum()))
    random = np.random.Generator(np.random.PCG64(seed))
    as_far = 0
    at_once = max(1, _AT_ONCE // n)
    for done in range(0, draws, at_once):
        signs = 2.0 * random.integers(0, 2, (min(at_once, draws - done), n)) - 1
        as_far += int((np.abs(signs @ differences) >= seen - slack).sum())
    return (1 + as_far) / (1 + draws)


def derangements(count: int, *, seed: int, draws: int = DERANGEMENTS) -> Ints:
    """Permutations that leave nothing in its place, int64 [draws, count], each equally likely.

    InputError for fewer than two things.
    """
    if count < 2:
        raise InputError("nothing can be exchanged among fewer than two clips: evaluate more clips")
    random = np.random.Generator(np.random.PCG64(seed))
    own = np.arange(count)
    found: list[Ints] = []
    while len(found) < draws:
        # About one in e fits, whatever the count.
        drawn = random.permutation(count)
        if (drawn != own).all():
            found.append(drawn.astype(np.int64))
    return np.stack(found)


def shuffled(
    score: Callable[[int, int], float], count: int, *, seed: int, draws: int = DERANGEMENTS
) -> Floats:
    """Each clip's score with the music of other clips, float64 [count]: the level of chance of any metric.

    score(film, music) of two indices, nan where undefined; it is asked once for each pair. A clip's value
    is the mean over the derangements that have one, nan where none has.
    """
    orders = derangements(count, seed=seed, draws=draws)
    means = np.full(count, np.nan)
    for film in range(count):
        partners, times = np.unique(orders[:, film], return_counts=True)
        values = np.array([score(film, int(music)) for music in partners])
        known = ~np.isnan(values)
        if known.any():
            means[film] = np.average(values[known], weights=times[known])
    return means


def pearson(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Pearson's r of two float [n]; nan where either is constant or shorter than 2."""
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if len(a) < 2:
        return float("nan")
    if _constant(a) or _constant(b):
        return float("nan")
    a, b = a - a.mean(), b - b.mean()
    return float(np.clip(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)), -1.0, 1.0))


def _constant(values: Floats) -> bool:
    """Whether values differ by no more than rounding."""
    return float(np.ptp(values)) <= _ROUNDING * float(np.abs(values).max())
