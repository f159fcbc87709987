"""Opens a foreign `.bin` or `.pt` in a killable child, and files that need none directly."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import EngineFault, InputError, OptionError
from ...progress import Cancel
from ..weights import Tensors

# What torch itself maps on import, and room for one tensor in float32 (a large embedding is 0.5 GB).
_MEMORY_BYTES = 8 << 30
# Slower than this a minute after the start, the file is not what it says.
_SLOWEST_BYTES_S = 8 << 20
_WALL_S = 120
_POLL_S = 0.1

EXTRAS = "importing a model needs torch and onnx: run pip install 'hitpoint[cpu,neural,export]'"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a file held: weights (None for a pointer), facts of its configuration, the model it points to."""

    tensors: Tensors | None
    facts: Mapping[str, Any]
    pretrained: str | None


def read_checkpoint(path: Path, work: Path, cancel: Cancel) -> Checkpoint:
    """Read `path` in a child that writes its weights to `work`. InputError says why a file was refused.

    The child is killed on cancel, when it takes too long, and when it asks for too much memory.
    """
    out = work / f"{path.parent.name}-{path.name}.safetensors"
    answer = _ask(path, out, cancel)
    if "extra" in answer:
        raise OptionError(f"{EXTRAS} ({answer['extra']})")
    if "refused" in answer:
        raise InputError(
            f"'{path.name}' was not read: {answer['refused']}; get it again from where it was published"
        )
    return Checkpoint(Tensors(out) if answer["tensors"] else None, answer["facts"], answer["pretrained"])


def _ask(path: Path, out: Path, cancel: Cancel) -> dict[str, Any]:
    size = path.stat().st_size
    wall_s = _WALL_S + size // _SLOWEST_BYTES_S
    request = {
        "path": str(path.resolve()),
        "out": str(out.resolve()),
        # Old files cannot be mapped: they are read whole, and cast beside that.
        "memory_bytes": _MEMORY_BYTES + 3 * size,
        "cpu_s": wall_s,
    }
    # PYTHON* could load other code into the child; the rest keeps libraries off the network.
    environment = {key: value for key, value in os.environ.items() if not key.upper().startswith("PYTHON")}
    environment |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    try:
        child = subprocess.Popen(
            [sys.executable, "-I", "-m", f"{__package__}.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
    except OSError as error:
        raise EngineFault(f"the reader of '{path.name}' could not be started ({error.strerror})") from error
    try:
        said, complaints = _wait(child, json.dumps(request).encode(), path.name, wall_s, cancel)
    finally:
        if child.poll() is None:
            child.kill()
            with contextlib.suppress(ValueError, OSError):
                child.communicate()
    try:
        answer: dict[str, Any] = json.loads(said)
    except ValueError:
        if b"No module named" in complaints:
            raise EngineFault(
                f"the reader of '{path.name}' could not be started: "
                f"{complaints.decode(errors='replace')[-200:]}"
            ) from None
        raise InputError(
            f"'{path.name}' made its reader fail: the file is damaged; "
            "get it again from where it was published"
        ) from None
    return answer


def _wait(
    child: subprocess.Popen[bytes], request: bytes, name: str, wall_s: float, cancel: Cancel
) -> tuple[bytes, bytes]:
    end = time.monotonic() + wall_s
    given: bytes | None = request
    while True:
        try:
            return child.communicate(given, timeout=_POLL_S)
        except subprocess.TimeoutExpired:
            given = None
        cancel.check()
        if time.monotonic() > end:
            raise InputError(
                f"'{name}' took more than {wall_s:.0f} s to read: it is not a checkpoint we know"
            )
