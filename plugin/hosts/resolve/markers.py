"""Markers of the timeline. Ours are known by their custom data, which Resolve shows nobody; their frames
count from the timeline's start. Resolve keeps one marker a frame."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..base import HostError, HostMarker
from .api import Timeline, whole
from .frames import RelFrame

# Other scripts write custom data too: of ours it is what `HostMarker.ident` looks like.
_OURS = re.compile(r".*@\d+", re.DOTALL)
COLOURS = (
    "Blue", "Cyan", "Green", "Yellow", "Red", "Pink", "Purple", "Fuchsia", "Rose", "Lavender", "Sky", "Mint",
    "Lemon", "Sand", "Cocoa", "Cream",
)  # fmt: skip
# What other programs call theirs.
_LIKE = {"Orange": "Sand", "Magenta": "Fuchsia", "Black": "Cocoa", "White": "Cream", "Teal": "Cyan"}
_USUAL = "Purple"


@dataclass(frozen=True, slots=True)
class Mark:
    """A marker as Resolve has it."""

    frame: RelFrame
    colour: str
    name: str
    note: str
    frames: int
    custom: str

    @property
    def ident(self) -> str:
        return self.custom if _OURS.fullmatch(self.custom) else ""

    def told(self) -> HostMarker:
        end = self.frame + max(1, self.frames)
        return HostMarker(self.ident, self.frame, end, self.name, self.note, self.colour)


def all_of(timeline: Timeline) -> list[Mark]:
    """In time."""
    out = []
    for frame, told in (timeline.GetMarkers() or {}).items():
        at = whole(frame)
        if at is not None and isinstance(told, dict):
            out.append(
                Mark(
                    RelFrame(at),
                    str(told.get("color") or ""),
                    str(told.get("name") or ""),
                    str(told.get("note") or ""),
                    whole(told.get("duration")) or 1,
                    str(told.get("customData") or ""),
                )
            )
    return sorted(out, key=lambda mark: mark.frame)


def ours_of(timeline: Timeline) -> list[HostMarker]:
    return [mark.told() for mark in all_of(timeline) if mark.ident]


def wanted(marker: HostMarker, at: int) -> Mark:
    frames = max(1, marker.out_frame_exclusive - marker.in_frame)
    return Mark(RelFrame(at), colour(marker.colour), marker.name, marker.comment, frames, marker.ident)


def colour(name: str) -> str:
    """The nearest that Resolve has for a marker's colour."""
    plain = name.strip().capitalize()
    plain = _LIKE.get(plain, plain)
    return plain if plain in COLOURS else _USUAL


@dataclass(frozen=True, slots=True)
class Plan:
    """What is taken away and what is put there instead; sentences on those that had to move."""

    remove: tuple[Mark, ...]
    add: tuple[Mark, ...]
    problems: tuple[str, ...]


def plan(
    there: Sequence[Mark],
    markers: Sequence[HostMarker],
    replaced: Callable[[str], bool],
    limit: Callable[[HostMarker], int],
    frame_text: Callable[[RelFrame], str],
) -> Plan:
    """Have exactly `markers` in place of ours whose ident `replaced` says. One whose frame is taken goes to
    the next free one before `limit` (exclusive). HostError where there is none."""
    olds = [mark for mark in there if mark.ident and replaced(mark.ident)]
    taken = {mark.frame for mark in there if mark not in olds}
    add: list[Mark] = []
    stay: list[Mark] = []
    problems: list[str] = []
    for marker in sorted(markers, key=lambda one: one.in_frame):
        end = max(limit(marker), marker.in_frame + 1)
        at = next((frame for frame in range(marker.in_frame, end) if frame not in taken), None)
        if at is None:
            raise HostError(
                f"there is no free frame for the marker '{marker.name}' at "
                f"{frame_text(RelFrame(marker.in_frame))}: DaVinci Resolve keeps one a frame, move some"
            )
        taken.add(RelFrame(at))
        late = at - marker.in_frame
        if late:
            problems.append(
                f"the marker '{marker.name}' lies at {frame_text(RelFrame(at))}, "
                f"{late} frame{'s' if late > 1 else ''} late: one of yours is at its frame"
            )
        mark = wanted(marker, at)
        (stay if mark in olds else add).append(mark)
    gone = tuple(mark for mark in olds if mark not in stay)
    return Plan(gone, tuple(add), tuple(problems))


def lies(mark: Mark, there: Sequence[Mark]) -> bool:
    """Whether it is among them, by its place and its ident: names may come back in another spelling."""
    return any((one.frame, one.custom) == (mark.frame, mark.custom) for one in there)


def take(timeline: Timeline, mark: Mark) -> None:
    """Remove it, where it still is that one. Asked again when Resolve says no once."""
    for _ in range(2):
        if not lies(mark, all_of(timeline)):
            return
        timeline.DeleteMarkerAtFrame(mark.frame)
    if lies(mark, all_of(timeline)):
        raise HostError(
            f"DaVinci Resolve did not remove its marker '{mark.name}': close its dialogs, try again"
        )


def put(timeline: Timeline, mark: Mark) -> None:
    """Set it, and read it back."""
    for _ in range(2):
        if lies(mark, all_of(timeline)):
            return
        timeline.AddMarker(mark.frame, mark.colour, mark.name, mark.note, mark.frames, mark.custom)
    if not lies(mark, all_of(timeline)):
        raise HostError(
            f"DaVinci Resolve did not set the marker '{mark.name}': close its dialogs and try again"
        )
