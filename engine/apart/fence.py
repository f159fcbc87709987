"""What a media reader may not do: fill the memory, compute without end, write files, dump core, reach a
network, start programs.

Linux has all of it, macOS no limit on memory and no filter of system calls, Windows none: there a reader is
watched for silence alone, and ends with its parent.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

# Of address space. On two cores a reader takes 0.4 GB for 1080p H.264, 1.6 GB for 8K HEVC (4:2:2, 10 bits),
# 1.9 GB for 12288 x 6480 ProRes.
MEMORY_BYTES = 2 << 30
# Decoders hold up to sixteen pictures that others are predicted from, and one for each thread. The widest
# samples have eight bytes a pixel (four channels of 16 bits), or less where there are more references.
_PICTURES_HELD = 20
_BYTES_OF_PIXEL = 8
_MOST_MEMORY_BYTES = 8 << 30
# Between two answers: a stretch late in a file without an index is reached by decoding all before it.
CPU_S = 1800

_M_ARENA_MAX = -8
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
# Numbers of system calls: connect, socket, ptrace, execve, execveat, bpf, io_uring_setup
# (Linux: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h), and the AUDIT_ARCH word
# of the processor.
_CALLS = {
    "x86_64": (0xC000_003E, (42, 41, 101, 59, 322, 321, 425)),
    "aarch64": (0xC000_00B7, (203, 198, 117, 221, 281, 280, 425)),
}
_X32 = 0x4000_0000


def close_in() -> None:
    """Limits that hold for good. To be called before anything heavy is imported."""
    # What numpy's libraries read when they start.
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    sys.dont_write_bytecode = True
    if sys.platform == "win32":
        return
    import resource

    for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(kind, (0, 0))
    if sys.platform == "linux":
        # Each thread would reserve 64 MB of address space for its own heap.
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
        _no_calls()


def renew(pixels: int = 0) -> None:
    """What one answer may take: processor time from now on, memory for pictures of so many pixels."""
    if sys.platform == "win32":
        return
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    _soft(resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime) + CPU_S)
    if sys.platform == "linux":
        held = _PICTURES_HELD * _BYTES_OF_PIXEL * pixels
        _soft(resource.RLIMIT_AS, min(_MOST_MEMORY_BYTES, MEMORY_BYTES + held))


def _soft(kind: int, most: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _no_calls() -> None:
    """A filter of system calls for this process and all its threads to come: those of `_CALLS` are refused.

    On other processors, and where the kernel has no such filter, the white lists alone keep ffmpeg off the
    network.
    """
    known = _CALLS.get(platform.machine())
    if known is None:
        return
    arch, calls = known
    refuse = 0x0005_0000 | 1  # SECCOMP_RET_ERRNO, EPERM
    allow = 0x7FFF_0000
    load, jump_equal, jump_above, give = 0x20, 0x15, 0x35, 0x06
    # struct seccomp_data: the call's number at 0, the architecture at 4. Jumps count from the next line.
    lines = [(load, 0, 0, 4), (jump_equal, 1, 0, arch), (give, 0, 0, refuse), (load, 0, 0, 0)]
    checks = [(jump_above, 0, 0, _X32), *((jump_equal, 0, 0, call) for call in calls)]
    for index, (code, _, _, value) in enumerate(checks):
        # To the last line, which refuses; one line, which allows, lies between.
        lines.append((code, len(checks) - index, 0, value))
    lines += [(give, 0, 0, allow), (give, 0, 0, refuse)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *line) for line in lines))

    class _Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("lines", ctypes.c_void_p))

    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    given = _Program(len(lines), ctypes.cast(program, ctypes.c_void_p))
    library.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(given), 0, 0)
