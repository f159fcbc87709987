"""The evaluation as a table for people: one row a system, means with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..energy import Correlation
from ..statistics import bootstrap_interval
from . import measures, others

_SEED = 1
Heads = Sequence[tuple[str, str, int]]

# Key, what the column is called, digits.
HEADS: Heads = (
    ("retrieval", "own film found among 16", 2),
    ("energy_between", "energy-motion r between", 2),
    ("energy_between_shuffled", "shuffled", 2),
    ("energy_within", "energy-motion r within", 2),
    ("energy_within_shuffled", "shuffled", 2),
    *measures.COLUMNS,
)
OTHER_HEADS: Heads = (
    ("onsets_between", "onset-motion r between", 2),
    ("onsets_between_shuffled", "shuffled", 2),
    ("onsets_within", "onset-motion r within", 2),
    ("onsets_within_shuffled", "shuffled", 2),
    *others.COLUMNS,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A mean and its interval, None where nothing had a value; no interval for a level of chance."""

    mean: float | None
    interval: tuple[float, float] | None
    clips: int

    def text(self, digits: int) -> str:
        if self.mean is None:
            return "-"
        if self.interval is None:
            return f"{self.mean:.{digits}f}"
        low, high = self.interval
        return f"{self.mean:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


@dataclass(frozen=True, slots=True)
class Row:
    """One system: `values` of each film where there are any, `cells` for the table."""

    values: Mapping[str, Sequence[float]]
    cells: Mapping[str, Cell]


def cell(values: Sequence[float]) -> Cell:
    known = np.array([value for value in values if not np.isnan(value)], np.float64)
    if not len(known):
        return Cell(None, None, 0)
    return Cell(float(known.mean()), bootstrap_interval(known, seed=_SEED), len(known))


def correlated(found: Correlation) -> tuple[Cell, Cell]:
    """The correlation, and the level of shuffled pairs."""
    return Cell(found.r, found.interval, found.pieces), Cell(found.shuffled, None, found.pieces)


def table(rows: Mapping[str, Row], heads: Heads) -> str:
    """Markdown."""
    lines = ["| system | " + " | ".join(name for _, name, _ in heads) + " |"]
    lines.append("|---" * (len(heads) + 1) + "|")
    for system, row in rows.items():
        cells = " | ".join(row.cells[key].text(digits) for key, _, digits in heads)
        lines.append(f"| {system} | {cells} |")
    return "\n".join(lines)
