"""What lies in the cache beside the objects: pictures that were looked at, previews, unpacked bundles, and
downloads that were not finished.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import OutputError
from ..paths import cache_dir, data_dir
from .objects import objects_dir

# Somebody may be reading or writing what was used so lately.
_GRACE_S = 3600.0
# Downloads are gone on with days later; their folder, in which each has one of its own.
_DOWNLOADS = "downloads"
_DOWNLOAD_GRACE_S = 7 * 86_400.0
# Folders of the cache whose entries are folders that go whole, since a job reads from them while it works.
_WHOLE = {"otioz", "proxies"}


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that goes whole. `used_s` is its last use, seconds since 1970; `grace_s` how long after that
    it stays; `read` whether a job may be reading it all the time."""

    path: Path
    bytes: int
    used_s: float
    grace_s: float
    read: bool = False

    def is_old(self) -> bool:
        return time.time() - self.used_s > self.grace_s


def entries() -> Iterator[Entry]:
    """All of them. What vanishes while it is looked at is left out."""
    for kind in _folders(cache_dir()):
        if kind == objects_dir():
            continue
        if kind.name in _WHOLE:
            for folder in _folders(kind):
                yield _whole(folder, _GRACE_S, read=True)
            continue
        for root, _, files in os.walk(kind):
            for name in files:
                # Temporaries have a sweep of their own.
                if not name.startswith("."):
                    with suppress(OSError):
                        yield _entry(Path(root) / name)
    for folder in _folders(data_dir() / _DOWNLOADS):
        yield _whole(folder, _DOWNLOAD_GRACE_S, read=False)


def drop(entry: Entry) -> None:
    """Remove it. OutputError when the system refuses."""
    try:
        if entry.path.is_dir():
            shutil.rmtree(entry.path)
        else:
            entry.path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"'{entry.path}' cannot be removed ({error.strerror}): remove it yourself, it can be made again"
        ) from error


def _entry(path: Path) -> Entry:
    status = path.stat()
    # Where the system notes reads, they count as uses.
    return Entry(path, status.st_size, max(status.st_mtime, status.st_atime), _GRACE_S)


def _whole(folder: Path, grace_s: float, *, read: bool) -> Entry:
    size, used_s = 0, 0.0
    for root, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                one = _entry(Path(root) / name)
                size, used_s = size + one.bytes, max(used_s, one.used_s)
    return Entry(folder, size, used_s, grace_s, read)


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(
            path
            for path in folder.iterdir()
            if path.is_dir() and not path.is_symlink() and path.name[0] != "."
        )
    except OSError:
        return []
