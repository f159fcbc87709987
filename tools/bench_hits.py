"""How many strong cuts the tempo map meets, on random cut lists, beside the best constant tempo: a table, a
row for each point of the curve from a steady groove to a tight one.

python -m tools.bench_hits [LISTS]
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

import numpy as np

from hitpoint.engine.plan.limits import REACHES, Reach, TempoLimits
from hitpoint.engine.plan.tempo import TempoMap, fit_tempo, section_borders

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "engine" / "plan"))
import cutlists

_TOLERANCE = 0.040 * 48_000
_COLUMNS = (
    "spacing  mean shot  fit       lists strong  downbeat  any beat  constant  odd bars  two odd  range  "
    "in section  step  s/fit"
)


def row(lists: int, mean_shot_s: float, apart_s: float, reach: Reach) -> str:
    """One line of the table: hit rates over `lists` seeds."""
    limits = TempoLimits().reaching(reach)
    met = beats_met = constant = strong = odd = bars = neighbours = 0
    spans, steps, inside = [], [0.0], [0.0]
    seconds = 0.0
    for seed in range(lists):
        cuts = cutlists.cut_list(seed, mean_shot_s, apart_s=apart_s)
        start = time.perf_counter()
        found = fit_tempo(round(cuts.seconds * 48_000), cuts.hits(), limits)
        seconds += time.perf_counter() - start
        met += _met(found.downbeats(), cuts.strong)
        beats_met += _met(_beats(found), cuts.strong)
        constant += cutlists.best_constant(cuts, *TempoLimits().family_bpm)
        strong += len(cuts.strong)
        meter = [beats for segment in found.segments for beats in segment.beats_per_bar]
        odd += sum(beats != 4 for beats in meter)
        neighbours += sum(a != 4 and b != 4 for a, b in itertools.pairwise(meter))
        bars += len(meter)
        tempi = [segment.bpm for segment in found.segments]
        spans.append(max(tempi) / min(tempi) - 1)
        steps += [max(a, b) / min(a, b) - 1 for a, b in itertools.pairwise(tempi)]
        inside += _steps_inside(found, limits)
    cells = (
        f"{apart_s:5.1f} s", f"{mean_shot_s:7.1f} s", f" {reach:8}",
        f"{lists:6}", f"{strong:6}", f"{met / strong:9.3f}",
        f"{beats_met / strong:9.3f}", f"{constant / strong:9.3f}", f"{odd / bars:9.1%}", f"{neighbours:8}",
        f"{np.mean(spans):6.1%}", f"{max(inside):11.1%}", f"{max(steps):5.1%}", f"{seconds / lists:6.2f}",
    )  # fmt: skip
    return " ".join(cells)


def _steps_inside(found: TempoMap, limits: TempoLimits) -> list[float]:
    borders, at, steps = section_borders(found.segments, limits), 0, []
    for before, after in itertools.pairwise(found.segments):
        at += len(before.beats_per_bar)
        if at not in borders:
            steps.append(max(before.bpm, after.bpm) / min(before.bpm, after.bpm) - 1)
    return steps


def _met(lines: list[int], cuts: tuple[float, ...]) -> int:
    places = np.array(lines)
    return sum(bool(np.abs(places - cut * 48_000).min() <= _TOLERANCE) for cut in cuts)


def _beats(found: TempoMap) -> list[int]:
    return [segment.beat_sample(beat) for segment in found.segments for beat in range(segment.beats + 1)]


def main() -> None:
    lists = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    print(_COLUMNS)
    for apart_s in (2.5, 0.0):
        for mean_shot_s in (2.0, 3.5, 6.0):
            for reach in REACHES:
                print(row(lists, mean_shot_s, apart_s, reach), flush=True)


if __name__ == "__main__":
    main()
