"""The commands through the engine's own process: the same arguments and results, and a caller that lives."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..engine.progress import Cancel, Heard, Progress, nobody, silent
from ..engine.serial import from_json, to_json
from ..engine.store.journal import Journal, State
from .analyse import Analysed
from .client import Client, nonsense
from .here import Here
from .jobs import ANALYSE, MODELS, SCORE
from .model_list import ListedModel
from .options import ScoreOptions, Selection
from .runfolder import ANALYSIS, REPORT
from .score import Scored

# A job in one of these was begun and never placed: asked for again, it goes on where it was.
_UNFINISHED: tuple[State, ...] = ("planned", "running", "stored", "failed", "cancelled")


def score_remotely(
    client: Client | Here,
    options: ScoreOptions,
    *,
    heard: Heard = nobody,
    progress: Progress = silent,
    cancel: Cancel | None = None,
) -> Scored:
    """As `score`, done by the engine's process, or here as a job. What was asked before and not finished is
    gone on with."""
    options = _absolute(options)
    job, options = _begun_before(options) or (secrets.token_hex(16), options)
    result = client.do(
        SCORE, job, {"options": to_json(options)}, progress=progress, heard=heard, cancel=cancel
    )
    return Scored(*_written(SCORE, result, REPORT))


def analyse_remotely(
    client: Client | Here,
    source: Path,
    out: Path | None,
    selection: Selection,
    *,
    progress: Progress = silent,
    cancel: Cancel | None = None,
) -> Analysed:
    """As `analyse`, done by the engine's process, or here as a job."""
    params = {
        "source": os.fspath(source.absolute()),
        "out": os.fspath(out.absolute()) if out is not None else None,
        "selection": to_json(_absolute_selection(selection)),
    }
    result = client.do(ANALYSE, secrets.token_hex(16), params, progress=progress, cancel=cancel)
    return Analysed(*_written(ANALYSE, result, ANALYSIS))


def models_remotely(client: Client) -> list[ListedModel]:
    """The models that there are, as the engine's process sees them."""
    result = client.do(MODELS, secrets.token_hex(16), {})
    return list(from_json(tuple[ListedModel, ...], result["models"]))


def _absolute(options: ScoreOptions) -> ScoreOptions:
    """The same for a process that stands in another folder, with a seed for who asked for none."""
    return replace(
        options,
        source=options.source.absolute(),
        out=options.out.absolute() if options.out is not None else None,
        selection=_absolute_selection(options.selection),
        media_roots=tuple(os.fspath(Path(root).absolute()) for root in options.media_roots),
        like=_absolute_file(options.like),
        # 53 bits: every program that reads the report keeps such a number exact.
        drawn_seed=secrets.randbits(53),
    )


def _absolute_file(name: str) -> str:
    """A track's name, and what no file can be called, stays as it is."""
    try:
        return os.fspath(Path(name).absolute()) if name and Path(name).is_file() else name
    except (OSError, ValueError):
        return name


def _absolute_selection(selection: Selection) -> Selection:
    return replace(selection, media=tuple(folder.absolute() for folder in selection.media))


def _begun_before(options: ScoreOptions) -> tuple[str, ScoreOptions] | None:
    """The job that was asked for in the same words and not finished, with the seed that it drew.

    Where somebody does it just now, its lock is waited for: it is then answered, or, where that one died,
    gone on with. It is never done by two at once, and two that ask at once get one piece of music.
    """
    journal = Journal()
    if not journal.path.exists():
        return None
    asked = to_json(options)
    for job in reversed(journal.jobs(*_UNFINISHED)):
        kept = job.request.get("options", {})
        if job.method == SCORE and {**kept, "drawn_seed": None} == {**asked, "drawn_seed": None}:
            return job.id, replace(options, drawn_seed=kept["drawn_seed"])
    return None


def _written(
    method: str, result: dict[str, Any], report: str
) -> tuple[Path, tuple[str, ...], dict[str, Any]]:
    """Folder, files and report that a job was answered with. EngineError where they are not."""
    folder, files = result.get("folder"), result.get("files")
    if not isinstance(folder, str) or not isinstance(files, list):
        raise nonsense(method, f"no folder and files: {str(result)[:200]}")
    path = Path(folder) / report
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise nonsense(method, f"'{path}' cannot be read: {error}") from error
    return Path(folder), tuple(map(str, files)), told
