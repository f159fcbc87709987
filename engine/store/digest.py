"""The sha256 of an open file, in every Python that a host brings: 3.10 has no hashlib.file_digest."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

_BLOCK = 1 << 20


def sha256_of(file: BinaryIO) -> str:
    """As hex, of what is left to read in `file`."""
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()
