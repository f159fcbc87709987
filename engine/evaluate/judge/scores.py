"""`cmr2_ours` and `ta2_ours` (metrics.md 5.3), one value a clip, so that intervals can be given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...errors import InputError
from .config import GALLERY, RATE
from .prepare import Floats

Values = npt.NDArray[np.float64]

GALLERIES = 100
_MOST_OFFSET_S = 5


@dataclass(frozen=True, slots=True)
class Cmr2:
    """Of n clips, float64 [n] each; chance .0625, .0625, .5.

    probability  of the own music in galleries of 16, mean of 100 galleries
    top1         share of the galleries in which the own music came first
    auc          share of the music of other sources that is less alike than the own; a draw counts half
    """

    probability: Values
    top1: Values
    auc: Values


@dataclass(frozen=True, slots=True)
class Ta2:
    """Of n clips, float64 [n] each.

    diagonal  mean probability of the right second; chance is `chance`
    gap       the same less its mean over the music of all other sources; chance 0
    offset_s  where the music fits the pictures best, positive when it is late
    """

    diagonal: Values
    gap: Values
    offset_s: Values
    chance: float


def cmr2(
    query: Floats,
    gallery: Floats,
    sources: Sequence[str],
    temperature: float,
    *,
    own: Sequence[int] | None = None,
    seed: int = 0,
    galleries: int = GALLERIES,
) -> Cmr2:
    """Retrieval of each query's own among 16; both [n, width], rows of length 1.

    Films as queries ask for the right music, musics as queries for the right film. `own` names the row of
    the gallery that counts as each query's own (a derangement, say); neither it nor anything of the query's
    source is among the 15 others. InputError when fewer than 15 others are left.
    """
    count = len(query)
    mine = np.arange(count) if own is None else np.asarray(own)
    alike = query.astype(np.float64) @ gallery.astype(np.float64).T
    _, source = np.unique(np.asarray(sources), return_inverse=True)
    random = np.random.Generator(np.random.PCG64(seed))
    probability, top1, auc = np.empty(count), np.empty(count), np.empty(count)
    for i in range(count):
        others = np.flatnonzero((source != source[i]) & (source != source[mine[i]]))
        if len(others) < GALLERY - 1:
            raise InputError(
                f"{len(others)} clips of other sources do not fill a gallery of {GALLERY}: judge more films"
            )
        drawn = random.permuted(np.tile(others, (galleries, 1)), axis=1)[:, : GALLERY - 1]
        own_alike = alike[i, mine[i]]
        rivals = alike[i, drawn]
        probability[i] = np.mean(1 / (1 + np.exp((rivals - own_alike) / temperature).sum(1)))
        top1[i] = _first(own_alike, rivals).mean()
        auc[i] = np.mean((alike[i, others] < own_alike) + 0.5 * (alike[i, others] == own_alike))
    return Cmr2(probability, top1, auc)


def _first(own: float, rivals: Values) -> Values:
    """1 where the own is ahead of all, a fair share where it is level with some."""
    level = (rivals == own).sum(1)
    return np.where((rivals > own).any(1), 0.0, 1 / (1 + level))


def ta2(
    video: Floats,
    music: Floats,
    sources: Sequence[str],
    temperature: float,
    *,
    own: Sequence[int] | None = None,
) -> Ta2:
    """Agreement in time; both [n, T, width] at 10 Hz, rows of length 1, T at least 2 s.

    InputError for less, or when no clip of another source is there to compare with.
    """
    count, frames, _ = video.shape
    if frames < 2 * RATE:
        raise InputError(f"{frames / RATE:g} s of judged time are too few to align: use longer clips")
    mine = np.arange(count) if own is None else np.asarray(own)
    _, source = np.unique(np.asarray(sources), return_inverse=True)
    seconds = np.arange(0, frames, RATE)
    diagonal, gap, offset = np.empty(count), np.empty(count), np.empty(count)
    for i in range(count):
        others = np.flatnonzero((source != source[i]) & (source != source[mine[i]]))
        if not len(others):
            raise InputError("every clip is of one source: the gap needs the music of another")
        rows = np.concatenate([mine[i : i + 1], others])
        alike = np.einsum("tw,nuw->ntu", video[i, seconds], music[rows][:, seconds], dtype=np.float64)
        found = _softmax(alike / temperature).diagonal(axis1=1, axis2=2).mean(1)
        diagonal[i], gap[i] = found[0], found[0] - found[1:].mean()
        offset[i] = _offset(video[i], music[mine[i]])
    return Ta2(diagonal, gap, offset, 1 / len(seconds))


def _offset(video: Floats, music: Floats) -> float:
    """Seconds at which the mean likeness of the frames that overlap is largest."""
    alike = video.astype(np.float64) @ music.T.astype(np.float64)
    # Half of the clip overlaps at least, or chance would choose.
    most = min(_MOST_OFFSET_S * RATE, len(alike) // 2)
    moves = np.arange(-most, most + 1)
    return float(moves[np.argmax([alike.diagonal(move).mean() for move in moves])]) / RATE


def _softmax(logits: Values) -> Values:
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(raised / raised.sum(-1, keepdims=True))
