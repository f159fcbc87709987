"""The journal: stages by key, jobs under leases, and what timelines refer to."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hitpoint.engine.errors import OutputError
from hitpoint.engine.store.journal import _TABLES, Journal, KeptFile, KeptStage, State


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state" / "journal.sqlite3")


def test_a_stage_comes_back_as_it_was_kept(journal: Journal) -> None:
    stage = KeptStage("k", "take", {"a": [1, None]}, (KeptFile("x.wav", "ab", 7), KeptFile("y", "cd", 8)))
    journal.keep_stage(stage)
    assert journal.stage("k") == stage
    assert journal.stage("other") is None


def test_the_stage_used_longest_ago_comes_first(journal: Journal) -> None:
    for key in "abc":
        journal.keep_stage(KeptStage(key, "take", {}, ()))
    journal.stage("a")
    assert [stage.key for stage in journal.stages()] == ["b", "c", "a"]
    journal.forget_stage("b")
    assert [stage.key for stage in journal.stages()] == ["c", "a"]


def test_a_stage_made_again_replaces_itself_whole(journal: Journal) -> None:
    journal.keep_stage(KeptStage("k", "take", {}, (KeptFile("old", "ab", 7),)))
    journal.keep_stage(KeptStage("k", "take", {"n": 2}, (KeptFile("new", "cd", 8),)))
    assert journal.stages() == [KeptStage("k", "take", {"n": 2}, (KeptFile("new", "cd", 8),))]


def test_who_lost_the_lease_changes_nothing_more(journal: Journal) -> None:
    assert journal.plan("j", "score", {"seed": 1}).state == "planned"
    old = journal.lease("j", "one")
    new = journal.lease("j", "two")
    assert not journal.move("j", old, "placed", {"by": "one"})
    assert journal.move("j", new, "stored", {"by": "two"})
    (job,) = journal.jobs()
    assert (job.state, job.owner, job.result) == ("stored", "two", {"by": "two"})


def test_a_job_that_is_known_is_not_planned_again(journal: Journal) -> None:
    journal.plan("j", "score", {"seed": 1})
    journal.move("j", journal.lease("j", "me"), "verified", {"folder": "x"})
    again = journal.plan("j", "score", {"seed": 2})
    assert (again.state, again.request, again.result) == ("verified", {"seed": 1}, {"folder": "x"})


@pytest.mark.parametrize(
    ("before", "end", "after"),
    [
        ("running", "failed", ("failed", {"error": "full"})),
        ("running", "cancelled", ("cancelled", {"error": "full"})),
        ("stored", "failed", ("stored", {"objects": ["a"]})),
        ("stored", "cancelled", ("cancelled", {"error": "full"})),
    ],
)
def test_finished_stems_outlive_a_run_that_fails_to_place_them(
    journal: Journal, before: State, end: State, after: tuple[str, dict[str, Any]]
) -> None:
    journal.plan("j", "score", {})
    fence = journal.lease("j", "me")
    if before == "stored":
        journal.move("j", fence, before, {"objects": ["a"]})
    assert not journal.give_up("j", fence - 1, end, "late")
    assert journal.give_up("j", fence, end, "full")
    (job,) = journal.jobs()
    assert (job.state, job.result) == after


def test_a_journal_of_the_first_version_is_brought_up_to_date(journal: Journal) -> None:
    journal.path.parent.mkdir()
    db = sqlite3.connect(journal.path)
    db.executescript(f"{_TABLES}; pragma user_version = 1;")
    db.execute("insert into stages values ('k', 'take', '{}', 1)")
    db.execute("insert into jobs values ('j', 'score', '{}', 'stored', '', 1, 0, '{}', 2)")
    db.commit()
    db.close()
    assert [(use.stage.key, use.number, use.used_s) for use in journal.uses()] == [("k", 1, 0)]
    assert [(job.id, job.state) for job in journal.jobs()] == [("j", "stored")]
    assert journal.begun("stored") == [("j", 0)]
    assert journal.tended().at_s == 0


def test_the_first_use_by_a_job_is_newer_than_its_beginning(journal: Journal) -> None:
    journal.keep_stage(KeptStage("before", "take", {}, ()))
    journal.plan("j", "score", {})
    journal.lease("j", "one")
    journal.keep_stage(KeptStage("own", "take", {}, ()))
    # Done again after a kill: what it had made is still its own.
    journal.lease("j", "two")
    ((_, begun),) = journal.begun("running")
    assert [use.stage.key for use in journal.uses() if use.number > begun] == ["own"]


def test_deaths_are_counted_and_jobs_found_by_state(journal: Journal) -> None:
    journal.plan("a", "score", {})
    journal.plan("b", "score", {})
    assert [journal.died("a"), journal.died("a"), journal.died("nobody")] == [1, 2, 0]
    journal.move("b", journal.lease("b", "me"), "stored")
    assert [job.id for job in journal.jobs("stored")] == ["b"]
    journal.forget_job("b")
    assert [job.id for job in journal.jobs()] == ["a"]


def test_a_timeline_refers_to_what_it_used_last(journal: Journal) -> None:
    journal.refer("cut.otio", ["a", "b", "b"])
    journal.refer("other.otio", ["b"])
    assert journal.referred() == {"a": ("cut.otio",), "b": ("cut.otio", "other.otio")}
    journal.refer("cut.otio", ["c"])
    assert journal.referred() == {"b": ("other.otio",), "c": ("cut.otio",)}


def test_a_commit_survives_the_process_that_dies_at_once(journal: Journal) -> None:
    code = (
        "import os, sys; from pathlib import Path; from hitpoint.engine.store.journal import *\n"
        f"Journal(Path({str(journal.path)!r})).keep_stage(KeptStage('k', 'take', {{}}, ()))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert journal.stage("k") is not None
    assert journal.fault() == ""


def test_a_broken_or_newer_file_is_a_sentence(journal: Journal) -> None:
    journal.path.parent.mkdir()
    journal.path.write_bytes(b"no database" * 1_000)
    with pytest.raises(OutputError, match="hitpoint doctor"):
        journal.stage("k")
    journal.path.unlink()
    db = sqlite3.connect(journal.path)
    db.execute("pragma user_version = 99")
    db.close()
    with pytest.raises(OutputError, match="newer Hitpoint"):
        journal.stage("k")
