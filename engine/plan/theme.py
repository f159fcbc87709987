"""Themes: a motif of two bars with its own rhythm and contour, answered to a period of four or eight bars.

A theme is scale degrees and beats only, so that any key, mode, tempo and style can sing it. Each bar has a
harmony in mind (a triad of the scale): notes on beats 1 and 3 belong to it, the others move by step. Leaps
are few and are filled in by a step back.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np

from ..types import Theme, ThemeNote

# Rhythms of a 4/4 bar in eighths (below 0: a rest): bars that move, and bars that come to rest.
_MOVING: tuple[tuple[int, ...], ...] = (
    (3, 1, 2, 2), (2, 2, 3, 1), (4, 2, 2), (2, 1, 1, 4), (3, 1, 4), (2, 4, 2), (1, 1, 2, 4), (3, 3, 2),
    (2, 2, 2, 2), (6, 1, 1), (4, 3, 1), (2, 2, 4), (1, 2, 1, 4), (3, 1, 3, 1), (1, 3, 2, 2), (2, 3, 1, 2),
    (4, 1, 1, 2), (5, 1, 2), (1, 1, 1, 1, 4), (3, 2, 3), (-1, 1, 2, 2, 2), (-2, 2, 2, 2), (-1, 1, 1, 1, 4),
    (-2, 2, 4), (-1, 3, 2, 2),
)  # fmt: skip
_RESTING: tuple[tuple[int, ...], ...] = (
    (8,),
    (6, 2),
    (4, 4),
    (2, 6),
    (3, 5),
    (2, 2, 4),
    (3, 1, 4),
    (4, 2, 2),
)
# Shapes: where the line wants to be over the motif, in scale steps from its first note.
_SHAPES: tuple[tuple[float, ...], ...] = (
    (0, 2, 4, 2), (0, 1, 3, 5), (0, -1, -3, -2), (0, 4, 3, 1), (0, -2, 1, 3), (0, 3, 1, 4), (0, 5, 3, 2),
    (0, 1, -1, 2),
)  # fmt: skip
# Triads that the bars of a phrase may have in mind, as steps of the scale.
_OPENINGS = ((0, 3), (0, 5), (0, 4), (0, 2), (0, 0), (0, 1))
_HALF_CLOSES = ((3, 4), (1, 4), (5, 4), (0, 4))
_FULL_CLOSES = ((4, 0), (3, 0), (1, 0), (6, 0))
_LOWEST, _HIGHEST = -4, 8
# A tenth.
_RANGE = 9
# A fifth.
_BREATH_RANGE = 4
_BREATH_BEATS = 16


def make_theme(seed: int) -> Theme:
    """The theme of `seed`: the same seed gives the same theme on every machine."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([0x7468656D, seed & (2**64 - 1)])))
    notes = _draft(rng)
    while not _singable(notes):
        notes = _draft(rng)
    return Theme(f"theme-{seed & 0xFFFFFFFF:08x}", notes)


def _singable(notes: Sequence[ThemeNote]) -> bool:
    """A few leaps, some movement, a fifth at least in each breath and a tenth at most in all: what hardly
    moves is lost once it bends to other chords or to five notes."""
    degrees = [note.degree for note in notes if note.degree is not None]
    moves = [abs(b - a) for a, b in pairwise(degrees)]
    leaps = sum(move > 2 for move in moves)
    still = sum(move == 0 for move in moves)
    return (
        max(degrees) - min(degrees) <= _RANGE
        and all(max(breath) - min(breath) >= _BREATH_RANGE for breath in _breaths(notes))
        and leaps <= max(2, len(moves) // 4)
        and still <= len(moves) // 3
        and len(set(degrees)) >= 4
    )


def _breaths(notes: Sequence[ThemeNote]) -> list[list[int]]:
    """The degrees of every four bars."""
    breaths: dict[int, list[int]] = {}
    at = Fraction(0)
    for note in notes:
        if note.degree is not None:
            breaths.setdefault(int(at // _BREATH_BEATS), []).append(note.degree)
        at += note.beats
    return list(breaths.values())


def _draft(rng: np.random.Generator) -> tuple[ThemeNote, ...]:
    eight_bars = bool(rng.random() < 0.7)
    rhythm = (_pick(rng, _MOVING), _pick(rng, _RESTING if rng.random() < 0.6 else _MOVING))
    shape = _SHAPES[int(rng.integers(len(_SHAPES)))]
    stretch = float(rng.uniform(0.7, 1.2))
    opening = _OPENINGS[int(rng.integers(len(_OPENINGS)))]
    first = int(rng.choice([0, 2, 4, 0, 2]))
    motif = _phrase(rng, rhythm, opening, first, [step * stretch for step in shape], leaps=2)

    if eight_bars:
        answer = _answer(rng, motif, rhythm, _HALF_CLOSES[int(rng.integers(len(_HALF_CLOSES)))], last=None)
        again = _again(rng, motif)
        close = _answer(
            rng, again, rhythm, _FULL_CLOSES[int(rng.integers(len(_FULL_CLOSES)))], last=_last(rng)
        )
        bars = [*motif, *answer, *again, *close]
    else:
        close = _answer(
            rng, motif, rhythm, _FULL_CLOSES[int(rng.integers(len(_FULL_CLOSES)))], last=_last(rng)
        )
        bars = [*motif, *close]
    degrees = _within_a_tenth([degree for bar in bars for degree, _ in bar])
    lengths = [length for bar in bars for _, length in bar]
    return tuple(ThemeNote(d, Fraction(length, 2)) for d, length in zip(degrees, lengths, strict=True))


_Bar = tuple[tuple[int | None, int], ...]


def _pick(rng: np.random.Generator, rhythms: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    return rhythms[int(rng.integers(len(rhythms)))]


def _last(rng: np.random.Generator) -> int:
    """The degree a theme ends on: mostly the tonic, sometimes the third."""
    return 0 if rng.random() < 0.8 else 2


def _phrase(
    rng: np.random.Generator,
    rhythm: Sequence[tuple[int, ...]],
    triads: Sequence[int],
    first: int,
    shape: Sequence[float],
    *,
    leaps: int,
    last: int | None = None,
    before: int | None = None,
) -> list[_Bar]:
    """Bars of (degree, eighths): a walk that follows `shape`, with chord tones on beats 1 and 3."""
    total = sum(abs(length) for bar in rhythm for length in bar)
    bars: list[_Bar] = []
    at = 0
    previous, leap = before, 0
    left = leaps
    for position, (bar, triad) in enumerate(zip(rhythm, triads, strict=True)):
        notes: list[tuple[int | None, int]] = []
        inside = 0
        for index, length in enumerate(bar):
            if length < 0:
                notes.append((None, -length))
                inside -= length
                at -= length
                continue
            target = first + float(np.interp(at / total * (len(shape) - 1), np.arange(len(shape)), shape))
            is_last = position == len(rhythm) - 1 and index == len(bar) - 1
            if is_last and last is not None:
                degree = _nearest(last, previous if previous is not None else first)
            elif previous is None:
                degree = first
            else:
                degree = _step(rng, previous, leap, target, triad if inside % 4 == 0 else None, left)
            if previous is not None:
                leap = degree - previous
                left -= abs(leap) > 2
            previous = degree
            notes.append((degree, length))
            inside += length
            at += length
        bars.append(tuple(notes))
    return bars


def _nearest(degree: int, to: int) -> int:
    """The octave of `degree` that lies nearest to `to`."""
    return min((degree + 7 * octave for octave in (-1, 0, 1)), key=lambda d: (abs(d - to), d))


def _step(
    rng: np.random.Generator, previous: int, leap: int, target: float, triad: int | None, leaps_left: int
) -> int:
    """One degree of the walk, drawn by how it moves, where the shape wants it, and the harmony."""
    choices = [d for d in range(previous - 5, previous + 6) if _LOWEST <= d <= _HIGHEST]
    weights = []
    for degree in choices:
        move = degree - previous
        weight = {0: 0.25, 1: 1.0, 2: 0.55, 3: 0.30, 4: 0.22, 5: 0.10}[abs(move)]
        if abs(move) > 2 and (leaps_left <= 0 or triad is None):
            weight = 0.0
        # A leap is filled in: the line turns back by step.
        if abs(leap) > 2 and not (abs(move) in (1, 2) and move * leap < 0):
            weight *= 0.02
        if triad is not None and (degree - triad) % 7 not in (0, 2, 4):
            weight *= 0.01
        weights.append(weight * float(np.exp(-0.35 * abs(degree - target))) + 1e-9)
    odds = np.array(weights) / np.sum(weights)
    return choices[int(np.searchsorted(np.cumsum(odds), rng.random() * 0.999999))]


def _answer(
    rng: np.random.Generator,
    motif: list[_Bar],
    rhythm: tuple[tuple[int, ...], tuple[int, ...]],
    triads: tuple[int, int],
    *,
    last: int | None,
) -> list[_Bar]:
    """Two bars that keep the motif's first rhythm and lead somewhere: up to a half close, or home."""
    closing = _pick(
        rng, ((8,), (6, 2), (4, 4), (2, 6)) if last is None else ((8,), (2, 6), (4, 4), (2, 2, 4))
    )
    before = next(degree for degree, _ in reversed(motif[-1]) if degree is not None)
    start = min((d for d in range(_LOWEST, _HIGHEST + 1) if (d - triads[0]) % 7 in (0, 2, 4)),
                key=lambda d: (abs(d - before - (1 if last is None else -1)), d))  # fmt: skip
    goal = last if last is not None else 4
    fall = _nearest(goal, start) - start
    bend = float(rng.uniform(-2, 2))
    shape = [0, fall * 0.4 + bend, fall * 0.8 + bend / 2, fall]
    return _phrase(rng, (rhythm[0], closing), triads, start, shape, leaps=1, last=last, before=before)


def _again(rng: np.random.Generator, motif: list[_Bar]) -> list[_Bar]:
    """The motif's return inside the period: as it was, or with its second bar a step or a third away."""
    shift = int(rng.choice([0, 0, 1, -1, 2]))
    moved = tuple(
        (None if degree is None else min(_HIGHEST, max(_LOWEST, degree + shift)), length)
        for degree, length in motif[1]
    )
    return [motif[0], moved]


def _within_a_tenth(degrees: list[int | None]) -> list[int | None]:
    """Fold the rare outlier back by an octave, so that a voice or a horn can sing it."""
    sung = sorted(degree for degree in degrees if degree is not None)
    middle = sung[len(sung) // 2]
    folded = [
        d if d is None else d - 7 if d - middle > 5 else d + 7 if middle - d > 5 else d for d in degrees
    ]
    highest = max(d for d in folded if d is not None)
    return [d if d is None or highest - d <= _RANGE else d + 7 for d in folded]
