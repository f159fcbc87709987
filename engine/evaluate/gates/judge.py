"""All gates on one take."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from ...fit.match import Warp
from .arc import arc
from .balance import balance
from .dynamics import dynamics
from .endings import endings
from .groove import Fit, groove
from .long_cues import long_cues
from .met_by import met_by
from .onset_time import onset_time
from .piece import Piece, Sound
from .repetition import repetition
from .seams import seams
from .speech import speech
from .spotting import spotting
from .stereo import stereo
from .stretch import stretch
from .verdict import Verdict
from .voice_leading import voice_leading


def judge(
    piece: Piece,
    *,
    borders: Sequence[int] = (),
    limited_db: float | None = None,
    unfitted: Sound | None = None,
    warp: Warp | None = None,
    free_samples: int | None = None,
    fit: Fit = "steady",
    others: Sequence[Piece] = (),
) -> tuple[Verdict, ...]:
    """Every number of every gate, in the gates' order; what does not apply has no value.

    borders       samples of the cue at which clips meet (split, cues, takes)
    limited_db    the most that the limiter took, dB
    unfitted      the music before it was stretched, float32 [n, 2], and `warp`, how it was
    free_samples  how far the tail may sound past the out point: the next cue, or speech
    others        takes of other seeds, whose themes must differ
    """
    return tuple(
        chain(
            voice_leading(piece),
            groove(piece, fit),
            spotting(piece),
            onset_time(piece),
            met_by(piece),
            arc(piece),
            repetition(piece, others),
            dynamics(piece),
            endings(piece, free_samples),
            seams(piece, borders),
            balance(piece, limited_db),
            speech(piece),
            stereo(piece),
            stretch(piece, unfitted, warp),
            long_cues(piece),
        )
    )
