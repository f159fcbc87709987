"""Which files are opened at all: plain local ones, by descriptor. Standard library only."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError


class Descriptor:
    """What PyAV needs of a file, without the name that ffmpeg would take for a pattern or a protocol."""

    def __init__(self, raw: io.FileIO) -> None:
        self.read = raw.read
        self.seek = raw.seek
        self.tell = raw.tell

    def seekable(self) -> bool:
        return True


def plain_file(path: Path) -> Path:
    """The real path of a plain local file with something in it, links followed. InputError for all else."""
    try:
        real = path.resolve(strict=True)
        _check_regular(real.stat(), real, path)
    except FileNotFoundError:
        raise InputError(f"'{path}' does not exist: relink it, or give its folder with --media") from None
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"'{path}' cannot be opened ({error}): check its permissions") from None
    return real


@contextmanager
def opened_file(path: Path) -> Iterator[Descriptor]:
    """Open `path` after making sure, before and after, that it is a plain file with something in it."""
    real = plain_file(path)
    try:
        # Without O_NONBLOCK a FIFO put there since the check would hang us.
        descriptor = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise InputError(f"'{path}' cannot be opened ({error}): check its permissions") from None
    with os.fdopen(descriptor, "rb", buffering=0) as raw:
        _check_regular(os.fstat(raw.fileno()), real, path)
        yield Descriptor(raw)


def _check_regular(status: os.stat_result, real: Path, path: Path) -> None:
    # What the kernel shows under these claims to be plain files and is none.
    system = os.name == "posix" and real.parts[1:2] in (("proc",), ("sys",), ("dev",))
    if system or not stat.S_ISREG(status.st_mode):
        raise InputError(f"'{path}' is not a plain file: relink the clip to a media file")
    if status.st_size == 0:
        raise InputError(f"'{path}' is empty: copy or export it again")
