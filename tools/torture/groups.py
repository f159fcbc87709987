"""The groups of the scorecard: what each does within its share of a short form's time, and in full."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import both, clocks, disk, inputs, protocol, stalls
from .acceptance import Acceptance
from .budget import Budget
from .figures import Figure, figures_table, measure
from .kills import TARGETS, Kills
from .scorecard import Row
from .studio import JOBS, Studio

# Shares of the short form's time, after the undisturbed runs.
GROUPS = {
    "kill": 0.40, "io": 0.14, "stall": 0.10, "protocol": 0.08, "concurrency": 0.08, "clock": 0.04,
    "memory": 0.05, "input": 0.06, "figures": 0.05,
}  # fmt: skip
# These compare with no undisturbed run.
_ALONE = {"protocol", "input"}
# At least 80 % of the kills must fall into a running job.
_INSIDE = 0.8
_KILLS = {"worker": 500, "supervisor": 200, "client": 200}
_ROUNDS = {"worker": 2, "supervisor": 1, "client": 1}
_INPUTS = {"otio": 100_000, "otioz": 5_000, "fcpxml": 5_000, "xmeml": 1_000, "edl": 5_000, "media": 1_000}
_SHORT_INPUTS = {"otio": 2_000, "otioz": 100, "fcpxml": 100, "xmeml": 30, "edl": 30, "media": 20}
_LONG_S = 1e9


@dataclass(slots=True)
class Torture:
    """`seconds` are for the short form."""

    folder: Path
    full: bool
    seconds: float
    seed: int
    rows: list[Row] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    acceptance: Acceptance = field(default_factory=Acceptance)
    studio: Studio = field(init=False)
    kills: Kills = field(init=False)

    def __post_init__(self) -> None:
        self.studio = Studio(self.folder)
        self.kills = Kills(self.studio, self.acceptance, self.seed)

    def run(self, groups: list[str]) -> None:
        began = time.monotonic()
        self.studio.open()
        if not set(groups) <= _ALONE:
            for job in JOBS:
                self.studio.undisturbed(job)
        left = max(1.0, self.seconds - (time.monotonic() - began))
        shares = sum(GROUPS[name] for name in groups)
        for name in groups:
            seconds = _LONG_S if self.full else left * GROUPS[name] / shares
            known = len(self.rows)
            try:
                _DO[name](self, seconds)
            except Exception as error:  # noqa: BLE001  the other groups are to be heard of all the same
                row = Row(name, "the harness itself")
                row.trial(f"{type(error).__name__}: {error}")
                self.rows.append(row)
            for row in self.rows[known:]:
                print(row.text(), *row.failures[:3], sep="\n  ", file=sys.stderr, flush=True)

    @property
    def whole(self) -> bool:
        held = all(row.whole for row in self.rows) and not any(figure.broken for figure in self.figures)
        kills = self.kills.histogram
        return held and self.acceptance.whole and (not kills.stages or kills.inside >= _INSIDE)

    def report(self) -> str:
        parts = [self.acceptance.line(), *(f"WRONG {text}" for text in self.acceptance.words[:20])]
        if self.kills.histogram.stages:
            parts.append(self.kills.histogram.text())
        if self.figures:
            parts.append(figures_table(self.figures))
        return "\n\n".join(["", *parts])

    def do_kills(self, seconds: float) -> None:
        for target in TARGETS:
            count = _KILLS[target] if self.full else sys.maxsize
            share = 0.5 if target == "worker" else 0.25
            rounds = _ROUNDS[target] if self.full else 1
            self.rows.append(self.kills.at_points(target, rounds, Budget(0.4 * share * seconds)))
            # `count` is of both.
            self.rows.append(self.kills.random_times(target, count, Budget(0.6 * share * seconds)))

    def do_stalls(self, seconds: float) -> None:
        at, part = (self.studio, self.acceptance), seconds / 4
        self.rows.append(stalls.stopped(*at, self._count(100), Budget(part), seed=self.seed))
        self.rows.append(stalls.held(*at, self._count(20), Budget(part)))
        for target in ("client", "supervisor"):
            self.rows.append(stalls.killed_while_held(*at, target, self._count(20), Budget(part)))

    def do_disk(self, seconds: float) -> None:
        at, part = (self.studio, self.acceptance), seconds / 3
        told: dict[str, Any] = {"total": disk.calls(self.studio), "seed": self.seed, "every": self.full}
        for error, how in (("ENOSPC", "on"), ("EIO", "once")):
            self.rows.append(disk.refused_calls(*at, error, how, Budget(part), **told))
        self.rows.append(disk.full_disk(*at, self._count(60), Budget(part), seed=self.seed))

    def do_protocol(self, seconds: float) -> None:
        at, part = (self.studio, self.acceptance), seconds / 6
        few = 10_000 if self.full else sys.maxsize
        self.rows.append(protocol.frames(few, Budget(part), seed=self.seed))
        self.rows.append(protocol.requests(self.studio, few, Budget(part), seed=self.seed))
        streams = 1_000 if self.full else sys.maxsize
        self.rows.append(protocol.streams(*at, streams, Budget(part), seed=self.seed))
        self.rows.append(protocol.clients(*at, Budget(2 * part)))
        self.rows.append(protocol.versions(self.studio))
        for _ in range(20 if self.full else 1):
            self.rows.append(protocol.slow_reader(*at, Budget(part), seconds=3.0))

    def do_concurrency(self, seconds: float) -> None:
        at = (self.studio, self.acceptance)
        self.rows.append(both.two_clients(*at, self._count(40), Budget(seconds / 2)))
        self.rows.append(both.edited(*at, self._count(40), Budget(seconds / 2), seed=self.seed))

    def do_clock(self, seconds: float) -> None:
        self.rows.append(
            clocks.jumps(self.studio, self.acceptance, self._count(20), Budget(seconds), seed=self.seed)
        )

    def do_memory(self, seconds: float) -> None:
        self.rows.append(clocks.short_memory(self.studio, self.acceptance, self._count(16), Budget(seconds)))

    def do_input(self, seconds: float) -> None:
        folder = self.folder / "input"
        folder.mkdir()
        counts = _INPUTS if self.full else _SHORT_INPUTS
        readers = inputs.Readers()
        for name, (suffix, make) in inputs.kinds(folder).items():
            told: dict[str, Any] = {
                "seed": self.seed,
                "budget": Budget(seconds / len(counts)),
                "readers": readers,
            }
            self.rows.append(inputs.feed(name, suffix, make, counts[name], folder, **told))
        readers.end()

    def do_figures(self, seconds: float) -> None:
        repeats = 20 if self.full else 3
        self.figures += measure(self.studio, self.acceptance, Budget(seconds), repeats=repeats)

    def _count(self, full: int) -> int:
        return full if self.full else sys.maxsize


_DO: dict[str, Callable[[Torture, float], None]] = {
    "kill": Torture.do_kills,
    "io": Torture.do_disk,
    "stall": Torture.do_stalls,
    "protocol": Torture.do_protocol,
    "concurrency": Torture.do_concurrency,
    "clock": Torture.do_clock,
    "memory": Torture.do_memory,
    "input": Torture.do_input,
    "figures": Torture.do_figures,
}
