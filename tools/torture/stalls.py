"""Workers that stand still: stopped by a signal, or in a call that does not let go of the interpreter."""

from __future__ import annotations

import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from . import after, watch
from .acceptance import Acceptance
from .budget import Budget, in_parallel, numbered
from .disk import BENT
from .kills import Kill, at_random
from .run import Run
from .scorecard import Row
from .studio import PATIENT, Studio

_SILENT_S, _TERM_S = 2.0, 1.0
_LIMITS = {**PATIENT, "silent_s": _SILENT_S, "term_s": _TERM_S}
# Beyond the limits: a busy machine starts the next worker late, and the word comes with it.
_GRACE_S = 5.0
_MOST_S = 120.0
# A client that asks the supervisor something meanwhile is answered within this.
_ANSWER_S = 1.0


def stopped(studio: Studio, acceptance: Acceptance, count: int, budget: Budget, *, seed: int) -> Row:
    """SIGSTOP at random moments: noticed, replaced, and the job is done."""
    row = Row("stall", "worker stopped (SIGSTOP)")

    def trial(number: int) -> None:
        draw = random.Random(f"{seed} stop {number}")
        job = draw.choice(("sketch", "neural"))
        # The first at once: moments that are drawn may come when the job is done.
        moment = at_random(studio, "worker", job, draw) if number else Kill("worker", lambda run: run.working)
        trial = studio.trial()
        with studio.start(job, trial, limits=_LIMITS, pings=True) as run:
            worker = None
            while worker is None and not run.ended.wait(0.002):
                if moment.when(run):
                    worker = watch.worker_of(run.processes(), run.pid)
            if worker is None:
                return  # it was done before: no trial
            watch.kill(worker, signal.SIGSTOP)
            run.restarted()
            wrong = _noticed(run, acceptance, [worker])
            wrong += _done(studio, acceptance, trial, job, run, kills=1)
        _tell(row, trial, f"{job} at '{moment.stage}'", wrong)

    in_parallel(numbered(trial, count), budget)
    return row


def held(studio: Studio, acceptance: Acceptance, count: int, budget: Budget) -> Row:
    """A call that keeps the interpreter's lock: the worker's heart stops, it is replaced, the job is done."""
    row = Row("stall", "interpreter lock held")

    def trial(number: int) -> None:
        trial = studio.trial()
        with _stuck(studio, trial) as run:
            wrong = []
            if _until_stuck(run, trial):
                run.restarted()
                worker = watch.worker_of(run.processes(), run.pid)
                wrong = _noticed(run, acceptance, [worker] if worker else [])
            wrong += _done(studio, acceptance, trial, "sketch", run, kills=1)
        _tell(row, trial, f"number {number}", wrong)

    in_parallel(numbered(trial, count), budget)
    return row


def killed_while_held(studio: Studio, acceptance: Acceptance, target: str, count: int, budget: Budget) -> Row:
    """The client or the supervisor dies while the worker cannot hear of it."""
    row = Row("stall", f"{target} killed while the lock is held")

    def trial(number: int) -> None:
        trial = studio.trial()
        with _stuck(studio, trial, limits={**PATIENT, "silent_s": 60.0}) as run:
            if not _until_stuck(run, trial):
                row.trial(f"number {number}: it was never stuck: {run.said()}")
                return
            seen = run.processes()
            found = (
                next(one for one in seen if one.pid == run.pid)
                if target == "client"
                else watch.supervisor_of(seen, run.pid)
            )
            assert found is not None
            watch.kill(found)
            run.restarted()
            wrong = after.gone(acceptance, watch.below(seen, found))
            if target != "client":
                # The client starts another supervisor itself.
                wrong += _done(studio, acceptance, trial, "sketch", run, kills=1)
        if target == "client":
            with studio.start("sketch", trial) as run:
                wrong += _done(studio, acceptance, trial, "sketch", run, kills=1)
        _tell(row, trial, f"number {number}", wrong)

    in_parallel(numbered(trial, count), budget)
    return row


def _stuck(studio: Studio, trial: Path, **more: Any) -> Run:
    return studio.start(
        "sketch", trial, **{"worker": [*BENT, "stuck", str(trial / "stuck")], "limits": _LIMITS, **more}
    )


def _until_stuck(run: Run, trial: Path) -> bool:
    while not (trial / "stuck").exists():
        if run.ended.wait(0.005):
            return False
    # It rests a moment before it takes the lock.
    return not run.ended.wait(0.6)


def _noticed(run: Run, acceptance: Acceptance, seen: list[watch.Seen]) -> list[str]:
    """The client is told within the limits, and what stood still is gone."""
    end = time.monotonic() + _SILENT_S + _TERM_S + _GRACE_S
    while not run.told and time.monotonic() < end and not run.ended.wait(0.01):
        pass
    wrong = [] if run.told else [f"nobody was told within {_SILENT_S + _TERM_S + _GRACE_S:g} s"]
    return wrong + after.gone(acceptance, seen)


def _done(
    studio: Studio, acceptance: Acceptance, trial: Path, job: str, run: Run, *, kills: int
) -> list[str]:
    if not run.wait(_MOST_S):
        return [f"not done within {_MOST_S:g} s, at '{run.stage}'"]
    wrong = acceptance.failure(run, trial / "home", killed=False)
    if run.folder is None:
        return [*wrong, f"ended with: {run.said()}"]
    if run.slowest_s is not None and run.slowest_s > _ANSWER_S:
        wrong.append(f"the supervisor took {run.slowest_s:.1f} s to answer meanwhile")
    return wrong + after.all_well(studio, acceptance, trial, job, run, kills=kills)


def _tell(row: Row, trial: Path, what: str, wrong: list[str]) -> None:
    row.trial(f"{what}: {'; '.join(wrong[:4])}" if wrong else "")
    if not wrong:
        shutil.rmtree(trial, ignore_errors=True)
