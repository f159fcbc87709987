"""The delay pattern: each codebook lies a few positions later in the sequence than its time says.

Position 0 is special in every codebook; position s holds the code of time s - 1 - delay where there is one,
the special token elsewhere. T times need T + 1 + the longest delay positions (arXiv 2306.05284, section 2.2).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..step import Flags, Ints

# In a sequence: a code that is still to be drawn.
UNKNOWN = -1


def sequence_length(steps: int, delays: Sequence[int]) -> int:
    """Positions of a delayed sequence of `steps` times; all but the last are fed to the decoder."""
    return steps + 1 + max(delays)


def valid_positions(steps: int, delays: Sequence[int]) -> Flags:
    """bool [K, S]: where a sequence of `steps` times holds codes."""
    times = np.arange(sequence_length(steps, delays)) - 1 - np.asarray(delays)[:, None]
    return np.asarray((times >= 0) & (times < steps), np.bool_)


def to_sequence(codes: Ints, delays: Sequence[int], special: int) -> Ints:
    """Delayed sequences int64 [..., K, S] of codes [..., K, T]."""
    steps = codes.shape[-1]
    out = np.full((*codes.shape[:-1], sequence_length(steps, delays)), special, np.int64)
    for book, delay in enumerate(delays):
        out[..., book, 1 + delay : 1 + delay + steps] = codes[..., book, :]
    return out


def from_sequence(sequence: Ints, delays: Sequence[int]) -> Ints:
    """Codes [..., K, T] of delayed sequences [..., K, S]: the inverse of `to_sequence`."""
    steps = sequence.shape[-1] - 1 - max(delays)
    out = np.empty((*sequence.shape[:-1], steps), np.int64)
    for book, delay in enumerate(delays):
        out[..., book, :] = sequence[..., book, 1 + delay : 1 + delay + steps]
    return out


def first_unknown(prompt_steps: int, delays: Sequence[int]) -> int:
    """The first position that holds the time after a prompt: all before it is known."""
    return prompt_steps + 1 + min(delays)
