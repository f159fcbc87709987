"""In place of the module that Resolve ships: `scriptapp("Resolve")` is the fake. Standard library only, for
any Python from 3.10 on, with this folder on PYTHONPATH.

HITPOINT_FAKE_RESOLVE names a JSON file, absent for a usual world:
    traps   fields of Traps
    made    arguments of fakes.resolve.made.made; rates like "30000/1001"
    report  a path: what the timelines hold is written there after every save and at the end
"""

from __future__ import annotations

import atexit
import json
import os
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

_TESTS = str(Path(__file__).resolve().parents[2])
_RATES = ("fps", "project_fps")
_made: list[Any] = []


def fake_resolve() -> Any:
    """The one fake of this process."""
    if not _made:
        if _TESTS not in sys.path:
            sys.path.append(_TESTS)
        from fakes.resolve.made import made
        from fakes.resolve.traps import Traps

        told = os.environ.get("HITPOINT_FAKE_RESOLVE", "")
        wanted = json.loads(Path(told).read_text(encoding="utf-8")) if told else {}
        traps = {
            key: frozenset(v) if isinstance(v, list) else v for key, v in wanted.get("traps", {}).items()
        }
        given = {key: Fraction(v) if key in _RATES else v for key, v in wanted.get("made", {}).items()}
        if "shots" in given:
            given["shots"] = tuple(given["shots"])
        fake = made(Traps(**traps), **given)
        _made.append(fake)
        if wanted.get("report"):
            _report_to(fake, Path(wanted["report"]))
    return _made[0]


def scriptapp(name: str, host: str = "", timeout: float = 0) -> Any:
    """None where the edition lets no other process in, and for anything but Resolve."""
    return fake_resolve().attach() if name == "Resolve" else None


def report(fake: Any) -> dict[str, Any]:
    """Timelines by name: tracks with their items in frames, absolute, and how often the project was saved."""
    film = fake.film
    return {
        "saves": film.saves,
        "calls": fake.calls,
        "timelines": {
            edit.name: {
                "start": edit.start,
                "tracks": [
                    {
                        "kind": lane.kind,
                        "name": lane.name,
                        "subtype": lane.subtype,
                        "enabled": lane.enabled,
                        "items": [
                            {
                                "name": piece.name,
                                "start": piece.start,
                                "frames": piece.frames,
                                "source": float(piece.source_start),
                                "path": piece.source.medium.path if piece.source else "",
                            }
                            for piece in lane.sorted()
                        ],
                    }
                    for lane in edit.lanes
                ],
                "markers": [[mark.frame, mark.name, mark.custom] for mark in edit.marks],
                "playhead": edit.playhead,
            }
            for edit in film.edits
        },
    }


def _report_to(fake: Any, path: Path) -> None:
    def write() -> None:
        path.write_text(json.dumps(report(fake)), encoding="utf-8")

    save = fake.save

    def saved(film: Any) -> None:
        save(film)
        write()

    fake.save = saved
    atexit.register(write)
