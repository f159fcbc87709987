"""Disks that refuse: every call that changes the disk fails in turn, and a small disk fills up."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from . import after
from .acceptance import Acceptance
from .budget import Budget, in_parallel
from .run import ROOT, Run
from .scorecard import Row
from .studio import Studio, files

BENT = (sys.executable, "-I", str(ROOT / "tools" / "torture" / "bent.py"))
_DISK_BYTES = 160 << 20
_MOST_S = 120.0
# Calls beyond the last: then nothing is refused and the run succeeds.
_BEYOND = 1 << 30


def refused_calls(
    studio: Studio,
    acceptance: Acceptance,
    error: str,
    how: str,
    budget: Budget,
    *,
    total: int,
    seed: int,
    every: bool,
) -> Row:
    """The N-th call fails, for every N until the run succeeds, or for as many as there is time for.

    `total` is what `calls` counted.
    """
    row = Row("I/O", f"N-th call refused with {error}" + (", and all after it" if how == "on" else ""))
    numbers = list(range(1, total + 2))
    if not every:
        random.Random(f"{seed} {error} {how}").shuffle(numbers)

    def trial(number: int) -> None:
        # Of a long form each fifth is followed by an undisturbed run: it doubles the time.
        wrong = _one(studio, acceptance, number, error, how, again=not every or number % 5 == 0)
        row.trial(f"call {number}: {'; '.join(wrong[:4])}" if wrong else "")

    def trials() -> Iterator[Callable[[], None]]:
        for number in numbers:
            yield partial(trial, number)

    in_parallel(trials(), budget)
    row.notes["calls of a run"] = total
    return row


def calls(studio: Studio) -> int:
    """How many there are in a run over an earlier one."""
    trial = studio.trial()
    studio.earlier_run("sketch", trial)
    with _bent(studio, trial, _BEYOND, "EIO", "once") as run:
        run.wait(_MOST_S)
    count = len((trial / "calls").read_text().splitlines())
    shutil.rmtree(trial)
    return count


def _bent(studio: Studio, trial: Path, number: int, error: str, how: str) -> Run:
    words = [*BENT, "fail", str(number), error, how, str(trial / "calls")]
    return studio.start("sketch", trial, worker=words, limits={})


def _one(
    studio: Studio, acceptance: Acceptance, number: int, error: str, how: str, *, again: bool
) -> list[str]:
    trial = studio.trial()
    earlier = studio.earlier_run("sketch", trial)
    with _bent(studio, trial, number, error, how) as run:
        wrong = _ended(acceptance, run, trial)
        refused = run.folder is None
        # Where the disk refuses for good, the run that was there before waits beside its place for the next.
        aside = after.put_aside(trial)
        if refused and not aside and files(trial / "out") != earlier:
            wrong.append("the earlier run is not as it was")
    if again or aside:
        return wrong + _again(studio, acceptance, trial, earlier)
    if not wrong:
        shutil.rmtree(trial, ignore_errors=True)
    return wrong


def _ended(acceptance: Acceptance, run: Run, trial: Path) -> list[str]:
    """With a result, or with the user's sentence."""
    if not run.wait(_MOST_S):
        return [f"not done within {_MOST_S:g} s, at '{run.stage}'"]
    wrong = acceptance.failure(run, trial / "home", killed=False)
    if run.error is not None and run.error["log_id"] is not None:
        wrong.append(f"taken for a fault of ours: {run.said()}")
    wrong += after.gone(acceptance, run.processes())
    return wrong + after.swept(acceptance, trial)


def _again(studio: Studio, acceptance: Acceptance, trial: Path, earlier: dict[str, str]) -> list[str]:
    """The next run, that nothing disturbs, gives the right bytes, and the earlier one is kept."""
    with studio.start("sketch", trial) as run:
        run.wait(_MOST_S)
        if run.folder is None:
            return [f"the next run fails: {run.said()}"]
        # What was refused was not finished: no count of stages here.
        (trial / "points").unlink(missing_ok=True)
        wrong = after.all_well(studio, acceptance, trial, "sketch", run)
    kept = trial / "out" / "earlier" / "001"
    if files(kept) != earlier:
        wrong.append("the earlier run is not kept")
    if not wrong:
        shutil.rmtree(trial, ignore_errors=True)
    return wrong


def full_disk(studio: Studio, acceptance: Acceptance, count: int, budget: Budget, *, seed: int) -> Row:
    """A disk of 160 MB for the home and the output, full from a moment of the job on."""
    row = Row("I/O", "full small disk (a mounted tmpfs)")
    draw = random.Random(f"{seed} full")
    stages = [stage for _, stage in studio.undisturbed("sketch").stages]
    while row.count < count and not budget.over:
        trial = studio.trial()
        with _small_disk(trial) as mounted:
            if not mounted:
                return _full_by_injection(studio, acceptance, count, budget, seed)
            (trial / "home" / "data").mkdir(parents=True)
            stage, room = draw.choice(stages), draw.choice((0, 4_096, 1 << 16, 1 << 20, 4 << 20))
            earlier = studio.earlier_run("sketch", trial)
            with studio.start("sketch", trial, limits={}) as run:
                _fill_at(run, stage, trial, room)
                wrong = _ended(acceptance, run, trial)
                row.notes["done all the same" if run.folder is not None else "a sentence"] += 1
                if run.folder is None and files(trial / "out") != earlier:
                    wrong.append("the earlier run is not as it was")
            (trial / "filler").unlink(missing_ok=True)
            wrong += _again(studio, acceptance, trial, earlier)
        row.trial(f"full at '{stage}' but {room} bytes: {'; '.join(wrong[:4])}" if wrong else "")
    return row


def _full_by_injection(studio: Studio, acceptance: Acceptance, count: int, budget: Budget, seed: int) -> Row:
    total, draw = calls(studio), random.Random(f"{seed} injected")
    row = Row("I/O", "full small disk (injected: nothing may be mounted here)")
    while row.count < count and not budget.over:
        number = draw.randint(1, total)
        wrong = _one(studio, acceptance, number, "ENOSPC", "on", again=True)
        row.trial(f"call {number}: {'; '.join(wrong[:4])}" if wrong else "")
    return row


@contextmanager
def _small_disk(folder: Path) -> Iterator[bool]:
    """`folder` as a disk of its own, emptied; False where we may not mount."""
    shutil.rmtree(folder)
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(folder)]
    done = shutil.which("mount") and subprocess.run(words, capture_output=True, check=False).returncode == 0
    try:
        yield bool(done)
    finally:
        if done:
            subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=True)


def _fill_at(run: Run, stage: str, trial: Path, room: int) -> None:
    """When the run has come to `stage`, take all of the disk but `room` bytes."""
    while run.stage != stage and not run.ended.wait(0.002):
        pass
    free = shutil.disk_usage(trial).free - room
    with suppress(OSError), (trial / "filler").open("wb") as file:
        while free > 0:
            file.write(bytes(min(free, 1 << 20)))
            free -= 1 << 20
