"""Arrays that can be computed again, kept under the cache folder. A broken entry is as good as none."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..paths import cache_dir
from .durable import durable_write

Arrays = Mapping[str, npt.NDArray[Any]]

_DIGEST_BYTES = 32


def load_arrays(kind: str, key: str) -> dict[str, npt.NDArray[Any]] | None:
    """The arrays stored as `key`, or None when there are none or a bit of them changed. Never unpickles."""
    path = entry_path(kind, key)
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    with suppress(OSError):
        os.utime(path)  # what was not used for long goes first
    digest, data = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
    if hashlib.sha256(data).digest() != digest:
        return None
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except ValueError:
        # Whole, but not written by `store_arrays`: it holds objects.
        return None


def store_arrays(kind: str, key: str, arrays: Arrays) -> None:
    """Keep `arrays`, whole or not at all. OutputError when the cache folder cannot be written."""
    buffer = io.BytesIO()
    named: dict[str, Any] = dict(arrays)
    np.savez(buffer, **named)
    data = buffer.getvalue()
    durable_write(entry_path(kind, key), hashlib.sha256(data).digest() + data)


def entry_path(kind: str, key: str) -> Path:
    """Where an entry lies: the sha256 of an .npz, then the .npz. `key` is made of hex, digits and hyphens."""
    return cache_dir() / kind / key[:2] / f"{key}.arrays"
