"""Killed at any moment, gc leaves a store in which nothing lacks that anybody needs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitpoint.engine.progress import Cancel
from hitpoint.engine.store import upkeep
from hitpoint.engine.store.journal import Journal
from hitpoint.engine.store.objects import all_objects, is_whole
from hitpoint.engine.store.stages import Stages
from hitpoint.engine.store.upkeep import check, gc
from kept_stages import keep_stage

POINTS = ("gc.swept", "gc.forgot", "gc.removed", "gc.dropped")
GC = """
from hitpoint.engine.progress import Cancel
from hitpoint.engine.store.upkeep import gc
gc(Cancel(), most_bytes=0)
"""


class Killed(BaseException):
    """Stands for the end of the process: nothing of gc runs after it."""


@pytest.mark.skipif(sys.platform == "win32", reason="it kills with POSIX signals")
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_point_leaves_the_store_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    cut = tmp_path / "cut.otio"
    cut.touch()
    hashes = [keep_stage(tmp_path, key, key.encode() * 10) for key in "abc"]
    Journal().refer(str(cut), hashes[1:2])
    old = tmp_path / "home" / "cache" / "picture" / "ab" / "1.arrays"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"x")
    os.utime(old, (1, 1))
    killed = subprocess.run(
        [sys.executable, "-c", GC], env={**os.environ, "HITPOINT_CRASH_AT": point}, check=False
    )
    assert killed.returncode == -9
    found = check(Cancel())
    assert (found.changed, found.lacking, found.journal_fault) == ([], [], "")
    gc(Cancel(), most_bytes=0)
    assert [sha256 for sha256, _ in all_objects()] == hashes[1:2]
    assert not old.exists()


KEYS = st.sampled_from("abcdef")
ACTS = st.one_of(
    st.tuples(st.just("keep"), KEYS, st.sampled_from("xyz")),
    st.tuples(st.just("use"), KEYS),
    st.tuples(st.just("refer"), st.integers(0, 2), KEYS),
    st.tuples(st.just("delete"), st.integers(0, 2)),
    st.tuples(st.just("store"), KEYS),
    st.tuples(st.just("gc"), st.integers(0, 400), st.integers(1, 12)),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(ACTS, max_size=12))
def test_whatever_happens_nothing_lacks_that_a_timeline_or_a_waiting_job_needs(acts: list) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HITPOINT_HOME", f"{name}/home")
        folder, journal = Path(name), Journal()
        for act, *given_ in acts:
            if act == "keep":
                keep_stage(folder, given_[0], given_[1].encode() * 100)
            elif act == "use":
                (folder / "out").mkdir(exist_ok=True)
                Stages().load("take", given_[0], (folder / "out").joinpath, Cancel())
                for left in (folder / "out").iterdir():
                    left.unlink()
            elif act == "refer":
                (folder / f"{given_[0]}.otio").touch()
                journal.refer(str(folder / f"{given_[0]}.otio"), list(_objects(journal, given_[1])))
            elif act == "delete":
                (folder / f"{given_[0]}.otio").unlink(missing_ok=True)
            elif act == "store":
                ident = f"job{len(journal.jobs())}"
                journal.plan(ident, "score", {})
                objects = list(_objects(journal, given_[0]))
                journal.move(ident, journal.lease(ident, "me"), "stored", {"objects": objects})
            else:
                _killed_gc(patch, *given_)
            found = check(Cancel())
            assert (found.changed, found.lacking, found.journal_fault) == ([], [], "")
            for sha256, timelines in journal.referred().items():
                assert is_whole(sha256) or not any(Path(path).exists() for path in timelines)
            for job in journal.jobs("stored"):
                assert all(map(is_whole, job.result["objects"]))


def _objects(journal: Journal, key: str) -> Iterator[str]:
    for stage in journal.stages():
        if stage.key == key:
            yield from (file.sha256 for file in stage.files)


def _killed_gc(patch: pytest.MonkeyPatch, most_bytes: int, moments: int) -> None:
    """gc that ends at the given moment, or well before it."""
    left = moments

    def reached(name: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise Killed(name)

    patch.setattr(upkeep, "reached", reached)
    try:
        gc(Cancel(), most_bytes=most_bytes)
    except Killed:
        return
