"""A timeline as OTIO where Resolve cannot write it: from what it tells of its tracks and items, in its own
dialect."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from ....engine.errors import OptionError
from ....export.nodes import RESOLVE, clip, gap, rational_time, time_range
from ..base import HostError
from .frames import Clock
from .items import KINDS, Item, Track, fps_of, items, speed_of, tracks
from .opened import Opened

Json = dict[str, Any]

_GENERATOR = "GeneratorReference.1"
_MISSING = "MissingReference.1"


def walked(opened: Opened) -> tuple[Json, tuple[str, ...]]:
    """The timeline, and sentences on what could not be told of it. Transitions are left out: an item's own
    place ends at its cut."""
    problems: list[str] = []
    children = [
        _track(track, items(opened.timeline, track, opened.clock), opened.clock, problems)
        for kind in KINDS
        for track in tracks(opened.timeline, kind)
    ]
    stack = _node("Stack.1", "tracks", children=children)
    timeline = {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {RESOLVE: {"Resolve OTIO Meta Version": "1.0"}},
        "name": opened.name,
        "global_start_time": rational_time(opened.clock.start, opened.clock.rate),
        "tracks": stack,
    }
    return timeline, tuple(dict.fromkeys(problems))


def _track(track: Track, found: list[Item], clock: Clock, problems: list[str]) -> Json:
    children: list[Json] = []
    at = 0
    for item in found:
        if item.kind == "transition" or item.in_frame < at:
            # What lies on another is not seen in its own right.
            continue
        if item.in_frame > at:
            children.append(gap(item.in_frame - at, clock.rate))
        children.append(_item(item, clock, problems))
        at = item.out_frame_exclusive
    metadata = {RESOLVE: {"Locked": track.locked}}
    kind = "Video" if track.kind == "video" else "Audio"
    return {
        **_node("Track.1", track.name, metadata, children=children),
        "kind": kind,
        "enabled": track.enabled,
    }


def _item(item: Item, clock: Clock, problems: list[str]) -> Json:
    if item.kind == "generator":
        # A title, or an adjustment of what lies below.
        return {**_opaque(item, clock, _GENERATOR), "enabled": item.enabled}
    if item.medium is None or not item.path:
        return {**_opaque(item, clock, _MISSING), "enabled": item.enabled}
    try:
        speed, fps = speed_of(item, clock), fps_of(item.medium)
    except (HostError, OptionError):
        speed = None
    if speed is None or item.source is None:
        problems.append(
            f"DaVinci Resolve does not tell which frames '{item.name}' shows at "
            f"{clock.timecode(item.in_frame)}: its pictures are unseen"
        )
        return {**_opaque(item, clock, _MISSING), "enabled": item.enabled}
    first = round(min(item.source))
    length = round(abs(item.source[1] - item.source[0])) or 1
    # The medium is as long as is known of it: up to the last frame that is shown. The length on the record is
    # the item's own, also where it runs at another speed.
    available = time_range(0, first + length, fps)
    source = {
        "OTIO_SCHEMA": "TimeRange.1",
        "duration": rational_time(item.frames, clock.rate),
        "start_time": rational_time(first, fps),
    }
    effects = [] if speed == 1 else [_warp(float(speed))]
    made = clip(PurePath(item.path).name, item.path, available, source, {}, {})
    return {**made, "name": item.name, "enabled": item.enabled, "effects": effects}


def _opaque(item: Item, clock: Clock, schema: str) -> Json:
    """A clip of which nothing is known but its length."""
    length = time_range(0, item.frames, clock.rate)
    made = clip(item.name, "", length, length, {}, {})
    reference = {"OTIO_SCHEMA": schema, "metadata": {}, "name": item.name, "available_range": length}
    if schema == _GENERATOR:
        reference |= {"generator_kind": item.name, "parameters": {}}
    return {**made, "media_references": {made["active_media_reference_key"]: reference}}


def _warp(speed: float) -> Json:
    return {
        "OTIO_SCHEMA": "LinearTimeWarp.1",
        "metadata": {},
        "name": "",
        "effect_name": "LinearTimeWarp",
        "time_scalar": speed,
        "enabled": True,
    }


def _node(schema: str, name: str, metadata: Json | None = None, *, children: list[Json]) -> Json:
    return {
        "OTIO_SCHEMA": schema,
        "metadata": metadata or {},
        "name": name,
        "source_range": None,
        "effects": [],
        "markers": [],
        "enabled": True,
        "children": children,
    }
