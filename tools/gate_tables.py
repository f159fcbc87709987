"""Tables in Markdown of what the gates say of many takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hitpoint.engine.evaluate.gates.verdict import Verdict

# Of the takes, for each number.
AIM = 0.95


@dataclass(frozen=True, slots=True)
class Heard:
    """The verdicts on one take; its strong hits that are met, all of them, and what chance would meet."""

    style: str
    verdicts: tuple[Verdict, ...]
    met: int = 0
    strong: int = 0
    by_chance: float = 0.0


def share_table(found: Sequence[Heard], styles: Sequence[str]) -> str:
    """A row for each gate: the share of its numbers that passed, in all styles and in each."""
    rows = []
    for gate in dict.fromkeys(verdict.gate for one in found for verdict in one.verdicts):
        of = {
            style: [
                verdict.passed
                for one in found
                if one.style == style
                for verdict in one.verdicts
                if verdict.gate == gate and verdict.applies
            ]
            for style in styles
        }
        every = [passed for shares in of.values() for passed in shares]
        if not every:
            continue
        rows.append([gate, _marked(every), *(_share(of[style]) for style in styles)])
    return _table(["gate", "all", *styles], rows)


def number_table(found: Sequence[Heard], styles: Sequence[str]) -> str:
    """A row for each number: the share of takes that pass it, and its median in each style."""
    numbers = dict.fromkeys((verdict.gate, verdict.what) for one in found for verdict in one.verdicts)
    rows = []
    for number in numbers:
        of = {
            style: [
                verdict
                for one in found
                if one.style == style
                for verdict in one.verdicts
                if (verdict.gate, verdict.what) == number and verdict.applies
            ]
            for style in styles
        }
        every = [verdict for verdicts in of.values() for verdict in verdicts]
        if not every:
            continue
        cells = [
            f"{_share([verdict.passed for verdict in of[style]])} ({_median(of[style])})"
            if of[style]
            else "-"
            for style in styles
        ]
        rows.append([*number, _asked(every), _marked([verdict.passed for verdict in every]), *cells])
    return _table(["gate", "number", "asked", "all", *styles], rows)


def hit_table(found: Sequence[Heard], styles: Sequence[str]) -> str:
    """Strong hits that the music meets within 40 ms, and those that chance would."""
    rows = []
    for style in ["all", *styles]:
        of = [one for one in found if style in ("all", one.style)]
        met, strong, chance = (
            sum(values) for values in zip(*((one.met, one.strong, one.by_chance) for one in of), strict=True)
        )
        shares = [f"{met / strong:.3f}", f"{chance / strong:.3f}"] if strong else ["-", "-"]
        rows.append([style, str(strong), *shares])
    return _table(["style", "strong hits", "met", "by chance"], rows)


def _share(passed: Sequence[bool]) -> str:
    return f"{np.mean(passed):.2f}" if passed else "-"


def _marked(passed: Sequence[bool]) -> str:
    return _share(passed) + (" !" if passed and float(np.mean(passed)) < AIM else "")


def _median(verdicts: Sequence[Verdict]) -> str:
    return f"{np.median([verdict.value for verdict in verdicts if verdict.value is not None]):.3g}"


def _asked(verdicts: Sequence[Verdict]) -> str:
    """The bounds, where all styles have the same."""
    bounds = {_bounds(verdict) for verdict in verdicts}
    return bounds.pop() if len(bounds) == 1 else "by style"


def _bounds(verdict: Verdict) -> str:
    low = f"{verdict.low:g}" if verdict.low is not None else ""
    high = f"{verdict.high:g}" if verdict.high is not None else ""
    asked = f"{low} to {high}" if low and high else f">= {low}" if low else f"<= {high}" if high else "any"
    return f"{asked} {verdict.unit}".strip()


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
