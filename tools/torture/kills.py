"""Worker, supervisor and client killed while a job is done: at random times, and at named moments."""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from . import after, watch
from .acceptance import Acceptance
from .budget import Budget, in_parallel
from .run import Run
from .scorecard import Row
from .studio import JOBS, Studio, files

TARGETS = ("worker", "supervisor", "client")
_POLL_S = 0.002
# A job that is killed five times and begun anew each time, on a machine that does much else.
_MOST_S = 240.0
# Before the first word of progress the engine only starts; after the answer nothing is at stake.
STARTING, ANSWERED = "(starting)", "(answered)"
# A client may ask twice for a job whose supervisor died; then the command is given again.
_MOST_COMMANDS = 12
# Reached where an earlier run lies in the folder.
MOVED = "run.moved"


@dataclass(slots=True)
class Kill:
    """`when` says of a run whether it is time; `stage` or `name`, of a moment, tell when that is."""

    target: str
    when: Callable[[Run], bool]
    name: str = ""
    stage: str = ""


@dataclass(slots=True)
class Histogram:
    """Kills by target and by the stage that was told last."""

    stages: dict[str, Counter[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, target: str, job: str, stage: str) -> None:
        label = stage if stage.startswith("(") else f"{job}: {stage}"
        with self._lock:
            self.stages.setdefault(label, Counter())[target] += 1

    def count(self, target: str) -> int:
        return sum(counts[target] for counts in self.stages.values())

    @property
    def inside(self) -> float:
        """The share of kills that fell into a job that had begun and was not answered."""
        total = sum(self.count(target) for target in TARGETS)
        outside = sum(sum(self.stages.get(label, Counter()).values()) for label in (STARTING, ANSWERED))
        return (total - outside) / total if total else 0.0

    def text(self) -> str:
        lines = ["| stage | worker | supervisor | client |", "|---|---|---|---|"]
        for label, counts in sorted(self.stages.items()):
            lines.append(f"| {label} | " + " | ".join(str(counts[target]) for target in TARGETS) + " |")
        sums = " | ".join(str(self.count(target)) for target in TARGETS)
        lines += [f"| all | {sums} |", f"Inside a running job: {100 * self.inside:.0f} % of the kills."]
        return "\n".join(lines)


@dataclass(slots=True)
class Kills:
    """Rows by target, and the histogram of all."""

    studio: Studio
    acceptance: Acceptance
    seed: int
    histogram: Histogram = field(default_factory=Histogram)

    def random_times(self, target: str, count: int, budget: Budget) -> Row:
        """About `count` kills, several within one job; as many as the budget allows."""
        row = Row("kill", f"{target}, random times")
        for job in JOBS:
            self.studio.undisturbed(job)
        # Jobs with windows more often: they have the most to lose.
        order = ("neural", "sketch", "neural", "analyse")

        def trials() -> Iterator[Callable[[], None]]:
            number = 0
            while self.histogram.count(target) < count and not budget.over:
                draw = random.Random(f"{self.seed} {target} {number}")
                job = order[number % len(order)]
                number += 1
                kills = [at_random(self.studio, target, job, draw) for _ in range(draw.choice(_EACH[target]))]
                yield partial(self._trial, row, job, kills, str(number))

        in_parallel(trials(), budget)
        return row

    def at_points(self, target: str, rounds: int, budget: Budget) -> Row:
        """Killed at each named moment that a job reaches."""
        row = Row("kill", f"{target}, named moments")
        names = [(job, name) for job in JOBS for name in sorted(self.studio.undisturbed(job).points)]
        names.append(("sketch", MOVED))
        random.Random(f"{self.seed} points {target}").shuffle(names)

        def trials() -> Iterator[Callable[[], None]]:
            for job, name in names * rounds:
                yield partial(self._trial, row, job, [_at_point(target, name)], name)

        in_parallel(trials(), budget)
        row.notes["moments"] = len(names)
        return row

    def _trial(self, row: Row, job: str, kills: list[Kill], name: str) -> None:
        trial = self.studio.trial()
        earlier = self.studio.earlier_run(job, trial) if name == MOVED else {}
        sent, wrong = self._done(job, trial, kills, row)
        if earlier and files(trial / "out" / "earlier" / "001") != earlier:
            wrong.append("the earlier run is not as it was")
        if wrong:
            row.trial(f"{job} {name} (kills {sent}): {'; '.join(wrong[:4])}")
        else:
            row.trial()
            shutil.rmtree(trial, ignore_errors=True)

    def _done(self, job: str, trial: Path, kills: list[Kill], row: Row) -> tuple[int, list[str]]:
        """Give the command until it is done, with the kills in their order; how many were sent, and what is
        wrong."""
        waiting, sent, wrong = list(kills), 0, list[str]()
        end = time.monotonic() + _MOST_S
        for _ in range(_MOST_COMMANDS):
            environment = {}
            if waiting and waiting[0].target == "worker" and waiting[0].name:
                mark = trial / f"mark{sent}"
                environment["HITPOINT_CRASH_AT"] = f"{waiting[0].name}:{mark}"
            with self.studio.start(job, trial, environment=environment) as run:
                killed = False
                while not run.ended.wait(_POLL_S):
                    if time.monotonic() > end:
                        return sent, [*wrong, f"not done within {_MOST_S:g} s, at '{run.stage}'"]
                    if environment and (trial / f"mark{sent}").exists():
                        # It has killed itself.
                        self.histogram.add("worker", job, run.stage or STARTING)
                        row.notes["kills"] += 1
                        sent, environment = sent + 1, {}
                        waiting.pop(0)
                    elif waiting and not environment and waiting[0].when(run):
                        kill = waiting.pop(0)
                        done, faults = self._kill(kill.target, job, run)
                        wrong += faults
                        sent += done
                        row.notes["kills"] += done
                        killed = kill.target == "client" and done > 0
                        if killed:
                            break
                wrong += self.acceptance.failure(run, trial / "home", killed=killed)
                if run.folder is not None:
                    if environment:
                        wrong.append(f"the moment '{waiting[0].name}' never came")
                    return sent, wrong + after.all_well(
                        self.studio, self.acceptance, trial, job, run, kills=sent
                    )
                if not killed and run.error is not None and not self._expected(run, kills, sent):
                    return sent, [*wrong, f"ended with: {run.said()}"]
                if not killed and run.error is None:
                    return sent, [*wrong, f"the client crashed: {run.said()}"]
                wrong += after.gone(self.acceptance, run.processes())
        return sent, [*wrong, f"not done after {_MOST_COMMANDS} commands"]

    def _expected(self, run: Run, kills: list[Kill], sent: int) -> bool:
        """A second death of the supervisor over one request is an error, and the command is given again."""
        twice = kills[0].target == "supervisor" and sent >= 2
        return twice and run.error is not None and run.error["kind"] == "crashed"

    def _kill(self, target: str, job: str, run: Run) -> tuple[int, list[str]]:
        """Kill it now; 1 and what outlived it, or 0 where there was nothing to kill."""
        seen = run.processes()
        found = {
            "worker": watch.worker_of(seen, run.pid),
            "supervisor": watch.supervisor_of(seen, run.pid),
            "client": next((one for one in seen if one.pid == run.pid), None),
        }[target]
        if found is None:
            return 0, []
        faults = after.silent_ports(self.acceptance, run)
        stage = ANSWERED if run.answered is not None else run.stage or STARTING
        if not watch.kill(found):
            return 0, faults
        run.restarted()
        self.histogram.add(target, job, stage)
        return 1, faults + after.gone(self.acceptance, watch.below(seen, found))


@dataclass(slots=True)
class _Moment:
    """`offset_s` after the run told of the stage `index`, or at once where it tells of a later one: what was
    finished before a kill is passed over after it."""

    offset_s: float
    index: int
    order: dict[str, int]
    met: float | None = None

    def __call__(self, run: Run) -> bool:
        now, place = time.monotonic(), self.order.get(run.stage, -1)
        if place < self.index:
            self.met = None
            return False
        if place > self.index:
            return run.answered is None
        self.met = self.met or now
        return now >= self.met + self.offset_s


def at_random(studio: Studio, target: str, job: str, draw: random.Random) -> Kill:
    """By turns a moment drawn evenly from the job's length, and one from a stage drawn evenly: stages are
    long and short, and each is to be met."""
    quiet = studio.undisturbed(job)
    ends = [at for at, _ in quiet.stages[1:]] + [quiet.length_s]
    if draw.random() < 0.5:
        moment = draw.uniform(0.0, quiet.length_s)
        index = next((index for index, end in enumerate(ends) if moment <= end), len(ends) - 1)
    else:
        index = draw.randrange(len(ends))
        moment = draw.uniform(quiet.stages[index][0], ends[index])
    begins, stage = quiet.stages[index]
    order = {label: place for place, (_, label) in enumerate(quiet.stages)}
    return Kill(target, _Moment(moment - begins, index, order), stage=stage)


def _at_point(target: str, name: str) -> Kill:
    """The worker ends itself there; the others are killed when the log of moments has the name."""

    def when(run: Run) -> bool:
        return run.points.exists() and name in run.points.read_text().split()

    return Kill(target, when, name)


_EACH = {"worker": (4, 6, 8), "supervisor": (2, 3, 4), "client": (3, 4, 6)}
