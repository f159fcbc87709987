"""Names for what is being made, from which it can be told later whether somebody still makes it."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..worker.life import is_alive

_NAME = re.compile(r"\A\..+\.(?P<host>[0-9a-f]{4})-(?P<pid>[0-9]{1,10})-[0-9a-f]{12}\.part\Z")
_MOST_BYTES = 255
# Dots, host, process number, mark and ending.
_ADDED_BYTES = 40


def temporary_path(final: Path) -> Path:
    """A hidden name beside `final`, which says what it becomes and who makes it."""
    name = os.fsencode(final.name)[: _MOST_BYTES - _ADDED_BYTES].decode(errors="ignore")
    return final.with_name(f".{name}.{_host()}-{os.getpid()}-{secrets.token_hex(6)}.part")


def is_abandoned(path: Path) -> bool:
    """Whether `path` is a temporary of a process of this machine that is gone."""
    found = _NAME.match(path.name)
    return found is not None and found["host"] == _host() and not is_alive(int(found["pid"]))


def sweep(folder: Path, *, deep: bool) -> list[Path]:
    """Remove what dead processes left in `folder`, and below it when `deep`; what was removed."""
    removed = []
    for path in list(_entries(folder, deep)):
        if is_abandoned(path):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()
            if not path.exists():
                removed.append(path)
    return removed


def _entries(folder: Path, deep: bool) -> Iterator[Path]:
    if not deep:
        with suppress(OSError):
            yield from folder.iterdir()
        return
    for root, folders, files in os.walk(folder):
        # A store has thousands of others.
        hidden = [name for name in (*folders, *files) if name[0] == "."]
        for name in hidden:
            yield Path(root) / name
        # What is to go goes whole.
        folders[:] = [name for name in folders if not _NAME.match(name)]


def _host() -> str:
    """Folders may be shared: another machine's numbers are not ours."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:4]
