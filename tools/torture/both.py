"""Two at once, and an edit that changes under a job."""

from __future__ import annotations

import json
import random
import shutil
from contextlib import ExitStack

from hitpoint.engine.progress import Cancel
from hitpoint.engine.store.journal import Journal
from hitpoint.engine.store.objects import is_whole
from hitpoint.engine.store.upkeep import gc

from . import after
from .acceptance import Acceptance
from .budget import Budget, in_parallel, numbered
from .scorecard import Row
from .studio import Studio, files

_MOST_S = 180.0
# Late enough that the cues were read, early enough that their music is not placed yet.
_WHEN = ("picture", "plan", "generate")


def two_clients(studio: Studio, acceptance: Acceptance, count: int, budget: Budget) -> Row:
    """The same command twice at the same time, in one home, into one folder: both are answered alike, the
    music is made once and placed once."""
    row = Row("concurrency", "two clients, one film")

    def trial(number: int) -> None:
        job = ("sketch", "neural")[number % 2]
        trial, wrong = studio.trial(), list[str]()
        with ExitStack() as stack:
            runs = [stack.enter_context(studio.start(job, trial)) for _ in range(2)]
            for run in runs:
                if not run.wait(_MOST_S):
                    wrong.append(f"not done within {_MOST_S:g} s, at '{run.stage}'")
                wrong += acceptance.failure(run, trial / "home", killed=False)
                if run.folder is None:
                    wrong.append(f"ended with: {run.said()}")
                wrong += after.gone(acceptance, run.processes())
            if not wrong:
                for run in runs:
                    wrong += after.all_well(studio, acceptance, trial, job, run)
            if (trial / "out" / "earlier").exists():
                wrong.append("placed twice")
        row.trial(f"{job}: {'; '.join(wrong[:4])}" if wrong else "")
        if not wrong:
            shutil.rmtree(trial, ignore_errors=True)

    in_parallel(numbered(trial, count), budget)
    return row


def edited(studio: Studio, acceptance: Acceptance, count: int, budget: Budget, *, seed: int) -> Row:
    """The scored range is cut anew while the job runs: nothing is placed, one sentence, the stems are kept
    and used when the edit is as it was."""
    row = Row("concurrency", "edit changed during a job")

    def trial(number: int) -> None:
        draw = random.Random(f"{seed} edit {number}")
        stage = draw.choice(_WHEN)
        wrong = _edited(studio, acceptance, stage)
        row.trial(f"at '{stage}': {'; '.join(wrong[:4])}" if wrong else "")

    in_parallel(numbered(trial, count), budget)
    return row


def _edited(studio: Studio, acceptance: Acceptance, stage: str) -> list[str]:
    trial = studio.trial()
    film = trial / studio.film.name
    before = studio.film.read_bytes()
    film.write_bytes(before)
    with studio.start("sketch", trial, source=film) as run:
        # A stage that is over within a tenth of a second is not always told of: the next one does as well.
        begun = (*_WHEN[_WHEN.index(stage) :], "finish")
        while run.stage not in begun and not run.ended.wait(0.002):
            pass
        film.write_bytes(_recut(before))
        wrong = [] if run.wait(_MOST_S) else ["it never ended"]
        wrong += acceptance.failure(run, trial / "home", killed=False)
        if run.error is None or run.error["kind"] != "StaleResult":
            wrong.append(f"it ended with: {run.said()}")
        if (trial / "out").exists():
            wrong.append("it was placed")
    if wrong:
        return wrong
    with studio.home(trial / "home"):
        # Nobody's cleaning takes them.
        gc(Cancel(), most_bytes=0)
        waiting = Journal().jobs("stored")
        stems = [sha256 for job in waiting for sha256 in job.result.get("objects", ())]
        if not stems or not all(is_whole(sha256) for sha256 in stems):
            wrong.append("its stems are not kept")
    film.write_bytes(before)
    with studio.start("sketch", trial, source=film) as run:
        run.wait(_MOST_S)
        wrong += acceptance.failure(run, trial / "home", killed=False)
        if run.folder is None:
            return [*wrong, f"the next run ended with: {run.said()}"]
        wrong += acceptance.acknowledged(run)
        wrong += after.same_files(files(run.folder), studio.undisturbed("sketch"))
        wrong += after.swept(acceptance, trial) + after.sound_store(studio, trial / "home")
        with studio.home(trial / "home"):
            if Journal().jobs("stored"):
                wrong.append("a job still waits to be placed")
    if not wrong:
        shutil.rmtree(trial, ignore_errors=True)
    return wrong


def _recut(timeline: bytes) -> bytes:
    """The same with the second shot half as long."""
    data = json.loads(timeline)
    span = data["tracks"]["children"][0]["children"][1]["source_range"]
    span["duration"]["value"] /= 2
    return json.dumps(data).encode()
