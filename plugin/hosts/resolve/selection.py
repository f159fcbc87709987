"""Which stretch the user means: the first of Resolve's ways to choose that says anything."""

from __future__ import annotations

from collections.abc import Iterable

from ....engine.types import Span
from ..base import Selected
from .api import Timeline, TimelineItem, has, listed, whole
from .frames import Clock, RelFrame
from .items import KINDS, handles, items, tracks
from .markers import ours_of
from .opened import Opened
from .reading import length

# The colour that means "score these" where a version does not tell what is selected.
CLIP_COLOUR = "Lime"


def selected(opened: Opened) -> Selected:
    """In this order: selected clips, in and out marks, clips of our colour, clips under our markers, the clip
    at the playhead, the whole timeline."""
    timeline, clock = opened.timeline, opened.clock
    frames = length(timeline, clock)
    spans = _inside(_clips(timeline, clock), frames)
    if spans:
        return Selected(spans, "the clips that are selected in DaVinci Resolve")
    marks = _marks(timeline, frames)
    if marks:
        return Selected(_inside([marks], frames), "the in and out marks")
    pictures = [track.index for track in tracks(timeline, "video")]
    coloured = [
        one
        for index in pictures
        for one in handles(timeline, "video", index)
        if one.GetClipColor() == CLIP_COLOUR
    ]
    spans = _inside([span for one in coloured if (span := _span(one, clock))], frames)
    if spans:
        return Selected(spans, f"the clips of the colour {CLIP_COLOUR}")
    hits = [Span(marker.in_frame, marker.in_frame + 1) for marker in ours_of(timeline)]
    under = [
        (item.in_frame, item.out_frame_exclusive)
        for track in (tracks(timeline, "video") if hits else ())
        for item in items(timeline, track, clock, hits)
        if item.kind != "transition"
    ]
    spans = _inside(under, frames)
    if spans:
        return Selected(spans, "the clips under Hitpoint's markers")
    at_playhead = timeline.GetCurrentVideoItem() if has(timeline, "GetCurrentVideoItem") else None
    spans = _inside([span] if at_playhead is not None and (span := _span(at_playhead, clock)) else [], frames)
    if spans:
        return Selected(spans, "nothing is selected: the clip at the playhead")
    return Selected(_inside([(0, frames)], frames), "nothing is selected: the whole timeline")


def merged(spans: Iterable[tuple[int, int]]) -> tuple[Span, ...]:
    """In time; those that touch or overlap are one."""
    out: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if out and first <= out[-1][1]:
            out[-1] = out[-1][0], max(last, out[-1][1])
        else:
            out.append((first, last))
    return tuple(Span(first, last) for first, last in out)


def _inside(spans: Iterable[tuple[int, int]], frames: int) -> tuple[Span, ...]:
    cut = ((max(0, first), min(frames, last)) for first, last in spans)
    return merged((first, last) for first, last in cut if first < last)


def _clips(timeline: Timeline, clock: Clock) -> list[tuple[int, int]]:
    """Picture decides where there is any: sound that is linked to it may be longer or shorter."""
    if not has(timeline, "GetSelectedClips"):
        return []
    chosen = listed(timeline.GetSelectedClips())
    picture = [one for one in chosen if _kind(one) == "video"]
    return [span for one in picture or chosen if (span := _span(one, clock))]


def _kind(item: TimelineItem) -> str:
    told = item.GetTrackTypeAndIndex() if has(item, "GetTrackTypeAndIndex") else None
    return str(told[0]) if told else ""


def _span(item: TimelineItem, clock: Clock) -> tuple[int, int] | None:
    start, frames = whole(item.GetStart()), whole(item.GetDuration())
    if start is None or frames is None:
        return None
    first = clock.relative(start)
    return first, first + frames


def _marks(timeline: Timeline, frames: int) -> tuple[int, int] | None:
    """Counted from the timeline's start; the out mark is the last frame inside. One mark alone reaches to the
    timeline's end."""
    if not has(timeline, "GetMarkInOut"):
        return None
    told = timeline.GetMarkInOut() or {}
    for kind in KINDS:
        marks = told.get(kind) or {}
        first, last = whole(marks.get("in")), whole(marks.get("out"))
        if first is not None or last is not None:
            break
    else:
        return None
    span = (RelFrame(first or 0), RelFrame(frames if last is None else last + 1))
    return span if span[0] < min(span[1], frames) else None
