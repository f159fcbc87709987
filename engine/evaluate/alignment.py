"""Onsets of generated and reference music compared second by second: the two published beat scores.

Beat coverage and hit scores of D2M (L-YeZhu/Beats_Scores) and LORIS (OpenGVLab/LORIS), which share names and
mean different things. With dense music nearly every second holds an onset, so the hit score tends to 1
whatever the film: print it beside its shuffled value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InputError

Flags = npt.NDArray[np.bool_]

# Bins a second: the published scores, and the variants for dance.
PER_SECOND = 1
PER_SECOND_DANCE = 5
# An onset at 0.6 s belongs to the bin that begins there, though 0.6 * 5 is a little less than 3.
_ROUNDING = 1e-9


def onset_bins(onsets: npt.ArrayLike, duration_s: float, per_second: int = PER_SECOND) -> Flags:
    """Which bins of 1 / per_second seconds hold an onset, bool [ceil(duration_s * per_second)].

    A bin owns its start: an onset at exactly 1 s lies in bin 1. One at the clip's very end lies in the last.
    """
    times = np.asarray(onsets, np.float64)
    count = math.ceil(duration_s * per_second - _ROUNDING)
    bins = np.zeros(count, np.bool_)
    if count and len(times):
        index = np.floor(times * per_second + _ROUNDING).astype(np.int64)
        bins[np.clip(index, 0, count - 1)] = True
    return bins


def d2m_scores(generated: Flags, reference: Flags) -> tuple[float, float]:
    """`bcs_d2m`, `bhs_d2m` of a clip: generated bins over reference bins, bins in both over reference bins.

    The first may exceed 1. Both nan where the reference has no onset. InputError when lengths differ.
    """
    if len(generated) != len(reference):
        raise InputError(
            f"generated music of {len(generated)} bins and its reference of {len(reference)} cannot be"
            " compared: cut both to one length"
        )
    beats = int(reference.sum())
    if not beats:
        return float("nan"), float("nan")
    return int(generated.sum()) / beats, int((generated & reference).sum()) / beats


def loris_scores(generated: Flags, reference: Flags) -> tuple[float, float]:
    """`bcs_loris`, `bhs_loris` of a clip: bins in both over generated bins, and over reference bins.

    The reference is cut to the generated length; a score without a denominator is 0. Both as published.
    InputError when the reference is the shorter one.
    """
    if len(reference) < len(generated):
        raise InputError(
            f"a reference of {len(reference)} bins is too short for generated music of {len(generated)}:"
            " cut the music"
        )
    cut = reference[: len(generated)]
    both, own, beats = int((generated & cut).sum()), int(generated.sum()), int(cut.sum())
    return both / own if own else 0.0, both / beats if beats else 0.0


@dataclass(frozen=True, slots=True)
class Loris:
    """LORIS's five numbers over clips: bcs, bhs, f1 up; csd, hsd (deviations between clips) down."""

    bcs: float
    bhs: float
    csd: float
    hsd: float
    f1: float


def loris_summary(scores: Sequence[tuple[float, float]]) -> Loris:
    """The means of per-clip (bcs, bhs), their sample deviations (nan for one clip), F1 of the two means.

    InputError for no clip.
    """
    if not scores:
        raise InputError("LORIS's scores need at least one clip: evaluate more clips")
    values = np.asarray(scores, np.float64)
    bcs, bhs = (float(mean) for mean in values.mean(axis=0))
    csd = hsd = float("nan")
    if len(values) > 1:
        csd, hsd = (float(deviation) for deviation in values.std(axis=0, ddof=1))
    return Loris(bcs, bhs, csd, hsd, 2 * bcs * bhs / (bcs + bhs) if bcs + bhs else 0.0)
