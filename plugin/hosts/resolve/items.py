"""What lies on the tracks. Resolve lists transitions and generators among the items: neither has a medium,
so they are told apart by where they lie."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import PurePath
from typing import Literal

from ....engine.errors import OptionError
from ....engine.timebase import Rate, parse_timecode
from ....engine.types import Span
from ..base import HostError, Seen
from .api import MediaPoolItem, Timeline, TimelineItem, asked, listed, whole
from .frames import Clock, RelFrame, rate_of

TrackKind = Literal["video", "audio"]
ItemKind = Literal["clip", "transition", "generator"]
# What is seen and heard; subtitles do not concern the music.
KINDS: tuple[TrackKind, ...] = ("video", "audio")


@dataclass(frozen=True, slots=True)
class Track:
    """`index` counts from 1."""

    kind: TrackKind
    index: int
    name: str
    enabled: bool
    locked: bool


@dataclass(frozen=True, slots=True)
class Item:
    """`ident` of sound alone; `name` of the file where it has one. `source`: first and last-exclusive source
    frame at the medium's own rate; first > last runs backwards; None where Resolve does not tell (0 to 0)."""

    handle: TimelineItem
    track: Track
    ident: str
    name: str
    kind: ItemKind
    in_frame: RelFrame
    out_frame_exclusive: RelFrame
    medium: MediaPoolItem | None
    path: str
    source: tuple[float, float] | None
    enabled: bool

    @property
    def frames(self) -> int:
        return self.out_frame_exclusive - self.in_frame


Lane = tuple[Track, list[Item]]


def tracks(timeline: Timeline, kind: TrackKind) -> Iterator[Track]:
    for index in range(1, (whole(timeline.GetTrackCount(kind)) or 0) + 1):
        yield Track(
            kind,
            index,
            str(timeline.GetTrackName(kind, index) or ""),
            asked(timeline, "GetIsTrackEnabled", kind, index) is not False,
            asked(timeline, "GetIsTrackLocked", kind, index) is True,
        )


def lanes(
    timeline: Timeline,
    clock: Clock,
    within: Sequence[Span] | None = None,
    whole: Callable[[Track], bool] = lambda track: False,
) -> list[Lane]:
    """All tracks with what lies on them; where `within` is given, of tracks that need not be `whole` only
    what touches that: an item takes eight calls, and a long film has thousands."""
    return [
        (track, items(timeline, track, clock, None if whole(track) else within))
        for kind in KINDS
        for track in tracks(timeline, kind)
    ]


def items(timeline: Timeline, track: Track, clock: Clock, within: Sequence[Span] | None = None) -> list[Item]:
    """Of one track, in time; only what touches `within`, where it is given."""
    found = [
        item
        for handle in handles(timeline, track.kind, track.index)
        if (item := _item(handle, track, clock, within)) is not None
    ]
    return _classified(sorted(found, key=lambda item: (item.in_frame, item.out_frame_exclusive)))


def handles(timeline: Timeline, kind: str, index: int) -> list[TimelineItem]:
    return listed(timeline.GetItemListInTrack(kind, index))


def ident_of(handle: TimelineItem) -> str:
    return str(asked(handle, "GetUniqueId") or "")


def path_of(medium: MediaPoolItem) -> str:
    return str(medium.GetClipProperty("File Path") or "")


def fps_of(medium: MediaPoolItem) -> Rate:
    """The rate at which source frames of the medium count. HostError where Resolve tells none: another would
    be a guess."""
    told = medium.GetClipProperty("FPS")
    if told in (None, ""):
        raise HostError(
            f"DaVinci Resolve does not tell at which rate it counts '{medium.GetName()}': import the scored "
            "timeline instead (File, Import, Timeline)"
        )
    return rate_of(told)[0]


def start_frame(medium: MediaPoolItem) -> int:
    """The timecode of the medium's first frame, in its own frames; 0 where it has none."""
    text = str(medium.GetClipProperty("Start TC") or "")
    try:
        return parse_timecode(text, fps_of(medium))
    except OptionError:
        return 0


def same_path(one: str, other: str) -> bool:
    return os.path.normcase(os.path.normpath(one)) == os.path.normcase(os.path.normpath(other))


def speed_of(item: Item, clock: Clock) -> Fraction | None:
    """Source seconds shown a record second, below 0 backwards: no call tells it. None where it is unknown."""
    if item.source is None or item.medium is None or not item.frames:
        return None
    fps = fps_of(item.medium).fps
    span = Fraction(item.source[1] - item.source[0])
    wanted = clock.rate.seconds(item.frames) * fps
    # Whole frames at another rate do not come out even, and the last frame is counted by some versions.
    return Fraction(1) if abs(span - wanted) <= 1 else span / wanted


def seen(item: Item, place: int) -> Seen:
    """`place` of its track among those of the editor."""
    told = [
        item.kind,
        item.track.kind,
        place,
        item.track.enabled,
        item.path or item.name,
        item.source,
        item.enabled,
    ]
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    return Seen(item.in_frame, item.out_frame_exclusive, digest[:32])


def _item(handle: TimelineItem, track: Track, clock: Clock, within: Sequence[Span] | None) -> Item | None:
    """None for a handle of something that is no longer there: its methods answer None, or are None."""
    start, frames = whole(asked(handle, "GetStart")), whole(asked(handle, "GetDuration"))
    if start is None or frames is None:
        return None
    begin = clock.relative(start)
    if within is not None and not any(
        begin < span.out_frame_exclusive and span.in_frame < begin + frames for span in within
    ):
        return None
    medium = handle.GetMediaPoolItem()
    path = path_of(medium) if medium is not None else ""
    return Item(
        handle,
        track,
        # Ours are among the sound.
        ident_of(handle) if track.kind == "audio" else "",
        PurePath(path).name if path else str(handle.GetName() or ""),
        "clip" if medium is not None else "generator",
        begin,
        RelFrame(begin + frames),
        medium,
        path,
        _source(handle) if medium is not None else None,
        asked(handle, "GetClipEnabled") is not False,
    )


def _source(handle: TimelineItem) -> tuple[float, float] | None:
    first, end = asked(handle, "GetSourceStartFrame"), asked(handle, "GetSourceEndFrame")
    if first is None or end is None or (not first and not end):
        return None
    return float(first), float(end)


def _classified(found: list[Item]) -> list[Item]:
    """An item without a medium that shares frames with a neighbour straddles a cut, or lies at a clip's end:
    it is a transition. One that has its place for itself is a generator."""
    out = []
    for item in found:
        if item.kind == "generator" and any(
            other is not item
            and other.in_frame < item.out_frame_exclusive
            and item.in_frame < other.out_frame_exclusive
            for other in found
        ):
            item = replace(item, kind="transition")
        out.append(item)
    return out
