"""What a media reader may not do, tried from inside the fence."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

linux = pytest.mark.skipif(sys.platform != "linux", reason="the fence is lower there")
filtered = pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="no filter is known")


def inside(code: str, folder: Path) -> str:
    """What `code` prints inside the fence."""
    lines = f"from hitpoint.engine.apart import fence\nfence.close_in()\nfence.renew()\n{code}"
    done = subprocess.run(
        [sys.executable, "-I", "-c", lines], capture_output=True, text=True, cwd=folder, timeout=60
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@linux
@filtered
@pytest.mark.parametrize(
    "reach",
    [
        "import socket; socket.socket()",
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import os; os.execv('/bin/true', ['true'])",
        "import subprocess; subprocess.run(['/bin/true'])",
        "import threading, socket\n"
        "out = []\n"
        "def reach():\n"
        "    try: socket.socket()\n"
        "    except OSError as error: out.append(error)\n"
        "thread = threading.Thread(target=reach); thread.start(); thread.join(); raise out[0]",
    ],
)
def test_neither_the_network_nor_another_program_is_reached(tmp_path: Path, reach: str) -> None:
    assert inside(reach, tmp_path).startswith("PermissionError")


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_no_byte_is_written_to_a_file(tmp_path: Path) -> None:
    said = inside("file = open('out', 'wb', buffering=0); file.write(b'x')", tmp_path)
    assert "File too large" in said
    assert (tmp_path / "out").read_bytes() == b""


@linux
def test_memory_ends_where_it_is_said_to(tmp_path: Path) -> None:
    assert inside("bytearray(fence.MEMORY_BYTES)", tmp_path).startswith("MemoryError")
    assert inside("print(len(bytearray(fence.MEMORY_BYTES // 2)))", tmp_path) == str(1 << 30)
    # A legal picture makes room for itself, but never without end.
    room = "import mmap; fence.renew({}); mmap.mmap(-1, {} << 30); print('fits')"
    assert inside(room.format(7680 * 4320, 4), tmp_path) == "fits"
    assert inside(room.format(10**9, 9), tmp_path).startswith("OSError")


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_a_processor_taken_without_an_answer_ends_the_reader(tmp_path: Path) -> None:
    code = "fence.CPU_S = 1; fence.renew()\nwhile True: pass"
    lines = f"from hitpoint.engine.apart import fence\nfence.close_in()\n{code}"
    done = subprocess.run([sys.executable, "-I", "-c", lines], capture_output=True, timeout=60)
    assert done.returncode < 0
