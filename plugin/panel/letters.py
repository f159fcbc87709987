"""Values between the panel and its engine: small ones as they are, large ones as files with their hash.

A message holds a megabyte, and what a thread of the panel reads of it at once stops the interface for that
long.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ...engine.paths import cache_dir
from ...engine.serial import from_json, to_json
from ..parcel import Parcel, pack, unpack

_INLINE, _FILE = "json", "file"
# Of JSON text: beside it, a message holds little.
MOST_INLINE = 256 << 10


def letters_dir() -> Path:
    """Of files that are read once, or can be asked for again: they may go when nobody used them for long."""
    return cache_dir() / "panel"


def sealed(value: object) -> dict[str, Any]:
    """`value` ready to be sent. OutputError when the disk refuses a large one."""
    told = to_json(value)
    data = json.dumps(told, allow_nan=False, separators=(",", ":")).encode()
    if len(data) <= MOST_INLINE:
        return {_INLINE: told}
    # By its bytes: the same value lies there once.
    path = letters_dir() / f"{hashlib.sha256(data).hexdigest()}.json"
    return {_FILE: to_json(pack(path, data))}


def opened(letter: dict[str, Any]) -> Any:
    """The JSON form of what was sent. EngineError when its file is gone or another."""
    if _INLINE in letter:
        return letter[_INLINE]
    return unpack(from_json(Parcel, letter[_FILE]))
