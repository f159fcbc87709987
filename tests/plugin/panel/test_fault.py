"""A fault of ours is a line in the log and a sentence; the panel lives on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from hitpoint.engine.log import log_path
from hitpoint.plugin.panel.fault import Faults


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HITPOINT_DEBUG", raising=False)
    return tmp_path / "home"


def _raise(error: BaseException) -> None:
    try:
        raise error
    except BaseException:  # noqa: BLE001  as Qt does with what a slot raises
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]


def _log() -> list[dict[str, str]]:
    return [json.loads(line) for line in log_path().read_text().splitlines()]


def test_an_exception_in_a_slot_is_logged_and_told_with_the_logs_id(qtbot: QtBot) -> None:
    faults = Faults()
    heard: list[str] = []
    faults.told.connect(heard.append)
    faults.begin()
    try:
        _raise(KeyError("lost"))
    finally:
        faults.end()
    (entry,) = _log()
    assert "KeyError: 'lost'" in entry["trace"]
    assert entry["id"] in heard[0]


def test_an_exception_in_a_thread_is_told_in_the_interfaces_thread(qtbot: QtBot) -> None:
    faults = Faults()
    where: list[object] = []
    faults.told.connect(lambda _: where.append(threading.current_thread()))
    faults.begin()
    try:
        thread = threading.Thread(target=lambda: [][1])
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: bool(where))
    finally:
        faults.end()
    assert where == [threading.main_thread()]


def test_one_that_comes_with_every_frame_is_logged_once(qtbot: QtBot) -> None:
    faults = Faults()
    faults.begin()
    try:
        for _ in range(100):
            _raise(ValueError("painting"))
    finally:
        faults.end()
    assert len(_log()) == 1


def test_the_hooks_and_the_folder_are_afterwards_as_before(home: Path) -> None:
    before = sys.excepthook, threading.excepthook
    faults = Faults()
    faults.begin()
    assert sys.excepthook is not before[0]
    faults.end()
    assert (sys.excepthook, threading.excepthook) == before
    assert list((home / "state").iterdir()) == []


CRASH = """
import os, signal, sys
from hitpoint.plugin.panel.fault import Faults
faults = Faults()
faults.begin()
os.kill(os.getpid(), int(sys.argv[1]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_crash_is_told_at_the_next_start_and_a_kill_leaves_nothing(home: Path) -> None:
    for number, told in ((signal.SIGSEGV, True), (signal.SIGKILL, False)):
        done = subprocess.run([sys.executable, "-c", CRASH, str(int(number))], check=False)
        assert done.returncode == -number
        heard: list[str] = []
        faults = Faults()
        faults.told.connect(heard.append)
        faults.begin()
        faults.end()
        assert bool(heard) is told
        assert not [path for path in (home / "state").iterdir() if "crash" in path.name]
    (entry,) = _log()
    assert "Segmentation fault" in entry["trace"]
