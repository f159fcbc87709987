"""Random cut lists as editors of different tempers would make them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hitpoint.engine.types import Hit

FPS = 25


@dataclass(frozen=True, slots=True)
class CutList:
    """Times in seconds on frames of 25 fps; `strong` are those that must be met."""

    seconds: float
    cuts: tuple[float, ...]
    strong: tuple[float, ...]

    def hits(self) -> list[Hit]:
        return [
            Hit(round(t * FPS), round(t * 48000), "would", 1.0 if t in self.strong else 0.2)
            for t in self.cuts
        ]


def cut_list(seed: int, mean_shot_s: float, *, seconds: float = 60.0, apart_s: float = 2.5) -> CutList:
    """Poisson cuts at least 0.4 s apart; a random third strong, at least `apart_s` from each other."""
    rng = np.random.Generator(np.random.PCG64(seed))
    cuts: list[float] = []
    now = 0.0
    while True:
        now += max(0.4, float(rng.exponential(mean_shot_s)))
        if now >= seconds - 0.4:
            break
        cuts.append(round(now * FPS) / FPS)
    wanted = max(1, round(len(cuts) / 3))
    strong: list[float] = []
    for place in rng.permutation(len(cuts)):
        if len(strong) < wanted and all(abs(cuts[place] - other) >= apart_s for other in strong):
            strong.append(cuts[place])
    return CutList(seconds, tuple(cuts), tuple(sorted(strong)))


def best_constant(cuts: CutList, low_bpm: float, high_bpm: float) -> int:
    """Strong cuts on downbeats of the best 4/4 map with one tempo and a free start."""
    strong = np.array(cuts.strong)
    best = 0
    for bpm in np.arange(low_bpm, high_bpm, 0.5):
        bar = 240 / bpm
        starts = np.arange(0, bar, 0.02)[:, None]
        off = np.abs((strong[None, :] - starts + bar / 2) % bar - bar / 2)
        best = max(best, int((off <= 0.04).sum(axis=1).max()))
    return best
