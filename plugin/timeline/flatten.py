"""Tracks, stacks, clips, gaps, transitions and time warps to one lane of what is seen, or to all that is
heard.

Conventions (OpenTimelineIO leaves them open, the field's practice is taken): a source range's duration is the
record length also where a time warp plays the clip faster; a nested composition is clipped by its source
range; gaps are transparent; disabled items take their time and show nothing; backwards playing begins at the
end of the source that the clip covers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction

from ...engine.errors import Problem
from ...engine.urls import name_of_url
from . import clock
from .clock import Clock
from .lanes import ZERO, Event, Lane, Origin, overlay, window
from .schemas import Json, is_ours, noun

# The nouns that lie in a track and take time.
_COMPOSITIONS = ("Stack", "Track")
LengthOf = Callable[[Json | None, str], Fraction]


@dataclass(slots=True)
class Flattener:
    """`media_length_s` tells a medium's length where the timeline does not; 0 when it cannot."""

    clock: Clock
    media_length_s: LengthOf
    # All that sounds at once instead of what is on top.
    sound: bool = False
    problems: list[Problem] = field(default_factory=list)
    # By identity: the tree lives as long as its reading.
    _lengths: dict[int, Fraction] = field(default_factory=dict)

    def length(self, item: Json) -> Fraction:
        """Record length of an item, in frames."""
        known = self._lengths.get(id(item))
        return self.item(item).length if known is None else known

    def item(self, item: Json) -> Lane:
        """What an item shows over its own record time, from 0. A disabled one takes its time in silence."""
        lane = self._item(item)
        self._lengths[id(item)] = lane.length
        return lane

    def _item(self, item: Json) -> Lane:
        kind = noun(item)
        if kind == "Clip":
            lane = self._clip(item)
        elif kind in _COMPOSITIONS:
            lane = self._retimed(item, self.track(item) if kind == "Track" else self.stack(item))
        else:
            duration = (item.get("source_range") or {}).get("duration")
            return Lane(self.clock.frames(duration) if duration else ZERO)
        return lane if item.get("enabled", True) else Lane(lane.length)

    def track(self, track: Json) -> Lane:
        """A track's whole content; its source range and effects are not applied."""
        position = ZERO
        events: list[Event] = []
        dissolves: dict[Fraction, tuple[Fraction, Fraction]] = {}
        for child in track.get("children") or ():
            if noun(child) == "Transition":
                dissolves[position] = (self._offset(child, "in_offset"), self._offset(child, "out_offset"))
                continue
            lane = self.item(child)
            if self.sound and is_ours(child):
                lane = Lane(lane.length)
            events.extend(event.later(position) for event in lane.events)
            # At its own ends a nest dissolves from and to nothing: that is no dissolve of its neighbours.
            inner = {at: offsets for at, offsets in lane.dissolves.items() if 0 < at < lane.length}
            dissolves.update({position + at: offsets for at, offsets in inner.items()})
            position += lane.length
        return Lane(position, tuple(events), dissolves)

    def stack(self, stack: Json) -> Lane:
        """A stack's whole content, later children on top; its source range and effects are not applied."""
        return self.over(list(stack.get("children") or ()))

    def over(self, children: list[Json], length: Fraction | None = None) -> Lane:
        """Children that begin together. Sound is never heard from pictures' tracks, nor seen from sound's."""
        lanes: list[Lane] = []
        longest = ZERO
        wanted = "Audio" if self.sound and any(child.get("kind") == "Audio" for child in children) else None
        for child in children:
            lane = self.item(child)
            longest = max(longest, lane.length)
            kind = track_kind(child)
            if kind == wanted or (wanted is None and (self.sound or kind in ("Video", ""))):
                lanes.append(lane)
        length = longest if length is None else length
        if self.sound:
            return Lane(length, tuple(event for lane in lanes for event in lane.events))
        if len(lanes) == 1 and lanes[0].length == length:
            return lanes[0]
        return overlay(lanes, length)

    def _offset(self, transition: Json, key: str) -> Fraction:
        offset = transition.get(key)
        return max(ZERO, self.clock.frames(offset)) if offset else ZERO

    def _clip(self, clip: Json) -> Lane:
        reference = active_reference(clip)
        name = clip_name(clip, reference)
        wanted = clip.get("source_range") or (reference or {}).get("available_range")
        if wanted is not None:
            start_s, length = clock.seconds(wanted["start_time"]), self.clock.frames(wanted["duration"])
        else:
            start_s, length = ZERO, self.media_length_s(reference, name) * self.clock.rate.fps
            if not length:
                text = (
                    f"the clip '{name}' has no length, neither in the timeline nor in a file: it was left out"
                )
                self.problems.append(Problem("length", text))
        if length <= 0:
            return Lane(ZERO)
        speed = self.speed(clip)
        frame_s = 1 / self.clock.rate.fps
        if speed < 0:
            start_s += -speed * (length - 1) * frame_s
        generated = noun(reference) == "GeneratorReference"
        if generated and str((reference or {}).get("generator_kind") or "").lower() == "black":
            return Lane(length)
        origin = Origin(name, reference, generated=generated)
        return Lane(length, (Event(ZERO, length, origin, start_s, speed, frame_s),))

    def _retimed(self, item: Json, content: Lane) -> Lane:
        wanted = item.get("source_range")
        start, length = ZERO, content.length
        if wanted is not None:
            start, length = self.clock.frames(wanted["start_time"]), self.clock.frames(wanted["duration"])
        return window(content, start, length, self.speed(item))

    def speed(self, item: Json) -> Fraction:
        """Source frames shown per frame: all linear retimes multiplied, 0 for a freeze."""
        speed = Fraction(1)
        for effect in item.get("effects") or ():
            if not effect.get("enabled", True):
                continue
            kind = noun(effect)
            if kind == "LinearTimeWarp":
                speed *= clock.exact_speed(effect["time_scalar"])
            elif kind == "FreezeFrame":
                speed = ZERO
            elif kind == "TimeEffect" or kind.endswith("TimeWarp"):
                text = (
                    f"the speed change of '{item.get('name') or ''}' ({effect['OTIO_SCHEMA']}) is not known"
                )
                self.problems.append(Problem("speed", f"{text}: it is looked at in its normal speed"))
        return speed


def active_reference(clip: Json) -> Json | None:
    """The media reference in use: hosts keep proxies and others beside it."""
    references = clip.get("media_references") or {}
    key = clip.get("active_media_reference_key") or "DEFAULT_MEDIA"
    reference = references.get(key)
    return reference if isinstance(reference, dict) else None


def clip_name(clip: Json, reference: Json | None) -> str:
    """What people call the clip: hosts that leave its name empty show its file's."""
    names = (
        clip.get("name"),
        (reference or {}).get("name"),
        name_of_url((reference or {}).get("target_url") or ""),
    )
    return next((str(name) for name in names if name), "")


def track_kind(item: Json) -> str:
    """ "Video", "Audio" or another word of a track; "" for what is no track."""
    return str(item.get("kind") or "Video") if noun(item) == "Track" else ""


def named(lane: Lane, track: str) -> Lane:
    """The lane with its events told which track of the timeline they come from."""
    events = tuple(replace(event, origin=replace(event.origin, track=track)) for event in lane.events)
    return Lane(lane.length, events, lane.dissolves)
