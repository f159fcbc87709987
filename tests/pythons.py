"""Pythons of this machine, as hosts bring them: those of pyenv, and the one that runs the tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# What the host's side runs in.
FIT = ("3.10", "3.11", "3.12", "3.13")
# What it refuses in words.
OLD = ("3.6", "3.7", "3.8", "3.9")


def interpreters(versions: tuple[str, ...] = FIT) -> list[str]:
    """Of each version the newest that is here; for those that fit, the one that runs this as well."""
    roots = [root for root in (os.environ.get("PYENV_ROOT"), str(Path.home() / ".pyenv")) if root]
    found = {
        version: str(path / "bin" / "python")
        for root in roots
        for version in versions
        for path in sorted((Path(root) / "versions").glob(f"{version}.*"))
        if (path / "bin" / "python").exists()
    }
    return [*([sys.executable] if versions is FIT else []), *found.values()]
