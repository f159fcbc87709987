"""The frame rate of a timeline, which OpenTimelineIO files do not state: what its pictures are counted in."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from ...engine.errors import OptionError, Problem
from ...engine.timebase import Rate
from . import clock
from .flatten import active_reference, track_kind
from .schemas import Json, is_ours, noun

# A rate above is a sample rate; audio clips are often counted in it.
_HIGHEST_PICTURE_RATE = 240
_UNSAID = Rate(24)


def timeline_rate(timeline: Json, wanted: Rate | None, said: Rate | None) -> tuple[Rate, tuple[Problem, ...]]:
    """The rate of the picture clips, by duration; the global start time's where some picture has it.

    `wanted` is the user's word and wins; `said` is what the file's format states. Without any picture the
    sound's rate is taken if it can be a picture's.
    """
    said = said or _said(timeline)
    if wanted is not None:
        if said in (None, wanted):
            return wanted, ()
        text = (
            f"the timeline has {said} frames a second, and {wanted} was asked for: cuts may move by a frame"
        )
        return wanted, (Problem("rate", text),)
    if said is not None:
        return said, ()
    return _UNSAID, (
        Problem("rate", f"the timeline names no frame rate: {_UNSAID} was taken; give it with --rate"),
    )


def _said(timeline: Json) -> Rate | None:
    tracks = [track for track in timeline["tracks"].get("children") or () if not is_ours(track)]
    start = _rate(timeline.get("global_start_time"))
    for kind in ("Video", "Audio"):
        votes: dict[Rate, Fraction] = {}
        for track in tracks:
            if track_kind(track) in (kind, ""):
                _count(track, votes)
        if start in votes:
            return start
        if votes:
            # Of equals the first met: dictionaries keep their order.
            return max(votes, key=lambda rate: votes[rate])
    return start


def _count(item: Json, votes: dict[Rate, Fraction]) -> None:
    if noun(item) in ("Clip", "Gap"):
        span = item.get("source_range") or (active_reference(item) or {}).get("available_range")
        rate = _rate((span or {}).get("duration"))
        if rate is not None and span is not None:
            votes[rate] = votes.get(rate, Fraction(0)) + clock.seconds(span["duration"])
        return
    for child in item.get("children") or ():
        _count(child, votes)


def _rate(time: Json | None) -> Rate | None:
    return None if time is None else _picture_rate(time["rate"])


@lru_cache(maxsize=256)
def _picture_rate(rate: float) -> Rate | None:
    # A time of 0 at rate 1 is what libraries write when nothing was said.
    if not 1 < rate <= _HIGHEST_PICTURE_RATE:
        return None
    try:
        return Rate.of(rate)
    except OptionError:
        return None
