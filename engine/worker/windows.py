"""Ties a child to us on Windows: a job object that kills its processes when we, its only holder, are gone."""

from __future__ import annotations

import ctypes
import subprocess
from typing import Any

NO_WINDOW = 0x0800_0000
_EXTENDED_LIMITS = 9
_KILL_ON_CLOSE = 0x2000
_ACCESS_DENIED = 5
_QUERY = 0x1000
_STILL_ACTIVE = 259


class _Basic(ctypes.Structure):
    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class _Extended(ctypes.Structure):
    _fields_ = (
        ("BasicLimitInformation", _Basic),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


_job: Any = None


def tie(child: subprocess.Popen[bytes], kernel: Any = None) -> bool:
    """Put `child` into our job object; whether that was done.

    Where we are in a job ourselves that allows none inside (error 5, Windows 7 and some launchers) the child
    is watched by its stdin alone. OSError for anything else. `kernel` is kernel32.
    """
    global _job
    kernel = kernel or ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    if _job is None:
        made = kernel.CreateJobObjectW(None, None)
        limits = _Extended()
        limits.BasicLimitInformation.LimitFlags = _KILL_ON_CLOSE
        if not made or not kernel.SetInformationJobObject(
            made, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
        ):
            raise OSError(kernel.GetLastError(), "no job object could be made")
        _job = made
    if kernel.AssignProcessToJobObject(_job, int(child._handle)):  # type: ignore[attr-defined]
        return True
    error = kernel.GetLastError()
    if error != _ACCESS_DENIED:
        raise OSError(error, "the engine could not be tied to its parent")
    return False


def is_process(pid: int, kernel: Any = None) -> bool:
    """Whether process `pid` runs: one that may not be asked does."""
    kernel = kernel or ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(_QUERY, 0, pid)
    if not handle:
        return bool(kernel.GetLastError() == _ACCESS_DENIED)
    code = ctypes.c_uint32()
    known = kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return not known or code.value == _STILL_ACTIVE
