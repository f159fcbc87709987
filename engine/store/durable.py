"""The one door through which files are written: a reader sees the old file or the whole new one, never a
part.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..errors import OutputError
from ..paths import cache_dir
from .digest import sha256_of
from .disks import is_share
from .points import reached
from .temporary import temporary_path

# Windows refuses to move a file, or a folder of one, that a virus scanner or an editor still holds; it lets
# go within this time.
_WAITS_S = (0.01, 0.02, 0.04, 0.08, 0.16)
# What the calls to a disk without it end with: network shares of macOS.
_NO_FULL_SYNC = {errno.ENOTSUP, errno.EINVAL, errno.ENOTTY}


def durable_write(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole or not at all. OutputError when the disk or the folder refuses."""
    with durable_file(path) as file:
        file.write(data)


@contextmanager
def durable_file(path: Path) -> Iterator[BinaryIO]:
    """A binary file, seekable, that becomes `path` when the block ends well and vanishes when it does not.

    On a network share it is read again from there: OutputError when other bytes come back.
    """
    temporary = temporary_path(path)
    sent = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(
            temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o644
        )
        try:
            with os.fdopen(descriptor, "w+b") as file:
                yield file
                file.flush()
                sync_descriptor(file.fileno())
                share = is_share(path.parent)
                if share:
                    file.seek(0)
                    sent = sha256_of(file)
            if share and _sha256(temporary) != sent:
                raise OutputError(
                    f"'{path.name}' came back changed from the network share '{path.parent}': choose a "
                    "folder on a disk of this machine with -o"
                )
            reached("file.synced")
            patiently(lambda: temporary.replace(path))
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise output_error(path, error) from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What the operating system refuses in the block is told as an OutputError of `path`."""
    try:
        yield
    except OSError as error:
        raise output_error(path, error) from error


def output_error(path: Path, error: OSError) -> OutputError:
    """The sentence for a write that the operating system refused."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        ours = ", or run hitpoint gc" if path.is_relative_to(cache_dir()) else ""
        return OutputError(
            f"no space left to write '{path.name}': free some room on the disk of '{path.parent}'{ours}"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return OutputError(f"'{path.parent}' cannot be written: choose another folder with -o")
    return OutputError(f"'{path}' could not be written ({error.strerror}): choose another folder with -o")


def sync_descriptor(descriptor: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # plain fsync does not reach the platter there
        except OSError as error:
            if error.errno not in _NO_FULL_SYNC:
                raise
            os.fsync(descriptor)
    else:
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` survive a power cut. Windows has no such call and journals renames
    itself.
    """
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def patiently(move: Callable[[], object]) -> None:
    """Do `move`, a rename; again on Windows while somebody holds the file. OSError when that goes on."""
    for wait_s in _WAITS_S:
        try:
            move()
            return
        except PermissionError:
            if sys.platform != "win32":
                raise
            time.sleep(wait_s)
    move()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return sha256_of(file)
