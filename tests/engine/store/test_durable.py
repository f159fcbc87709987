"""A file is whole or absent, whatever happens while it is written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from hitpoint.engine.errors import OutputError
from hitpoint.engine.store.durable import durable_file, durable_write


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    durable_write(target, b"old")
    with pytest.raises(KeyError), durable_file(target) as file:
        file.write(b"half of the new")
        raise KeyError
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_full_disk_is_told_in_a_sentence_at_every_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    target = tmp_path / "a.json"
    durable_write(target, b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if call == "write":
        with pytest.raises(OutputError, match="no space left"), durable_file(target) as file:
            monkeypatch.setattr(os, "fsync", full)
            file.write(b"x" * 100)
    elif call == "fsync":
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match="no space left"):
            durable_write(target, b"new")
    else:
        monkeypatch.setattr(Path, "replace", full)
        with pytest.raises(OutputError, match="no space left"):
            durable_write(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="could not be written"):
        durable_write(tmp_path / "file" / "a.json", b"x")
