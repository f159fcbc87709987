"""Gate 15: whether long music stays one piece: its key moves rarely and at borders, and it comes back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ...timebase import SAMPLE_RATE
from ...types import Plan
from .piece import Piece
from .pitches import Floats, chroma_rows, key_path, unit_rows
from .verdict import Verdict

MOST_CHANGES = 2
# A song that spends a sixth of its time in another key, once, reaches -.13; one that wanders by fifths -.3.
LEAST_COHERENCE = -0.15

_MINUTE = 60 * SAMPLE_RATE
# A chord that both keys share hides the first bar of the new one.
_BARS_OFF = 1
_SEGMENT_S = 10
# Segments less than 30 s apart are near; what lies behind is far.
_NEAR = 3
# In shorter music a middle part of its own is a form, and nothing has been lost.
_FEWEST = 15


def long_cues(piece: Piece) -> tuple[Verdict, Verdict, Verdict]:
    """Key changes away from section borders; the most within a minute; coherence over the whole cue less that
    over 30 s.

    Coherence is the correlation of chroma (10 s each) with the most alike segment: of those at least 30 s
    away, less that of those nearer, mean over segments; it applies from 150 s on. Keys do not apply to a
    piece of fewer than two bars, or without pitch.
    """
    away = most = None
    bars = [bar for bar in piece.plan.bars if bar.start_sample < piece.plan.samples]
    if len(bars) > 1:
        edges = [*(bar.start_sample for bar in bars), min(bars[-1].end_sample_exclusive, piece.plan.samples)]
        rows = chroma_rows(piece, edges)
        if rows.any():
            changed = key_changes(rows, piece.tonic)
            away = sum(not _at_border(bar, piece.plan) for bar in changed)
            most = _most_in_a_minute([edges[bar] for bar in changed])
    return (
        Verdict("long cues", "key changes away from section borders", away, None, 0),
        Verdict("long cues", "key changes in any minute", most, None, MOST_CHANGES),
        Verdict(
            "long cues", "coherence of the whole less that of 30 s", _coherence(piece), LEAST_COHERENCE, None
        ),
    )


def key_changes(rows: Floats, tonic: int | None = None) -> list[int]:
    """The rows [n, 12] that begin a new key.

    Neither the relative nor the parallel one is new: the scale stays, or the tonic does.
    """
    path = key_path(rows, tonic)
    return [row for row, (old, new) in enumerate(pairwise(path), 1) if not _same(old, new)]


def _same(old: int, new: int) -> bool:
    if old // 12 == new // 12:
        return old == new
    major, minor = min(old, new), max(old, new) - 12
    return minor == major or minor == (major + 9) % 12


def _at_border(bar: int, plan: Plan) -> bool:
    return any(abs(bar - section.start_bar) <= _BARS_OFF for section in plan.sections)


def _most_in_a_minute(samples: Sequence[int]) -> int:
    return max((sum(at <= other < at + _MINUTE for other in samples) for at in samples), default=0)


def _coherence(piece: Piece) -> float | None:
    length = _SEGMENT_S * SAMPLE_RATE
    count = piece.plan.samples // length
    if count < _FEWEST:
        return None
    unit = unit_rows(chroma_rows(piece, range(0, (count + 1) * length, length)))
    sounding = np.flatnonzero(unit.any(axis=1))
    if len(sounding) < _FEWEST:
        return None
    alike = unit @ unit.T
    apart = np.abs(sounding[:, None] - sounding)
    among = alike[np.ix_(sounding, sounding)]
    near = np.where((apart > 0) & (apart < _NEAR), among, -np.inf).max(axis=1)
    far = np.where(apart >= _NEAR, among, -np.inf).max(axis=1)
    known = np.isfinite(near) & np.isfinite(far)
    return float((far - near)[known].mean()) if known.any() else None
