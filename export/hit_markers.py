"""The hits of finished cues as markers of a timeline, and how we know our own again.

A marker says what is asked of the music as the editor would write it ("must: door", "would 0.81: cut"), and
its comment what we planned ("Hitpoint 1m2@240 would 0.81"): hosts that drop foreign metadata keep that. One
that still lies as planned is ours and gives way to the next plan; one that was moved or renamed is the
editor's from then on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from ..engine.timebase import Rate
from ..engine.types import HitKind, Marker
from .earlier import root_shift
from .nodes import (
    OURS,
    RESOLVE,
    Json,
    frames_of,
    metadata_of,
    noun,
    own_spelling,
    spelled,
    time_range,
)
from .scored import ScoredCue

HIT_SCHEMA = "Hit.1"
_PLANNED = re.compile(r"Hitpoint (?P<cue>.+)@(?P<frame>\d{1,9}) (?P<sign>must|avoid|would \d\.\d\d)")
# Of those that OpenTimelineIO and Resolve both know.
_COLOURS: dict[HitKind, str] = {"must": "RED", "would": "YELLOW", "avoid": "BLUE"}

# strong: must, and would of strength .5 and more
Which = Literal["none", "strong", "all"]
_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class HitMarker:
    """`frame` is a record frame, at which the hit was planned; `what` is its name without the sign."""

    cue: str
    frame: int
    kind: HitKind
    strength: float
    what: str

    @property
    def ident(self) -> str:
        return f"{self.cue}@{self.frame}"

    @property
    def sign(self) -> str:
        """ "must", "would 0.81", "avoid" """
        return f"would {self.strength:.2f}" if self.kind == "would" else self.kind

    @property
    def name(self) -> str:
        what = " ".join(self.what.split())
        return f"{self.sign}: {what}" if what and what != self.kind else self.sign

    @property
    def note(self) -> str:
        return f"Hitpoint {' '.join(self.ident.split())} {self.sign}"

    @property
    def colour(self) -> str:
        return _COLOURS[self.kind]


def hit_markers(
    cues: Sequence[ScoredCue], editors: Collection[Marker], which: Which = "strong"
) -> tuple[HitMarker, ...]:
    """One for each hit, in time: all of them, or the strong ones, which decide the tempo. None where a marker
    of the editor asks for the hit: that one stands there already, and some hosts hold one a frame.
    """
    if which == "none":
        return ()
    taken = {marker.in_frame for marker in editors if marker.hit is not None}
    found: dict[int, HitMarker] = {}
    for scored in cues:
        cue = scored.cue
        for hit in sorted(scored.plan.hits, key=lambda hit: (hit.strength, hit.kind == "must")):
            inside = cue.in_frame <= hit.frame < cue.out_frame_exclusive
            wanted = hit.strong or (which == "all" and hit.kind == "would")
            if wanted and inside and hit.frame not in taken:
                found[hit.frame] = HitMarker(cue.name, hit.frame, hit.kind, hit.strength, hit.name)
    return tuple(found[frame] for frame in sorted(found))


def is_as_planned(name: str, note: str, frame: int) -> bool:
    """Whether a marker of record frame `frame` is ours, and asks for what we wrote where we wrote it."""
    planned = _PLANNED.fullmatch(note.strip())
    if planned is None or int(planned["frame"]) != frame:
        return False
    return name == planned["sign"] or name.startswith(f"{planned['sign']}: ")


def without_our_markers(data: Json) -> Json:
    """The timeline `data` without any marker that we made, moved or not: for programs that tell of theirs
    otherwise. `data` itself is not changed."""
    stack = data.get("tracks")
    markers = stack.get("markers") if isinstance(stack, dict) else None
    if not isinstance(stack, dict) or not isinstance(markers, list):
        return data
    staying = [
        one for one in markers if noun(one) != "Marker" or not _PLANNED.fullmatch(note_of(one).strip())
    ]
    return data if len(staying) == len(markers) else {**data, "tracks": {**stack, "markers": staying}}


def with_hit_markers(
    data: Json,
    hits: Sequence[HitMarker],
    spans: Sequence[_Span],
    *,
    rate: Rate,
    start_timecode_frame: int,
    frames: int,
) -> Json:
    """The timeline `data` with `hits` on its top stack, in place of ours within `spans` (record frames) that
    still lie as planned. `data` itself is not changed; `frames` long is the timeline.
    """
    stack = data["tracks"]
    shift = root_shift(stack, rate)
    markers = stack.get("markers")
    markers = markers if isinstance(markers, list) else []
    # Some hosts count the timeline's markers from its start timecode.
    zeros = (shift, start_timecode_frame)
    staying = [marker for marker in markers if not _gives_way(marker, spans, zeros, rate)]
    starts = [start for start in (_start(marker, rate) for marker in markers) if start is not None]
    end = start_timecode_frame + frames
    absolute = all(start_timecode_frame <= start <= end for start in starts) and any(
        start - shift > frames for start in starts
    )
    zero = start_timecode_frame if absolute else shift
    spelling = own_spelling(data, rate)
    made = [spelled(_marker(hit, zero, rate), rate, spelling) for hit in hits]
    if not made and len(staying) == len(markers):
        return data
    return {**data, "tracks": {**stack, "markers": [*staying, *made]}}


def _marker(hit: HitMarker, zero: int, rate: Rate) -> Json:
    return {
        "OTIO_SCHEMA": "Marker.2",
        "metadata": {
            OURS: {
                "schema": HIT_SCHEMA,
                "cue": hit.cue,
                "frame": hit.frame,
                "kind": hit.kind,
                "strength": round(hit.strength, 4),
            },
            RESOLVE: {"Note": hit.note},
        },
        "name": hit.name,
        "color": hit.colour,
        "marked_range": time_range(zero + hit.frame, 1, rate),
        "comment": hit.note,
    }


def _gives_way(marker: object, spans: Sequence[_Span], zeros: Sequence[int], rate: Rate) -> bool:
    start = _start(marker, rate)
    if start is None:
        return False
    assert isinstance(marker, dict)
    name, note = str(marker.get("name") or ""), note_of(marker)
    return any(
        is_as_planned(name, note, start - zero) and any(first <= start - zero < last for first, last in spans)
        for zero in zeros
    )


def note_of(marker: Json) -> str:
    """A marker's comment; Resolve has it among its own metadata."""
    comment, note = marker.get("comment"), metadata_of(marker, RESOLVE).get("Note")
    return next((text for text in (comment, note) if isinstance(text, str) and text), "")


def _start(marker: object, rate: Rate) -> int | None:
    if noun(marker) != "Marker":
        return None
    assert isinstance(marker, dict)
    span = marker.get("marked_range") or marker.get("range")
    return frames_of(span.get("start_time"), rate) if isinstance(span, dict) else None
