"""What is learned: labels of pictures first, then tokens of music."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .batches import Batch, Batches
from .dataset import Item
from .learn import half
from .net import Generator, PictureLearner

# How much the labels weigh beside the tokens.
_LABEL_WEIGHT = 0.1
_PICTURE_RATE = 0.2


class PictureTask:
    """Mode, register and motion from pictures drawn anywhere, a few of one film at a time."""

    name = "pictures"
    # Of one film: what one picture hides another shows.
    _TOGETHER = 4

    def __init__(
        self, model: PictureLearner, items: Sequence[Item], batch: int, seed: int, where: torch.device
    ) -> None:
        self.model = model.to(where)
        self._items = items
        self._batch = batch
        self._seed = seed
        self._where = where

    def rates(self) -> list[tuple[nn.Module, float]]:
        return [(self.model, 1.0)]

    def losses(self, step: int) -> dict[str, Tensor]:
        rng = np.random.Generator(np.random.Philox(key=[self._seed, step]))
        chosen = [
            self._items[int(index)]
            for index in rng.integers(len(self._items), size=self._batch // self._TOGETHER)
        ]
        pictures = np.stack(
            [item.pictures[rng.integers(len(item.pictures), size=self._TOGETHER)] for item in chosen]
        )
        if rng.random() < 0.5:
            pictures = np.ascontiguousarray(pictures[:, :, :, ::-1])
        labels = torch.from_numpy(np.stack([item.labels for item in chosen])).to(self._where)
        with half(self._where):
            rows = self.model.rows(torch.from_numpy(pictures).to(self._where))
        loss, right = self.model.label_loss(rows, labels)
        return {"loss": loss, "right": right}


class TokenTask:
    """The next token of every codebook, from what came before, the pictures and the plan."""

    def __init__(
        self, name: str, model: Generator, batches: Batches, weights: Sequence[float], where: torch.device
    ) -> None:
        self.name = name
        self.model = model.to(where)
        self._batches = batches
        self._weights = torch.tensor(weights, device=where) / sum(weights)
        self._where = where

    def rates(self) -> list[tuple[nn.Module, float]]:
        # The encoder already sees; what it knows is not to be washed out while the decoder knows nothing.
        return [(self.model.decoder, 1.0), (self.model.pictures, _PICTURE_RATE)]

    def losses(self, step: int) -> dict[str, Tensor]:
        batch = self._batches.draw(step)
        books, rows = self._books(batch)
        labels = torch.from_numpy(batch.labels).to(self._where)
        label_loss, right = self.model.pictures.label_loss(rows, labels)
        parts = {f"book{index}": book.detach() for index, book in enumerate(books)}
        return {"loss": (books * self._weights).sum() + _LABEL_WEIGHT * label_loss, **parts, "right": right}

    @torch.no_grad()
    def check(self, batches: Batches, count: int) -> list[float]:
        """Mean cross-entropy of each codebook over `count` batches that are not trained on."""
        self.model.eval()
        found = torch.stack([self._books(batches.draw(step))[0] for step in range(count)]).mean(dim=0)
        self.model.train()
        return [float(value) for value in found]

    def _books(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Cross-entropy of each codebook [K], and the memory's rows."""

        def there(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array)).to(self._where)

        plan = None if batch.plan is None else there(batch.plan)
        with half(self._where):
            logits, rows = self.model(
                there(batch.fed), there(batch.pictures), there(batch.times), there(batch.seen), plan
            )
        wanted = there(batch.wanted)
        books = [
            F.cross_entropy(logits[:, k].flatten(0, 1).float(), wanted[:, k].flatten(), ignore_index=-100)
            for k in range(logits.shape[1])
        ]
        return torch.stack(books), rows
