"""Features as the towers take them: standardised, and the pictures' grid on its principal components, by the
statistics of the training set. NumPy only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...errors import InputError

Floats = npt.NDArray[np.float32]

# Below this spread a channel says nothing; it is left small instead of being blown up.
_LEAST_SPREAD = 1e-4


@dataclass(frozen=True, slots=True)
class Preparation:
    """x -> ((x - mean) / spread) with its channels from `plain` on projected; all float32.

    mean, spread  [d]
    projection    [d - plain, components], columns scaled so that the components have spread 1; [d - plain, 0]
                  when nothing is projected, and then all d channels stay
    plain         channels that are not projected; d when nothing is
    """

    mean: Floats
    spread: Floats
    projection: Floats
    plain: int

    @property
    def channels(self) -> int:
        return self.plain + int(self.projection.shape[1])

    def apply(self, features: Floats) -> Floats:
        """[T, d] -> [T, channels]. InputError for another number of channels."""
        if features.ndim != 2 or features.shape[1] != len(self.mean):
            raise InputError(
                f"features of shape {features.shape} do not fit a judge of {len(self.mean)} channels: "
                "take them as they were taken for its training"
            )
        standard = ((features - self.mean) / self.spread).astype(np.float32)
        if not self.projection.shape[1]:
            return standard
        return np.concatenate([standard[:, : self.plain], standard[:, self.plain :] @ self.projection], 1)

    def direction(self, shifted: int) -> Floats:
        """What a move by 1 of the first `shifted` channels, in their own units, becomes: [channels]."""
        moved = self.mean.copy()
        moved[:shifted] += 1
        return np.asarray(self.apply(moved[None])[0])


def fit(items: Sequence[Floats], *, components: int = 0, plain: int = 0) -> Preparation:
    """The statistics of `items` [T, d]; `components` of 0 projects nothing.

    InputError when the items differ in channels, hold no finite numbers, or are fewer than the components.
    """
    if len({item.shape[1] for item in items}) != 1:
        raise InputError("the features have different numbers of channels: take them all in one way")
    rows = np.concatenate(items).astype(np.float64)
    if not np.isfinite(rows).all():
        raise InputError("the features hold numbers that are not finite: take them again")
    mean, spread = rows.mean(0), np.maximum(rows.std(0), _LEAST_SPREAD)
    channels = rows.shape[1]
    if not components:
        empty = np.zeros((0, 0), np.float32)
        return Preparation(mean.astype(np.float32), spread.astype(np.float32), empty, channels)
    if components > min(channels - plain, len(rows)):
        raise InputError(
            f"{len(rows)} frames of {channels - plain} channels have no {components} components: use fewer"
        )
    grid = ((rows - mean) / spread)[:, plain:]
    values, vectors = np.linalg.eigh(grid.T @ grid / len(grid))
    values, vectors = values[::-1][:components], vectors[:, ::-1][:, :components]
    # The sign of an eigenvector is the library's whim: its largest entry is made positive.
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(0), np.arange(components)])
    projection = vectors / np.sqrt(np.maximum(values, _LEAST_SPREAD))
    return Preparation(
        mean.astype(np.float32), spread.astype(np.float32), projection.astype(np.float32), plain
    )
