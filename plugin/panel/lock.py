"""One panel for a timeline: two that save the same session would undo each other's work."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import ExitStack
from pathlib import Path

from ...engine.errors import UserError
from ...engine.paths import state_dir
from ...engine.serial import pretty
from ...engine.store.durable import durable_write
from ...engine.store.locks import try_held


class OpenElsewhere(UserError):
    """Another panel has the timeline."""


class OpenHere:
    """That a timeline is open in this panel, as long as it is; the system takes it back from who dies."""

    def __init__(self, source: str) -> None:
        """OpenElsewhere when another process has it; OutputError when the folder of locks cannot be used."""
        self._name = name = timeline_key(source)
        self.source = source
        self._held = ExitStack()
        if not self._held.enter_context(try_held(f"panel-{name}")):
            self._held.close()
            who = _owner(name)
            where = f"process {who}" if who else "another process"
            raise OpenElsewhere(
                f"'{Path(source).name}' is open in another panel ({where}): go on there, or close it first"
            )

    def tell(self) -> None:
        """Write down who has it, for the sentence of others; waits for the disk. OutputError."""
        durable_write(_owner_path(self._name), pretty({"pid": os.getpid()}))

    def close(self) -> None:
        self._held.close()


def timeline_key(source: str) -> str:
    """One for all names of a timeline's file: hex digits."""
    real = os.path.normcase(Path(source).resolve())
    return hashlib.sha256(os.fsencode(real)).hexdigest()[:32]


def _owner_path(name: str) -> Path:
    return state_dir() / "panels" / f"{name}.json"


def _owner(name: str) -> int:
    """Process number, 0 where it is not known."""
    try:
        return int(json.loads(_owner_path(name).read_text(encoding="utf-8"))["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
