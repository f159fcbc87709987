"""One holder at a time over all processes, and none after its death."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.errors import Cancelled, OutputError
from hitpoint.engine.progress import Cancel
from hitpoint.engine.store import locks
from hitpoint.engine.store.locks import forget, held, is_held, lock_path, locks_dir, try_held

HOLD = """
import sys
from hitpoint.engine.store.locks import held
with held(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""
COUNT = """
import sys
from pathlib import Path
from hitpoint.engine.store.locks import held
path = Path(sys.argv[1])
for _ in range(15):
    with held("count"):
        path.write_text(str(int(path.read_text()) + 1))
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@contextmanager
def holder(name: str) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the lock."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdin and child.stdout
    try:
        assert child.stdout.readline() == b"held\n"
        yield child
    finally:
        child.stdin.close()
        child.wait()
        child.stdout.close()


def test_two_processes_never_hold_it_at_once(tmp_path: Path) -> None:
    path = tmp_path / "number"
    path.write_text("0")
    children = [subprocess.Popen([sys.executable, "-c", COUNT, str(path)]) for _ in range(2)]
    assert [child.wait() for child in children] == [0, 0]
    assert path.read_text() == "30"


def test_who_waits_is_told_once_and_gets_it_when_the_holder_lets_go() -> None:
    told: list[str] = []
    with holder("card") as child:
        assert is_held("card")
        with try_held("card") as free:
            assert not free

        def tell() -> None:
            told.append("waiting")
            assert child.stdin
            child.stdin.close()

        with held("card", told=tell):
            assert is_held("card")
    assert told == ["waiting"]
    assert not is_held("card")


@pytest.mark.skipif(sys.platform == "win32", reason="it kills with POSIX signals")
def test_the_lock_of_a_killed_holder_is_free() -> None:
    with holder("card") as child:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        with try_held("card") as free:
            assert free


def test_it_stops_waiting_when_asked() -> None:
    cancel = Cancel()
    with holder("card"), pytest.raises(Cancelled), held("card", told=cancel.set, cancel=cancel):
        pass


def test_two_threads_of_one_process_exclude_each_other() -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        with held("card", told=waiting.set):
            order.append("second")

    thread = threading.Thread(target=second)
    with held("card"):
        thread.start()
        assert waiting.wait(20)
        order.append("first")
    thread.join(20)
    assert order == ["first", "second"]


def test_asking_makes_no_folder(home: Path) -> None:
    assert not is_held("card")
    assert not forget("card")
    assert not home.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="rights are of another kind there")
def test_the_folder_is_the_users_alone() -> None:
    locks_dir().mkdir(parents=True)
    locks_dir().chmod(0o755)
    with held("card"):
        assert stat.S_IMODE(locks_dir().stat().st_mode) == 0o700


def test_a_file_is_forgotten_only_when_nobody_holds_it() -> None:
    with holder("job-1"):
        assert not forget("job-1")
        assert lock_path("job-1").exists()
    assert forget("job-1")
    assert not lock_path("job-1").exists()
    with try_held("job-1") as free:
        assert free


@given(st.text(max_size=300))
def test_any_name_is_one_file_in_the_folder(name: str) -> None:
    path = lock_path(name)
    assert path.parent == locks_dir()
    assert len(path.name) <= 200
    assert path.name.isascii()


def test_a_disk_without_locks_is_refused_not_worked_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_lock", lambda name: filelock.SoftFileLock(str(locks_dir() / name)))
    locks_dir().mkdir(parents=True)
    with pytest.raises(OutputError, match="knows no locks"), held("card"):
        pass
    assert list(locks_dir().iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_sentence(home: Path) -> None:
    home.write_text("a file where a folder should be")
    with pytest.raises(OutputError, match="set HITPOINT_HOME"), held("card"):
        pass
