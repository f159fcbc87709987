"""Made pairs as the networks see them: tokens, small pictures, plan columns, and what they are of."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..models.channels import plan_channels
from ..models.spectral.codec import SpectralCodec
from ..models.visual.transform import middle_square
from ..progress import Cancel, Progress, Step
from ..store.durable import durable_write
from .corpus.pairs import Pair
from .corpus.scenario import MOTIONS
from .corpus.store import read_pair

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Item:
    """One pair, T token steps and N pictures long (one a second).

    codes     int16 [K,T]
    pictures  uint8 [N,S,S,3], the middle square
    plan      float16 [T,C]: the plan's columns (models/channels.py)
    open_plan the same with chords that leave the third to the pictures
    labels    int64 [3]: minor or major, pale or vivid, the kind of motion
    """

    codes: npt.NDArray[np.int16]
    pictures: Bytes
    plan: npt.NDArray[np.float16]
    open_plan: npt.NDArray[np.float16]
    labels: npt.NDArray[np.int64]

    @property
    def steps(self) -> int:
        return int(self.codes.shape[1])


def prepare_items(
    pairs: Sequence[Path],
    folder: Path,
    codec: SpectralCodec,
    image: int,
    *,
    progress: Progress,
    cancel: Cancel,
) -> list[Path]:
    """Write an item for each stored pair that has none yet; their files, in the pairs' order."""
    out = []
    for index, path in enumerate(pairs):
        cancel.check()
        target = folder / f"{path.stem}.item"
        if not target.is_file():
            durable_write(target, _packed(item_of(read_pair(path), codec, image)))
        out.append(target)
        progress(Step("tokens", index + 1, len(pairs), path.stem))
    return out


def item_of(pair: Pair, codec: SpectralCodec, image: int) -> Item:
    codes = codec.encode(pair.sound[:, None])
    steps = codes.shape[1]
    plan, open_plan = (
        plan_channels(pair.plan, pair.chords, start_sample=0, steps=steps, open_thirds=thirds)
        for thirds in (False, True)
    )
    return Item(
        codes.astype(np.int16),
        np.stack([middle_square(frame, image) for frame in pair.frames]),
        plan.astype(np.float16),
        open_plan.astype(np.float16),
        labels_of(pair),
    )


def labels_of(pair: Pair) -> npt.NDArray[np.int64]:
    scenario = pair.scenario
    return np.array([scenario.mood > 0.5, scenario.colour > 0.5, MOTIONS.index(scenario.motion)], np.int64)


def read_item(path: Path) -> Item:
    with np.load(path, allow_pickle=False) as arrays:
        return Item(**{name: arrays[name] for name in arrays.files})


def _packed(item: Item) -> bytes:
    buffer = io.BytesIO()
    named: dict[str, Any] = {name: getattr(item, name) for name in Item.__slots__}
    np.savez(buffer, **named)
    return buffer.getvalue()
