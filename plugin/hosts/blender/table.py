"""What we keep with a scene: its name among timelines, the jobs that were placed and our markers.

One text (JSON) under the custom property "hitpoint": saved with the file, and taken back by Undo together
with what it tells of.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

_KEY = "hitpoint"
_NOUN = "hitpoint.scene."
_SCHEMA = f"{_NOUN}1"


@dataclass(slots=True)
class Mark:
    """A marker of ours as it was written: `frame` of the scene; the rest as in HostMarker."""

    ident: str
    name: str
    frame: int
    length: int = 1
    comment: str = ""
    colour: str = ""
    job: str = ""


@dataclass(slots=True)
class Table:
    """`jobs`: of each job the cues it placed, with the name of their strip."""

    ident: str = ""
    jobs: dict[str, dict[str, str]] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)


def table_of(scene: Any) -> Table:
    text = scene.get(_KEY)
    if not isinstance(text, str):
        return Table()
    try:
        told = json.loads(text)
        if not str(told["schema"]).startswith(_NOUN):
            return Table()
        jobs = {
            str(job): {str(cue): str(name) for cue, name in cues.items()}
            for job, cues in told["jobs"].items()
        }
        marks = [Mark(**mark) for mark in told["markers"]]
        return Table(str(told["ident"]), jobs, marks)
    except (ValueError, KeyError, TypeError, AttributeError):
        # Another program's, or a newer one's: it is replaced with the next thing that is placed.
        return Table()


def keep(scene: Any, table: Table) -> None:
    marks = [{name: getattr(mark, name) for name in Mark.__slots__} for mark in table.marks]
    told = {"schema": _SCHEMA, "ident": table.ident, "jobs": table.jobs, "markers": marks}
    scene[_KEY] = json.dumps(told, ensure_ascii=False, sort_keys=True)


class Idents:
    """The names of scenes among timelines. A copy of a scene gets one of its own; one that Undo took from a
    scene is remembered as long as the program runs."""

    def __init__(self, bpy: Any) -> None:
        self._bpy = bpy
        self._known: dict[int, str] = {}

    def of(self, scene: Any) -> str:
        alive = {int(one.session_uid) for one in self._bpy.data.scenes}
        self._known = {uid: ident for uid, ident in self._known.items() if uid in alive}
        uid = int(scene.session_uid)
        found = self._known.get(uid)
        if found is None:
            found = table_of(scene).ident
            if not found or found in self._known.values():
                found = uuid.uuid4().hex
            self._known[uid] = found
        return found

    def note(self, scene: Any) -> str:
        """The same, kept with the scene."""
        ident = self.of(scene)
        table = table_of(scene)
        if table.ident != ident:
            table.ident = ident
            keep(scene, table)
        return ident
