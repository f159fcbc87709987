"""`<data>/hosts/engine.json`: which Python is the engine's, for hosts that start it, and what was put where.
Standard library only: hosts read it.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...engine.manifest import version
from ...engine.paths import data_dir
from ...engine.store.durable import durable_write

_SCHEMA = "hitpoint.engine_note.1"


@dataclass(frozen=True, slots=True)
class Note:
    """`python` is the interpreter as it was called (of a virtual environment: its own), `put` the files of
    each host outside our folders, `made` the folders that were not there before, outer ones first."""

    python: str
    version: str
    python_version: str = ""
    put: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    made: tuple[str, ...] = ()


def hosts_dir() -> Path:
    return data_dir() / "hosts"


def note_path() -> Path:
    return hosts_dir() / "engine.json"


def read_note() -> Note | None:
    """None where nothing was installed, or the file is no note of ours."""
    try:
        told = json.loads(note_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(told, dict) or told.get("schema") != _SCHEMA:
        return None
    put = told.get("put")
    python, build, python_version = (told.get(name, "") for name in ("python", "version", "python_version"))
    if not all(isinstance(text, str) for text in (python, build, python_version)) or not isinstance(
        put, dict
    ):
        return None
    files = {str(host): _names(names) for host, names in put.items()}
    return Note(python, build, python_version, files, _names(told.get("made")))


def noted(host: str, files: tuple[Path, ...], made: tuple[Path, ...]) -> None:
    """Write that `host` is installed with `files`, by the Python that runs this. OutputError where it cannot
    be written."""
    old = read_note() or Note("", "")
    kept = [name for name in old.made if Path(name).is_dir()]
    _write(
        Note(
            sys.executable,
            version(),
            platform.python_version(),
            {**old.put, host: tuple(os.fspath(file) for file in files)},
            tuple(dict.fromkeys([*kept, *(os.fspath(folder) for folder in made)])),
        )
    )


def forgotten(host: str) -> None:
    """Take `host` out of the note; with the last one goes the note. Folders that were made for it, and are
    empty, go."""
    old = read_note()
    if old is None:
        # Not to be read: nothing in it can be kept.
        note_path().unlink(missing_ok=True)
        old = Note("", "", made=(os.fspath(hosts_dir()),))
    put = {name: files for name, files in old.put.items() if name != host}
    if put:
        _write(replace(old, put=put))
    else:
        note_path().unlink(missing_ok=True)
    for name in reversed(old.made):
        with suppress(OSError):
            # It goes only where nothing is in it.
            Path(name).rmdir()


def missing_folders(path: Path) -> tuple[Path, ...]:
    """The folders above `path` that are not there, outer ones first."""
    return tuple(reversed([folder for folder in path.parents if not folder.exists()]))


def _write(note: Note) -> None:
    told = {
        "schema": _SCHEMA,
        "python": note.python,
        "version": note.version,
        "python_version": note.python_version,
        "put": {host: list(files) for host, files in note.put.items()},
        "made": list(note.made),
    }
    durable_write(note_path(), json.dumps(told, indent=2).encode() + b"\n")


def _names(value: object) -> tuple[str, ...]:
    return tuple(name for name in value if isinstance(name, str)) if isinstance(value, list) else ()
