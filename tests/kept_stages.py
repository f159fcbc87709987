"""Finished stages in the store, for tests of what becomes of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hitpoint.engine.store.stages import Done, Stages


def keep_stage(folder: Path, key: str, data: bytes) -> str:
    """A stage with one file, which lies nowhere but in the store; the file's hash."""
    path = folder / f"{key}.wav"
    path.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    Stages().keep("take", key, Done({}, {path.name: path}, {path.name: sha256}))
    path.unlink()
    return sha256
