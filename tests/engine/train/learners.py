"""A toy of every part of a training run: items of noise, a generator of a few thousand weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from hitpoint.engine.models.channels import CHANNELS
from hitpoint.engine.models.config import DecoderConfig, ModelConfig, VisualConfig
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.train.batches import Batches
from hitpoint.engine.train.checkpoint import Curve
from hitpoint.engine.train.dataset import Item
from hitpoint.engine.train.learn import learn
from hitpoint.engine.train.net import Generator, PictureLearner
from hitpoint.engine.train.recipe import Dropping, Schedule
from hitpoint.engine.train.tasks import TokenTask

WINDOW = 100
DECODER = DecoderConfig(
    dim=32, heads=2, layers=1, codebooks=2, cardinality=16, delays=(0, 1), plan_channels=CHANNELS
)
VISUAL = VisualConfig(
    width=16, layers=1, heads=1, patch=8, image=16, embedding=16, qformer_layers=1, queries=2
)
CONFIG = ModelConfig("gvmgen", DECODER, None, VISUAL, timed=True)
USUAL = Dropping()
SCHEDULE = Schedule(steps=12, batch=2, rate=1e-2, warm_up=2, save_every=3)


def items(count: int = 3, *, steps: int = 220, seed: int = 0) -> list[Item]:
    """Pieces whose tokens repeat themselves, so that there is something to learn."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        codes = np.tile(rng.integers(16, size=(2, 20)), (1, 1 + steps // 20))[:, :steps]
        plan = rng.random((steps, CHANNELS)).astype(np.float16)
        seconds = -(-steps // 50)
        pictures = rng.integers(256, size=(seconds, 16, 16, 3), dtype=np.uint8)
        out.append(Item(codes.astype(np.int16), pictures, plan, plan / 2, rng.integers(2, size=3)))
    return out


def batches(
    *, timed: bool = True, planned: bool = True, dropping: Dropping = USUAL, batch: int = 2
) -> Batches:
    decoder = DECODER if planned else replace(DECODER, plan_channels=0)
    return Batches(
        items(), decoder, window=WINDOW, batch=batch, dropping=dropping, timed=timed, planned=planned, seed=5
    )


def task() -> TokenTask:
    draw = torch.Generator().manual_seed(3)
    model = Generator(CONFIG, PictureLearner(CONFIG, draw), draw)
    return TokenTask("toy", model, batches(), (2.0, 1.0), torch.device("cpu"))


def train(path: Path, schedule: Schedule = SCHEDULE) -> Curve:
    """One run, gone on from `path` where there is something."""
    return learn(task(), schedule, path, "toy", progress=silent, cancel=Cancel())
