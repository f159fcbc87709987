"""What a piece is like in numbers that know neither its tempo nor what its instruments are called."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from hitpoint.engine.evaluate.gates.balance import octaves_db
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.types import Note, Plan

Floats = npt.NDArray[np.float64]

_STEMS = ("drums", "bass", "harmony", "melody", "pads")
_PITCHED = _STEMS[1:]
# Intervals of a line in semitones: repeated, by step, by third, up to the fifth, wider.
_INTERVALS = (0, 1, 3, 5, 8, 128)
# Places in a beat: on it, halves, quarters, thirds.
_PLACES = ((0.0,), (1 / 2,), (1 / 4, 3 / 4), (1 / 3, 2 / 3))
# What is struck together, as a share of a beat.
_TOGETHER = 0.1


def note_features(piece: Piece) -> Floats:
    """Of the notes: who plays how much, how densely, where, how long and how loudly; intervals, places in the
    beat, size of chords, degrees of the scale, how often chords change. All lengths are in beats.
    """
    found: list[float] = []
    grid = _Grid(piece.plan)
    for stem in _STEMS:
        notes = sorted((n for n in piece.notes if n.stem == stem), key=lambda n: (n.start_sample, n.pitch))
        starts = grid.beats([note.start_sample for note in notes])
        ends = grid.beats([note.start_sample + note.samples for note in notes])
        found += _playing(notes, starts, ends, grid)
        found += _places(starts)
        if stem in _PITCHED:
            found += _pitches(notes, starts)
    return np.array([*found, *_degrees(piece), len(piece.chords) / grid.length])


def sound_features(piece: Piece) -> Floats:
    """Of the mix: levels of its octaves, dB."""
    levels = octaves_db(piece.inside(piece.mix))
    assert levels is not None
    return levels


class _Grid:
    """From samples of the cue to beats from its first one."""

    def __init__(self, plan: Plan) -> None:
        self._samples = np.array([*plan.beats, plan.bars[-1].end_sample_exclusive], np.float64)
        self.length = float(len(plan.beats))

    def beats(self, samples: Sequence[int]) -> Floats:
        return np.interp(np.array(samples, np.float64), self._samples, np.arange(len(self._samples)))


def _playing(notes: Sequence[Note], starts: Floats, ends: Floats, grid: _Grid) -> list[float]:
    """Share of beats that are played in, onsets and notes a beat there, length, velocity and its spread."""
    if not notes:
        return [0.0] * 6
    beats = len(np.unique(np.floor(starts + _TOGETHER)))
    onsets = 1 + int((np.diff(starts) > _TOGETHER).sum())
    velocities = [note.velocity for note in notes]
    return [
        beats / grid.length,
        np.log(onsets / beats),
        np.log(len(notes) / onsets),
        float(np.log(np.maximum(ends - starts, 0.05)).mean()),
        float(np.mean(velocities)) / 16,
        float(np.std(velocities)) / 16,
    ]


def _places(starts: Floats) -> list[float]:
    """Shares of the onsets that lie at each kind of place in the beat."""
    if not len(starts):
        return [0.0] * len(_PLACES)
    inside = (starts + _TOGETHER) % 1 - _TOGETHER
    away = np.array([np.min([np.abs(inside - at) for at in places], axis=0) for places in _PLACES])
    counts = np.bincount(away.argmin(axis=0), minlength=len(_PLACES))
    return [float(count) / len(starts) for count in counts]


def _pitches(notes: Sequence[Note], starts: Floats) -> list[float]:
    """Mean and spread of the pitch in octaves, and the intervals of the upper line."""
    if not notes:
        return [0.0] * (len(_INTERVALS) + 1)
    pitches = np.array([note.pitch for note in notes]) / 12
    top = {}
    for note, start in zip(notes, np.round(starts / _TOGETHER), strict=True):
        top[start] = note.pitch
    steps = [abs(b - a) for a, b in pairwise(top.values())] or [0]
    shares = np.histogram(steps, bins=_INTERVALS)[0] / len(steps)
    return [float(pitches.mean()), float(pitches.std()), *map(float, shares)]


def _degrees(piece: Piece) -> list[float]:
    """How much of each degree over the tonic there is."""
    out = np.zeros(12)
    for note in piece.notes:
        if note.stem in _PITCHED:
            out[(note.pitch - (piece.tonic or 0)) % 12] += note.samples
    return [float(share) for share in np.sqrt(out / max(out.sum(), 1.0))]
