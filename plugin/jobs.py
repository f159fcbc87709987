"""The worker: what the engine's process does for its clients. `python -I -m hitpoint.plugin.jobs PARENT`."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from ..engine.errors import EngineFault, HitpointError
from ..engine.log import record_fault
from ..engine.worker.channel import own_stdio
from ..engine.worker.messages import QUARANTINED, EngineError
from ..engine.worker.serve import serve
from .panel.jobs import PANEL_TABLE

if TYPE_CHECKING:
    from ..engine.progress import Cancel, Step
    from ..engine.store.journal import Journal, State
    from .options import ScoreOptions
    from .score import Scored

SCORE, ANALYSE, GENERATE, MADE_BY, MODELS = "score", "analyse", "generate", "made_by", "models"
SCORE_HOST = "score_host"

Params = dict[str, Any]


class AtDesk(Protocol):
    """What a job may say and must hear while it works."""

    @property
    def job(self) -> str: ...
    @property
    def cancel(self) -> Cancel: ...
    def progress(self, step: Step, /) -> None: ...
    def preview(self, path: str, from_s: float, to_s: float, /) -> None: ...
    def afterwards(self, call: Callable[[], object], /) -> None: ...


def score_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`params["options"]` are ScoreOptions; the answer is the run's folder, whose report.json tells more."""
    from ..engine.serial import from_json
    from .options import ScoreOptions
    from .placed import make_room

    options = from_json(ScoreOptions, params["options"])

    def work(journal: Journal, fence: int) -> dict[str, Any]:
        done = _score(options, desk, journal, fence)
        return {"folder": str(done.folder), "files": list(done.files)}

    asked = {"source": str(options.source), "options": params["options"]}
    result = once(SCORE, asked, desk, work, _has_folder)
    make_room()
    return result


def score_host_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`params` are those of `asking.host_options`; the answer is `folder`, `landing` (None where it is too
    large for a message), `landing_path` and `summary`, see `landing.told_of`.
    """
    from .asking import host_options
    from .cue_names import named_as_before
    from .landing import answer, is_there, landing_of, landings_in, told_of
    from .placed import make_room

    asked = {name: value for name, value in params.items() if name != "job"}
    options = host_options(asked, desk.job)

    def work(journal: Journal, fence: int) -> dict[str, Any]:
        done = _score(options, desk, journal, fence)
        results = done.results
        if not options.selection.names:
            results = tuple(named_as_before(results, landings_in(done.folder)))
        # Whether to have markers at all is chosen there, when it is placed.
        landing = landing_of(results, done.folder, weak=options.hit_markers == "all")
        return told_of(done, results, landing)

    result = once(SCORE_HOST, asked, desk, work, is_there)
    make_room()
    return answer(result)


def analyse_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`params` are `source`, `out` and `selection`; the answer is the folder of the analysis."""
    from pathlib import Path

    from ..engine.serial import from_json
    from .analyse import analyse
    from .options import Selection

    asked = {name: params[name] for name in ("source", "out", "selection")}
    out = Path(params["out"]) if params["out"] is not None else None
    chosen = from_json(Selection, params["selection"])

    def work(journal: Journal, fence: int) -> dict[str, Any]:
        done = analyse(Path(params["source"]), out, chosen, progress=desk.progress, cancel=desk.cancel)
        return {"folder": str(done.folder), "files": list(done.files)}

    return once(ANALYSE, asked, desk, work, _has_folder)


def generate_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """`params` are those of `generating.Asked`; the answer is the take and its files, each with its hash."""
    from ..engine.store.previews import lasting
    from ..engine.store.stages import Stages
    from .generating import are_there, generate

    def work(journal: Journal, fence: int) -> dict[str, Any]:
        return generate(
            params,
            desk.job,
            stages=Stages(journal),
            progress=desk.progress,
            cancel=desk.cancel,
            heard=lasting(desk.preview),
        )

    asked = {name: params[name] for name in ("request", "model", "use", "folder")}
    return once(GENERATE, asked, desk, work, are_there)


def made_by_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """As `generate`, but only what decides the take beside its request."""
    from .generating import made_by

    return made_by(params)


def models_job(params: Params, desk: AtDesk) -> dict[str, Any]:
    """The answer is a list of ListedModel, and the names of all styles."""
    from ..engine.serial import to_json
    from ..engine.style import style_names
    from .model_list import listed_models

    return {"models": to_json(listed_models()), "styles": list(style_names())}


def once(
    method: str,
    asked: dict[str, Any],
    desk: AtDesk,
    work: Callable[[Journal, int], dict[str, Any]],
    is_there: Callable[[dict[str, Any]], bool],
) -> dict[str, Any]:
    """Do the job under its id; what was done under it before, and is still there, is answered from the
    journal, and so is a job that was set aside.

    EngineFault when the id was another job's. One process at a time has a job: it holds its lock.
    """
    from ..engine.progress import Step
    from ..engine.store.journal import Journal
    from ..engine.store.locks import forget, held, job_lock

    def waiting() -> None:
        desk.progress(Step("read", 0, 1, "waiting for another Hitpoint that does the same"))

    journal, lock = Journal(), job_lock(desk.job)
    try:
        with held(lock, told=waiting, cancel=desk.cancel):
            known = journal.plan(desk.job, method, asked)
            if known.state == "quarantined":
                text, log_id = known.result["error"], known.result["log_id"]
                raise EngineError(text, kind=QUARANTINED, log_id=log_id)
            if known.method != method or known.request != asked:
                raise EngineFault(
                    f"the job '{desk.job}' was asked for in other words before: choose another id for this"
                )
            if known.state in ("placed", "verified") and is_there(known.result):
                return known.result
            fence = journal.lease(desk.job, str(os.getpid()))
            try:
                result = work(journal, fence)
            except HitpointError as error:
                state: State = "cancelled" if desk.cancel.asked else "failed"
                text = str(error)
                # Whoever stops a job waits for the answer, and nobody for this.
                desk.afterwards(lambda: journal.give_up(desk.job, fence, state, text))
                raise
            journal.move(desk.job, fence, "placed", result)
            return result
    finally:
        desk.afterwards(lambda: forget(lock))


def _score(options: ScoreOptions, desk: AtDesk, journal: Journal, fence: int) -> Scored:
    """A run, with what its stages keep noted in the journal."""
    from ..engine.store.stages import Stages
    from .placed import note_placed
    from .score import score

    done = score(
        options,
        stages=Stages(journal),
        stored=lambda objects: journal.move(desk.job, fence, "stored", {"objects": list(objects)}),
        progress=desk.progress,
        cancel=desk.cancel,
        heard=desk.preview,
    )
    note_placed(journal, done)
    return done


def _has_folder(result: dict[str, Any]) -> bool:
    from pathlib import Path

    return Path(result["folder"]).is_dir()


def _sweep() -> None:
    from ..engine.store.upkeep import sweep_all

    sweep_all()


# What a worker does, and `here.Here` in the caller's own process.
TABLE: dict[str, Callable[[Params, AtDesk], dict[str, Any]]] = {
    SCORE: score_job,
    SCORE_HOST: score_host_job,
    ANALYSE: analyse_job,
    GENERATE: generate_job,
    MADE_BY: made_by_job,
    MODELS: models_job,
    **PANEL_TABLE,
}


def main() -> None:
    stdio = own_stdio()
    # What killed workers left goes; nobody waits for that.
    threading.Thread(target=_sweep, name="sweep", daemon=True).start()
    serve(TABLE, stdio, int(sys.argv[-1]), record_fault)


if __name__ == "__main__":
    main()
