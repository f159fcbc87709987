"""The whole evaluation of GVMGen nano: films, systems, measures, judge, controls; one JSON and one table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...models.library import bundled_dir
from ...progress import Cancel, Progress, Step
from ...serial import to_json
from ...spread import spread
from ...store.durable import durable_write
from ...train.corpus.store import make_corpus, read_pair
from ...train.nano import PUBLISHED_ENDING
from ...train.recipe import NanoRecipe
from ..judge.checks import above_ceiling
from ..judge.published import Kind, leak
from .films import held_out_films
from .judging import taught_judge
from .nearest import Floats, log_mel, nearest_of
from .reverse import reverse_pictures
from .rows import all_rows, compared
from .swap import SwapResult, swap_pictures
from .systems import CODEC, OURS, PUBLISHED, TRUTH, UNGUIDED, Sounds, all_sounds
from .table import HEADS, OTHER_HEADS, Row, table
from .voice import Voice

_SEED = 1
_SWAPPED = 48
_READERS = 150
# Time alignment leaks more slowly than matching.
_LEAK_STEPS: Mapping[Kind, tuple[int, ...]] = {"cmr": (0, 40, 120, 240), "ta": (0, 300, 600, 900)}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`text` is for people; `path` holds every number."""

    text: str
    path: Path


def evaluate_nano(
    recipe: NanoRecipe, folder: Path, *, processes: int, progress: Progress, cancel: Cancel
) -> Evaluation:
    """Judge the models trained in `folder`, else the bundled ones; resumes where it was stopped."""
    models = folder / "models"
    if not models.is_dir():
        models = bundled_dir()
    folders = models / recipe.name, models / f"{recipe.name}{PUBLISHED_ENDING}"
    ours, published = Voice(folders[0], whole=False), Voice(folders[1], whole=True)
    work = folder / "evaluation"
    test = make_corpus(
        folder / "corpus" / "test",
        "test",
        recipe.corpus.test,
        first_seed=recipe.corpus.first_seed,
        processes=processes,
        progress=progress,
        cancel=cancel,
    )
    films = held_out_films(test)
    sounds = all_sounds(films, ours, published, work / "systems", progress=progress, cancel=cancel)
    judge = taught_judge(
        folder / "judge",
        recipe.corpus.judge,
        recipe.codec,
        processes=processes,
        progress=progress,
        cancel=cancel,
    )
    rows = all_rows(
        films, sounds, judge, ours.sample_rate, processes=processes, progress=progress, cancel=cancel
    )
    train = make_corpus(
        folder / "corpus" / "train",
        "train",
        recipe.corpus.train,
        first_seed=recipe.corpus.first_seed,
        processes=processes,
        progress=progress,
        cancel=cancel,
    )
    swapped = swap_pictures(
        train[:_READERS],
        ours,
        work / "swap",
        films=_SWAPPED,
        processes=processes,
        progress=progress,
        cancel=cancel,
    )
    found: dict[str, Any] = {
        "systems": {
            name: {key: to_json(value) for key, value in row.cells.items()} for name, row in rows.items()
        },
        "compared": compared(rows),
        "above_ground_truth": above_ceiling(
            _mean(rows[TRUTH]), {name: _mean(row) for name, row in rows.items() if name != TRUTH}
        ),
        "swapped": to_json(swapped),
        "reversed": to_json(
            reverse_pictures(
                films,
                Voice(folders[0], whole=False, exact=True),
                Voice(folders[1], whole=True, exact=True),
                judge,
            )
        ),
        "nearest_db": _nearest(train, sounds, ours.sample_rate, processes, progress, cancel),
        "leak": {kind: to_json(leak(kind, steps, seed=_SEED)) for kind, steps in _LEAK_STEPS.items()},
    }
    path = work / "evaluation.json"
    durable_write(path, (json.dumps(found, indent=1) + "\n").encode())
    text = "\n\n".join([table(rows, HEADS), table(rows, OTHER_HEADS), _words(found, swapped)])
    durable_write(work / "evaluation.md", (text + "\n").encode())
    return Evaluation(text, path)


def _nearest(
    train: Sequence[Path],
    sounds: Mapping[str, Sounds],
    rate: int,
    processes: int,
    progress: Progress,
    cancel: Cancel,
) -> dict[str, Any]:
    """Distance to the nearest stretch of the training music: generated pieces, and pieces held out."""

    def told(done: int) -> None:
        progress(Step("nearest", done, len(train), "training pieces"))
        cancel.check()

    taught = spread(partial(_log_mel_of, rate), train, processes=processes, told=told)
    names = (TRUTH, CODEC, PUBLISHED, OURS, UNGUIDED)
    asked = [log_mel(sound, rate) for name in names for sound in sounds[name]]
    count = len(sounds[TRUTH])
    found = nearest_of([*asked, *taught[:count]], taught)
    out: dict[str, Any] = {}
    for index, name in enumerate((*names, "training pieces themselves")):
        part = found[index * count : (index + 1) * count]
        out[name] = {"mean": float(part.mean()), "least": float(part.min())}
    return out


def _log_mel_of(rate: int, path: Path) -> Floats:
    return log_mel(read_pair(path).sound, rate)


def _mean(row: Row) -> float:
    mean = row.cells["retrieval"].mean
    assert mean is not None
    return mean


def _words(found: Mapping[str, Any], swapped: SwapResult) -> str:
    def mean(name: str) -> str:
        return f"{np.mean(getattr(swapped, name)):.2f}"

    turned: Mapping[str, Any] = found["reversed"]
    near = [
        f"{name} {row['mean']:.2f} (least {row['least']:.2f})" for name, row in found["nearest_db"].items()
    ]
    leaks = [
        f"{kind.upper()} "
        + ", ".join(f"{s} steps {v:.3f}" for s, v in zip(row["steps"], row["scores"], strict=True))
        for kind, row in found["leak"].items()
    ]
    lines = [
        f"Pictures swapped, plan held ({swapped.films} films): mode follows the pictures {mean('mode_open')} "
        f"(chords without thirds), {mean('mode_whole')} (whole chords); palette {mean('palette_open')}, "
        f"{mean('palette_whole')}; palette of the plan's own film {mean('palette_of_plan')}. The readers "
        "are right on ground truth through the codec: "
        f"mode {mean('mode_truth')}, palette {mean('palette_truth')}.",
        "Pictures reversed: "
        + "; ".join(
            f"{name}: {row['tokens']:.3f} of the tokens change, the judge's likeness by {row['score']:.3f}"
            for name, row in turned.items()
        )
        + ".",
        f"Two systems, film by film: {'; '.join(found['compared'])}.",
        f"Nearest training stretch, dB: {', '.join(near)}.",
        f"Published measures on unrelated pairs: {'; '.join(leaks)}.",
    ]
    if found["above_ground_truth"]:
        lines.append(f"Above ground truth, so not to be trusted: {', '.join(found['above_ground_truth'])}.")
    return "\n".join(lines)
