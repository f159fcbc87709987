"""Results by what they are: a file lies under the sha256 of its bytes, and is never changed there."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..errors import OutputError
from ..paths import cache_dir
from ..progress import Cancel
from .durable import durable_file, output_error, sync_descriptor, sync_folder
from .points import reached

_BLOCK_BYTES = 1 << 22
# A disk that makes no second name for a file: other disks, and file systems that have none.
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS}


def objects_dir() -> Path:
    return cache_dir() / "objects"


def object_path(sha256: str) -> Path:
    return objects_dir() / sha256[:2] / sha256[2:]


def adopt(path: Path, sha256: str) -> None:
    """Keep the finished file `path`, whose hash its writer counted. It also stays where it is: the two share
    their bytes where the disk can.

    OutputError when the disk refuses.
    """
    target = object_path(sha256)
    if target.exists():
        return
    try:
        _sync(path)
        reached("object.synced")
        target.parent.mkdir(parents=True, exist_ok=True)
        _link_or_copy(path, target)
        sync_folder(target.parent)
        reached("object.kept")
    except OSError as error:
        raise output_error(target, error) from error


def hand_out(sha256: str, path: Path, *, cancel: Cancel | None = None) -> bool:
    """Put the object at `path`; False when it is not there or its bytes are no longer its own: then it is
    removed, and has to be made again.

    The bytes are read, since whoever holds a file that shares them may have changed them. OutputError when
    `path` cannot be written.
    """
    source = object_path(sha256)
    if not is_whole(sha256, cancel=cancel):
        with suppress(OSError):
            source.unlink()
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _link_or_copy(source, path)
    except FileNotFoundError as error:
        if source.exists():
            raise output_error(path, error) from error
        return False  # taken away since it was read
    except OSError as error:
        raise output_error(path, error) from error
    return True


def is_whole(sha256: str, *, cancel: Cancel | None = None) -> bool:
    """Whether the object is there and has the bytes that its name says."""
    digest = hashlib.sha256()
    try:
        with object_path(sha256).open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                if cancel is not None:
                    cancel.check()
                digest.update(block)
    except OSError:
        return False
    return digest.hexdigest() == sha256


def all_objects() -> Iterator[tuple[str, int]]:
    """Hash and bytes of every object, in the order of their names."""
    root = objects_dir()
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if not path.name.startswith("."):
                with suppress(FileNotFoundError):  # gc may be at work
                    yield folder.name + path.name, path.stat().st_size


def remove(sha256: str) -> None:
    """Forget an object. OutputError when it cannot be removed."""
    try:
        object_path(sha256).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"'{object_path(sha256)}' cannot be removed ({error.strerror})") from error


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        return  # somebody else keeps the same bytes
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with durable_file(target) as out, source.open("rb") as file:
            shutil.copyfileobj(file, out, _BLOCK_BYTES)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        sync_descriptor(descriptor)
    finally:
        os.close(descriptor)
