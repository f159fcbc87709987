"""The timelines that were open in the panel, the newest first: a short list in the state folder."""

from __future__ import annotations

import json
from pathlib import Path

from ...engine.paths import state_dir
from ...engine.serial import pretty
from ...engine.store.durable import durable_write
from ...engine.store.locks import held

_MOST = 12


def recent_path() -> Path:
    return state_dir() / "recent.json"


def is_first_run() -> bool:
    """Whether no timeline was ever open here."""
    return not recent_path().exists()


def recent() -> tuple[str, ...]:
    """Absolute paths, without those that are gone."""
    return tuple(path for path in _read() if Path(path).exists())


def remember(source: str) -> None:
    """Put it first. OutputError when the list cannot be written."""
    # Two panels may open theirs at once.
    with held("recent"):
        paths = [source, *(path for path in _read() if path != source)]
        durable_write(recent_path(), pretty({"recent": paths[:_MOST]}))


def _read() -> tuple[str, ...]:
    """A list that cannot be read is an empty one: nothing is lost with it but a convenience."""
    try:
        found = json.loads(recent_path().read_text(encoding="utf-8"))
        return tuple(path for path in found["recent"] if isinstance(path, str))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ()
