"""Gate 12, by ear: how much of the words music takes away, by extended short-time objective intelligibility.

Jensen and Taal, "An Algorithm for Predicting the Intelligibility of Speech Masked by Modulated Noise
Maskers", IEEE/ACM TASLP 24 (2016), as the package pystoi has it.
"""

from __future__ import annotations

import numpy as np

from ...errors import OptionError
from ...timebase import SAMPLE_RATE
from .piece import Piece
from .speech import spoken
from .verdict import Verdict

MOST_LOSS = 0.1

# ESTOI compares stretches of 384 ms and needs some of them.
_LEAST = 2 * SAMPLE_RATE


def speech_loss(piece: Piece) -> tuple[Verdict]:
    """1 minus the ESTOI of the dialogue with the mix under it, over the spoken stretches, against it alone.

    Does not apply where nobody speaks for two seconds. OptionError where pystoi is not installed.
    """
    return (Verdict("speech", "loss of intelligibility (ESTOI)", _loss(piece), None, MOST_LOSS),)


def _loss(piece: Piece) -> float | None:
    spans = spoken(piece)
    if piece.dialogue is None or not piece.stems or sum(end - start for start, end in spans) < _LEAST:
        return None
    try:
        from pystoi import stoi
    except ImportError as error:
        raise OptionError(
            "what music takes from speech is measured by the package pystoi: install hitpoint[evaluate]"
        ) from error
    music = piece.inside(piece.mix).mean(axis=1)
    words = np.concatenate([piece.dialogue[start:end] for start, end in spans])
    under = np.concatenate([music[start:end] for start, end in spans])
    if not words.any():
        return None
    return 1 - float(stoi(words, words + under, SAMPLE_RATE, extended=True))
