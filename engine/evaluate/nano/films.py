"""The films of the evaluation: made pairs that no network has seen, with what the judge looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...store.cache import load_arrays, store_arrays
from ...timebase import SAMPLE_RATE
from ...train.corpus.film import Film
from ...train.corpus.pairs import Pair
from ...train.corpus.scenario import Scenario
from ...train.corpus.store import read_pair
from ..judge.config import RATE
from ..judge.features import pixels

Floats = npt.NDArray[np.float32]

# Part of the cache's key: films drawn otherwise have other features.
_VERSION = 1
_KIND = "judged"


@dataclass(frozen=True, slots=True)
class HeldOutFilm:
    """`seen`: the judge's features of its pictures [T,d], 10 a second. Times in seconds from the start."""

    pair: Pair
    seen: Floats

    @property
    def duration_s(self) -> float:
        return float(self.pair.scenario.rate.seconds(self.pair.scenario.frames))

    @property
    def strong_s(self) -> npt.NDArray[np.float64]:
        """Strong hits of the plan: what an accent is to land on."""
        inside = [hit.sample for hit in self.pair.plan.hits if hit.strong and hit.sample > 0]
        return np.array(inside, np.float64) / SAMPLE_RATE

    @property
    def downbeats_s(self) -> npt.NDArray[np.float64]:
        plan = self.pair.plan
        inside = [at for at in plan.downbeats if 0 <= at < plan.bars[plan.ending_bar].end_sample_exclusive]
        return np.array([at for at in inside if at < plan.samples], np.float64) / SAMPLE_RATE

    @property
    def motion(self) -> npt.NDArray[np.float64]:
        """Mean speed of what moves in each second."""
        speed = np.asarray(self.pair.scenario.speed)
        whole = round(float(self.pair.scenario.rate.fps))
        seconds = len(speed) // whole
        return np.asarray(speed[: seconds * whole].reshape(seconds, whole).mean(axis=1))


def held_out_films(pairs: Sequence[Path]) -> list[HeldOutFilm]:
    return [HeldOutFilm(pair, seen(pair.scenario)) for pair in map(read_pair, pairs)]


def seen(scenario: Scenario) -> Floats:
    """The judge's features of a made film, kept in the cache: drawing takes a second a film."""
    key = f"{scenario.split.encode().hex()}-{scenario.seed}-{_VERSION}"
    stored = load_arrays(_KIND, key)
    if stored is not None:
        return stored["seen"]
    film = Film(scenario)
    count = ceil(scenario.rate.seconds(scenario.frames) * RATE)
    at = [min(scenario.frames - 1, int(Fraction(i, RATE) * scenario.rate.fps)) for i in range(count)]
    features = pixels(np.stack([film.picture(frame) for frame in at]))
    store_arrays(_KIND, key, {"seen": features})
    return features
