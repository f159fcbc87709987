"""Are the styles twelve musics, or one with twelve names? Held-out seeds go to the nearest style's mean.

python -m tools.classify_styles [--seeds N] [--played]

As many seeds are learned from as are asked about. Features know neither tempo nor names of instruments; they
are of the notes alone, or with --played also of the sound. The control learns from shuffled names.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import numpy.typing as npt

from hitpoint.engine.style import style_names

from .gate_takes import LONG, take, written
from .style_features import Floats, note_features, sound_features

Ints = npt.NDArray[np.int64]


def described(job: tuple[str, int, bool]) -> Floats:
    """Features of one seed in one style, float64 [features]."""
    style, seed, played = job
    if not played:
        return note_features(written(style, seed, scenes=LONG))
    piece = take(style, seed, scenes=LONG).piece
    return np.concatenate((note_features(piece), sound_features(piece)))


def nearest(known: Floats, labels: Ints, asked: Floats) -> Ints:
    """The label whose mean of `known` [n, features] each row of `asked` lies nearest to.

    Distances are in standard deviations of each feature over all known rows.
    """
    spread = known.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    names = np.unique(labels)
    means = np.array([known[labels == name].mean(axis=0) for name in names])
    away = (((asked[:, None] - means) / scale) ** 2).sum(axis=2)
    return np.asarray(names[away.argmin(axis=1)])


def shuffled(labels: Ints, seed: int) -> Ints:
    """The control: every row gets another row's name."""
    return np.random.Generator(np.random.PCG64(seed)).permutation(labels)


def confusion(truth: Ints, found: Ints, styles: Sequence[str]) -> str:
    """A Markdown table: a row for each style, what its seeds were taken for."""
    lines = ["| style | right | taken for |", "| --- | --- | --- |"]
    for index, style in enumerate(styles):
        own = found[truth == index]
        others = [f"{styles[i]} {n}" for i, n in enumerate(np.bincount(own)) if n and i != index]
        lines.append(f"| {style} | {(own == index).mean():.2f} | {', '.join(others) or '-'} |")
    return "\n".join(lines)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument(
        "--played", action="store_true", help="features of the sound, too: five seconds a take"
    )
    asked.add_argument("--processes", type=int, default=os.cpu_count())
    options = asked.parse_args()
    styles = style_names()
    jobs = [(style, seed, options.played) for style in styles for seed in range(1, 2 * options.seeds + 1)]
    with ProcessPoolExecutor(options.processes) as pool:
        rows = np.array(list(pool.map(described, jobs)))
    labels = np.repeat(np.arange(len(styles)), 2 * options.seeds)
    learned = np.tile(np.arange(2 * options.seeds) < options.seeds, len(styles))
    known, truth = rows[learned], labels[~learned]
    found = nearest(known, labels[learned], rows[~learned])
    chance = [
        (nearest(known, shuffled(labels[learned], seed), rows[~learned]) == truth).mean()
        for seed in range(20)
    ]
    print(confusion(truth, found, styles))
    print(f"\n{(found == truth).mean():.3f} of {len(truth)} right, {rows.shape[1]} features;", end=" ")
    print(f"with shuffled names {np.mean(chance):.3f}, chance is {1 / len(styles):.3f}")


if __name__ == "__main__":
    main()
