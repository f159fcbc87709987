"""Check finds every changed byte; gc takes the oldest first, and never what somebody still needs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hitpoint.engine.paths import cache_dir, data_dir
from hitpoint.engine.progress import Cancel
from hitpoint.engine.store import upkeep
from hitpoint.engine.store.cache import entry_path, load_arrays, store_arrays
from hitpoint.engine.store.journal import Journal
from hitpoint.engine.store.locks import held, job_lock, lock_path
from hitpoint.engine.store.objects import adopt, all_objects, object_path
from hitpoint.engine.store.stages import Stages
from hitpoint.engine.store.upkeep import check, gc, mend, sweep_all, tend
from kept_stages import keep_stage


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))


def _keys() -> list[str]:
    return [stage.key for stage in Journal().stages()]


def test_check_names_what_is_changed_and_what_is_gone(tmp_path: Path) -> None:
    hashes = [keep_stage(tmp_path, key, key.encode() * 10) for key in "abc"]
    object_path(hashes[0]).write_bytes(b"changed")
    object_path(hashes[1]).unlink()
    found = check(Cancel())
    assert (found.whole, found.changed, found.journal_fault) == (1, [hashes[0]], "")
    assert sorted(found.lacking) == ["a", "b"]
    assert len(list(all_objects())) == 2


def test_gc_takes_what_nobody_refers_to(tmp_path: Path) -> None:
    kept = keep_stage(tmp_path, "a", b"kept")
    (tmp_path / "x").write_bytes(b"orphan")
    adopt(tmp_path / "x", hashlib.sha256(b"orphan").hexdigest())
    freed = gc(Cancel())
    assert (freed.objects, freed.stages, freed.bytes) == (1, 0, 6)
    assert [sha256 for sha256, _ in all_objects()] == [kept]


def test_gc_takes_the_stages_used_longest_ago_first(tmp_path: Path) -> None:
    for key in "abc":
        keep_stage(tmp_path, key, key.encode() * 100)
    assert Stages().load("take", "a", (tmp_path / "used").joinpath, Cancel()) is not None
    gc(Cancel(), most_bytes=200)
    assert _keys() == ["c", "a"]
    gc(Cancel(), most_bytes=199)
    assert _keys() == ["a"]


def test_gc_never_takes_what_a_timeline_or_an_unplaced_job_needs(tmp_path: Path) -> None:
    hashes = {key: keep_stage(tmp_path, key, key.encode() * 100) for key in "abc"}
    journal, cut = Journal(), tmp_path / "cut.otio"
    cut.touch()
    journal.refer(str(cut), [hashes["a"]])
    journal.plan("job", "score", {})
    journal.move("job", journal.lease("job", "me"), "stored", {"objects": [hashes["b"]]})
    freed = gc(Cancel(), most_bytes=0)
    assert _keys() == ["a", "b"]
    assert freed.bytes_needed == 200
    cut.unlink()
    journal.move("job", 1, "placed")
    assert gc(Cancel(), most_bytes=0).bytes_needed == 0
    assert list(all_objects()) == []
    assert journal.referred() == {}


def test_an_object_that_two_stages_share_stays_for_the_second(tmp_path: Path) -> None:
    keep_stage(tmp_path, "a", b"same" * 100)
    sha256 = keep_stage(tmp_path, "b", b"same" * 100)
    keep_stage(tmp_path, "c", b"more" * 100)
    gc(Cancel(), most_bytes=500)
    assert _keys() == ["c"]
    keep_stage(tmp_path, "d", b"same" * 100)
    gc(Cancel(), most_bytes=1_000)
    assert sha256 in dict(all_objects())


def test_what_check_found_is_mended(tmp_path: Path) -> None:
    hashes = [keep_stage(tmp_path, key, key.encode() * 10) for key in "abc"]
    object_path(hashes[0]).write_bytes(b"changed")
    object_path(hashes[1]).unlink()
    assert mend(check(Cancel())) == 3
    found = check(Cancel())
    assert (found.whole, found.changed, found.lacking) == (1, [], [])
    assert _keys() == ["c"]


# --- the rest of the cache ----------------------------------------------------------------------------------


def _old(path: Path, days: float) -> None:
    then = time.time() - days * 86_400
    os.utime(path, (then, then))


def _beside(name: str, days: float, size: int = 100) -> Path:
    path = cache_dir() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    _old(path, days)
    return path


def test_all_caches_are_one_queue_by_last_use(tmp_path: Path) -> None:
    """Pictures of two days ago go before a stage of now, previews of now stay."""
    pictures, preview = _beside("picture/ab/1.arrays", 2), _beside("previews/p.wav", 0)
    keep_stage(tmp_path, "a", b"a" * 100)
    freed = gc(Cancel(), most_bytes=200)
    assert (freed.beside, freed.stages, freed.bytes) == (1, 0, 100)
    assert not pictures.exists()
    assert preview.exists()
    # Over the limit all the same: the stage goes, what was used within the hour stays.
    assert gc(Cancel(), most_bytes=0).bytes_needed == 100
    assert _keys() == []
    assert preview.exists()


def test_pictures_that_were_used_are_new_again() -> None:
    for name in ("ab1", "cd2"):
        store_arrays("picture", name, {"x": np.zeros(100, np.uint8)})
        _old(entry_path("picture", name), 3)
    assert load_arrays("picture", "ab1") is not None
    gc(Cancel(), most_bytes=0)
    assert entry_path("picture", "ab1").exists()
    assert not entry_path("picture", "cd2").exists()


def test_an_unpacked_bundle_goes_whole_and_never_while_a_job_runs(tmp_path: Path) -> None:
    first, second = _beside("otioz/abc/1.mov", 9), _beside("otioz/abc/2.mov", 3)
    journal = Journal()
    journal.plan("job", "score", {})
    journal.lease("job", "me")
    with held(job_lock("job")):
        assert gc(Cancel(), most_bytes=0).beside == 0
    assert second.exists()
    assert gc(Cancel(), most_bytes=0).beside == 1
    assert not first.parent.exists()


def test_a_download_that_was_left_for_a_week_goes_whole() -> None:
    folders = {}
    for name, days in (("old", 8), ("new", 3)):
        folders[name] = data_dir() / "downloads" / name
        folders[name].mkdir(parents=True)
        for file in ("w.bin.part", "w.bin.part.json"):
            (folders[name] / file).write_bytes(b"half")
            _old(folders[name] / file, days)
    gc(Cancel(), most_bytes=0)
    assert [name for name, folder in folders.items() if folder.exists()] == ["new"]


def test_nothing_goes_below_the_limit(tmp_path: Path) -> None:
    path = _beside("picture/ab/1.arrays", 400)
    keep_stage(tmp_path, "a", b"a" * 100)
    freed = gc(Cancel(), most_bytes=200)
    assert (freed.beside, freed.stages, freed.objects) == (0, 0, 0)
    assert path.exists()


# --- beside jobs --------------------------------------------------------------------------------------------

JOB = """
import sys
from pathlib import Path
from hitpoint.engine.progress import Cancel
from hitpoint.engine.store.journal import Journal
from hitpoint.engine.store.locks import held, job_lock
from hitpoint.engine.store.stages import Done, Stages
import hashlib
folder, journal = Path(sys.argv[1]), Journal()
print("begun", flush=True)
lost = 0
with held(job_lock("job")):
    journal.plan("job", "score", {})
    journal.lease("job", "me")
    for number in range(25):
        data = b"%d" % number * 50
        path = folder / f"{number}.wav"
        path.write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        Stages(journal).keep("take", f"key{number}", Done({}, {path.name: path}, {path.name: sha256}))
        path.unlink()
        for known in range(0, number + 1, 5):
            lost += Stages(journal).load("take", f"key{known}", (folder / "out").joinpath, Cancel()) is None
            for left in (folder / "out").iterdir():
                left.unlink()
print(lost, flush=True)
"""


def test_gc_takes_nothing_of_a_job_that_runs_in_another_process(tmp_path: Path) -> None:
    """What a job has kept since it began is found by it, however often everything else is taken away."""
    job = subprocess.Popen([sys.executable, "-c", JOB, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert job.stdout
    assert job.stdout.readline() == "begun\n"
    rounds = 0
    while job.poll() is None:
        gc(Cancel(), most_bytes=0)
        rounds += 1
    assert job.stdout.read() == "0\n"
    job.stdout.close()
    assert rounds > 2
    gc(Cancel(), most_bytes=0)
    assert _keys() == []


def test_an_object_taken_before_its_stage_was_noted_is_kept_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Journal.keep_stage

    def late(journal: Journal, *given: object) -> None:
        gc(Cancel(), most_bytes=0)
        assert list(all_objects()) == []
        real(journal, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Journal, "keep_stage", late)
    sha256 = keep_stage(tmp_path, "a", b"sound")
    assert object_path(sha256).read_bytes() == b"sound"


def test_a_stage_that_was_used_meanwhile_is_not_forgotten(tmp_path: Path) -> None:
    keep_stage(tmp_path, "a", b"sound")
    (use,) = Journal().uses()
    assert Stages().load("take", "a", (tmp_path / "used").joinpath, Cancel()) is not None
    assert not Journal().forget_unused(use)
    assert _keys() == ["a"]


def test_stems_that_wait_are_let_go_of_when_that_is_asked_for(tmp_path: Path) -> None:
    hashes = {key: keep_stage(tmp_path, key, key.encode() * 10) for key in "ab"}
    journal = Journal()
    for job, key in (("waits", "a"), ("runs", "b")):
        journal.plan(job, "score", {})
        journal.move(job, journal.lease(job, "me"), "stored", {"objects": [hashes[key]]})
    with held(job_lock("runs")):
        freed = gc(Cancel(), discard_unplaced=True)
    assert freed.discarded == 1
    assert [job.id for job in journal.jobs()] == ["runs"]
    assert _keys() == ["b"]


def test_jobs_that_are_over_are_forgotten_but_for_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_MOST_JOBS", 2)
    journal = Journal()
    for number in range(4):
        with held(job_lock(str(number))):
            journal.plan(str(number), "score", {})
            journal.move(str(number), journal.lease(str(number), "me"), "placed")
    journal.plan("waits", "score", {})
    gc(Cancel())
    assert [job.id for job in journal.jobs()] == ["2", "3", "waits"]
    assert not lock_path(job_lock("0")).exists()


# --- by itself ----------------------------------------------------------------------------------------------


def test_it_looks_through_the_store_once_a_day_and_when_too_much_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tend(1_000, Cancel()) is not None, "never looked"
    keep_stage(tmp_path, "a", b"a" * 900)
    assert tend(1_000, Cancel()) is None
    keep_stage(tmp_path, "b", b"b" * 900)
    freed = tend(1_000, Cancel())
    assert freed is not None
    assert _keys() == ["b"]
    assert tend(1_000, Cancel()) is None
    now = time.time()
    monkeypatch.setattr(upkeep.time, "time", lambda: now + 90_000)
    assert tend(1_000, Cancel()) is not None
    # A clock that was set back has no day either.
    monkeypatch.setattr(upkeep.time, "time", lambda: now - 90_000)
    assert tend(1_000, Cancel()) is not None


def test_it_does_not_look_again_for_what_it_could_not_take(tmp_path: Path) -> None:
    cut = tmp_path / "cut.otio"
    cut.touch()
    Journal().refer(str(cut), [keep_stage(tmp_path, "a", b"a" * 5_000)])
    freed = tend(1_000, Cancel())
    assert freed is not None
    assert freed.bytes_needed == 4_000
    assert tend(1_000, Cancel()) is None
    keep_stage(tmp_path, "b", b"b" * 100)
    assert tend(1_000, Cancel()) is not None


def test_the_sweep_of_a_clean_store_is_quick(tmp_path: Path) -> None:
    for number in range(2_000):
        path = object_path(hashlib.sha256(b"%d" % number).hexdigest())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    begun = time.perf_counter()
    assert sweep_all() == []
    took_s = time.perf_counter() - begun
    print(f"sweep of 2000 objects in 256 folders: {took_s * 1e3:.1f} ms")
    assert took_s < 2
