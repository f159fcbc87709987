"""When a stem begins to play, as it is heard, and whether a section begins there."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...audio.finish import EFFECTS
from ...timebase import SAMPLE_RATE
from ...types import Bar, Plan
from .piece import Piece, Sound

_STEP = SAMPLE_RATE // 100
# A stem plays where it is at most this far below its own loud moments, and those not below the other.
_AUDIBLE_DB = 30.0
_LOUD = 1e-6  # mean square, -60 dBFS
# A shorter rest is phrasing, not an absence.
_REST_BARS = 2.0
# An upbeat before the section, a breath after its first beat.
_BEATS_EITHER_SIDE = 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A stem that comes in, first or after two bars of rest, at `sample` of the cue."""

    stem: str
    sample: int
    at_border: bool


def entries(piece: Piece) -> tuple[Entry, ...]:
    """Of all stems but the effects, in time. Empty where there is one stem alone.

    Who comes back when speech ends comes back for the speech, and is left out.
    """
    names = [name for name in piece.stems if name != EFFECTS]
    bars = piece.plan.bars
    if len(names) < 2 or not bars:
        return ()
    borders = [bars[section.start_bar] for section in piece.plan.sections if section.start_bar < len(bars)]
    found = []
    for name in names:
        for sample in _starts(piece.inside(piece.stems[name]), piece.plan):
            if not _after_speech(piece.plan, sample):
                found.append(Entry(name, sample, _at_border(sample, borders)))
    return tuple(sorted(found, key=lambda entry: (entry.sample, entry.stem)))


def _starts(sound: Sound, plan: Plan) -> list[int]:
    playing = _playing(sound)
    edges = np.diff(np.concatenate(([0], playing.astype(np.int8), [0])))
    ups, downs = np.flatnonzero(edges == 1) * _STEP, np.flatnonzero(edges == -1) * _STEP
    out = []
    for place, up in enumerate(ups.tolist()):
        bar = _bar_at(plan, up)
        if place == 0 or up - int(downs[place - 1]) >= _REST_BARS * (
            bar.end_sample_exclusive - bar.start_sample
        ):
            out.append(up)
    return out


def _playing(sound: Sound) -> npt.NDArray[np.bool_]:
    """Whether a stem is heard, every 10 ms."""
    whole = len(sound) // _STEP
    part = sound[: whole * _STEP]
    power = np.einsum("ij,ij->i", part, part).reshape(whole, _STEP).mean(axis=1) / part.shape[1]
    loud = float(np.percentile(power[power > 0], 90)) if power.any() else 0.0
    if loud < _LOUD:
        return np.zeros(whole, np.bool_)
    return np.asarray(power > loud * 10 ** (-_AUDIBLE_DB / 10))


def _bar_at(plan: Plan, sample: int) -> Bar:
    return plan.bars[max(0, bisect_right(plan.downbeats, sample) - 1)]


def _at_border(sample: int, borders: list[Bar]) -> bool:
    return any(
        abs(sample - max(0, bar.start_sample))
        <= _BEATS_EITHER_SIDE * (bar.end_sample_exclusive - bar.start_sample) / bar.beats
        for bar in borders
    )


def _after_speech(plan: Plan, sample: int) -> bool:
    bar = _bar_at(plan, sample)
    length = bar.end_sample_exclusive - bar.start_sample
    return any(end - length <= sample <= end + length for _, end in plan.speech)
