"""Batches of the generator: which stretch of which piece, and which conditions are left out.

Everything is drawn from (seed, step), so that a resumed run sees what an unbroken one sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..models.channels import MOMENT
from ..models.config import FRAME_RATE, DecoderConfig
from ..models.generate.delay import to_sequence, valid_positions
from ..models.gvmgen import ANCHORS
from .dataset import Bytes, Item
from .recipe import Dropping

Floats = npt.NDArray[np.float32]
UNTIMED = -1.0
_CHROMA = [index for index, name in enumerate(MOMENT) if name.startswith("chroma")]


@dataclass(frozen=True, slots=True)
class Batch:
    """B items of one window; S = positions fed.

    fed       int64 [B,K,S]: delayed tokens, some of them replaced
    wanted    int64 [B,K,S]: what position s is to predict, -100 where there is nothing to learn
    pictures  uint8 [B,N,H,W,3];  times [B,N] seconds from the window's start, below zero for anchors
    seen      bool [B,N]: False where an item does not see the picture
    plan      float32 [B,S,C], zeros where it is left out; None in the published form
    labels    int64 [B,3]
    """

    fed: npt.NDArray[np.int64]
    wanted: npt.NDArray[np.int64]
    pictures: Bytes
    times: Floats
    seen: npt.NDArray[np.bool_]
    plan: Floats | None
    labels: npt.NDArray[np.int64]


class Batches:
    """Draws windows of `window` steps. `timed`: anchors and times; `planned`: plan columns."""

    def __init__(
        self,
        items: Sequence[Item],
        config: DecoderConfig,
        *,
        window: int,
        batch: int,
        dropping: Dropping,
        timed: bool,
        planned: bool,
        seed: int,
    ) -> None:
        self._items = [item for item in items if item.steps >= window]
        assert self._items, "pieces are at least one window long"
        self._config = config
        self._window = window
        self._batch = batch
        self._dropping = dropping
        self._timed = timed
        self._planned = planned
        self._seed = seed

    def draw(self, step: int) -> Batch:
        rng = np.random.Generator(np.random.Philox(key=[self._seed, step]))
        chosen = [self._items[int(index)] for index in rng.integers(len(self._items), size=self._batch)]
        starts = [int(rng.integers(item.steps - self._window + 1)) for item in chosen]
        codes = np.stack(
            [item.codes[:, at : at + self._window] for item, at in zip(chosen, starts, strict=True)]
        ).astype(np.int64)
        fed, wanted = self._tokens(codes, rng)
        index, times, seen = self._pictures(chosen, starts, rng)
        pictures = np.stack([item.pictures[rows] for item, rows in zip(chosen, index, strict=True)])
        memory_out, plan_out = self._left_out(rng)
        seen[memory_out] = False
        mirrored = rng.random(self._batch) < 0.5
        pictures[mirrored] = pictures[mirrored, :, :, ::-1]
        plan = self._plan(chosen, starts, plan_out, fed.shape[2], rng) if self._planned else None
        return Batch(fed, wanted, pictures, times, seen, plan, np.stack([item.labels for item in chosen]))

    def _tokens(
        self, codes: npt.NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        config = self._config
        sequence = to_sequence(codes, config.delays, config.special)
        valid = valid_positions(codes.shape[2], config.delays)
        wanted = np.where(valid, sequence, -100)[..., 1:]
        fed = sequence[..., :-1].copy()
        spoilt = (rng.random(fed.shape) < self._dropping.tokens) & (fed != config.special)
        fed[spoilt] = rng.integers(config.cardinality, size=int(spoilt.sum()))
        return fed, wanted

    def _pictures(
        self, chosen: Sequence[Item], starts: Sequence[int], rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.int64], Floats, npt.NDArray[np.bool_]]:
        """Rows of pictures, their times and whether they are seen, as generation gives them (gvmgen.py)."""
        own = -(-self._window // FRAME_RATE)
        count = own + (ANCHORS if self._timed else 0)
        index = np.zeros((len(chosen), count), np.int64)
        times = np.full((len(chosen), count), UNTIMED, np.float32)
        seen = np.ones((len(chosen), count), np.bool_)
        for row, (item, start) in enumerate(zip(chosen, starts, strict=True)):
            first = -(-start // FRAME_RATE)
            within = np.minimum(np.arange(first, first + own), len(item.pictures) - 1)
            index[row, :own] = within
            if self._timed:
                times[row, :own] = within - start / FRAME_RATE
                length = len(item.pictures)
                index[row, own:] = [round((k + 0.5) * length / ANCHORS - 0.5) for k in range(ANCHORS)]
                seen[row, own:] = rng.random() >= self._dropping.anchors
        return index, times, seen

    def _left_out(self, rng: np.random.Generator) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Items without pictures, items without a plan."""
        dropping, chance = self._dropping, rng.random(self._batch)
        both = chance < dropping.both
        memory = (chance >= dropping.both) & (chance < dropping.both + dropping.memory)
        after = dropping.both + dropping.memory
        plan = (chance >= after) & (chance < after + dropping.plan)
        return memory | both, plan | both

    def _plan(
        self,
        chosen: Sequence[Item],
        starts: Sequence[int],
        left_out: npt.NDArray[np.bool_],
        positions: int,
        rng: np.random.Generator,
    ) -> Floats:
        dropping = self._dropping
        rows = []
        for item, at, absent in zip(chosen, starts, left_out, strict=True):
            opened, bare = rng.random() < dropping.thirds, rng.random() < dropping.chroma
            source = item.open_plan if opened else item.plan
            part = source[at : at + self._window].astype(np.float32)
            # Position s is told of step min(s, T - 1).
            part = np.concatenate([part, np.repeat(part[-1:], positions - self._window, axis=0)])
            if bare:
                moments = part.reshape(len(part), -1, len(MOMENT))
                moments[:, :, _CHROMA] = 0
            if absent:
                part[:] = 0
            rows.append(part)
        return np.stack(rows)
