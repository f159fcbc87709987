"""Stretches of one draft put into another: what lies outside stays as it was, note for note."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from .form import TICKS
from .harmony import Span
from .notes import Event

# From and up to, in ticks.
Stretch = tuple[int, int]
# What is left of a held note after a border is struck anew when it is this long.
_WORTH = TICKS // 2


def inside(events: Iterable[Event], stretch: Stretch, *, struck_anew: bool = True) -> list[Event]:
    """What sounds in a stretch, cut to it. Held notes from before are struck anew at its start."""
    start, end = stretch
    out = []
    for event in events:
        if event.end <= start or event.tick >= end:
            continue
        if event.tick < start:
            lasts = event.end - start >= _WORTH and event.kind in ("line", "calm") and event.stem != "drums"
            if not (struck_anew and lasts):
                continue
        tick = max(event.tick, start)
        out.append(replace(event, tick=tick, ticks=min(event.end, end) - tick))
    return out


def outside(events: Iterable[Event], stretch: Stretch, *, struck_anew: bool = True) -> list[Event]:
    """What sounds before and after a stretch, cut to that; held notes come back after it if `struck_anew`."""
    start, end = stretch
    out = []
    for event in events:
        if event.tick >= end or event.end <= start:
            # The very notes of before, not copies cut to nothing.
            out.append(replace(event))
            continue
        out += inside([event], (event.tick, start)) if event.tick < start else []
        out += inside([event], (end, event.end), struck_anew=struck_anew) if event.end > end else []
    return out


def spliced(
    events: Sequence[Event], other: Sequence[Event], stretch: Stretch, stems: Sequence[str] = ()
) -> list[Event]:
    """`events` with those of `other` in a stretch; of some stems, or of all."""
    mine = [event for event in events if not stems or event.stem in stems]
    rest = [event for event in events if stems and event.stem not in stems]
    theirs = [event for event in other if not stems or event.stem in stems]
    return [*rest, *outside(mine, stretch), *inside(theirs, stretch)]


def spliced_spans(spans: Sequence[Span], other: Sequence[Span], stretch: Stretch) -> tuple[Span, ...]:
    """The chords with those of `other` in a stretch. Both begin and end where the other does."""
    start, end = stretch
    out = [
        replace(span, tick=max(span.tick, low), end=min(span.end, high))
        for source, low, high in (
            (spans, spans[0].tick, start),
            (other, start, end),
            (spans, end, spans[-1].end),
        )
        for span in source
        if span.tick < high and span.end > low
    ]
    return tuple(span for span in out if span.end > span.tick)
