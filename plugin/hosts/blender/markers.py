"""Markers of the scene, the editor's and ours.

A marker of Blender's is a name at a frame, from 5.0 on without custom properties. So ours begin with a sign
that nobody types, and a table in the scene says what each was: one that was moved is known by its name, one
that was renamed by its frame. A copy that somebody made is the editor's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..base import HostMarker
from .table import Mark, Table, keep, table_of

SIGN = "\N{EIGHTH NOTE} "
# Of Blender's names, without the zero at their end.
_MOST_BYTES = 63


def markers_of(scene: Any) -> tuple[HostMarker, ...]:
    """All of them, in time."""
    start = int(scene.frame_start)
    ours = {marker.as_pointer(): mark for marker, mark in _matched(scene, table_of(scene))}
    found = []
    for marker in scene.timeline_markers:
        frame = int(marker.frame) - start
        name = marker.name.removeprefix(SIGN)
        mark = ours.get(marker.as_pointer())
        if mark is None:
            found.append(HostMarker("", frame, frame + 1, name))
            continue
        # A name that was cut to fit is told whole.
        name = mark.name if marker.name == _shown(mark.name) else name
        found.append(HostMarker(mark.ident, frame, frame + mark.length, name, mark.comment, mark.colour))
    return tuple(sorted(found, key=lambda one: (one.in_frame, one.name)))


def write(scene: Any, markers: tuple[HostMarker, ...], idents: str | tuple[str, ...], job: str = "") -> None:
    """Have exactly `markers` in place of ours whose ident begins with `idents`, or with one of them. Without
    a job they belong to the one that the hits of their cue had."""
    start = int(scene.frame_start)
    table = table_of(scene)
    jobs = {_cue(mark.ident): mark.job for mark in table.marks}
    for marker, mark in _matched(scene, table):
        if mark.ident.startswith(idents):
            scene.timeline_markers.remove(marker)
    table.marks = [mark for mark in table.marks if not mark.ident.startswith(idents)]
    for one in markers:
        assert one.ident, "a marker of ours has an ident"
        frame = one.in_frame + start
        made = scene.timeline_markers.new(_shown(one.name), frame=frame)
        made.select = False
        length = one.out_frame_exclusive - one.in_frame
        whose = job or jobs.get(_cue(one.ident), "")
        table.marks.append(Mark(one.ident, one.name, frame, length, one.comment, one.colour, whose))
    keep(scene, table)


def take_away(scene: Any, job: str) -> None:
    """Those that were written with `job` and lie where they were written; others stay."""
    table = table_of(scene)
    gone = []
    for marker, mark in _matched(scene, table):
        if mark.job == job and marker.frame == mark.frame and marker.name == _shown(mark.name):
            scene.timeline_markers.remove(marker)
            gone.append(mark)
    table.marks = [mark for mark in table.marks if mark not in gone]
    keep(scene, table)


def _matched(scene: Any, table: Table) -> list[tuple[Any, Mark]]:
    """Ours that are still there, with what they were. No marker without our sign is ever taken for ours."""
    free = [marker for marker in scene.timeline_markers if marker.name.startswith(SIGN.rstrip())]
    lost = list(table.marks)
    found: list[tuple[Any, Mark]] = []

    def take(fits: Callable[[Any, Mark], bool]) -> None:
        for mark in list(lost):
            near = [marker for marker in free if fits(marker, mark)]
            if near:
                marker = min(near, key=lambda one: abs(one.frame - mark.frame))
                free.remove(marker)
                lost.remove(mark)
                found.append((marker, mark))

    take(lambda marker, mark: marker.frame == mark.frame and marker.name == _shown(mark.name))
    take(lambda marker, mark: bool(marker.frame == mark.frame))
    take(lambda marker, mark: bool(marker.name == _shown(mark.name)))
    return found


def _cue(ident: str) -> str:
    return ident.rpartition("@")[0]


def _shown(name: str) -> str:
    """As Blender shows it, cut to what it holds."""
    return (SIGN + name).encode()[:_MOST_BYTES].decode(errors="ignore").rstrip()
