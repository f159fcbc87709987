"""The table: means with intervals, what is undefined left out and never taken for nothing."""

from __future__ import annotations

import math

from hitpoint.engine.evaluate.energy import Correlation
from hitpoint.engine.evaluate.nano.table import HEADS, OTHER_HEADS, Cell, Row, cell, correlated, table


def test_a_cell_is_the_mean_of_what_is_known_with_its_interval() -> None:
    found = cell([0.0, 1.0, math.nan, 0.5])
    assert found.clips == 3 and found.mean == 0.5
    assert found.interval is not None and found.interval[0] <= 0.5 <= found.interval[1]


def test_a_cell_of_nothing_is_a_dash() -> None:
    assert cell([math.nan]).text(2) == "-"


def test_every_system_is_a_row_and_every_column_is_filled() -> None:
    cells = {key: Cell(1.0, (0.5, 1.5), 60) for key, _, _ in (*HEADS, *OTHER_HEADS)}
    r, shuffled = correlated(Correlation(0.5, (0.4, 0.6), 0.02, 0.0, 60, 0, 1))
    cells |= {"retrieval": Cell(0.25, None, 60), "energy_between": r, "energy_between_shuffled": shuffled}
    rows = {name: Row({}, cells) for name in ("ours", "sketch")}
    for heads in (HEADS, OTHER_HEADS):
        lines = table(rows, heads).splitlines()
        assert len(lines) == 4 and len({line.count("|") for line in lines}) == 1
    assert table(rows, HEADS).splitlines()[2].startswith("| ours | 0.25 | 0.50 [0.40, 0.60] | 0.02 |")
