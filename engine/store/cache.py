"""Arrays that can be computed again, as .npz under the cache folder. A broken entry is as good as none."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..paths import cache_dir
from .durable import durable_write

Arrays = Mapping[str, npt.NDArray[Any]]


def load_arrays(kind: str, key: str) -> dict[str, npt.NDArray[Any]] | None:
    """The arrays stored as `key`, or None when there are none or they do not read. Never unpickles."""
    try:
        with np.load(entry_path(kind, key), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, MemoryError):
        return None


def store_arrays(kind: str, key: str, arrays: Arrays) -> None:
    """Keep `arrays`, whole or not at all. OutputError when the cache folder cannot be written."""
    buffer = io.BytesIO()
    named: dict[str, Any] = dict(arrays)
    np.savez(buffer, **named)
    durable_write(entry_path(kind, key), buffer.getvalue())


def entry_path(kind: str, key: str) -> Path:
    """Where an entry lies. `key` is made of hex, digits and hyphens."""
    return cache_dir() / kind / key[:2] / f"{key}.npz"
