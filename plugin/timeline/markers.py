"""Editors' markers, of clips, tracks and the timeline itself, at their record time, and what they ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from ...engine.errors import Problem
from ...engine.types import HitKind, Marker
from ...export.hit_markers import is_as_planned, note_of
from . import clock
from .flatten import Flattener, active_reference
from .lanes import ZERO
from .schemas import Json, is_ours, noun

_KINDS: dict[str, HitKind] = {"must": "must", "hit": "must", "would": "would", "avoid": "avoid"}
_SIGN = re.compile(
    r"\s*(must|hit|would|avoid)(?:\s+(\d*\.?\d+))?\s*(?::\s*(.*)|$)", re.IGNORECASE | re.DOTALL
)


def sign(name: str) -> tuple[str, HitKind | None, float | None]:
    """What a marker of that name asks for: "would 0.8: door" is ("door", "would", 0.8), the strength as it
    stands there. A name that asks for nothing is itself."""
    match = _SIGN.fullmatch(name)
    if match is None:
        return name, None, None
    strength = float(match[2]) if match[2] else None
    return (match[3] or "").strip() or match[1], _KINDS[match[1].lower()], strength


@dataclass(frozen=True, slots=True)
class Place:
    """An item's own time 0..length on the record: `at + scale * time`, visible between `first` and `end`."""

    at: Fraction
    scale: Fraction
    first: Fraction
    end: Fraction

    def of(self, time: Fraction) -> Fraction:
        return self.at + self.scale * time


@dataclass(frozen=True, slots=True)
class Top:
    """An item of the timeline's stack, and where it lies on the record."""

    item: Json
    at: Fraction
    length: Fraction
    # Which time of its content comes first; None where its own source range says so.
    start: Fraction | None


@dataclass(slots=True)
class MarkerReader:
    """`starts`: the record frames that absolute marker times may be counted from, the likeliest first."""

    flattener: Flattener
    frames: int
    starts: tuple[Fraction, ...]
    problems: list[Problem] = field(default_factory=list)

    def read(self, stack: Json, stack_start: Fraction, tops: tuple[Top, ...]) -> tuple[Marker, ...]:
        """All markers inside the timeline, by time; one that hosts wrote on several owners counts once."""
        found = list(self._timeline_markers(stack, stack_start))
        for top in tops:
            place = Place(top.at, Fraction(1), max(ZERO, top.at), top.at + top.length)
            found.extend(self._item(top.item, place, top.start))
        return tuple(dict.fromkeys(sorted(found, key=lambda marker: marker.in_frame)))

    def _timeline_markers(self, stack: Json, stack_start: Fraction) -> Iterator[Marker]:
        """Markers of the top stack: counted from its own start, or from the timeline's start timecode."""
        spans = [(marker, *self._span(marker)) for marker in stack.get("markers") or ()]
        usual = stack_start
        for start in self.starts:
            inside = all(start <= begin <= start + self.frames for _, begin, _ in spans)
            if inside and any(begin - stack_start > self.frames for _, begin, _ in spans):
                usual = start
                break
        for marker, begin, length in spans:
            offset = usual
            if not 0 <= begin - offset <= self.frames:
                offset = next(
                    (start for start in self.starts if start <= begin <= start + self.frames), offset
                )
            yield from self._marker(marker, begin - offset, length)

    def _item(self, item: Json, place: Place, start: Fraction | None = None) -> Iterator[Marker]:
        if noun(item) not in ("Clip", "Gap", "Stack", "Track"):
            return
        if (
            not item.get("enabled", True)
            or is_ours(item)
            or not (item.get("markers") or item.get("children"))
        ):
            return
        inner = self._inner(item, place, start)
        for marker in item.get("markers") or ():
            begin, length = self._span(marker)
            moment = inner.of(begin)
            if inner.first <= moment < inner.end:
                yield from self._marker(marker, moment, length * abs(inner.scale))
                continue
            # Some readers of EDLs write clip markers in the timeline's timecode.
            for absolute in self.starts:
                if inner.first <= begin - absolute < inner.end:
                    yield from self._marker(marker, begin - absolute, length)
                    break
        position = ZERO
        for child in item.get("children") or ():
            if noun(child) == "Transition":
                continue
            length = self.flattener.length(child)
            ends = sorted((inner.of(position), inner.of(position + length)))
            child_place = Place(
                inner.of(position), inner.scale, max(inner.first, ends[0]), min(inner.end, ends[1])
            )
            yield from self._item(child, child_place)
            if noun(item) == "Track":
                position += length

    def _inner(self, item: Json, place: Place, start: Fraction | None) -> Place:
        """Where the times inside an item (behind its source range and speed) lie on the record."""
        if start is None:
            span = item.get("source_range")
            if span is None and noun(item) == "Clip":
                span = (active_reference(item) or {}).get("available_range")
            start = self.flattener.clock.frames(span["start_time"]) if span else ZERO
        speed = self.flattener.speed(item)
        if speed == 0:
            return Place(place.at, ZERO, place.first, place.end)
        if speed > 0:
            return Place(place.of(-start / speed), place.scale / speed, place.first, place.end)
        last = self.flattener.length(item) - 1
        return Place(place.of(last + start / -speed), place.scale / speed, place.first, place.end)

    def _span(self, marker: Json) -> tuple[Fraction, Fraction]:
        span = marker.get("marked_range")
        if span is None:
            return ZERO, ZERO
        frames = self.flattener.clock.frames
        return frames(span["start_time"]), frames(span["duration"])

    def _marker(self, data: Json, begin: Fraction, length: Fraction) -> Iterator[Marker]:
        in_frame = clock.nearest(begin)
        if not 0 <= in_frame < self.frames:
            return
        comment = note_of(data)
        if is_as_planned(str(data.get("name") or ""), comment, in_frame):
            # The hit of an earlier plan, as nobody touched it: the next plan finds what is there by then.
            return
        ours = (data.get("metadata") or {}).get("hitpoint")
        name, hit, strength = self._sign(str(data.get("name") or ""), ours)
        yield Marker(
            name=name,
            in_frame=in_frame,
            out_frame_exclusive=max(in_frame + 1, clock.nearest(begin + length)),
            comment=comment,
            colour=str(data.get("color") or ""),
            hit=hit,
            strength=strength,
        )

    def _sign(self, name: str, ours: object) -> tuple[str, HitKind | None, float | None]:
        """ "would 0.8: door" asks for a hit at the door; without such words our own metadata asks."""
        asked = name
        name, hit, strength = sign(asked)
        if strength is not None:
            strength = self._strength(strength, asked)
        if isinstance(ours, dict):
            kind, given = ours.get("kind"), ours.get("strength")
            if hit is None and kind in ("must", "would", "avoid"):
                hit = kind
            # Words that ask for another kind do not mean the strength of the former.
            said = strength is not None or kind not in (hit, None)
            if not said and isinstance(given, int | float) and not isinstance(given, bool):
                strength = self._strength(given, name)
        return name, hit, strength

    def _strength(self, given: float | str, name: str) -> float:
        value = float(given)
        if not 0 <= value <= 1:
            text = f"the marker '{name}' asks for the strength {value:g}: the nearest of 0 to 1 was taken"
            self.problems.append(Problem("marker", text))
        return min(1.0, max(0.0, value))
