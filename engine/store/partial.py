"""A file that comes in pieces, maybe over hours: its part stays on the disk and becomes whole by rename."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from .durable import durable_write, output_error, patiently, sync_descriptor, sync_folder


class PartialFile:
    """What is there of `path` so far, as `path`.part, with a note beside it of where it comes from."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(f"{path.name}.part")
        self._note = path.with_name(f"{path.name}.part.json")

    def size(self) -> int:
        """Bytes of the part; 0 when there is none."""
        try:
            return self.part.stat().st_size
        except OSError:
            return 0

    def note(self) -> dict[str, Any]:
        """What `write_note` kept; empty when there is none, or not a whole one."""
        try:
            data = json.loads(self._note.read_bytes())
        except (OSError, ValueError):
            return {}
        return data if isinstance(data, dict) else {}

    def write_note(self, note: Mapping[str, str]) -> None:
        durable_write(self._note, json.dumps(note).encode())

    @contextmanager
    def append(self, offset: int) -> Iterator[BinaryIO]:
        """The part, open for writing from `offset` on. What was written stays when the block fails.

        OutputError when the disk refuses.
        """
        try:
            self.part.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.part, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
        except OSError as error:
            raise output_error(self.path, error) from error
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            file.truncate(offset)
            file.seek(offset)
            yield file

    def write(self, file: BinaryIO, block: bytes) -> None:
        """All of `block`. OutputError when the disk is full or refuses."""
        try:
            rest = memoryview(block)
            while rest:
                rest = rest[file.write(rest) :]
        except OSError as error:
            raise output_error(self.path, error) from error

    def finish(self) -> None:
        """Make the part the whole file. OutputError when the disk refuses."""
        try:
            with self.part.open("rb") as file:
                sync_descriptor(file.fileno())
            patiently(lambda: self.part.replace(self.path))
            self._note.unlink(missing_ok=True)
            sync_folder(self.path.parent)
        except OSError as error:
            raise output_error(self.path, error) from error

    def forget(self) -> None:
        self.part.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
