"""Finished stages: found again whole, made again when a byte of them is not theirs, kept through any kill."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hitpoint.engine.errors import Cancelled, OutputError
from hitpoint.engine.progress import Cancel
from hitpoint.engine.store import objects
from hitpoint.engine.store.journal import Journal
from hitpoint.engine.store.objects import adopt, all_objects, hand_out, object_path, remove
from hitpoint.engine.store.stages import Done, Stages, stage_key

MAKER = """
import hashlib, sys
from pathlib import Path
from hitpoint.engine.store.stages import *
folder = Path(sys.argv[1])
path = folder / "made.wav"
path.write_bytes(b"sound" * 1000)
sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
Stages().keep("take", "key", Done({"n": 1}, {"made.wav": path}, {"made.wav": sha256}))
print("acknowledged", flush=True)
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def _done(folder: Path, data: bytes = b"sound") -> Done:
    folder.mkdir(exist_ok=True)
    path = folder / "a.wav"
    path.write_bytes(data)
    return Done({"lufs": -16.0}, {"a.wav": path}, {"a.wav": hashlib.sha256(data).hexdigest()})


def test_a_stage_is_found_with_its_files_whatever_became_of_the_first_ones(tmp_path: Path) -> None:
    heard: list[tuple[str, bool]] = []
    stages = Stages(told=lambda kind, made: heard.append((kind, made)))
    assert stages.load("take", "key", (tmp_path / "again").joinpath, Cancel()) is None
    done = _done(tmp_path / "first")
    stages.keep("take", "key", done)
    done.files["a.wav"].unlink()
    found = stages.load("take", "key", (tmp_path / "again").joinpath, Cancel())
    assert found is not None
    assert (dict(found.facts), dict(found.sha256s)) == (done.facts, done.sha256s)
    assert found.files["a.wav"].read_bytes() == b"sound"
    assert heard == [("take", True), ("take", False)]


def test_a_file_that_its_holder_changed_is_never_handed_out(tmp_path: Path) -> None:
    stages, done = Stages(), _done(tmp_path / "first")
    stages.keep("take", "key", done)
    with done.files["a.wav"].open("r+b") as file:
        file.write(b"S")  # they share their bytes
    assert stages.load("take", "key", (tmp_path / "again").joinpath, Cancel()) is None
    assert not (tmp_path / "again" / "a.wav").exists()
    assert list(all_objects()) == []
    assert Journal().stages() == []


def test_a_disk_without_links_gets_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "other disk")

    monkeypatch.setattr(objects.os, "link", refuse)
    stages, done = Stages(), _done(tmp_path / "first")
    stages.keep("take", "key", done)
    assert stages.load("take", "key", (tmp_path / "again").joinpath, Cancel()) is not None
    assert (tmp_path / "again" / "a.wav").stat().st_nlink == 1


def test_a_full_disk_is_a_sentence_and_the_stage_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(objects.os, "link", refuse)
    with pytest.raises(OutputError, match="no space left"):
        Stages().keep("take", "key", _done(tmp_path / "first"))
    assert Journal().stages() == []


def test_a_cancel_is_heard_while_a_file_is_checked(tmp_path: Path) -> None:
    Stages().keep("take", "key", _done(tmp_path / "first"))
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        Stages().load("take", "key", (tmp_path / "again").joinpath, cancel)


def test_an_object_can_be_kept_twice_and_removed_twice(tmp_path: Path) -> None:
    done = _done(tmp_path / "first")
    sha256 = done.sha256s["a.wav"]
    adopt(done.files["a.wav"], sha256)
    adopt(done.files["a.wav"], sha256)
    assert list(all_objects()) == [(sha256, 5)]
    remove(sha256)
    remove(sha256)
    assert not object_path(sha256).exists()
    assert not hand_out(sha256, tmp_path / "x")


@pytest.mark.parametrize("point", ["take.made", "object.synced", "object.kept", "take.kept"])
def test_a_kill_leaves_the_stage_whole_or_absent(tmp_path: Path, point: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MAKER, str(tmp_path)],
        env={**os.environ, "HITPOINT_CRASH_AT": point},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    found = Stages().load("take", "key", (tmp_path / "again").joinpath, Cancel())
    assert (found is not None) == (point == "take.kept")
    subprocess.run([sys.executable, "-c", MAKER, str(tmp_path)], check=True, capture_output=True)
    assert Stages().load("take", "key", (tmp_path / "again").joinpath, Cancel()) is not None


def test_a_key_names_all_that_decides() -> None:
    assert stage_key("take", {"seed": 1}) == stage_key("take", {"seed": 1})
    assert (
        len({stage_key("take", {"seed": 1}), stage_key("take", {"seed": 2}), stage_key("fit", {"seed": 1})})
        == 3
    )
