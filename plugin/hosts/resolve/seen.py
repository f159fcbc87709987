"""What Resolve was when its menu last started us: the doctor tells editions and Pythons from it, which no
file on the disk says. Standard library only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ....engine.paths import state_dir
from ....engine.store.durable import durable_write
from ..base import Facts

_SCHEMA = "hitpoint.resolve_seen.1"


@dataclass(frozen=True, slots=True)
class Met:
    """`title` as in Facts, `python` the version of Resolve's own interpreter."""

    title: str
    version: str
    python: str


def seen_path() -> Path:
    return state_dir() / "hosts" / "resolve-seen.json"


def remember(facts: Facts) -> None:
    """OutputError where it cannot be written."""
    told = {"schema": _SCHEMA, "title": facts.title, "version": facts.version, "python": facts.python}
    durable_write(seen_path(), json.dumps(told).encode() + b"\n")


def last_met() -> Met | None:
    """None where the menu never started us, or the file says nothing."""
    try:
        told = json.loads(seen_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(told, dict) or told.get("schema") != _SCHEMA:
        return None
    return Met(*(str(told.get(name, "")) for name in ("title", "version", "python")))
