"""Check finds every changed byte; gc takes the oldest first, and never what somebody still needs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hitpoint.engine.progress import Cancel
from hitpoint.engine.store.journal import Journal
from hitpoint.engine.store.objects import adopt, all_objects, object_path
from hitpoint.engine.store.stages import Done, Stages
from hitpoint.engine.store.upkeep import check, gc


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))


def _keep(folder: Path, key: str, data: bytes) -> str:
    """A stage with one file; the file's hash."""
    path = folder / f"{key}.wav"
    path.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    Stages().keep("take", key, Done({}, {path.name: path}, {path.name: sha256}))
    path.unlink()
    return sha256


def _keys() -> list[str]:
    return [stage.key for stage in Journal().stages()]


def test_check_names_what_is_changed_and_what_is_gone(tmp_path: Path) -> None:
    hashes = [_keep(tmp_path, key, key.encode() * 10) for key in "abc"]
    object_path(hashes[0]).write_bytes(b"changed")
    object_path(hashes[1]).unlink()
    found = check(Cancel())
    assert (found.whole, found.changed, found.journal_fault) == (1, [hashes[0]], "")
    assert sorted(found.lacking) == ["a", "b"]
    assert len(list(all_objects())) == 2


def test_gc_takes_what_nobody_refers_to(tmp_path: Path) -> None:
    kept = _keep(tmp_path, "a", b"kept")
    (tmp_path / "x").write_bytes(b"orphan")
    adopt(tmp_path / "x", hashlib.sha256(b"orphan").hexdigest())
    freed = gc(Cancel())
    assert (freed.objects, freed.stages, freed.bytes) == (1, 0, 6)
    assert [sha256 for sha256, _ in all_objects()] == [kept]


def test_gc_takes_the_stages_used_longest_ago_first(tmp_path: Path) -> None:
    for key in "abc":
        _keep(tmp_path, key, key.encode() * 100)
    assert Stages().load("take", "a", tmp_path / "used", Cancel()) is not None
    gc(Cancel(), most_bytes=200)
    assert _keys() == ["c", "a"]
    gc(Cancel(), most_bytes=199)
    assert _keys() == ["a"]


def test_gc_never_takes_what_a_timeline_or_an_unplaced_job_needs(tmp_path: Path) -> None:
    hashes = {key: _keep(tmp_path, key, key.encode() * 100) for key in "abc"}
    journal = Journal()
    journal.refer("cut.otio", [hashes["a"]])
    journal.plan("job", "score", {})
    journal.move("job", journal.lease("job", "me"), "stored", {"objects": [hashes["b"]]})
    freed = gc(Cancel(), most_bytes=0)
    assert _keys() == ["a", "b"]
    assert freed.bytes_needed == 200
    journal.refer("cut.otio", [])
    journal.move("job", 1, "placed")
    assert gc(Cancel(), most_bytes=0).bytes_needed == 0
    assert list(all_objects()) == []


def test_an_object_that_two_stages_share_stays_for_the_second(tmp_path: Path) -> None:
    _keep(tmp_path, "a", b"same" * 100)
    sha256 = _keep(tmp_path, "b", b"same" * 100)
    _keep(tmp_path, "c", b"more" * 100)
    gc(Cancel(), most_bytes=500)
    assert _keys() == ["c"]
    _keep(tmp_path, "d", b"same" * 100)
    gc(Cancel(), most_bytes=1_000)
    assert sha256 in dict(all_objects())
