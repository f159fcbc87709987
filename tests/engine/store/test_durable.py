"""A file is whole or absent, whatever happens while it is written."""

from __future__ import annotations

import errno
import os
import sys
import types
from pathlib import Path

import pytest

from hitpoint.engine.errors import OutputError
from hitpoint.engine.store import durable
from hitpoint.engine.store.durable import durable_file, durable_write, patiently, sync_descriptor
from hitpoint.engine.store.objects import object_path


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


def test_a_full_disk_of_the_cache_can_be_helped_by_gc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="run hitpoint gc"):
        durable_write(object_path("ab" * 32), b"x")
    with pytest.raises(OutputError) as refused:
        durable_write(tmp_path / "film" / "mix.wav", b"x")
    assert "gc" not in str(refused.value)


class Held:
    """A rename that Windows refuses so many times."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.tries = 0

    def __call__(self) -> None:
        self.tries += 1
        if self.tries <= self.times:
            raise PermissionError(errno.EACCES, "used by another process")


def test_windows_is_asked_again_while_a_scanner_holds_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(durable.time, "sleep", waited.append)
    move = Held(4)
    patiently(move)
    assert move.tries == 5
    assert waited == [0.01, 0.02, 0.04, 0.08]
    with pytest.raises(PermissionError):
        patiently(Held(6))


def test_a_right_that_is_missing_elsewhere_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    move = Held(1)
    with pytest.raises(PermissionError):
        patiently(move)
    assert move.tries == 1


@pytest.mark.parametrize("error", [0, errno.ENOTSUP, errno.EIO])
def test_macos_is_asked_for_the_platter(monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    """F_FULLFSYNC; a plain fsync only where the disk has none; an error of the disk is one."""
    calls: list[str] = []

    def control(descriptor: int, what: int) -> None:
        calls.append(f"full {what}")
        if error:
            raise OSError(error, os.strerror(error))

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setitem(sys.modules, "fcntl", types.SimpleNamespace(F_FULLFSYNC=51, fcntl=control))
    monkeypatch.setattr(os, "fsync", lambda descriptor: calls.append("plain"))
    if error == errno.EIO:
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            sync_descriptor(1)
        assert calls == ["full 51"]
    else:
        sync_descriptor(1)
        assert calls == (["full 51", "plain"] if error else ["full 51"])


def test_a_share_that_gives_back_other_bytes_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "is_share", lambda folder: True)
    target = tmp_path / "a.json"
    durable_write(target, b"old")
    assert target.read_bytes() == b"old"
    monkeypatch.setattr(durable, "_sha256", lambda path: "0" * 64)
    with pytest.raises(OutputError, match="came back changed from the network share"):
        durable_write(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
