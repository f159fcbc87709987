"""Ties between processes: what Linux does is done, what other systems do is checked against their rules."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from hitpoint.engine.worker import life, windows


def test_a_hosts_libraries_and_python_do_not_reach_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "QT_PLUGIN_PATH", "DYLD_INSERT_LIBRARIES"):
        monkeypatch.setenv(name, "/host")
    monkeypatch.setenv("HITPOINT_HOME", "/home")
    clean = life.clean_environment()
    assert "/host" not in clean.values()
    assert (clean["HITPOINT_HOME"], clean["HF_HUB_OFFLINE"]) == ("/home", "1")


def test_the_living_are_told_from_the_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert life.is_alive(os.getpid())
    assert life.is_alive(1)
    assert not life.is_alive(child.pid)


def test_a_parent_that_changes_is_noticed() -> None:
    parents, ended = iter([7, 7, 1]), threading.Event()
    life._POLL_S, before = 0.01, life._POLL_S
    try:
        life.watch_parent(7, lambda: next(parents), ended.set)
        assert ended.wait(5)
    finally:
        life._POLL_S = before


class Kernel:
    """kernel32 as its documentation says: calls give zero when they fail, and then there is a last error."""

    def __init__(self, *, error: int = 0, exit_code: int = 259) -> None:
        self.error, self.exit_code = error, exit_code
        self.jobs: list[int] = []
        self.limits = 0
        self.assigned: list[tuple[int, int]] = []
        self.closed: list[int] = []

    def CreateJobObjectW(self, *_: Any) -> int:
        self.jobs.append(40 + len(self.jobs))
        return self.jobs[-1]

    def SetInformationJobObject(self, job: int, kind: int, data: Any, size: int) -> int:
        assert (job, kind, size) == (self.jobs[-1], 9, ctypes.sizeof(windows._Extended))
        self.limits = data._obj.BasicLimitInformation.LimitFlags
        return 1

    def AssignProcessToJobObject(self, job: int, process: int) -> int:
        if self.error:
            return 0
        self.assigned.append((job, process))
        return 1

    def OpenProcess(self, access: int, inherit: int, pid: int) -> int:
        return 0 if self.error else 77

    def GetExitCodeProcess(self, handle: int, code: Any) -> int:
        code._obj.value = self.exit_code
        return 1

    def CloseHandle(self, handle: int) -> int:
        self.closed.append(handle)
        return 1

    def GetLastError(self) -> int:
        return self.error


@pytest.fixture(autouse=True)
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "_job", None)


def test_on_windows_all_children_are_in_one_job_that_ends_with_us() -> None:
    kernel = Kernel()
    assert windows.tie(SimpleNamespace(_handle=5), kernel)
    assert windows.tie(SimpleNamespace(_handle=6), kernel)
    assert kernel.assigned == [(40, 5), (40, 6)]
    assert kernel.limits == 0x2000


def test_a_job_inside_a_job_that_allows_none_is_not_fatal_and_any_other_error_is() -> None:
    assert not windows.tie(SimpleNamespace(_handle=5), Kernel(error=5))
    with pytest.raises(OSError, match="could not be tied"):
        windows.tie(SimpleNamespace(_handle=5), Kernel(error=6))


def test_on_windows_the_living_are_told_from_the_dead() -> None:
    running, ended = Kernel(), Kernel(exit_code=0)
    assert windows.is_process(1, running)
    assert not windows.is_process(1, ended)
    assert (running.closed, ended.closed) == ([77], [77])
    assert windows.is_process(1, Kernel(error=5)), "one that may not be asked"
    assert not windows.is_process(1, Kernel(error=87))
