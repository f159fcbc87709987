"""GVMGen nano from nothing: corpus, codec, tokens, pictures' encoder, both forms, models. Each stage resumes.

FOLDER/corpus/SPLIT/   made pairs            FOLDER/codec.safetensors
FOLDER/items/SPLIT/    pairs as tokens       FOLDER/pictures.pt, ours.pt, published.pt
FOLDER/models/NAME/    what is shipped       FOLDER/training.json   losses, sizes, seconds
"""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..errors import InputError
from ..models.config import ModelConfig
from ..models.spectral.codec import SpectralCodec
from ..models.spectral.state import spectral_shapes
from ..models.weights import Tensors, write_tensors
from ..progress import Cancel, Progress, Step
from ..serial import canonical, to_json
from ..store.durable import durable_write
from .batches import Batches
from .codec import fit_codec
from .corpus.store import make_corpus, read_pair
from .dataset import Item, prepare_items, read_item
from .learn import device, learn, repeatable
from .net import Generator, PictureLearner, state_of
from .publish import ours, publish, published
from .recipe import NanoRecipe, Schedule
from .tasks import PictureTask, TokenTask

PUBLISHED_ENDING = "-published"
# Batches of the held-out pieces that cross-entropies are told of.
_CHECKED = 12
_THREADS = 2


def train_nano(
    recipe: NanoRecipe, folder: Path, *, processes: int, progress: Progress, cancel: Cancel
) -> Path:
    """Train both forms in `folder` and write them to `folder/models`; goes on where it was stopped.

    The same recipe on the same machine gives the same files. InputError when `folder` holds another recipe's.
    """
    with repeatable(_THREADS):
        return _train(recipe, folder, processes, progress, cancel)


def _train(recipe: NanoRecipe, folder: Path, processes: int, progress: Progress, cancel: Cancel) -> Path:
    mark = hashlib.sha256(canonical(recipe)).hexdigest()
    run = _Run(recipe, folder, mark, progress, cancel)
    pairs = run.timed("corpus", lambda: run.corpus(processes))
    codec_state = run.timed("codec", lambda: run.codec(pairs[: recipe.corpus.train]))
    codec = SpectralCodec(codec_state, recipe.codec)
    items = run.timed("tokens", lambda: run.items(pairs, codec))
    taught, held = items[: recipe.corpus.train], items[recipe.corpus.train :]
    pictures = run.timed("pictures", lambda: run.pictures(taught))
    for name, config, schedule in (
        (recipe.name, ours(recipe), recipe.ours),
        (recipe.name + PUBLISHED_ENDING, published(recipe), recipe.published),
    ):
        run.timed(name, partial(run.generator, name, config, schedule, pictures, taught, held))
    for name, config in ((recipe.name, ours(recipe)), (recipe.name + PUBLISHED_ENDING, published(recipe))):
        publish(
            config,
            run.trained[name],
            codec_state,
            name,
            folder / "models" / name,
            about=run.about(name),
            progress=progress,
            cancel=cancel,
        )
    return folder / "models"


class _Run:
    def __init__(
        self, recipe: NanoRecipe, folder: Path, mark: str, progress: Progress, cancel: Cancel
    ) -> None:
        self.recipe = recipe
        self.folder = folder
        self.mark = mark
        self.progress = progress
        self.cancel = cancel
        self.trained: dict[str, dict[str, Any]] = {}
        self.facts: dict[str, Any] = {}
        self._path = folder / "training.json"
        self._seconds = self._so_far()

    def timed(self, name: str, work: Callable[[], Any]) -> Any:
        begun = time.monotonic()
        out = work()
        spent = self._seconds.get(name, 0.0) + time.monotonic() - begun
        self._seconds[name] = round(spent, 1)
        self._tell()
        return out

    def corpus(self, processes: int) -> list[Path]:
        sizes = self.recipe.corpus
        return make_corpus(
            self.folder / "corpus" / "train",
            "train",
            sizes.train + sizes.valid,
            first_seed=sizes.first_seed,
            processes=processes,
            progress=self.progress,
            cancel=self.cancel,
        )

    def codec(self, pairs: list[Path]) -> dict[str, Any]:
        path = self.folder / "codec.safetensors"
        shapes = spectral_shapes(self.recipe.codec)
        if not path.is_file():

            def sounds() -> Any:
                total = 0.0
                for pair in pairs:
                    if total >= self.recipe.codec_fit_s:
                        return
                    sound = read_pair(pair).sound
                    total += len(sound) / self.recipe.codec.sample_rate
                    yield sound

            state = fit_codec(sounds(), self.recipe.codec, seed=self.recipe.seed, progress=self.progress)
            write_tensors(path, shapes, state)
        return {name: np.array(array) for name, array in Tensors(path).items()}

    def items(self, pairs: list[Path], codec: SpectralCodec) -> list[Item]:
        paths = prepare_items(
            pairs,
            self.folder / "items" / "train",
            codec,
            self.recipe.visual.image,
            progress=self.progress,
            cancel=self.cancel,
        )
        return [read_item(path) for path in paths]

    def pictures(self, items: list[Item]) -> PictureLearner:
        recipe = self.recipe
        model = PictureLearner(ours(recipe), torch.Generator().manual_seed(recipe.seed))
        task = PictureTask(model, items, recipe.pictures.batch, recipe.seed, device())
        curve = self._learn(task, recipe.pictures, "pictures")
        self.facts["pictures"] = {"read_right": _mean(curve, "right")}
        return model

    def generator(
        self,
        name: str,
        config: ModelConfig,
        schedule: Schedule,
        pictures: PictureLearner,
        taught: list[Item],
        held: list[Item],
    ) -> None:
        recipe = self.recipe
        draw = torch.Generator().manual_seed(recipe.seed + 1)
        own = PictureLearner(config, torch.Generator().manual_seed(recipe.seed))
        own.load_state_dict(pictures.state_dict(), strict=False)
        model = Generator(config, own, draw)
        planned = config.decoder.plan_channels > 0

        def batches(items: list[Item], seed: int) -> Batches:
            return Batches(
                items,
                config.decoder,
                window=recipe.window,
                batch=schedule.batch,
                dropping=recipe.dropping,
                timed=config.timed,
                planned=planned,
                seed=seed,
            )

        task = TokenTask(name, model, batches(taught, recipe.seed), recipe.book_weights, device())
        curve = self._learn(task, schedule, name)
        self.facts[name] = {
            "cross_entropy": [_mean(curve, f"book{k}") for k in range(config.decoder.codebooks)],
            "held_out_cross_entropy": task.check(batches(held, recipe.seed + 2), _CHECKED),
        }
        model.eval()
        self.trained[name] = state_of(model)

    def about(self, name: str) -> dict[str, Any]:
        recipe = self.recipe
        return {
            "recipe": to_json(recipe),
            "data": f"{recipe.corpus.train} films and pieces of 20 to 36 s that Hitpoint drew and composed "
            "itself, in three visual worlds and three styles of its composer; nobody's film or music",
            "hardware": f"{platform.machine()}, {_THREADS} threads, {device().type}",
            "torch": torch.__version__,
            "seconds": self._seconds,
            "pictures": self.facts["pictures"],
            "losses": self.facts[name],
            "what_it_is_not": "a model of the published size or quality: it knows three styles of a "
            "rule-based composer, through a codec that blurs attacks and harmony",
        }

    def _tell(self) -> None:
        """What the run has come to, and how long each stage took, those before a stop included."""
        told = {"recipe": self.mark, "seconds": self._seconds, **self.facts}
        durable_write(self._path, (json.dumps(told, indent=1) + "\n").encode())

    def _so_far(self) -> dict[str, float]:
        try:
            told = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise InputError(f"'{self._path}' is damaged: delete it to go on") from error
        if told.get("recipe") != self.mark:
            raise InputError(
                f"'{self.folder}' belongs to another recipe: choose another folder with --out, or delete it"
            )
        return dict(told["seconds"])

    def _learn(self, task: Any, schedule: Schedule, name: str) -> list[dict[str, float]]:
        path = self.folder / f"{name}.pt"
        mark = hashlib.sha256(f"{self.mark}-{name}".encode()).hexdigest()
        self.progress(Step(name, 0, schedule.steps, "begins"))
        return learn(task, schedule, path, mark, progress=self.progress, cancel=self.cancel)


def _mean(curve: list[dict[str, float]], part: str) -> float:
    """Of the last hundred steps."""
    last = [row[part] for row in curve[-100:]]
    return round(sum(last) / len(last), 4)
