"""CMX 3600 edit lists: what the library's reader needs prepared, and what it leaves in a form of its own."""

from __future__ import annotations

import re
from fractions import Fraction

from ...engine.errors import InputError, Problem
from ...engine.timebase import Rate
from . import otiojson
from .schemas import Json

_EVENT = re.compile(r"^\s*\d+\s")
_TIMECODE = re.compile(r"\b(\d{1,2}:\d{2}:\d{2})[:;.](\d{2,3})\b")
_REVERSED = re.compile(r"^\s*M2\b.*\s-\d", re.IGNORECASE)


def prepared(data: bytes, name: str, rate: Rate) -> tuple[str, bool]:
    """The list's text with its drop-frame timecodes marked as such, and whether there are any.

    `FCM: DROP FRAME` rules the events that follow it, also where they are written with colons (CMX 3600).
    InputError when it is no edit list.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    lines = text.splitlines()
    if not any(_EVENT.match(line) and len(_TIMECODE.findall(line)) == 4 for line in lines):
        raise InputError(f"'{name}' holds no event of a CMX 3600 edit list: export it again, or as .otio")
    drop, any_drop = False, False
    out = []
    for line in lines:
        if line.strip().upper().startswith("FCM"):
            drop = "NON" not in line.upper()
        if _EVENT.match(line):
            drops = rate.drops and (drop or ";" in line)
            any_drop = any_drop or drops
            line = _TIMECODE.sub(rf"\1{';' if drops else ':'}\2", line)
        elif line.lstrip().startswith("M2"):
            line = line.replace(";", ":")  # all that the library's pattern knows
        out.append(line)
    return "\n".join(out) + "\n", any_drop


def normalise(timeline: Json, rate: Rate) -> None:
    """Give the timeline its start timecode, and each track its distance from it as a leading gap.

    The reader writes a track's first record timecode as the negated start of its source range, where nothing
    is.
    """
    tracks = [track for track in timeline["tracks"]["children"] if track.get("source_range")]
    starts = [-track["source_range"]["start_time"]["value"] for track in tracks]
    if not starts or timeline.get("global_start_time") is not None:
        return
    first = min(starts)
    for track, start in zip(tracks, starts, strict=True):
        track["source_range"] = None
        if start > first:
            length_s = rate.seconds(round(start - first))
            track["children"].insert(0, otiojson.gap(otiojson.span(Fraction(0), length_s, rate)))
    timeline["global_start_time"] = otiojson.time(rate.seconds(round(first)), rate)


def problems(text: str, timeline: Json) -> tuple[Problem, ...]:
    """What the library's reader drops: a reversed clip whose source is as long as its record."""
    said = sum(1 for line in text.splitlines() if _REVERSED.match(line))
    kept = sum(
        1
        for track in timeline["tracks"]["children"]
        for clip in track.get("children") or ()
        for effect in clip.get("effects") or ()
        if effect.get("time_scalar", 1) < 0
    )
    if said <= kept:
        return ()
    return (Problem("speed", f"{said - kept} reversed clips of the edit list are looked at forwards"),)
