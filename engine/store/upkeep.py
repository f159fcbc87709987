"""The store kept sound and small: what is broken is found, what nobody needs goes, oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..paths import cache_dir, data_dir, state_dir
from ..progress import Cancel
from .journal import Journal
from .objects import all_objects, is_whole, remove
from .temporary import sweep

# Kept stages beyond this go, the one used longest ago first: about an hour of six stems.
MOST_BYTES = 20 << 30


@dataclass(slots=True)
class Checked:
    """How many objects are whole; hashes of those that are changed, and stages of which a file is gone."""

    whole: int = 0
    changed: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    journal_fault: str = ""


@dataclass(slots=True)
class Freed:
    """What `gc` took away."""

    objects: int = 0
    stages: int = 0
    temporaries: int = 0
    bytes: int = 0
    # Over the limit all the same, since timelines and unplaced stems refer to them.
    bytes_needed: int = 0


def check(cancel: Cancel) -> Checked:
    """Read every object and compare it with its name. OutputError for a broken journal."""
    journal, out = Journal(), Checked()
    out.journal_fault = journal.fault()
    whole = set()
    for sha256, _ in all_objects():
        if is_whole(sha256, cancel=cancel):
            whole.add(sha256)
        else:
            out.changed.append(sha256)
    out.whole = len(whole)
    for stage in journal.stages():
        if any(file.sha256 not in whole for file in stage.files):
            out.lacking.append(stage.key)
    return out


def gc(cancel: Cancel, *, most_bytes: int = MOST_BYTES) -> Freed:
    """Remove what no stage and no timeline refers to, then stages, the one used longest ago first, until the
    objects have at most `most_bytes`. Never what a timeline refers to, nor stems that wait to be placed.

    Safe to interrupt: a stage is forgotten before its files go.
    """
    journal, freed = Journal(), Freed()
    freed.temporaries = len(sweep_all())
    sizes = dict(all_objects())
    needed = set(journal.referred()) | set(_unplaced(journal))
    stages = journal.stages()
    users: dict[str, int] = {}
    for stage in stages:
        for file in stage.files:
            users[file.sha256] = users.get(file.sha256, 0) + 1
    for sha256 in sorted(sizes.keys() - users.keys() - needed):
        cancel.check()
        _drop(sha256, sizes, freed)
    for stage in stages:
        cancel.check()
        if sum(sizes.values()) <= most_bytes:
            break
        if any(file.sha256 in needed for file in stage.files):
            continue
        journal.forget_stage(stage.key)
        freed.stages += 1
        for file in stage.files:
            users[file.sha256] -= 1
            if not users[file.sha256] and file.sha256 in sizes:
                _drop(file.sha256, sizes, freed)
    freed.bytes_needed = max(0, sum(sizes.values()) - most_bytes)
    return freed


def sweep_all() -> list[Path]:
    """Remove the temporaries that dead processes left in our own folders."""
    return [path for folder in (cache_dir(), data_dir(), state_dir()) for path in sweep(folder, deep=True)]


def _drop(sha256: str, sizes: dict[str, int], freed: Freed) -> None:
    remove(sha256)
    freed.objects += 1
    freed.bytes += sizes.pop(sha256)


def _unplaced(journal: Journal) -> Iterator[str]:
    """Objects of jobs whose stems are finished and not on a timeline yet."""
    for job in journal.jobs("stored"):
        yield from job.result.get("objects", ())
