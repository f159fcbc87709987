"""Opens a foreign `.bin` or `.pt` in a killable child, and files that need none directly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError, OptionError
from ...killable import ask
from ...progress import Cancel
from ..weights import Tensors

# What torch itself maps on import, and room for one tensor in float32 (a large embedding is 0.5 GB).
_MEMORY_BYTES = 8 << 30
# Slower than this a minute after the start, the file is not what it says.
_SLOWEST_BYTES_S = 8 << 20
_WALL_S = 120

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
    if "unfit" in answer:
        raise InputError(
            f"'{path.name}' was not read: {answer['unfit']}; get it again from where it was published"
        )
    return Checkpoint(Tensors(out) if answer["tensors"] else None, answer["facts"], answer["pretrained"])


def _ask(path: Path, out: Path, cancel: Cancel) -> dict[str, Any]:
    size = path.stat().st_size
    return ask(
        f"{__package__}.child",
        {"path": str(path.resolve()), "out": str(out.resolve())},
        name=path.name,
        # Old files cannot be mapped: they are read whole, and cast beside that.
        memory_bytes=_MEMORY_BYTES + 3 * size,
        wall_s=_WALL_S + size // _SLOWEST_BYTES_S,
        cancel=cancel,
    )
