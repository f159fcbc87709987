"""Sections: runs of bars with one character, bordered by strong hits where possible (dynamic programme)."""

from __future__ import annotations

import itertools
import string

import numpy as np
import numpy.typing as npt

from ..types import Section

Floats = npt.NDArray[np.float64]

_SHORTEST_BARS = 4
_LONGEST_BARS = 16
_USUAL_BARS = 8
# Weights of: spread inside a section, its very existence, odd lengths, a strong hit at its start.
_SPREAD_COST = 40.0
_SECTION_COST = 1.2
_LENGTH_COST = 0.5
_HIT_GAIN = 0.9
# Sections nearer than this in energy and mood are the same music come back.
_SAME = 0.12


def divide(
    energy: Floats, valence: Floats, hit_bars: frozenset[int], at: frozenset[int] = frozenset()
) -> tuple[Section, ...]:
    """The sections of a cue from its bars' energy and mood, [bars] each, and the bars that begin on a
    strong hit. `at` are bars at which a section begins in any case.
    """
    borders = _borders(energy, valence, hit_bars, at)
    sections: list[Section] = []
    for start, end in itertools.pairwise(borders):
        mean_energy, mean_valence = float(energy[start:end].mean()), float(valence[start:end].mean())
        label = _label(sections, mean_energy, mean_valence)
        sections.append(Section(label, start, end, round(mean_energy, 4), round(mean_valence, 4)))
    return tuple(sections)


def _borders(energy: Floats, valence: Floats, hit_bars: frozenset[int], at: frozenset[int]) -> list[int]:
    bars = len(energy)
    spread = [_running(energy), _running(valence)]
    cost = [0.0] + [float("inf")] * bars
    before = [0] * (bars + 1)
    for end in range(1, bars + 1):
        last = max((bar for bar in at if bar < end), default=0)
        for start in range(max(last, end - _LONGEST_BARS), end):
            length = end - start
            # A cue shorter than the shortest section, or its remainder, is a section all the same.
            short = max(0, min(_SHORTEST_BARS, bars) - length)
            inside = sum(_variance(sums, start, end) for sums in spread)
            price = cost[start] + _SPREAD_COST * inside + _SECTION_COST + 2.0 * short
            price += _LENGTH_COST * (abs(length - _USUAL_BARS) / _USUAL_BARS + 0.5 * (length % 4 != 0))
            if start in hit_bars:
                price -= _HIT_GAIN
            if price < cost[end] - 1e-12:
                cost[end], before[end] = price, start
    borders = [bars]
    while borders[-1] > 0:
        borders.append(before[borders[-1]])
    return borders[::-1]


def _running(values: Floats) -> tuple[Floats, Floats]:
    return np.concatenate([[0.0], np.cumsum(values)]), np.concatenate([[0.0], np.cumsum(values**2)])


def _variance(sums: tuple[Floats, Floats], start: int, end: int) -> float:
    total, squares = (float(running[end] - running[start]) for running in sums)
    return max(0.0, squares - total * total / (end - start)) / 4


def _label(earlier: list[Section], energy: float, valence: float) -> str:
    """The letter of the most similar earlier section, else the next letter. Neighbours are never the same."""
    near = [
        (abs(section.energy - energy) + abs(section.valence - valence), section.label)
        for section in earlier[:-1]
        if section.label != earlier[-1].label
    ]
    if near and min(near)[0] <= _SAME:
        return min(near)[1]
    used = len({section.label for section in earlier})
    letters = string.ascii_uppercase
    return letters[used] if used < len(letters) else f"{letters[used % 26]}{used // 26}"
