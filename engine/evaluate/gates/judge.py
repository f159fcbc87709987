"""All gates on one take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from ...fit.match import Warp
from .arc import arc
from .balance import balance
from .dynamics import dynamics
from .endings import endings
from .groove import groove
from .long_cues import long_cues
from .met_by import met_by
from .onset_time import onset_time
from .piece import Piece, Sound
from .repetition import repetition
from .seams import seams
from .speech import speech
from .speech_loss import speech_loss
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
    others: Sequence[Piece] = (),
    words: bool = False,
    bundled: bool = True,
) -> tuple[Verdict, ...]:
    """Every number of every gate, in the gates' order; what does not apply has no value.

    borders       samples of the cue at which clips meet (split, cues, takes)
    limited_db    the most that the limiter took, dB
    unfitted      the music before it was stretched, float32 [n, 2], and `warp`, how it was
    free_samples  how far the tail may sound past the out point: the next cue, or speech
    others        takes of other seeds, whose themes must differ
    words         also ask how much of the dialogue is understood: OptionError without the package pystoi
    bundled       the bundled sound font plays, whose presets are judged, too
    """
    return tuple(
        chain(
            voice_leading(piece),
            groove(piece, piece.plan.fit),
            spotting(piece),
            onset_time(piece),
            met_by(piece),
            arc(piece),
            repetition(piece, others),
            _dynamics(piece, bundled),
            endings(piece, free_samples),
            seams(piece, borders),
            balance(piece, limited_db),
            speech(piece),
            speech_loss(piece) if words else (),
            stereo(piece),
            stretch(piece, unfitted, warp),
            long_cues(piece),
        )
    )


def _dynamics(piece: Piece, bundled: bool) -> tuple[Verdict, ...]:
    """The first number is of presets; of imported ones nothing is known."""
    if bundled:
        return dynamics(piece)
    rise, *others = dynamics(piece, rise=lambda _: 0.0)
    return (replace(rise, value=None), *others)
