"""What an earlier run left in the sequencer, and what becomes of it when new music comes.

The rule of a timeline's file (`export.timeline.place`), with a cue's meta strip in the place of a track: what
nobody touched gives way, what somebody worked on stays and is switched off. A meta that only stands beside
the new cues stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from . import api
from .laid import all_deeds, record_of


@dataclass(frozen=True, slots=True)
class Earlier:
    """A strip of ours: the meta of a cue, or a stem that somebody took out of its meta. Frames of the scene;
    `deeds` are sentences without an end: what somebody did to it."""

    strip: Any
    name: str
    job: str
    cue: str
    first: int
    end: int
    deeds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    replaced: tuple[Earlier, ...]
    kept: tuple[Earlier, ...]
    problems: tuple[str, ...]


def earlier_of(bpy: Any, scene: Any) -> list[Earlier]:
    """All strips of ours, in time, wherever they were put."""
    found = []
    for strip in api.all_strips(scene):
        record = record_of(strip)
        parent = strip.parent_meta()
        if not record or (parent is not None and record_of(parent)):
            continue
        if strip.type == "META":
            deeds = all_deeds(bpy, scene, strip)
            if parent is not None:
                deeds += (f"'{strip.name}' was put into '{parent.name}'",)
        else:
            deeds = (f"'{strip.name}' was taken out of the meta of its cue",)
        times = api.times(strip)
        found.append(Earlier(strip, strip.name, record["job"], record["cue"], times.first, times.end, deeds))
    return sorted(found, key=lambda one: one.first)


def outcome(earlier: Iterable[Earlier], spans: Sequence[tuple[int, int]], job: str) -> Outcome:
    """What gives way to cues at `spans` (frames of the scene), and what stays and is to be switched off. What
    lies there under the same job stays as it is."""
    replaced, kept, problems = [], [], []
    for one in earlier:
        if one.job == job or not any(first < one.end and one.first < end for first, end in spans):
            continue
        if not one.deeds:
            replaced.append(one)
            if not _is_covered(one, spans):
                problems.append(
                    f"the earlier music '{one.name}' is longer than the new cue: it was replaced as a whole"
                )
            continue
        kept.append(one)
        if not one.strip.mute:
            problems.append(f"{one.deeds[0]} since it was placed: '{one.name}' stays, switched off")
    return Outcome(tuple(replaced), tuple(kept), tuple(problems))


def _is_covered(one: Earlier, spans: Sequence[tuple[int, int]]) -> bool:
    at = one.first
    for first, end in sorted(spans):
        if first <= at < end:
            at = end
    return at >= one.end
