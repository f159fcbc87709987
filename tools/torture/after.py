"""What must be true of a trial's folder when everything that ran there has ended."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from hitpoint.engine.errors import HitpointError
from hitpoint.engine.progress import Cancel
from hitpoint.engine.store.temporary import sweep
from hitpoint.engine.store.upkeep import check

from . import watch
from .acceptance import ORPHANS, PORTS, SOURCES, TEMPORARIES, Acceptance
from .run import Run
from .studio import Quiet, Studio, files

# What is being made is called so, and nothing that stays is.
_TEMPORARY = re.compile(r"\A\..*\.part\Z")
_ASIDE = re.compile(r"\A\..*\.(old|ready|moving)\Z")
_STAGES = ("take", "window", "finish")


def gone(acceptance: Acceptance, seen: list[watch.Seen]) -> list[str]:
    """Every process of `seen` has ended within five seconds."""
    left = watch.left_after(seen)
    return acceptance.look(ORPHANS, [" ".join(one.words)[:120] for one in left], of=len(seen) or 1)


def silent_ports(acceptance: Acceptance, run: Run) -> list[str]:
    """None of the run's processes listens."""
    seen = run.processes()
    return acceptance.look(PORTS, watch.listening(seen), of=len(seen))


def same_files(found: dict[str, str], quiet: Quiet) -> list[str]:
    """The differences from an undisturbed run's files."""
    return [
        f"{name} differs from an undisturbed run's"
        for name in sorted(found.keys() | quiet.files.keys())
        if found.get(name) != quiet.files.get(name)
    ]


def made_twice(points: Path, quiet: Quiet, kills: int) -> list[str]:
    """Stages that were made again after they were finished.

    A kill between a stage's end and its place in the journal costs that stage, so each kill allows one more
    beginning of an end. No stage is ever finished twice.
    """
    counts = Counter(points.read_text().split()) if points.exists() else Counter[str]()
    wrong = []
    for kind in _STAGES:
        made, kept, needed = counts[f"{kind}.made"], counts[f"{kind}.kept"], quiet.points[f"{kind}.made"]
        if kept > needed or made - kept > kills:
            wrong.append(f"{kind}: made {made} times, kept {kept} times, {needed} are needed")
    return wrong


def swept(acceptance: Acceptance, trial: Path) -> list[str]:
    """No temporary is left once those of dead processes were swept."""
    sweep(trial, deep=True)
    left = [path.name for path in trial.rglob(".*") if _TEMPORARY.match(path.name)]
    return acceptance.look(TEMPORARIES, left)


def put_aside(trial: Path) -> list[str]:
    """What a run moved out of the way and the next one has to put in its place."""
    return [path.name for path in trial.rglob(".*") if _ASIDE.match(path.name)]


def sound_store(studio: Studio, home: Path) -> list[str]:
    """What `hitpoint check` finds."""
    with studio.home(home):
        try:
            found = check(Cancel())
        except HitpointError as error:
            return [f"check: {error}"]
    wrong = [f"the object {sha256[:12]} is changed" for sha256 in found.changed]
    wrong += [f"the stage {key[:12]} lacks a file" for key in found.lacking]
    return wrong + ([f"journal: {found.journal_fault}"] if found.journal_fault else [])


def all_well(
    studio: Studio, acceptance: Acceptance, trial: Path, job: str, run: Run, *, kills: int = 0
) -> list[str]:
    """Everything together, of a job that was finished at last by `run`."""
    quiet = studio.undisturbed(job)
    wrong = gone(acceptance, run.processes())
    wrong += acceptance.acknowledged(run)
    wrong += same_files(files(run.folder or trial / "out"), quiet)
    wrong += made_twice(trial / "points", quiet, kills)
    wrong += acceptance.look(SOURCES, studio.sources_changed())
    wrong += swept(acceptance, trial)
    wrong += acceptance.look(TEMPORARIES, put_aside(trial))
    return wrong + sound_store(studio, trial / "home")
