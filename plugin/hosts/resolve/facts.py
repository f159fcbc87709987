"""Which Resolve answers, and what its version cannot do."""

from __future__ import annotations

import platform
import re
from pathlib import Path

from ..base import Ability, Capabilities, Facts, Road
from .api import Resolve, has

NAME = "resolve"
# Tracks are made with a sub-type, and read back with it, from here on.
_PLACES = (18, 0)
# OTIO is written by Resolve itself from here on.
_EXPORTS = (18, 5)
_TELLS_SELECTION = (21, 0, 4)
_OURS = "Hitpoint"


def facts(resolve: Resolve, road: Road) -> Facts:
    product = _told(resolve, "GetProductName") or "DaVinci Resolve"
    version = _told(resolve, "GetVersionString")
    return Facts(
        NAME,
        f"{product} {version}".strip(),
        version,
        road,
        platform.python_version(),
        capabilities(version),
        notes(version),
    )


def capabilities(version: str) -> Capabilities:
    cannot: dict[Ability, str] = {}
    if _numbers(version) < _PLACES:
        cannot["place"] = (
            f"DaVinci Resolve {version} cannot make stereo tracks for scripts: import the scored timeline "
            "instead (File, Import, Timeline), or take version 18 or later"
        )
    return Capabilities(cannot)


def notes(version: str) -> tuple[str, ...]:
    numbers = _numbers(version)
    found = []
    if numbers < _EXPORTS:
        found.append(
            f"DaVinci Resolve {version} writes no OTIO: its tracks are read one by one, without dissolves; "
            "version 18.5 writes it"
        )
    if numbers < _TELLS_SELECTION:
        found.append(
            f"DaVinci Resolve {version} does not tell which clips are selected: set in and out marks, or "
            "give the clips the colour Lime; version 21.0.4 tells"
        )
    return tuple(found)


def media_folder(system: str, home: Path) -> Path:
    """Where timelines and sound for Resolve lie; the Mac App Store's edition reads this folder only. `system`
    as `sys.platform` has it."""
    return home / ("Movies" if system == "darwin" else "Videos") / _OURS


def _told(resolve: Resolve, name: str) -> str:
    return str(getattr(resolve, name)() or "") if has(resolve, name) else ""


def _numbers(version: str) -> tuple[int, ...]:
    """(21, 0, 4) of "21.0.4.9"; beyond every version where it tells none."""
    found = tuple(int(one) for one in re.findall(r"\d+", version)[:3])
    return found or (1_000,)
