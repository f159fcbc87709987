"""The one description of the product: `manifest.json` of a checkout, or its copy inside a wheel."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from .errors import EngineFault


@cache
def manifest() -> dict[str, Any]:
    """The parsed manifest. EngineFault when the installation has lost it."""
    here = Path(__file__).resolve().parent
    for path in (here / "manifest.json", here.parent / "manifest.json"):
        if path.is_file():
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return data
    raise EngineFault("the installation is broken, manifest.json is missing: install Hitpoint again")


def version() -> str:
    return str(manifest()["version"])
