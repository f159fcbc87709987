"""Finished cues become the files of a run, into the timeline as it is when they are written."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from ..engine.errors import Problem, StaleResult
from ..engine.progress import Cancel
from ..engine.serial import pretty
from ..engine.store.durable import durable_write
from ..engine.types import Score
from ..export.report import CueResult
from .cues import Watch
from .deliver import deliver
from .options import ScoreOptions
from .runfolder import REPORT, RunFolder
from .stale import Ranges
from .timeline.document import Document

SCORE_FILE = "score.json"
# So often the files are written again for an editor who saves while they are.
_MOST_SAVES = 4


def write_run(
    results: Sequence[CueResult],
    score: Score,
    ranges: Ranges,
    options: ScoreOptions,
    run: RunFolder,
    watch: Watch,
    report_of: Callable[[Document, list[Problem]], dict[str, Any]],
    *,
    cancel: Cancel,
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Write all but the sound into `run.building`; the names of all files there, and the report.

    `report_of` the document that they were placed into, and what could not be as wished. StaleResult when the
    edit of the ranges is another now, or the editor saves again and again.
    """
    with watch.of("export"):
        durable_write(run.building / SCORE_FILE, pretty(score))
    for _ in range(_MOST_SAVES):
        with watch.of("export"):
            document, changed = ranges.now(cancel)
            problems = [*changed, *deliver(results, document, options, run)]
        report = report_of(document, problems)
        for number, told in enumerate(report["cues"]):
            told["fingerprint"] = ranges.fingerprint(number)
        durable_write(run.building / REPORT, (json.dumps(report, indent=1) + "\n").encode())
        if ranges.is_still(document):
            break
    else:
        raise StaleResult(
            f"'{options.source.name}' is saved again and again while its music is placed: the music is "
            "kept; run the same command again when the editor rests"
        )
    files = (str(p.relative_to(run.building)) for p in run.building.rglob("*") if p.is_file())
    return tuple(sorted(files)), report


def sentences(problem_lists: Sequence[Sequence[Problem]], results: Sequence[CueResult]) -> list[str]:
    """All that was degraded, each once."""
    found = [problem for problems in problem_lists for problem in problems]
    for result in results:
        found += [*result.scored.cue.problems, *result.scored.plan.problems]
        found += [*result.scored.take.problems, *result.finished.problems, *result.unjudged]
    return list(dict.fromkeys(problem.text for problem in found))
