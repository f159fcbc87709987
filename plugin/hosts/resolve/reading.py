"""The timeline that is open, read whole, or looked at in passing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from ..base import Glance, HostError, Read, Seen
from .api import Resolve, Timeline, whole
from .bins import media, our_bin
from .export import exported, signed, write
from .frames import Clock
from .items import KINDS, Lane, handles, lanes, seen
from .opened import ident_of, opened, project_of
from .ours import Ours, found, noted

# Starts of more items than these are not asked for every second.
_MANY = 100


def read(resolve: Resolve, folder: Path) -> Read:
    now = opened(resolve)
    here = lanes(now.timeline, now.clock)
    made = exported(resolve, now, folder)
    paths = [path for path, _ in media(our_bin(now.pool))]
    ours = found(now, here, noted(now.ident), paths, made.levels(now.clock.rate))
    path = write(signed(made.data, ours, now.clock.rate), now, folder)
    return Read(
        path=str(path.absolute()),
        name=now.name,
        ident=now.ident,
        rate=now.clock.rate,
        start_frame=now.clock.start,
        frames=max((item.out_frame_exclusive for _, lane in here for item in lane), default=0),
        seen=editors(here, ours),
        problems=made.problems,
    )


def editors(here: Sequence[Lane], ours: Ours) -> tuple[Seen, ...]:
    """All items but ours, in the order of tracks and time. Tracks of ours that come or go among those of the
    editor change nothing."""
    mine = ours.idents()
    our_tracks = {one.track.index for one in ours.tracks}
    out = []
    for track, lane in here:
        before = sum(index < track.index for index in our_tracks) if track.kind == "audio" else 0
        out += [seen(item, track.index - before) for item in lane if not item.ident or item.ident not in mine]
    return tuple(out)


def glance(resolve: Resolve) -> Glance:
    """Names, counts and lengths: what most edits change, asked with few calls. Starts of items too while they
    are few; music of ours is left out."""
    project = project_of(resolve)
    timeline = project.GetCurrentTimeline()
    if timeline is None:
        return Glance("", "")
    ident = ident_of(project, timeline)
    ours = _our_tracks(ident)
    told: list[object] = [timeline.GetName(), timeline.GetStartFrame()]
    lying = 0
    for kind in KINDS:
        for index in range(1, (whole(timeline.GetTrackCount(kind)) or 0) + 1):
            if kind == "audio" and timeline.GetTrackName(kind, index) in ours:
                continue
            there = handles(timeline, kind, index)
            lying += len(there)
            told.append([kind, index, len(there)])
            if lying <= _MANY:
                told.append([one.GetStart() for one in there])
            told.extend([one.GetStart(), one.GetDuration()] for one in there[-1:])
    return Glance(ident, hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32])


def _our_tracks(ident: str) -> set[str]:
    try:
        return {one.name for one in noted(ident).tracks}
    except HostError:
        # Told where it matters: when something is read or placed.
        return set()


def length(timeline: Timeline, clock: Clock) -> int:
    """Frames up to the end of the last item."""
    ends = [
        clock.relative(start + frames)
        for kind in KINDS
        for index in range(1, (whole(timeline.GetTrackCount(kind)) or 0) + 1)
        for one in handles(timeline, kind, index)[-1:]
        if (start := whole(one.GetStart())) is not None and (frames := whole(one.GetDuration())) is not None
    ]
    return max(ends, default=0)
