"""How fast the process line is: a round trip, a cancel in every stage, a killed worker noticed, replaced."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hitpoint.engine.errors import Cancelled
from hitpoint.engine.progress import Cancel, Step
from hitpoint.engine.serial import to_json
from hitpoint.plugin.client import Client
from hitpoint.plugin.jobs import ANALYSE, SCORE
from hitpoint.plugin.options import Selection

from . import watch
from .acceptance import SILENT, Acceptance
from .budget import Budget
from .client import score_options
from .studio import JOBS, MODEL, PATIENT, Studio

_PINGS = 1_000
_ROUND_TRIP_S = 0.001
_BEYOND_STEP_S = 0.020
_CANCEL_S = 2.0
_NOTICED_S = 1.0
_MOST_S = 60.0


@dataclass(slots=True)
class Figure:
    """Seconds measured, and what was promised; None where nothing was. Noise of a machine that does much else
    is no failure: ten times what was promised is. A stage that is over before its name is told has none."""

    what: str
    promised_s: float | None
    seconds: list[float] = field(default_factory=list)

    @property
    def broken(self) -> bool:
        if not self.seconds or self.promised_s is None:
            return False
        return float(np.median(self.seconds)) > 10 * self.promised_s

    def text(self) -> str:
        if not self.seconds:
            return f"| {self.what} | | | | not measured |"
        mean, p99, most = np.mean(self.seconds), np.percentile(self.seconds, 99), max(self.seconds)
        promised = "" if self.promised_s is None else f"{1e3 * self.promised_s:.1f}"
        return (
            f"| {self.what} | {len(self.seconds)} | {1e3 * mean:.2f} | {1e3 * p99:.2f} | {1e3 * most:.2f} "
            f"| {promised} |"
        )


def figures_table(figures: list[Figure]) -> str:
    lines = ["| figure (ms) | n | mean | p99 | most | promised |", "|---|---|---|---|---|---|"]
    return "\n".join(lines + [figure.text() for figure in figures])


def measure(studio: Studio, acceptance: Acceptance, budget: Budget, *, repeats: int) -> list[Figure]:
    """All figures, one thing at a time."""
    trial = studio.trial()
    out = []
    with studio.home(trial / "home"), Client(limits=json.dumps(PATIENT)) as client:
        out.append(round_trip(client))
        out += cancels(studio, acceptance, client, trial, budget, repeats)
    out += replaced(studio, repeats, budget)
    shutil.rmtree(trial, ignore_errors=True)
    return out


def round_trip(client: Client) -> Figure:
    figure = Figure("round trip", _ROUND_TRIP_S)
    client.hello()
    for _ in range(_PINGS):
        began = time.perf_counter()
        client.ping()
        figure.seconds.append(time.perf_counter() - began)
    return figure


def cancels(
    studio: Studio, acceptance: Acceptance, client: Client, trial: Path, budget: Budget, repeats: int
) -> list[Figure]:
    """From the wish to the answer, in each stage that an undisturbed job has."""
    found: dict[str, Figure] = {}
    order = [(job, stage) for job in JOBS for _, stage in studio.undisturbed(job).stages]
    # Windows first: what is promised of them is the hardest to keep.
    order.sort(key=lambda one: not one[1].startswith("generate window"))
    for _ in range(repeats):
        for job, stage in order:
            if budget.over:
                return list(found.values())
            windows = stage.startswith("generate") and job == "neural"
            promised = _step_s(studio) + _BEYOND_STEP_S if windows else _CANCEL_S
            figure = found.setdefault(f"{job} {stage}", Figure(f"cancel, {job}: {stage}", promised))
            took = _cancelled(studio, acceptance, client, trial, job, stage)
            if took is not None:
                figure.seconds.append(took)
    return list(found.values())


def _step_s(studio: Studio) -> float:
    """One position of the tiny model's decoder, all candidates."""
    stages = studio.undisturbed("neural").stages
    begins = next(at for at, stage in stages if stage.startswith("generate"))
    ends = next((at for at, stage in stages if at > begins and not stage.startswith("generate")), begins)
    return (ends - begins) / studio.positions


def _cancelled(
    studio: Studio, acceptance: Acceptance, client: Client, trial: Path, job: str, stage: str
) -> float | None:
    """Seconds; None where the job was done before it could be asked to stop."""
    for name in ("cache", "state"):
        shutil.rmtree(trial / "home" / name, ignore_errors=True)
    shutil.rmtree(trial / "out", ignore_errors=True)
    cancel, asked = Cancel(), [0.0]
    label = studio.label if job == "neural" else lambda stage, done, total: stage

    def progress(step: Step) -> None:
        if not asked[0] and label(step.stage, step.done, step.total) == stage:
            asked[0] = time.perf_counter()
            cancel.set()

    try:
        client.do(*_asked(studio, trial, job), progress=progress, cancel=cancel)
    except Cancelled as error:
        took = time.perf_counter() - asked[0]
        acceptance.look(SILENT, [] if str(error).strip() else ["a cancel without a sentence"])
        return took if asked[0] else None
    return None


def _asked(studio: Studio, trial: Path, job: str) -> tuple[str, str, dict[str, Any]]:
    ident = secrets.token_hex(16)
    if job == "analyse":
        params = {"source": str(studio.film), "out": str(trial / "out"), "selection": to_json(Selection())}
        return ANALYSE, ident, params
    neural = job == "neural"
    options = {
        "source": str(studio.film), "out": str(trial / "out"), "seed": 3,
        "model": MODEL if neural else "sketch", "style": "auto" if neural else "piano",
        "neural": {"candidates": 4} if neural else {},
    }  # fmt: skip
    return SCORE, ident, {"options": to_json(score_options(options))}


@dataclass(slots=True)
class _Ear:
    """When the client was told of a death, and when work went on after it."""

    killed: float = 0.0
    told: float = 0.0
    again: float = 0.0
    moved: threading.Event = field(default_factory=threading.Event)

    def hear(self, text: str) -> None:
        self.told = self.told or time.perf_counter()

    def progress(self, step: Step) -> None:
        if self.told and not self.again:
            self.again = time.perf_counter()
        self.moved.set()


def replaced(studio: Studio, repeats: int, budget: Budget) -> list[Figure]:
    """A worker that does a job is killed: when the client is told, and when a new one is at work."""
    told = Figure("worker killed: client told", _NOTICED_S)
    again = Figure("worker killed: a new one at work", None)
    for _ in range(repeats):
        if budget.over and told.seconds:
            break
        trial, ear = studio.trial(), _Ear()
        with studio.home(trial / "home"), Client(limits=json.dumps(PATIENT), told=ear.hear) as client:
            pid = client.hello()["pid"]
            work = threading.Thread(
                target=client.do, args=_asked(studio, trial, "sketch"), kwargs={"progress": ear.progress}
            )
            work.start()
            if ear.moved.wait(_MOST_S):
                (worker,) = watch.children(pid)
                ear.killed = time.perf_counter()
                watch.kill(worker)
            work.join(_MOST_S)
        if ear.again:
            told.seconds.append(ear.told - ear.killed)
            again.seconds.append(ear.again - ear.killed)
        shutil.rmtree(trial, ignore_errors=True)
    return [told, again]
