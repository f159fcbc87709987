"""Gate 7, repetition: bars that come back note for note, sound that is a loop, and whether the theme returns,
varied, recognisable, and the score's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.signal

from ...audio.onset import mel_filters
from ...timebase import SAMPLE_RATE
from ...types import Bar, Note
from .piece import Piece, Statement
from .verdict import Verdict

GATE = "repetition"

# Of the bars that are played. The theme of Mozart's K. 331 brings back 5 of its 18 bars as they were, 28 %,
# and nobody calls it a loop: hence more than a quarter.
MOST_SAME_BARS = 0.30
# Of the bars that sound; a style that is made of loops may have more.
MOST_SAME_SOUND = 0.15
LOOPED_STYLES = {"electronic": 0.40}
SAME_SOUND = 0.98
LEAST_RETURNS = 3.0
LEAST_ALIKE = 0.7
MOST_ALIKE_OTHERS = 0.4

# Places in a beat that notes are told apart by: sixteenths and triplets. Players stray by 12 ms, a third of
# one such place at 120 bpm.
_PLACES = 12
# Bars are compared in sixteenths of a beat's quarter and mel bands.
_CELLS = 4
_BANDS = 40
_WINDOW = 2_048
_HOP = 480
# What lies this far below the loudest cell of a piece is not heard as other music: tails, noise.
_DYNAMIC_DB = 40.0
# Moments at which two contours are compared.
_POINTS = 64
# A shorter cue is over before a theme can return.
_SHORT_S = 20.0
# Two lines of a few notes often agree by chance: fewer other themes than this say nothing.
_FEWEST_OTHERS = 4

Floats = npt.NDArray[np.float64]


def repetition(piece: Piece, others: Sequence[Piece] = ()) -> tuple[Verdict, ...]:
    """Bars equal to an earlier one in all parts, bars that sound like an earlier one, returns of the theme in
    a minute, statements equal to an earlier one, how like the theme they are, how like other scores' themes.

    `others` are takes of other seeds, four at least. What needs notes or a theme does not apply to sound
    alone, nor to a cue in which nobody sings.
    """
    seconds = piece.plan.samples / SAMPLE_RATE
    told = piece.statements
    returns = 60 * len(told) / seconds if told and seconds >= _SHORT_S else None
    return (
        Verdict(GATE, "bars equal to an earlier one", _same_bars(piece), None, MOST_SAME_BARS, "of bars"),
        Verdict(
            GATE,
            "bars that sound like an earlier one",
            _same_sound(piece),
            None,
            LOOPED_STYLES.get(piece.style, MOST_SAME_SOUND),
            "of bars",
        ),
        Verdict(GATE, "the theme comes", returns, LEAST_RETURNS, None, "a minute"),
        Verdict(GATE, "statements equal to an earlier one", _same_statements(piece), None, 0),
        Verdict(
            GATE,
            "likeness of its statements to the theme",
            float(np.median([statement.alike for statement in told])) if told else None,
            LEAST_ALIKE,
            None,
        ),
        Verdict(
            GATE, "likeness of the theme to other themes", _others(piece, others), None, MOST_ALIKE_OTHERS
        ),
    )


def _same_bars(piece: Piece) -> float | None:
    """The share of played bars with all notes of an earlier bar, whatever their velocities."""
    bars: dict[int, set[Hashable]] = defaultdict(set)
    starts = np.array([bar.start_sample for bar in piece.plan.bars])
    for note in piece.notes:
        index = int(np.searchsorted(starts, note.start_sample + SAMPLE_RATE // 50, side="right")) - 1
        if index >= 0 and note.start_sample < piece.plan.bars[index].end_sample_exclusive:
            bar = piece.plan.bars[index]
            bars[index].add((note.stem, note.instrument, note.pitch, _place(note, bar)))
    if not bars:
        return None
    seen: set[Hashable] = set()
    again = 0
    for index in sorted(bars):
        key = (piece.plan.bars[index].beats, frozenset(bars[index]))
        again += key in seen
        seen.add(key)
    return again / len(bars)


def _place(note: Note, bar: Bar) -> int:
    return round(_PLACES * (note.start_sample - bar.start_sample) / _beat(bar))


def _beat(bar: Bar) -> float:
    """Samples of a beat."""
    return (bar.end_sample_exclusive - bar.start_sample) / bar.beats


def _same_sound(piece: Piece) -> float | None:
    """The share of bars that sound like an earlier bar of their length: whose mel bands, sixteenth by
    sixteenth and less the piece's mean spectrum, correlate above `SAME_SOUND`."""
    if not piece.stems:
        return None
    cells = _cells(piece)
    again = sum(
        any(len(other) == len(bar) and _correlation(bar, other) > SAME_SOUND for other in cells[:index])
        for index, bar in enumerate(cells)
    )
    return again / len(cells) if cells else None


def _cells(piece: Piece) -> list[Floats]:
    """Each whole bar that sounds as a vector: mel bands in dB over the piece's mean, in sixteenths."""
    mono = piece.inside(piece.mix).mean(axis=1)
    bars = [
        _bands(mono[bar.start_sample : bar.end_sample_exclusive], bar.beats * _CELLS)
        for bar in piece.plan.bars
        if bar.start_sample >= 0 and bar.end_sample_exclusive <= len(mono)
    ]
    loudest = max((float(bar.max()) for bar in bars), default=0.0)
    if loudest <= 0:
        return []
    floor = loudest * 10 ** (-_DYNAMIC_DB / 10)
    heard = [10 * np.log10(np.maximum(bar, floor)) for bar in bars if bar.max() > floor]
    mean = np.concatenate(heard).mean(axis=0)
    return [(bar - mean).ravel() for bar in heard]


def _bands(bar: npt.NDArray[np.float32], cells: int) -> Floats:
    """Mean power of a bar's mono sound in mel bands, float64 [cells, 40].

    Windows begin where the bar begins and end with it: what came before or follows does not tell two bars
    apart.
    """
    padded = np.pad(bar, (0, _WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[: len(bar) : _HOP]
    spectrum = scipy.fft.rfft(frames * scipy.signal.get_window("hann", _WINDOW).astype(np.float32), axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    mel = np.asarray(mel_filters(SAMPLE_RATE, _WINDOW, _BANDS) @ power.T, np.float64).T
    edges = np.ceil(np.arange(cells) * len(bar) / (cells * _HOP)).astype(np.int64)
    return np.add.reduceat(mel, edges, axis=0) / np.diff(edges, append=len(mel))[:, None]


def _correlation(first: Floats, second: Floats) -> float:
    a, b = first - first.mean(), second - second.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 1.0


def _same_statements(piece: Piece) -> float | None:
    """How many statements of the theme are an earlier one's notes at its places and in its voices."""
    if not piece.statements or not piece.notes:
        return None
    lines = [_line(piece, statement) for statement in piece.statements]
    return float(sum(line in lines[:index] for index, line in enumerate(lines)))


def _line(piece: Piece, statement: Statement) -> tuple[Hashable, ...]:
    """What is sung in a statement, in places of the beat from its start."""
    first = next(bar for bar in piece.plan.bars if bar.end_sample_exclusive > statement.start_sample)
    place = _beat(first) / _PLACES
    return tuple(
        sorted(
            (round((note.start_sample - statement.start_sample) / place), note.pitch, note.instrument)
            for note in _sung(piece, statement)
        )
    )


def _sung(piece: Piece, statement: Statement) -> list[Note]:
    early = SAMPLE_RATE // 50
    return [
        note
        for note in piece.notes
        if note.stem == "melody"
        and statement.start_sample - early <= note.start_sample < statement.end_sample_exclusive - early
    ]


def _others(piece: Piece, others: Sequence[Piece]) -> float | None:
    """Mean correlation of the first statement's contour with those of other scores; scores that share a theme
    agree in every pair. None with too few others."""
    own = _contour(piece)
    theirs = [contour for other in others if (contour := _contour(other)) is not None]
    if own is None or len(theirs) < _FEWEST_OTHERS:
        return None
    return float(np.mean([_correlation(own, contour) for contour in theirs]))


def _contour(piece: Piece) -> Floats | None:
    """The first statement's upper line at evenly spaced moments, float64 [64], rests held over."""
    if not piece.statements:
        return None
    statement = piece.statements[0]
    sung = sorted(_sung(piece, statement), key=lambda note: (note.start_sample, note.pitch))
    if not sung:
        return None
    starts = np.array([note.start_sample for note in sung])
    pitches = np.array([note.pitch for note in sung], dtype=np.float64)
    moments = np.linspace(statement.start_sample, statement.end_sample_exclusive, _POINTS, endpoint=False)
    return pitches[np.maximum(np.searchsorted(starts, moments + SAMPLE_RATE // 50, side="right") - 1, 0)]
