"""Tokens are kept with the take: on a GPU the same request need not give the same bytes again."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..store.durable import durable_write

TOKENS_FILE = "tokens.npy"
# Under this key a take's `extra` names the file.
TOKENS = "tokens"


def store_tokens(folder: Path, codes: npt.NDArray[np.int64]) -> str:
    """Writes codes [K, T] as 16-bit numbers into `folder`; returns the file's path."""
    buffer = io.BytesIO()
    np.save(buffer, codes.astype(np.uint16))
    path = folder / TOKENS_FILE
    durable_write(path, buffer.getvalue())
    return str(path)


def load_tokens(path: Path) -> npt.NDArray[np.int64]:
    return np.asarray(np.load(path, allow_pickle=False), np.int64)
