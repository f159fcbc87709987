"""What was done to the engine how often, and how often it held: counts, no adjectives."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Row:
    """`held` of `count` trials; `notes` counts what else is worth knowing, `failures` are told in words."""

    group: str
    fault: str
    count: int = 0
    held: int = 0
    notes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def trial(self, failure: str = "") -> None:
        """One more; `failure` says what went wrong."""
        self.count += 1
        if failure:
            self.failures.append(failure)
        else:
            self.held += 1

    @property
    def whole(self) -> bool:
        return self.held == self.count and self.count > 0

    def text(self) -> str:
        notes = ", ".join(f"{name} {count}" for name, count in sorted(self.notes.items()))
        return f"| {self.group} | {self.fault} | {self.count:,} | {self.held:,} | {notes} |"


def table(rows: list[Row]) -> str:
    lines = ["| group | fault | trials | held | |", "|---|---|---|---|---|"]
    lines += [row.text() for row in rows]
    for row in rows:
        lines += [f"FAILED {row.group}, {row.fault}: {failure}" for failure in row.failures[:10]]
    return "\n".join(lines)
