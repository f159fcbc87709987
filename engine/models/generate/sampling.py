"""How the next tokens are drawn from a decoder's logits, and where the random numbers come from.

A token is drawn by inverting the cumulative distribution at one uniform number. Every candidate has a stream
of its own, indexed by position: what the others do, or how many there are, changes none of its numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ...errors import OptionError
from ..step import Decoder, Floats, Ints

Uniform = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sampling:
    """Defaults are MusicGen's. `top_p` above 0 takes the place of `top_k`; a `top_k` of 0 keeps all tokens.

    OptionError for a value that means nothing.
    """

    temperature: float = 1.0
    top_k: int = 250
    top_p: float = 0.0
    # Of the conditioned over the null branch; 1 leaves the null branch out.
    guidance: float = 3.0
    greedy: bool = False

    def __post_init__(self) -> None:
        if not np.isfinite(self.temperature) or self.temperature < 0:
            raise OptionError(f"a temperature of {self.temperature} is not possible: give 0 or more")
        if self.top_k < 0:
            raise OptionError(f"a top-k of {self.top_k} is not possible: give 0 (all tokens) or more")
        if not 0 <= self.top_p <= 1:
            raise OptionError(f"a top-p of {self.top_p} is not possible: give 0 (off) to 1")
        if not np.isfinite(self.guidance):
            raise OptionError(f"a guidance of {self.guidance} is not possible: give a number such as 3")

    @property
    def argmax(self) -> bool:
        """Whether the likeliest token is taken: asked for, or at temperature 0."""
        return self.greedy or self.temperature == 0


@runtime_checkable
class DrawingDecoder(Protocol):
    """A decoder that also draws the tokens where the logits lie: only the tokens leave its device."""

    def feed_and_draw(self, tokens: Ints, sampling: Sampling, uniform: Uniform) -> Ints:
        """As `Decoder.feed`, then `draw`: tokens int64 [candidates, K] from uniform [candidates, K]."""


def next_tokens(
    decoder: Decoder, tokens: Ints, *, guided: bool, sampling: Sampling, uniform: Uniform
) -> Ints:
    """Feed `tokens` [candidates, K, n] and draw what follows them, int64 [candidates, K]."""
    if isinstance(decoder, DrawingDecoder):
        return decoder.feed_and_draw(tokens, sampling, uniform)
    logits = decoder.feed(tokens)
    return draw(guide(logits, sampling.guidance) if guided else logits, sampling, uniform)


def guide(logits: Floats, guidance: float) -> Floats:
    """Classifier-free guidance u + g(c - u) of [2C, ...], conditioned rows first: [C, ...]."""
    conditioned, null = np.split(logits, 2)
    guided: Floats = null + np.float32(guidance) * (conditioned - null)
    return guided


def draw(logits: Floats, sampling: Sampling, uniform: Uniform) -> Ints:
    """A token for every row: logits float32 [..., tokens], uniform in [0, 1) [...], int64 [...]."""
    if sampling.argmax:
        return np.asarray(logits.argmax(axis=-1), np.int64)
    kept = _kept(logits, sampling)
    cumulative = np.cumsum(kept, axis=-1, dtype=np.float64)
    total = cumulative[..., -1]
    # Rounding must not reach the end: beyond the last token there is none.
    threshold = np.minimum(uniform * total, np.nextafter(total, 0))
    return np.asarray((cumulative <= threshold[..., None]).sum(axis=-1), np.int64)


def _kept(logits: Floats, sampling: Sampling) -> Floats:
    """Probabilities times a constant, zero where a token is cut away."""
    scaled = (logits - logits.max(axis=-1, keepdims=True)) / np.float32(sampling.temperature)
    weights: Floats = np.exp(scaled)
    size = logits.shape[-1]
    if sampling.top_p > 0:
        order = np.argsort(-weights, axis=-1, kind="stable")
        falling = np.take_along_axis(weights, order, axis=-1).astype(np.float64)
        before = np.cumsum(falling, axis=-1) - falling
        dropped = before > sampling.top_p * falling.sum(axis=-1, keepdims=True)
        mask = np.empty_like(dropped)
        np.put_along_axis(mask, order, dropped, axis=-1)
        weights[mask] = 0
    elif 0 < sampling.top_k < size:
        smallest = np.partition(logits, size - sampling.top_k, axis=-1)[..., size - sampling.top_k, None]
        # Ties with the smallest are kept, as published.
        weights[logits < smallest] = 0
    return weights


def candidate_seed(seed: int, candidate: int) -> int:
    """The seed that makes candidate `candidate` of `seed` again, alone; the first has the seed itself."""
    return seed if candidate == 0 else _hashed("candidate", seed, candidate)


def window_seed(seed: int, window: int) -> int:
    """The seed of one window, so that it can be made again alone."""
    return _hashed("window", seed, window)


def uniforms(seeds: Sequence[int], draws: int, codebooks: int) -> Uniform:
    """Random numbers in [0, 1) for every candidate's seed: [draws, candidates, codebooks]."""
    streams = [np.random.Generator(np.random.Philox(key=_hashed("stream", seed, 0))) for seed in seeds]
    return np.stack([stream.random((draws, codebooks)) for stream in streams], axis=1)


def _hashed(kind: str, seed: int, index: int) -> int:
    digest = hashlib.sha256(f"{kind}:{seed}:{index}".encode()).digest()
    # 63 bits: a seed fits every store's signed integer.
    return int.from_bytes(digest[:8], "big") >> 1
