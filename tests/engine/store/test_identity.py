"""A file is known by its bytes, and read once only while it stays the same."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from hitpoint.engine.errors import Cancelled, InputError
from hitpoint.engine.progress import Cancel
from hitpoint.engine.store.identity import sha256_file


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "film.mov"
    path.write_bytes(data)
    return path


def test_it_is_the_sha256_of_the_bytes(tmp_path: Path) -> None:
    data = bytes(range(256)) * 50_000
    assert sha256_file(_file(tmp_path, data)) == hashlib.sha256(data).hexdigest()


def test_the_memo_is_used_while_size_and_time_stay(tmp_path: Path, own_home: Path) -> None:
    path = _file(tmp_path, b"one")
    sha256_file(path)
    (memo,) = (own_home / "cache" / "identity").iterdir()
    stored = json.loads(memo.read_text())
    stored["sha256"] = "0" * 64
    memo.write_text(json.dumps(stored))
    assert sha256_file(path) == "0" * 64


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = _file(tmp_path, b"one")
    first = sha256_file(path)
    path.write_bytes(b"two")
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))
    assert sha256_file(path) == hashlib.sha256(b"two").hexdigest() != first


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"sha256": 1}', b"\xff\xfe"])
def test_a_broken_memo_is_as_good_as_none(tmp_path: Path, own_home: Path, broken: bytes) -> None:
    path = _file(tmp_path, b"one")
    sha256_file(path)
    (memo,) = (own_home / "cache" / "identity").iterdir()
    memo.write_bytes(broken)
    assert sha256_file(path) == hashlib.sha256(b"one").hexdigest()


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path, own_home: Path) -> None:
    own_home.write_text("a file where a folder should be")
    assert sha256_file(_file(tmp_path, b"one")) == hashlib.sha256(b"one").hexdigest()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.mov"):
        sha256_file(tmp_path / "gone.mov")


def test_what_has_no_end_is_not_read(tmp_path: Path) -> None:
    for path in (Path(os.devnull), tmp_path):
        with pytest.raises(InputError, match="plain file"):
            sha256_file(path)


def test_it_stops_when_asked(tmp_path: Path) -> None:
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        sha256_file(_file(tmp_path, b"one"), cancel=cancel)
