"""Other people's programs and the inputs beside the project: skipped loudly when absent, required in CI."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _absent(what: str) -> None:
    if os.environ.get("HITPOINT_NO_SKIP") == "1":
        pytest.fail(f"{what} is missing, and HITPOINT_NO_SKIP=1 forbids skipping")
    pytest.skip(f"{what} is missing: this promise was NOT checked")


def need_program(name: str) -> str:
    """Path of a program that judges our output."""
    path = shutil.which(name)
    if path is None:
        _absent(f"the program '{name}'")
    return str(path)


def shared(relative: str) -> Path:
    """A file of the inputs that lie beside the project, in `../shared`."""
    path = SHARED / relative
    if not path.exists():
        _absent(f"the input '../shared/{relative}'")
    return path
