"""The store kept sound and small: what is broken is found, what nobody needs goes, what was used longest ago
first.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path

from ..paths import cache_dir, data_dir, state_dir
from ..progress import Cancel
from . import beside
from .journal import Journal, KnownJob, StageUse
from .locks import forget, held, is_held, job_lock, try_held
from .objects import all_objects, is_whole, object_path, remove
from .points import reached
from .temporary import sweep

# Kept beyond this goes, what was used longest ago first: about an hour of six stems.
MOST_BYTES = 20 << 30
# Of jobs that are over, so many are remembered: who asks for one of them again is answered.
_MOST_JOBS = 1000
# Whatever was counted: once a day the store is looked through.
_EVERY_S = 86_400
# Of the limit: what must have been added before what could not be made less is looked through again.
_MORE = 0.02


@dataclass(slots=True)
class Checked:
    """How many objects are whole; hashes of those that are changed, and stages of which a file is gone."""

    whole: int = 0
    changed: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    journal_fault: str = ""


@dataclass(slots=True)
class Freed:
    """What `gc` took away. `beside` counts pictures looked at, previews, unpacked bundles and downloads."""

    objects: int = 0
    stages: int = 0
    beside: int = 0
    temporaries: int = 0
    discarded: int = 0
    bytes: int = 0
    # Over the limit all the same, since timelines, unplaced stems and jobs that run now need them.
    bytes_needed: int = 0


def check(cancel: Cancel) -> Checked:
    """Read every object and compare it with its name. OutputError for a broken journal."""
    journal, out = Journal(), Checked()
    out.journal_fault = journal.fault()
    whole = set()
    # Stages that are kept meanwhile have objects that were not looked at, and those that gc takes have none.
    before = {stage.key for stage in journal.stages()}
    for sha256, _ in all_objects():
        if is_whole(sha256, cancel=cancel):
            whole.add(sha256)
        elif object_path(sha256).exists():
            out.changed.append(sha256)
    out.whole = len(whole)
    for stage in journal.stages():
        if stage.key in before and any(file.sha256 not in whole for file in stage.files):
            out.lacking.append(stage.key)
    return out


def mend(found: Checked) -> int:
    """Forget what `check` found broken, so that it is made again; how many stages and objects that were."""
    journal = Journal()
    for key in found.lacking:
        journal.forget_stage(key)
    for sha256 in found.changed:
        remove(sha256)
    return len(found.lacking) + len(found.changed)


def gc(cancel: Cancel, *, most_bytes: int = MOST_BYTES, discard_unplaced: bool = False) -> Freed:
    """Remove what no stage and no timeline refers to, then what was used longest ago, until the cache has at
    most `most_bytes`. Never what a timeline that is there refers to, nor stems that wait to be placed (unless
    `discard_unplaced` lets them go first), nor what a job that runs now has used.

    Safe to interrupt, and beside jobs: a stage is forgotten before its files go, and a file goes only while
    no stage can begin to use it. One at a time: another waits.
    """
    journal, freed = Journal(), Freed()
    with held("gc", cancel=cancel):
        freed.temporaries = len(sweep_all())
        for job in journal.forget_old_jobs(_MOST_JOBS):
            forget(job_lock(job))
        reached("gc.swept")
        unwanted = _discarded(journal) if discard_unplaced else set()
        freed.discarded = len(unwanted)
        _Evictor(journal, freed, cancel).run(most_bytes, unwanted)
    return freed


def tend(most_bytes: int, cancel: Cancel) -> Freed | None:
    """`gc` when there is reason to: more is kept than may be, or nobody looked for a day. None when there is
    none, or another does it just now. Costs two questions to the journal otherwise."""
    journal = Journal()
    known = journal.tended()
    now = int(time.time())
    held_bytes = journal.object_bytes() + known.beside
    rested = 0 <= now - known.at_s < _EVERY_S
    if rested and held_bytes <= max(most_bytes, known.left + int(most_bytes * _MORE)):
        return None
    if is_held("gc"):
        return None
    return gc(cancel, most_bytes=most_bytes)


def sweep_all() -> list[Path]:
    """Remove the temporaries that dead processes left in our own folders."""
    return [path for folder in (cache_dir(), data_dir(), state_dir()) for path in sweep(folder, deep=True)]


def unplaced(journal: Journal) -> list[KnownJob]:
    """Jobs whose stems are finished and not on a timeline yet, and which nobody does just now."""
    return [job for job in journal.jobs("stored") if not is_held(job_lock(job.id))]


class _Evictor:
    """One walk over all that is kept."""

    def __init__(self, journal: Journal, freed: Freed, cancel: Cancel) -> None:
        self._journal = journal
        self._freed = freed
        self._cancel = cancel
        # Asked for before the stages: what is kept meanwhile is newer than any of them.
        self._busy_since = _busy_since(journal)
        self._sizes = dict(all_objects())
        self._uses = journal.uses()
        self._users: dict[str, int] = {}
        for use in self._uses:
            for file in use.stage.files:
                self._users[file.sha256] = self._users.get(file.sha256, 0) + 1
        self._needed = set(_referred(journal)) | set(_waiting(journal))
        self._beside = sorted(beside.entries(), key=lambda entry: entry.used_s)
        self._beside_bytes = sum(entry.bytes for entry in self._beside)

    def run(self, most_bytes: int, unwanted: Set[str]) -> None:
        for use in self._uses:
            if any(file.sha256 in unwanted for file in use.stage.files):
                self._drop_stage(use)
        for sha256 in sorted(self._sizes.keys() - self._users.keys() - self._needed):
            self._cancel.check()
            self._drop_object(sha256)
        entries = iter(self._beside)
        entry = next(entries, None)
        for use in self._uses:
            while entry is not None and entry.used_s <= use.used_s and self._total() > most_bytes:
                self._drop_entry(entry)
                entry = next(entries, None)
            if self._total() <= most_bytes:
                break
            self._drop_stage(use)
        while entry is not None and self._total() > most_bytes:
            self._drop_entry(entry)
            entry = next(entries, None)
        total = self._total()
        self._freed.bytes_needed = max(0, total - most_bytes)
        self._journal.tend(beside=self._beside_bytes, left=total)

    def _total(self) -> int:
        return sum(self._sizes.values()) + self._beside_bytes

    def _drop_stage(self, use: StageUse) -> None:
        self._cancel.check()
        if use.number > self._busy_since or any(file.sha256 in self._needed for file in use.stage.files):
            return
        if not self._journal.forget_unused(use):
            return
        self._freed.stages += 1
        reached("gc.forgot")
        for file in use.stage.files:
            self._users[file.sha256] -= 1
            if not self._users[file.sha256] and file.sha256 in self._sizes:
                self._drop_object(file.sha256)

    def _drop_object(self, sha256: str) -> None:
        if self._journal.unless_used(sha256, lambda: remove(sha256)):
            self._freed.objects += 1
            self._freed.bytes += self._sizes.pop(sha256)
            reached("gc.removed")

    def _drop_entry(self, entry: beside.Entry) -> None:
        self._cancel.check()
        if not entry.is_old() or (entry.read and self._busy_since != _NEVER):
            return
        beside.drop(entry)
        self._freed.beside += 1
        self._freed.bytes += entry.bytes
        self._beside_bytes -= entry.bytes
        reached("gc.dropped")


# No number of a use is as high.
_NEVER = 1 << 62


def _busy_since(journal: Journal) -> int:
    """The number of the first change by a job that runs now: what was used after it may be its own."""
    numbers = [number for job, number in journal.begun("running", "stored") if is_held(job_lock(job))]
    return min(numbers, default=_NEVER)


def _referred(journal: Journal) -> Iterator[str]:
    """Objects of timelines that are there. One that was deleted is forgotten; one whose folder is away too
    may come back with its disk."""
    gone = set()
    for sha256, timelines in journal.referred().items():
        there = [timeline for timeline in timelines if Path(timeline).exists()]
        if there:
            yield sha256
        gone |= {name for name in timelines if name not in there and Path(name).parent.exists()}
    for timeline in gone:
        journal.refer(timeline, ())


def _waiting(journal: Journal) -> Iterator[str]:
    """Objects of jobs whose stems are finished and not on a timeline yet."""
    for job in journal.jobs("stored"):
        yield from job.result.get("objects", ())


def _discarded(journal: Journal) -> set[str]:
    """The finished stems that were not placed, whose jobs are forgotten now."""
    objects: set[str] = set()
    for job in journal.jobs("stored"):
        with try_held(job_lock(job.id)) as free:
            if free:
                objects.update(job.result.get("objects", ()))
                journal.forget_job(job.id)
        forget(job_lock(job.id))
    return objects
