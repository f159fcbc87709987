"""Events of lanes to the engine's shots and sounds: whole record frames, files found, offsets in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from ...engine.errors import Problem
from ...engine.timebase import Rate
from ...engine.types import Shot, Sound
from . import clock
from .lanes import ZERO, Event, Lane
from .shelf import Found, Shelf, start_timecode_s, zero_s

# Less than this beside a frame is a host's arithmetic, not an edit between frames.
_OFF_FRAME = Fraction(1, 1000)


@dataclass(slots=True)
class EventReader:
    rate: Rate
    frames: int
    shelf: Shelf
    problems: list[Problem] = field(default_factory=list)

    def shots(self, lane: Lane) -> tuple[Shot, ...]:
        """The visible picture of the whole timeline, gaps filled."""
        out: list[Shot] = []
        cursor = 0
        self._note_off_frame(lane.events)
        dissolves = self._dissolves(lane)
        for event in lane.events:
            begin, end = max(cursor, clock.nearest(event.start)), min(self.frames, clock.nearest(event.end))
            if begin >= end:
                continue
            if begin > cursor:
                out.append(_gap(cursor, begin, dissolves))
            out.append(self._shot(event, begin, end, dissolves.get(begin, (0, 0))))
            cursor = end
        if cursor < self.frames:
            out.append(_gap(cursor, self.frames, dissolves))
        if self.frames in dissolves:
            text = "the timeline ends in a fade to nothing: its last frames are looked at without it"
            self.problems.append(Problem("transition", text))
        return tuple(out)

    def _dissolves(self, lane: Lane) -> dict[int, tuple[int, int]]:
        """Frame of the cut -> whole frames of the dissolve before and after it."""
        out: dict[int, tuple[int, int]] = {}
        for position, (before, after) in lane.dissolves.items():
            cut = clock.nearest(position)
            first = max(0, clock.nearest(position - before))
            last = min(self.frames, clock.nearest(position + after))
            out[cut] = (max(0, cut - first), max(0, last - cut))
        return out

    def sounds(self, lanes: Iterable[Lane]) -> tuple[Sound, ...]:
        """All sound that is heard while there is picture, by time."""
        out: list[Sound] = []
        for lane in lanes:
            for event in lane.events:
                begin, end = max(0, clock.nearest(event.start)), min(self.frames, clock.nearest(event.end))
                if begin < end and event.speed:
                    sound = self._sound(event, begin, end)
                    if sound is not None:
                        out.append(sound)
        return tuple(sorted(out, key=lambda sound: sound.in_frame))

    def _shot(self, event: Event, begin: int, end: int, dissolve: tuple[int, int]) -> Shot:
        origin = event.origin
        found = self._found(event)
        problem = found.problem
        if not problem and found.kind == "audio":
            problem = "holds no picture"
        at_s = _source_at(event, begin) - self._zero_s(event, found)
        if problem:
            self.shelf.lost(origin.reference, origin.name, problem, "offline")
            return Shot(
                origin.name, begin, end, "offline", found.media, at_s, event.speed, dissolve, problem=problem
            )
        if found.kind == "still":
            return Shot(origin.name, begin, end, "still", found.media, ZERO, ZERO, dissolve)
        return Shot(origin.name, begin, end, "video", found.media, at_s, event.speed, dissolve)

    def _sound(self, event: Event, begin: int, end: int) -> Sound | None:
        origin = event.origin
        found = self._found(event)
        problem = found.problem
        if not problem and (found.kind == "still" or (found.info is not None and not found.info.has_audio)):
            problem = "holds no sound"
        if problem or found.media is None:
            self.shelf.lost(origin.reference, origin.name, problem, "silent")
            return None
        at_s = _source_at(event, begin) - self._zero_s(event, found)
        return Sound(origin.name, origin.track, begin, end, found.media, at_s, event.speed)

    def _found(self, event: Event) -> Found:
        reference = event.origin.reference
        without_range = reference is not None and reference.get("available_range") is None
        return self.shelf.find(reference, event.origin.name, need_info=without_range)

    def _zero_s(self, event: Event, found: Found) -> Fraction:
        """What the medium's clock shows at the file's beginning."""
        first_s, last_s = sorted((event.source_s(event.start), event.source_s(event.end)))
        zero = zero_s(event.origin.reference, first_s, found.info)
        if found.info is None or not found.info.duration_s:
            return zero
        length_s = found.info.duration_s
        if first_s - zero < length_s and last_s >= zero:
            return zero
        # Nothing of the shot lies in the file by the timeline's word: perhaps by the file's own timecode.
        for other in (start_timecode_s(found.info), ZERO):
            if 0 <= first_s - other < length_s:
                return other
        text = f"'{event.origin.name}' asks for more than its file holds: the file's nearest is taken"
        self.problems.append(Problem("outside", text))
        return zero

    def _note_off_frame(self, events: Iterable[Event]) -> None:
        worst, where, count = ZERO, "", 0
        for event in events:
            if event.start.denominator == 1:
                continue
            off = abs(event.start - clock.nearest(event.start))
            if off > _OFF_FRAME:
                count += 1
                if off > worst:
                    worst, where = off, event.origin.name
        if count:
            cuts = "one cut lies" if count == 1 else f"{count} cuts lie"
            text = f"{cuts} between two frames (by {float(worst):.2f} at '{where}'): the nearest is taken"
            self.problems.append(Problem("rate", text))


def _gap(begin: int, end: int, dissolves: dict[int, tuple[int, int]]) -> Shot:
    return Shot("", begin, end, "gap", dissolve_frames=dissolves.get(begin, (0, 0)))


def _source_at(event: Event, frame: int) -> Fraction:
    """Source seconds at `frame`; where a cut was rounded down, never from before the event."""
    return event.source_s(max(event.start, Fraction(frame)))
