"""The built-in composer before all gates: styles by seeds, how many takes pass each number and how near.

python -m tools.bench_gates [--seeds N] [--written] [--gate NAME ...] [STYLE ...]
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from hitpoint.engine.evaluate.gates.judge import judge
from hitpoint.engine.evaluate.gates.verdict import Verdict
from hitpoint.engine.style import style_names

from .gate_takes import LONG, take, written

_AIM = 0.95


def verdicts(job: tuple[str, int, bool]) -> tuple[Verdict, ...]:
    style, seed, unplayed = job
    if unplayed:
        return judge(written(style, seed, scenes=LONG))
    made = take(style, seed, scenes=LONG)
    borders = [0, made.piece.plan.samples]
    return judge(made.piece, limited_db=made.limited_db, borders=borders)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument("--written", action="store_true", help="compose only: gates that read notes")
    asked.add_argument("--gate", action="append", help="only this gate, by its name in the table")
    asked.add_argument("styles", nargs="*", default=[])
    options = asked.parse_args()
    styles = options.styles or list(style_names())
    jobs = [(style, seed, options.written) for style in styles for seed in range(1, options.seeds + 1)]
    passed: dict[tuple[str, str], dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    values: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for (style, seed, _), every in zip(jobs, pool.map(verdicts, jobs), strict=True):
            found = [one for one in every if not options.gate or one.gate in options.gate]
            failed = [verdict.text for verdict in found if not verdict.passed]
            print(f"{style} {seed}: {len(failed)} failed", *failed, sep="\n    ", file=sys.stderr, flush=True)
            for verdict in found:
                if verdict.value is not None:
                    key = verdict.gate, verdict.what
                    passed[key][style].append(verdict.passed)
                    values[key][style].append(verdict.value)
    print("| gate | number | all | " + " | ".join(styles) + " |")
    print("|---" * (len(styles) + 3) + "|")
    for key, row in passed.items():
        whole = [one for found in row.values() for one in found]
        share = float(np.mean(whole))
        mark = "" if share >= _AIM else " !"
        cells = [
            f"{np.mean(row[style]):.2f} ({np.median(values[key][style]):.3g})" if row[style] else "-"
            for style in styles
        ]
        print(f"| {key[0]} | {key[1]} | {share:.2f}{mark} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
