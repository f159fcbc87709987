"""What is seen on one track over time, as exact values that can be shifted, retimed and laid over each other.

A lane's events are sorted and do not overlap; where none is, the lane is transparent. Times are frames of the
timeline, as fractions; source times are seconds on the media's own clock. OpenTimelineIO's algorithms ignore
time warps and cannot cut through a dissolve (measured), so none of them is used.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from .schemas import Json

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """The clip that an event shows. Compared by identity: two clips of one file are two shots."""

    name: str
    reference: Json | None
    # Name of the top track, for sound.
    track: str = ""
    # A generator (title, solid) shows nothing we could look at: any picture is preferred over it.
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    start: Fraction
    end: Fraction
    origin: Origin
    # Source seconds at `start`, and source frames shown per frame.
    at_s: Fraction
    speed: Fraction
    # Seconds a frame of the timeline lasts.
    frame_s: Fraction

    def source_s(self, frame: Fraction | int) -> Fraction:
        return self.at_s + self.speed * (frame - self.start) * self.frame_s

    def between(self, start: Fraction, end: Fraction) -> Event:
        if start <= self.start and end >= self.end:
            return self
        start = max(start, self.start)
        return replace(self, start=start, end=min(end, self.end), at_s=self.source_s(start))

    def later(self, by: Fraction) -> Event:
        return replace(self, start=self.start + by, end=self.end + by) if by else self


@dataclass(frozen=True, slots=True)
class Lane:
    length: Fraction
    events: tuple[Event, ...] = ()
    # Where a shot begins by dissolve -> frames of it before and after.
    dissolves: dict[Fraction, tuple[Fraction, Fraction]] = field(default_factory=dict)


def window(lane: Lane, start: Fraction, length: Fraction, speed: Fraction) -> Lane:
    """What a parent sees of `lane` through a source range that begins at `start`, for `length` frames of the
    parent.

    Forwards, parent time t shows lane time start + speed * t. Backwards, the same stretch of the lane is
    shown from its last frame to its first: frame k shows start + |speed| * (length - 1 - k). Speed 0 holds
    the frame at `start`.
    """
    if speed == 1 and start == 0 and length == lane.length:
        return lane
    if speed == 0:
        held = [event for event in lane.events if event.start <= start < event.end]
        return Lane(length, tuple(_held(event, start, length) for event in held))
    events = []
    for event in lane.events:
        mapped = _forwards(event, start, speed) if speed > 0 else _backwards(event, start, length, -speed)
        if mapped.end > max(mapped.start, ZERO) and mapped.start < length:
            events.append(mapped.between(ZERO, length))
    if speed < 0:
        events.reverse()
    dissolves = {}
    for position, (before, after) in lane.dissolves.items():
        if speed == 1:
            mapped_position = position - start
        elif speed > 0:
            mapped_position = Fraction(math.ceil((position - start) / speed))
        else:
            mapped_position = Fraction(math.floor(length - 1 - (position - start) / -speed) + 1)
            before, after = after, before
        # At 0 the shot before is the parent's, and this is no dissolve from it.
        if 0 < mapped_position < length:
            dissolves[mapped_position] = (before / abs(speed), after / abs(speed))
    return Lane(length, tuple(events), dissolves)


def _held(event: Event, start: Fraction, length: Fraction) -> Event:
    return replace(event, start=ZERO, end=length, at_s=event.source_s(start), speed=ZERO)


def _forwards(event: Event, start: Fraction, speed: Fraction) -> Event:
    if speed == 1:
        return event.later(-start)
    # A frame shows what lies at its beginning, so an event begins with the first frame at or after its start.
    first, end = (Fraction(math.ceil((time - start) / speed)) for time in (event.start, event.end))
    return replace(
        event, start=first, end=end, at_s=event.source_s(start + first * speed), speed=event.speed * speed
    )


def _backwards(event: Event, start: Fraction, length: Fraction, speed: Fraction) -> Event:
    first, end = (
        Fraction(math.floor(length - 1 - (time - start) / speed) + 1) for time in (event.end, event.start)
    )
    at_s = event.source_s(start + speed * (length - 1 - first))
    return replace(event, start=first, end=end, at_s=at_s, speed=-event.speed * speed)


def overlay(lanes: Sequence[Lane], length: Fraction) -> Lane:
    """The topmost event at every time; the last lane is the top one. Generated events yield to pictures
    below.
    """
    top_down = list(reversed(list(enumerate(lanes))))
    layers = [
        (index, [event for event in lane.events if event.origin.generated is generated])
        for generated in (False, True)
        for index, lane in top_down
    ]
    shown: list[tuple[Event, int]] = []
    holes = [(ZERO, length)]
    for index, events in layers:
        if events and holes:
            pieces, holes = _fill(holes, events)
            shown.extend((piece, index) for piece in pieces)
    shown.sort(key=lambda pair: pair[0].start)
    return Lane(length, tuple(event for event, _ in shown), _visible_dissolves(shown, lanes))


_Hole = tuple[Fraction, Fraction]


def _fill(holes: Iterable[_Hole], events: Sequence[Event]) -> tuple[list[Event], list[_Hole]]:
    """The parts of sorted `events` that lie in sorted `holes`, and the holes that remain."""
    pieces: list[Event] = []
    left: list[_Hole] = []
    first = 0
    for start, end in holes:
        cursor = start
        while first < len(events) and events[first].end <= start:
            first += 1
        index = first
        while index < len(events) and events[index].start < end:
            piece = events[index].between(start, end)
            if piece.end > piece.start:
                if piece.start > cursor:
                    left.append((cursor, piece.start))
                pieces.append(piece)
                cursor = piece.end
            index += 1
        if cursor < end:
            left.append((cursor, end))
    return pieces, left


def _visible_dissolves(
    shown: Sequence[tuple[Event, int]], lanes: Sequence[Lane]
) -> dict[Fraction, tuple[Fraction, Fraction]]:
    """The dissolves at visible cuts: those of the upper of the two lanes that meet there."""
    upper: dict[Fraction, int] = {}
    for event, index in shown:
        for position in (event.start, event.end):
            upper[position] = max(upper.get(position, 0), index)
    return {
        position: lanes[index].dissolves[position]
        for position, index in upper.items()
        if position in lanes[index].dissolves
    }
