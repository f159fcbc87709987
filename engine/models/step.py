"""The one interface of all decoders: what they attend to, and how they are driven a step at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .config import DecoderConfig

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Condition:
    """What every candidate of one window attends to. None of it for an unconditioned decoder.

    temporal_kv  float32 [L, 2, 1, N, D]: keys (0) and values (1) of every layer's cross-attention
    memory       float32 [1, N, D]: what they were projected from (for audiocraft's decoder and for tests)
    mask         bool [1, N]: False where a position is padding; None when all are real
    prefix       float32 [2, P, D]: inputs before the first token (melody models): conditioned row, null row
    plan         float32 [T, C]: columns of the plan (models/channels.py) at the window's steps; position s
                 takes row min(s, T - 1). None, and the null branch: nothing is added

    The null branch of guidance attends to nothing: zero memory through bias-free projections is zero.
    """

    temporal_kv: Floats | None = None
    memory: Floats | None = None
    mask: Flags | None = None
    prefix: Floats | None = None
    plan: Floats | None = None


class Decoder(Protocol):
    """A MusicGen decoder with a key/value cache: `begin` a window, `feed` until done, `close` frees all."""

    config: DecoderConfig

    def begin(self, condition: Condition, *, candidates: int, guided: bool, length: int) -> None:
        """Empty caches for `length` token positions (and the prefix, which is fed here) of that many rows."""

    def feed(self, tokens: Ints) -> Floats:
        """Append tokens, int64 [candidates, K, n]; logits after the last, float32 [R, K, cardinality].

        R = candidates, or with guidance 2 * candidates: conditioned rows first, then null rows.
        """

    def close(self) -> None:
        """Free weights' working memory and caches; `begin` may be called again."""
