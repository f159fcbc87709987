"""How much of each pitch class there is over time, from notes or from sound, and the keys that explain it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import scipy.signal

from ...timebase import SAMPLE_RATE
from ...types import Note
from .piece import Piece, Sound

Floats = npt.NDArray[np.float64]

# Stems without pitch.
UNPITCHED = frozenset({"drums", "hits"})
# How often each pitch class is expected in a key (Krumhansl and Kessler, Psychological Review 89, 1982).
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
# A new key must explain this much more (sum of correlations over rows) than the old one: two chords do not.
CHANGE_COST = 2.0
# What a known tonic is worth a row: the chords of minor alone might as well be the relative major's, and
# those of Dorian (i bVII IV bVII for a minute) the major's below it, though their home has not moved.
_KNOWN = 0.25

# Analysed at 12 kHz: fundamentals and first overtones, 1.5 Hz apart.
_DOWN = 4
_RATE = SAMPLE_RATE // _DOWN
_WINDOW, _HOP = 8192, 2048
_LOWEST_HZ, _HIGHEST_HZ = 80.0, 2_000.0
_SILENT = 1e-9


def chroma_rows(piece: Piece, edges: Sequence[int]) -> Floats:
    """Weight of the pitch classes, C first, between neighbouring samples of the cue: float64 [edges - 1, 12].

    From the notes where they are written, else from the sound without drums and effects. Rows of silence are
    zeros; rows are not scaled.
    """
    if piece.notes:
        return of_notes(piece.notes, edges)
    pitched = [piece.inside(sound) for name, sound in piece.stems.items() if name not in UNPITCHED]
    if not pitched:
        return np.zeros((len(edges) - 1, 12))
    return of_sound(np.asarray(np.sum(pitched, axis=0), np.float32), edges)


def of_notes(notes: Sequence[Note], edges: Sequence[int]) -> Floats:
    """Seconds times velocity."""
    borders = np.asarray(edges, np.int64)
    out = np.zeros((len(borders) - 1, 12))
    for note in notes:
        if note.stem in UNPITCHED:
            continue
        start, end = note.start_sample, note.start_sample + note.samples
        first = max(0, int(np.searchsorted(borders, start, side="right")) - 1)
        last = min(len(out), int(np.searchsorted(borders, end, side="left")))
        for row in range(first, last):
            shared = min(end, int(borders[row + 1])) - max(start, int(borders[row]))
            out[row, note.pitch % 12] += max(0, shared) / SAMPLE_RATE * note.velocity
    return out


def of_sound(sound: Sound, edges: Sequence[int]) -> Floats:
    """Magnitude of spectral peaks of float32 [n, channels]."""
    mono = scipy.signal.resample_poly(sound.mean(axis=1), 1, _DOWN).astype(np.float32)
    mono = np.pad(mono, (_WINDOW // 2, _WINDOW))
    count = 1 + (len(mono) - _WINDOW) // _HOP
    window = scipy.signal.get_window("hann", _WINDOW).astype(np.float32)
    low, high = (round(hertz * _WINDOW / _RATE) for hertz in (_LOWEST_HZ, _HIGHEST_HZ))
    middles = np.arange(count) * _HOP * _DOWN
    rows = np.searchsorted(np.asarray(edges), middles, side="right") - 1
    out = np.zeros((len(edges) - 1, 12))
    for frame in np.flatnonzero((rows >= 0) & (rows < len(out))).tolist():
        magnitude = np.abs(np.fft.rfft(mono[frame * _HOP : frame * _HOP + _WINDOW] * window))[
            low - 1 : high + 1
        ]
        inner = magnitude[1:-1]
        peaks = np.flatnonzero((inner > magnitude[:-2]) & (inner >= magnitude[2:]) & (inner > _SILENT))
        heights = inner[peaks]
        # Between the bins: a low semitone is three of them wide.
        before, after = magnitude[peaks], magnitude[peaks + 2]
        shift = 0.5 * (before - after) / np.minimum(before - 2 * heights + after, -_SILENT)
        hertz = (peaks + low + shift) * (_RATE / _WINDOW)
        classes = np.round(69 + 12 * np.log2(hertz / 440)).astype(np.int64) % 12
        out[rows[frame]] += np.bincount(classes, heights, 12)
    return out


@cache
def _profiles() -> Floats:
    """Keys by pitch classes, each of mean 0 and length 1: 12 major ones, then 12 minor ones, [24, 12]."""
    rows = np.array([np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)])
    rows = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def key_path(rows: Floats, tonic: int | None = None) -> list[int]:
    """The key of each row [n, 12]: 0 to 11 major on C to B, 12 to 23 minor; few changes (Viterbi).

    A `tonic` that is known is believed where the chords leave it open.
    """
    fits = unit_rows(rows) @ _profiles().T
    if tonic is not None:
        fits[:, [tonic, tonic + 12]] += _KNOWN
    score = np.zeros(24)
    back = np.zeros((len(rows), 24), np.int64)
    for place, fit in enumerate(fits):
        best = int(score.argmax())
        moves = score[best] - CHANGE_COST > score
        back[place] = np.where(moves, best, np.arange(24))
        score = np.maximum(score, score[best] - CHANGE_COST) + fit
    path: list[int] = []
    key = int(score.argmax())
    for place in range(len(rows) - 1, -1, -1):
        path.append(key)
        key = int(back[place, key])
    return path[::-1]


def unit_rows(rows: Floats) -> Floats:
    """Rows of mean 0 and length 1; zeros where no pitch class stands out."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    flat = length <= _SILENT * np.maximum(1.0, np.abs(rows).max(axis=1, keepdims=True, initial=0.0))
    return np.asarray(np.where(flat, 0.0, centred / np.where(flat, 1.0, length)))
