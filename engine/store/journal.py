"""What has been done and what is being done, in one SQLite file that a power cut does not tear.

A stage is a piece of work whose result can be used again: its key names all that decides it, its files are
objects. A job is what somebody asked for, under an id of their choosing; it goes from `planned` over
`running`, `stored` (its files are finished) and `placed` to `verified`, or ends as `failed`, `cancelled` or
`quarantined`.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import OutputError
from ..paths import state_dir

State = Literal["planned", "running", "stored", "placed", "verified", "failed", "cancelled", "quarantined"]
# Another process may be writing; a commit takes milliseconds.
_WAIT_S = 20.0
_TABLES = """
create table if not exists stages (
    key text primary key, kind text not null, facts text not null, used integer not null);
create table if not exists files (
    key text not null references stages on delete cascade, name text not null, sha256 text not null,
    bytes integer not null, primary key (key, name));
create index if not exists files_sha256 on files (sha256);
create table if not exists jobs (
    id text primary key, method text not null, request text not null, state text not null,
    owner text not null, fence integer not null, deaths integer not null, result text not null,
    changed integer not null);
create table if not exists kept_for (
    sha256 text not null, timeline text not null, primary key (sha256, timeline));
create table if not exists counter (only integer primary key check (only = 0), value integer not null);
insert or ignore into counter values (0, 0);
"""
# Seconds since 1970 of the last use, to compare with files; when the store was last looked through, bytes of
# the cache beside the objects, and of all that was left.
_USES = """
alter table stages add column used_s integer not null default 0;
create table tended (
    only integer primary key check (only = 0), at_s integer not null, beside integer not null,
    left_over integer not null);
insert into tended values (0, 0, 0, 0);
alter table jobs add column begun integer not null default 0;
"""
# What each version adds to the one before.
_VERSIONS = (_TABLES, _USES)


@dataclass(frozen=True, slots=True)
class KeptFile:
    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class KeptStage:
    key: str
    kind: str
    facts: dict[str, Any]
    files: tuple[KeptFile, ...]


@dataclass(frozen=True, slots=True)
class StageUse:
    """A stage and its last use: `number` orders all uses, `used_s` is seconds since 1970."""

    stage: KeptStage
    number: int
    used_s: int


@dataclass(frozen=True, slots=True)
class Tended:
    """When the store was last looked through (seconds since 1970, 0: never), the bytes that lay beside the
    objects then, and all that were left."""

    at_s: int
    beside: int
    left: int


@dataclass(frozen=True, slots=True)
class KnownJob:
    """`result` is what it was answered with, or why it failed; empty before."""

    id: str
    method: str
    request: dict[str, Any]
    state: State
    owner: str
    fence: int
    deaths: int
    result: dict[str, Any]


class Journal:
    """Opened for each use, so that no process holds it. Every change is one transaction, on the platter when
    the call returns.

    OutputError when the file cannot be read or written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or state_dir() / "journal.sqlite3"

    # --- stages ---------------------------------------------------------------------------------------------

    def stage(self, key: str) -> KeptStage | None:
        """A finished stage, now the one used last."""
        with self._open() as db:
            row = db.execute("select kind, facts from stages where key = ?", (key,)).fetchone()
            if row is None:
                return None
            db.execute(
                "update stages set used = ?, used_s = ? where key = ?", (_next(db), int(time.time()), key)
            )
            files = db.execute("select name, sha256, bytes from files where key = ? order by name", (key,))
            return KeptStage(key, row[0], json.loads(row[1]), tuple(KeptFile(*file) for file in files))

    def keep_stage(self, stage: KeptStage, make_sure: Callable[[], object] | None = None) -> None:
        """Keep it. `make_sure` is called when nobody can take its objects away any more, and before anybody
        sees the stage."""
        with self._open() as db:
            db.execute(
                "insert or replace into stages (key, kind, facts, used, used_s) values (?, ?, ?, ?, ?)",
                (stage.key, stage.kind, _text(stage.facts), _next(db), int(time.time())),
            )
            db.executemany(
                "insert or replace into files values (?, ?, ?, ?)",
                [(stage.key, file.name, file.sha256, file.bytes) for file in stage.files],
            )
            if make_sure is not None:
                make_sure()

    def forget_stage(self, key: str) -> None:
        with self._open() as db:
            db.execute("delete from stages where key = ?", (key,))

    def forget_unused(self, use: StageUse) -> bool:
        """Forget the stage, unless it was used since; whether it is gone."""
        with self._open() as db:
            done = db.execute("delete from stages where key = ? and used = ?", (use.stage.key, use.number))
            return done.rowcount == 1

    def stages(self) -> list[KeptStage]:
        """All, the one used longest ago first."""
        return [use.stage for use in self.uses()]

    def uses(self) -> list[StageUse]:
        """All stages, the one used longest ago first."""
        with self._open() as db:
            files: dict[str, list[KeptFile]] = {}
            for key, *file in db.execute("select key, name, sha256, bytes from files order by key, name"):
                files.setdefault(key, []).append(KeptFile(*file))
            rows = db.execute("select key, kind, facts, used, used_s from stages order by used").fetchall()
        return [
            StageUse(KeptStage(key, kind, json.loads(facts), tuple(files.get(key, ()))), used, used_s)
            for key, kind, facts, used, used_s in rows
        ]

    def object_bytes(self) -> int:
        """Bytes of the files of all stages, each object once."""
        with self._open() as db:
            rows = db.execute("select sum(bytes) from (select distinct sha256, bytes from files)")
            return int(rows.fetchone()[0] or 0)

    def unless_used(self, sha256: str, act: Callable[[], object]) -> bool:
        """Call `act` when no stage has the object, and let none have it meanwhile; whether it was called."""
        with self._open() as db:
            if db.execute("select 1 from files where sha256 = ?", (sha256,)).fetchone() is not None:
                return False
            act()
            return True

    def tended(self) -> Tended:
        with self._open() as db:
            return Tended(*db.execute("select at_s, beside, left_over from tended").fetchone())

    def tend(self, *, beside: int, left: int) -> None:
        """The store has been looked through now."""
        with self._open() as db:
            db.execute(
                "update tended set at_s = ?, beside = ?, left_over = ?", (int(time.time()), beside, left)
            )

    # --- what timelines refer to ----------------------------------------------------------------------------

    def refer(self, timeline: str, sha256s: Sequence[str]) -> None:
        """A timeline uses these objects from now on, and none that it used before."""
        with self._open() as db:
            db.execute("delete from kept_for where timeline = ?", (timeline,))
            db.executemany(
                "insert into kept_for values (?, ?)", [(sha256, timeline) for sha256 in set(sha256s)]
            )

    def referred(self) -> dict[str, tuple[str, ...]]:
        """The objects that timelines use, and which timelines."""
        with self._open() as db:
            rows = db.execute("select sha256, timeline from kept_for order by sha256, timeline").fetchall()
        out: dict[str, tuple[str, ...]] = {}
        for sha256, timeline in rows:
            out[sha256] = (*out.get(sha256, ()), timeline)
        return out

    # --- jobs -----------------------------------------------------------------------------------------------

    def plan(self, job: str, method: str, request: Mapping[str, Any]) -> KnownJob:
        """The job under that id: as it stands when it is known, new when it is not."""
        with self._open() as db:
            db.execute(
                "insert or ignore into jobs"
                " (id, method, request, state, owner, fence, deaths, result, changed)"
                " values (?, ?, ?, 'planned', '', 0, 0, '{}', ?)",
                (job, method, _text(request), _next(db)),
            )
            return _job(db, job)

    def lease(self, job: str, owner: str) -> int:
        """`owner` does the job from now on; its fence: whoever had it before can no longer change it."""
        with self._open() as db:
            number = _next(db)
            db.execute(
                "update jobs set state = 'running', owner = ?, fence = fence + 1, changed = ?,"
                " begun = case begun when 0 then ? else begun end where id = ?",
                (owner, number, number, job),
            )
            return _job(db, job).fence

    def move(self, job: str, fence: int, state: State, result: Mapping[str, Any] | None = None) -> bool:
        """Put the job into `state`; False, and nothing is changed, when another has it now."""
        with self._open() as db:
            told = None if result is None else _text(result)
            done = db.execute(
                "update jobs set state = ?, result = coalesce(?, result), changed = ?"
                " where id = ? and fence = ?",
                (state, told, _next(db), job, fence),
            )
            return done.rowcount == 1

    def give_up(self, job: str, fence: int, state: State, error: str) -> bool:
        """The job ends as `state`; but stems that were finished stay `stored`, unless that is `cancelled`.
        False, and nothing is changed, when another has it now."""
        with self._open() as db:
            done = db.execute(
                "update jobs set"
                " result = case when state = 'stored' and ? != 'cancelled' then result else ? end,"
                " state = case when state = 'stored' and ? != 'cancelled' then state else ? end,"
                " changed = ? where id = ? and fence = ?",
                (state, _text({"error": error}), state, state, _next(db), job, fence),
            )
            return done.rowcount == 1

    def settle(self, job: str, state: State, result: Mapping[str, Any] | None = None) -> None:
        """Put the job into `state` whoever has it: its worker is gone, and can no longer change it."""
        with self._open() as db:
            told = None if result is None else _text(result)
            db.execute(
                "update jobs set state = ?, result = coalesce(?, result), fence = fence + 1, changed = ?"
                " where id = ?",
                (state, told, _next(db), job),
            )

    def died(self, job: str) -> int:
        """The worker died over it; how often that has happened."""
        with self._open() as db:
            db.execute("update jobs set deaths = deaths + 1, changed = ? where id = ?", (_next(db), job))
            row = db.execute("select deaths from jobs where id = ?", (job,)).fetchone()
            return int(row[0]) if row is not None else 0

    def jobs(self, *states: State) -> list[KnownJob]:
        """Those in `states` (none: all), the one changed longest ago first."""
        with self._open() as db:
            ids = [row[0] for row in db.execute("select id from jobs order by changed")]
            found = [_job(db, ident) for ident in ids]
        return [job for job in found if not states or job.state in states]

    def begun(self, *states: State) -> list[tuple[str, int]]:
        """Ids of the jobs in `states`, and the number that the first use by each of them is greater than."""
        with self._open() as db:
            rows = db.execute("select id, state, begun from jobs order by begun").fetchall()
        return [(ident, begun) for ident, state, begun in rows if state in states]

    def forget_old_jobs(self, most: int) -> list[str]:
        """Forget jobs that are over, all but the `most` that changed last; the ids of all that are over."""
        over = "state in ('placed', 'verified', 'failed', 'cancelled')"
        with self._open() as db:
            ids = [row[0] for row in db.execute(f"select id from jobs where {over} order by changed desc")]
            db.executemany("delete from jobs where id = ?", [(ident,) for ident in ids[most:]])
        return ids

    def forget_job(self, job: str) -> None:
        with self._open() as db:
            db.execute("delete from jobs where id = ?", (job,))

    def fault(self) -> str:
        """What SQLite finds wrong with the file; "" when it is sound."""
        with self._open() as db:
            said = [row[0] for row in db.execute("pragma integrity_check")]
        return "" if said == ["ok"] else "; ".join(said)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self.path, timeout=_WAIT_S, isolation_level=None)
            try:
                db.execute("pragma journal_mode = wal")
                db.execute("pragma synchronous = full")
                db.execute("pragma foreign_keys = on")
                version = db.execute("pragma user_version").fetchone()[0]
                if version > len(_VERSIONS):
                    raise sqlite3.DatabaseError("a newer Hitpoint wrote it")
                db.execute("begin immediate")
                if version < len(_VERSIONS):
                    _upgrade(db)
                yield db
                db.execute("commit")
            finally:
                db.close()
        except (sqlite3.Error, OSError) as error:
            raise OutputError(
                f"the journal '{self.path}' cannot be used ({error}): run 'hitpoint doctor'"
            ) from error


def _upgrade(db: sqlite3.Connection) -> None:
    """Inside a transaction, so that of two processes one does it."""
    version = db.execute("pragma user_version").fetchone()[0]
    for tables in _VERSIONS[version:]:
        for statement in tables.split(";"):
            db.execute(statement)
    db.execute(f"pragma user_version = {len(_VERSIONS)}")


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _next(db: sqlite3.Connection) -> int:
    """Counts changes: an order that no clock can turn round."""
    db.execute("update counter set value = value + 1")
    return int(db.execute("select value from counter").fetchone()[0])


def _job(db: sqlite3.Connection, job: str) -> KnownJob:
    row = db.execute(
        "select id, method, request, state, owner, fence, deaths, result from jobs where id = ?", (job,)
    ).fetchone()
    ident, method, request, state, owner, fence, deaths, result = row
    return KnownJob(ident, method, json.loads(request), state, owner, fence, deaths, json.loads(result))
