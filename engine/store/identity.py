"""What a file is, whatever it is called: the sha256 of its bytes, remembered while size and time stay."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

from ..errors import InputError, OutputError
from ..paths import cache_dir
from ..progress import Cancel
from .durable import durable_write

_BLOCK_BYTES = 1 << 22


def sha256_file(path: Path, *, cancel: Cancel | None = None) -> str:
    """The sha256 of the file as hex. Read once: the memo holds while path, size and mtime (ns) are the same.

    InputError when the file cannot be read; Cancelled between blocks.
    """
    try:
        real = path.resolve(strict=True)
        status = real.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"'{path}' is not a plain file: give a media file")
        facts: dict[str, str | int] = {
            "path": str(real),
            "size": status.st_size,
            "mtime_ns": status.st_mtime_ns,
        }
        name = hashlib.sha256(str(real).encode("utf-8", "surrogateescape")).hexdigest()
        memo = cache_dir() / "identity" / f"{name}.json"
        known = _remembered(memo, facts)
        if known is not None:
            return known
        digest = hashlib.sha256()
        with real.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                if cancel is not None:
                    cancel.check()
                digest.update(block)
    except OSError as error:
        raise InputError(
            f"'{path}' cannot be read ({error.strerror}): check that it is still there"
        ) from error
    _remember(memo, {**facts, "sha256": digest.hexdigest()})
    return digest.hexdigest()


def _remembered(memo: Path, facts: dict[str, str | int]) -> str | None:
    try:
        stored = json.loads(memo.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(stored, dict) or any(stored.get(key) != value for key, value in facts.items()):
        return None
    digest = stored.get("sha256")
    return digest if isinstance(digest, str) and len(digest) == 64 else None


def _remember(memo: Path, facts: dict[str, str | int]) -> None:
    try:
        durable_write(memo, json.dumps(facts, sort_keys=True).encode())
    except OutputError:
        # Only speed is lost: the file is read again next time.
        return
