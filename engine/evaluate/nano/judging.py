"""The judge of the evaluation: taught on films of other worlds, with music of other styles, and checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...models.config import SpectralConfig
from ...models.spectral.codec import SpectralCodec
from ...progress import Cancel, Progress, Step
from ...train.codec import fit_codec
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
# Pieces that the codec is fitted on: an hour.
_FITTED = 120


def taught_judge(
    folder: Path, films: int, codec: SpectralConfig, *, processes: int, progress: Progress, cancel: Cancel
) -> Judge:
    """The judge in `folder`, taught there first when it is not yet. InputError when it failed a check.

    It hears every piece as composed and through a codec of `codec`'s sizes that is fitted on its own music,
    so that it attends to what outlives one: a judge of clean sound alone takes every codec for wrong music.
    """
    if not (folder / RECORD).is_file():
        _teach(folder, films, codec, processes, progress, cancel)
    judge, _ = load_judge(folder)
    return judge


def _teach(
    folder: Path, films: int, codec: SpectralConfig, processes: int, progress: Progress, cancel: Cancel
) -> None:
    paths = make_corpus(
        folder / "corpus",
        "judge",
        films,
        first_seed=0,
        processes=processes,
        progress=progress,
        cancel=cancel,
    )
    config = nano_config()
    held = round(_HELD_SHARE * len(paths))
    taught = [pair for pair in _recorded(paths[held:], codec, progress, cancel) if pair.frames >= config.crop]
    kept = [pair for pair in _features(paths[:held], None, progress, cancel) if pair.frames >= config.crop]
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
        data=f"{len({pair.source for pair in taught})} made films of the worlds "
        f"{', '.join(WORLDS['judge'])} with music in the styles {', '.join(STYLES['judge'])}, "
        "as composed and through a codec fitted on it",
        checks=checks,
    )


def _recorded(
    paths: Sequence[Path], config: SpectralConfig, progress: Progress, cancel: Cancel
) -> list[Pair]:
    """Every pair twice: as composed, and through a codec fitted on the first of them."""
    sounds = (read_pair(path).sound for path in paths[:_FITTED])
    codec = SpectralCodec(fit_codec(sounds, config, seed=_SEED, progress=progress), config)
    plain = _features(paths, None, progress, cancel)
    return [*plain, *_features(paths, codec, progress, cancel)]


def _features(
    paths: Sequence[Path], codec: SpectralCodec | None, progress: Progress, cancel: Cancel
) -> list[Pair]:
    out = []
    for index, path in enumerate(paths):
        cancel.check()
        progress(Step("judge", index, len(paths), "looking and listening"))
        pair = read_pair(path)
        sound = pair.sound
        if codec is not None:
            sound = np.concatenate(list(codec.decode(codec.encode(sound[:, None]))))[: len(sound), 0]
        out.append(Pair(seen(pair.scenario), mel(sound), path.stem))
    return out
