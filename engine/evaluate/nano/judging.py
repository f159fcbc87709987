"""The judge of the evaluation: taught on films of other worlds, with music of other styles, and checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...progress import Cancel, Progress, Step
from ...train.corpus.scenario import STYLES, WORLDS
from ...train.corpus.store import make_corpus, read_pair
from ..judge.checkpoint import RECORD, load_judge, write_judge
from ..judge.checks import dose_response, noise_checks, shuffled_test, shuffled_training
from ..judge.config import nano_config
from ..judge.features import mel
from ..judge.judge import Judge, Pair
from ..judge.train import train_judge
from .films import seen

_SEED = 3
_STEPS = 500
# Of the made films, kept for the checks.
_HELD_SHARE = 0.2


def taught_judge(folder: Path, films: int, *, processes: int, progress: Progress, cancel: Cancel) -> Judge:
    """The judge in `folder`, taught there first when it is not yet. InputError when it failed a check."""
    if not (folder / RECORD).is_file():
        _teach(folder, films, processes, progress, cancel)
    judge, _ = load_judge(folder)
    return judge


def _teach(folder: Path, films: int, processes: int, progress: Progress, cancel: Cancel) -> None:
    paths = make_corpus(
        folder / "corpus",
        "judge",
        films,
        first_seed=0,
        processes=processes,
        progress=progress,
        cancel=cancel,
    )
    pairs = _features(paths, progress, cancel)
    config = nano_config()
    pairs = [pair for pair in pairs if pair.frames >= config.crop]
    held = round(_HELD_SHARE * len(pairs))
    taught, kept = pairs[held:], pairs[:held]
    trained = train_judge(taught, config, seed=_SEED, steps=_STEPS, progress=progress, cancel=cancel)
    unrelated, clock = noise_checks(config, seed=_SEED, progress=progress)
    checks = (
        unrelated,
        shuffled_training(taught, kept, config, seed=_SEED, steps=_STEPS),
        shuffled_test(trained.judge, kept, seed=_SEED),
        dose_response(trained.judge, kept, seed=_SEED),
        clock,
    )
    write_judge(
        folder,
        trained.judge,
        seed=_SEED,
        steps=trained.best_step,
        data=f"{len(taught)} made films of the worlds {', '.join(WORLDS['judge'])} with music in the styles "
        f"{', '.join(STYLES['judge'])}",
        checks=checks,
    )


def _features(paths: Sequence[Path], progress: Progress, cancel: Cancel) -> list[Pair]:
    out = []
    for index, path in enumerate(paths):
        cancel.check()
        progress(Step("judge", index, len(paths), "looking and listening"))
        pair = read_pair(path)
        out.append(Pair(seen(pair.scenario), mel(pair.sound), path.stem))
    return out
