"""A wall clock that jumps by a day, and memory that is short: neither may become a loop of deaths."""

from __future__ import annotations

import random
import shutil

from . import after, watch
from .acceptance import Acceptance
from .budget import Budget, in_parallel, numbered
from .disk import BENT
from .kills import at_random
from .run import ROOT
from .scorecard import Row
from .studio import Studio

_MOST_S = 180.0
_SUPERVISOR = [str(ROOT / "tools" / "torture" / "bent_supervisor.py")]
# Beyond what a worker has before it begins: from too little for any job to enough for all.
_ROOM = tuple(megabytes << 20 for megabytes in (40, 120, 250, 400, 600, 900, 1_400, 2_500))
# Two over one job, and those of workers that die before they have it: the supervisor stops after its fourth.
_MOST_DEATHS = 4


def jumps(studio: Studio, acceptance: Acceptance, count: int, budget: Budget, *, seed: int) -> Row:
    """Supervisor and worker read a clock that jumps by a day, forward or back, at every look; a worker is
    killed in between. Nobody is taken for silent, and the job is done."""
    row = Row("clock", "jumps of a day")

    def trial(number: int) -> None:
        draw = random.Random(f"{seed} clock {number}")
        moment, killed, trial = at_random(studio, "worker", "sketch", draw), 0, studio.trial()
        with studio.start("sketch", trial, worker=[*BENT, "clock"], supervisor=_SUPERVISOR) as run:
            while not run.ended.wait(0.002):
                if not killed and moment.when(run):
                    worker = watch.worker_of(run.processes(), run.pid)
                    killed = int(worker is not None and watch.kill(worker))
            wrong = acceptance.failure(run, trial / "home", killed=False)
            if run.folder is None:
                wrong.append(f"ended with: {run.said()}")
            else:
                wrong += after.all_well(studio, acceptance, trial, "sketch", run, kills=killed)
            if len(run.told) > killed:
                wrong.append(f"taken for dead: {run.told[-1]}")
        row.trial(f"number {number}: {'; '.join(wrong[:4])}" if wrong else "")
        if not wrong:
            shutil.rmtree(trial, ignore_errors=True)

    in_parallel(numbered(trial, count), budget)
    return row


def short_memory(studio: Studio, acceptance: Acceptance, count: int, budget: Budget) -> Row:
    """An address space that is too small (RLIMIT_AS): done, or a sentence after few deaths."""
    row = Row("memory", "address space limited")

    def trial(number: int) -> None:
        job, room = ("neural", "sketch")[number // len(_ROOM) % 2], _ROOM[number % len(_ROOM)]
        trial = studio.trial()
        with studio.start(job, trial, worker=[*BENT, "memory", str(room)], limits={}) as run:
            wrong = [] if run.wait(_MOST_S) else ["it never ended"]
            wrong += acceptance.failure(run, trial / "home", killed=False)
            wrong += after.gone(acceptance, run.processes())
            if len(run.told) > _MOST_DEATHS:
                wrong.append(f"it died {len(run.told)} times")
            if run.folder is not None:
                wrong += after.all_well(studio, acceptance, trial, job, run, kills=len(run.told))
        row.notes["done" if run.folder is not None else "a sentence"] += 1
        row.trial(f"{job}, {room >> 20} MB: {'; '.join(wrong[:4])}" if wrong else "")
        if not wrong:
            shutil.rmtree(trial, ignore_errors=True)

    in_parallel(numbered(trial, count), budget)
    return row
