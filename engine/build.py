"""Which engine this is: what it made may be used again only by itself."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from .manifest import version

_KINDS = (".py", ".toml", ".json", ".sf3", ".onnx", ".safetensors")


@cache
def build_id() -> str:
    """Version and a hash of the engine's own files by name, size and time: a developer's engine is another
    after every change, an installed one stays itself.
    """
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.suffix in _KINDS):
        status = path.stat()
        digest.update(f"{path.relative_to(root)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return f"{version()}-{digest.hexdigest()[:16]}"
