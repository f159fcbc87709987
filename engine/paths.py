"""Where Hitpoint keeps its own files. Folders are made on first write, never by asking for them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_APP = "hitpoint"


def _home() -> Path | None:
    home = os.environ.get("HITPOINT_HOME")
    return Path(home).expanduser() if home else None


def _folder(kind: str, *, linux: tuple[str, str], mac: str) -> Path:
    home = _home()
    if home is not None:
        return home / kind
    if sys.platform == "darwin":
        return Path.home() / "Library" / mac / _APP
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / _APP / kind
    variable, fallback = linux
    base = os.environ.get(variable, "")
    # The XDG specification says that relative values are invalid and to be ignored.
    return (Path(base) if base.startswith("/") else Path.home() / fallback) / _APP


def data_dir() -> Path:
    """Models, sound fonts, the config file."""
    return _folder("data", linux=("XDG_DATA_HOME", ".local/share"), mac="Application Support")


def cache_dir() -> Path:
    """Whatever can be computed again."""
    return _folder("cache", linux=("XDG_CACHE_HOME", ".cache"), mac="Caches")


def state_dir() -> Path:
    """Logs and journals."""
    return _folder("state", linux=("XDG_STATE_HOME", ".local/state"), mac="Logs")
