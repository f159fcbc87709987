"""The loop that every decoder is driven by: prompt in one piece, then one position at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from ...progress import Cancel
from ..step import Condition, Decoder, Ints
from .delay import UNKNOWN, first_unknown, from_sequence, sequence_length, to_sequence
from .sampling import Sampling, candidate_seed, next_tokens, uniforms, window_seed
from .windows import Window


class KeptWindows(Protocol):
    """Windows that were finished before, of this very piece: int64 [candidates, K, steps] by their number."""

    def load(self, index: int) -> Ints | None: ...

    def keep(self, index: int, codes: Ints) -> None: ...


# Called after every position with the number of steps, from the music's start, that are complete.
Told = Callable[[int], None]


def generate_tokens(
    decoder: Decoder,
    condition: Condition,
    *,
    steps: int,
    sampling: Sampling,
    seed: int,
    candidates: int = 1,
    prompt: Ints | None = None,
    told: Told,
    cancel: Cancel,
) -> Ints:
    """Tokens of one window, int64 [candidates, K, steps]; `steps` counts the prompt.

    prompt  int64 [candidates, K, P] with P < steps, kept as it is
    told    hears after every position how many steps are complete
    Candidate i is drawn with `candidate_seed(seed, i)`. Cancelled when asked, within one position; the
    decoder is closed in every case.
    """
    try:
        seeds = [candidate_seed(seed, index) for index in range(candidates)]
        return _one_window(decoder, condition, steps, sampling, seeds, prompt, told, cancel)
    finally:
        decoder.close()


def generate_long(
    decoder: Decoder,
    condition_of: Callable[[Window], Condition],
    windows: Sequence[Window],
    *,
    sampling: Sampling,
    seed: int,
    candidates: int = 1,
    told: Told,
    cancel: Cancel,
    kept: KeptWindows | None = None,
) -> Ints:
    """Tokens of windows that continue each other, int64 [candidates, K, total].

    A window begins with the tokens that its predecessor wrote there and is drawn with its own seed,
    `window_seed` of the candidate's. One that is `kept` is not drawn again. As `generate_tokens` in all else.
    """
    out = np.full((candidates, decoder.config.codebooks, windows[-1].end), UNKNOWN, np.int64)
    try:
        for window in windows:
            known = kept.load(window.index) if kept is not None else None
            if known is not None:
                out[..., window.start : window.end] = known
                told(window.end)
                continue
            seeds = [window_seed(candidate_seed(seed, index), window.index) for index in range(candidates)]
            prompt = out[..., window.start : window.start + window.prompt]
            out[..., window.start : window.end] = _one_window(
                decoder,
                condition_of(window),
                window.end - window.start,
                sampling,
                seeds,
                prompt,
                _from(window.start, told),
                cancel,
            )
            if kept is not None:
                kept.keep(window.index, out[..., window.start : window.end])
    finally:
        decoder.close()
    return out


def _one_window(
    decoder: Decoder,
    condition: Condition,
    steps: int,
    sampling: Sampling,
    seeds: Sequence[int],
    prompt: Ints | None,
    told: Told,
    cancel: Cancel,
) -> Ints:
    config = decoder.config
    candidates = len(seeds)
    known = np.zeros((candidates, config.codebooks, 0), np.int64) if prompt is None else prompt
    prompted = known.shape[-1]
    assert known.shape[:2] == (candidates, config.codebooks), "a prompt for every candidate"
    assert prompted < steps, "a prompt leaves something to draw"
    assert not known.size or 0 <= known.min() <= known.max() < config.cardinality, "a prompt of tokens"
    codes = np.full((candidates, config.codebooks, steps), UNKNOWN, np.int64)
    codes[..., :prompted] = known
    sequence = to_sequence(codes, config.delays, config.special)
    start, length = first_unknown(prompted, config.delays), sequence_length(steps, config.delays)
    numbers = uniforms(seeds, length - start, config.codebooks)
    guided = sampling.guidance != 1 and _says_something(condition)
    cancel.check()
    decoder.begin(condition, candidates=candidates, guided=guided, length=length - 1)
    fed = 0
    for position in range(start, length):
        cancel.check()
        drawn = next_tokens(
            decoder,
            sequence[..., fed:position],
            guided=guided,
            sampling=sampling,
            uniform=numbers[position - start],
        )
        column = sequence[..., position]
        # Prompt and special tokens are known already and stay.
        sequence[..., position] = np.where(column == UNKNOWN, drawn, column)
        fed = position
        told(max(prompted, position - max(config.delays)))
    return from_sequence(sequence, config.delays)


def _from(start: int, told: Told) -> Told:
    return lambda done: told(start + done)


def _says_something(condition: Condition) -> bool:
    """Without a condition both branches of guidance are the same one."""
    parts = (condition.temporal_kv, condition.memory, condition.prefix, condition.plan)
    return any(part is not None for part in parts)
