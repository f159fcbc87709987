"""What can be done to a theme: pure functions over its notes.

A bar here is a tuple of `Sung`: where in the bar (in eighths), for how long, on which degree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..types import Theme

EIGHTHS = 8


@dataclass(frozen=True, slots=True)
class Sung:
    """`at` and `length` in eighths (halves are sixteenths) from the bar's start; `degree` in scale steps."""

    at: float
    length: float
    degree: int


Bar = tuple[Sung, ...]


def bars_of(theme: Theme) -> tuple[Bar, ...]:
    """The theme cut into 4/4 bars; a note over a bar line is cut there."""
    bars: dict[int, list[Sung]] = {}
    at = 0.0
    for note in theme.notes:
        left, here = float(note.beats * 2), at
        while left > 1e-9:
            bar = int(here // EIGHTHS)
            room = min(left, (bar + 1) * EIGHTHS - here)
            if note.degree is not None:
                bars.setdefault(bar, []).append(Sung(here - bar * EIGHTHS, room, note.degree))
            here, left = here + room, left - room
        at = here
    return tuple(tuple(bars.get(bar, ())) for bar in range(-(-int(at) // EIGHTHS)))


def transpose(bars: Sequence[Bar], steps: int) -> tuple[Bar, ...]:
    """Along the scale."""
    return tuple(tuple(replace(note, degree=note.degree + steps) for note in bar) for bar in bars)


def invert(bars: Sequence[Bar]) -> tuple[Bar, ...]:
    """Upside down about the first note."""
    axis = next((note.degree for bar in bars for note in bar), 0)
    return tuple(tuple(replace(note, degree=2 * axis - note.degree) for note in bar) for bar in bars)


def augment(bars: Sequence[Bar]) -> tuple[Bar, ...]:
    """Twice as slow: every bar fills two; a note may last over the bar line between them."""
    out: list[Bar] = []
    for bar in bars:
        slow = [Sung(note.at * 2, note.length * 2, note.degree) for note in bar]
        first = [n for n in slow if n.at < EIGHTHS]
        second = [replace(n, at=n.at - EIGHTHS) for n in slow if n.at >= EIGHTHS]
        out += [tuple(first), tuple(second)]
    return tuple(out)


def fragment(bars: Sequence[Bar], eighths: float) -> tuple[Bar, ...]:
    """Only what begins within the first `eighths` of each pair of bars."""
    return tuple(
        tuple(note for note in bar if note.at + EIGHTHS * (index % 2) < eighths)
        for index, bar in enumerate(bars)
    )


def sequence(bars: Sequence[Bar], steps: int) -> tuple[Bar, ...]:
    """The first two bars, then the same a few steps away: how a motif is worked out."""
    motif = tuple(bars[:2])
    return motif + transpose(motif, steps)


def ornament(bars: Sequence[Bar], rng: np.random.Generator, chance: float) -> tuple[Bar, ...]:
    """Long notes get a turn through their neighbour or a passing note to the next; the first note stays."""
    flat = [(index, note) for index, bar in enumerate(bars) for note in bar]
    out: list[list[Sung]] = [[] for _ in bars]
    for place, (index, note) in enumerate(flat):
        after = flat[place + 1][1].degree if place + 1 < len(flat) else None
        if place == 0 or note.length < 2 or after is None or rng.random() >= chance:
            out[index].append(note)
            continue
        step = after - note.degree
        if abs(step) == 2:
            # The step between fills the last eighth.
            middle = note.degree + step // 2
            out[index].append(replace(note, length=note.length - 1))
            out[index].append(Sung(note.at + note.length - 1, 1, middle))
        elif note.length >= 3:
            neighbour = note.degree + (1 if step >= 0 else -1)
            out[index].append(replace(note, length=note.length - 1))
            out[index].append(Sung(note.at + note.length - 1, 0.5, neighbour))
            out[index].append(Sung(note.at + note.length - 0.5, 0.5, note.degree))
        else:
            out[index].append(note)
    return tuple(tuple(bar) for bar in out)


def contour(bars: Sequence[Bar], points: int = 64) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The line's height at evenly spaced moments [points], rests held over: what an ear compares."""
    notes = [(index * EIGHTHS + note.at, note.degree) for index, bar in enumerate(bars) for note in bar]
    if not notes:
        return np.zeros(points)
    times = np.array([time for time, _ in notes])
    degrees = np.array([degree for _, degree in notes], dtype=np.float64)
    moments = np.linspace(0, len(bars) * EIGHTHS, points, endpoint=False)
    return degrees[np.maximum(np.searchsorted(times, moments, side="right") - 1, 0)]


def alike(first: Sequence[Bar], second: Sequence[Bar]) -> float:
    """Correlation of two contours, -1..1; 0 when one of them stands still."""
    a, b = contour(first), contour(second)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size > 0 else 0.0
