"""Final Cut Pro 7 XML, by OpenTimelineIO's adapter, from a copy that the adapter can hold.

The adapter fails on missing ranges and nested stacks, and loses time warps without a word (measured with
1.0). The copy has whole frames of one rate, every range, no nests, no disabled clips (the format would
sound them), and nothing else; what is lost on the way is said. The result is read back and compared before
it is given out.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..engine.errors import EngineFault, Problem
from ..engine.timebase import Rate
from ..engine.urls import RefusedUrl, path_of_url, url_of_path
from .earlier import root_shift
from .nodes import (
    MEDIA_KEY,
    Json,
    children_of,
    frames_of,
    gap,
    media_of,
    noun,
    rational_time,
    start_and_frames,
    time_range,
)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A clip as seen on a flat track: frames `start` to `end` show the clip from source frame `source`."""

    start: int
    end: int
    source: int
    item: Json

    def between(self, start: int, end: int) -> _Piece:
        first = max(self.start, start)
        return replace(self, start=first, end=min(self.end, end), source=self.source + first - self.start)

    def later(self, by: int) -> _Piece:
        return replace(self, start=self.start + by, end=self.end + by)


@dataclass(frozen=True, slots=True)
class _Dissolve:
    """A transition whose middle, the cut, lies at `at`."""

    at: int
    item: Json


@dataclass(frozen=True, slots=True)
class _Flat:
    length: int
    pieces: tuple[_Piece, ...]
    dissolves: tuple[_Dissolve, ...] = ()


class _Losses:
    def __init__(self) -> None:
        self.warps: list[str] = []
        self.dissolves: list[str] = []
        self.disabled: list[str] = []
        self.nests: list[str] = []
        self.other: list[str] = []

    def problems(self) -> tuple[Problem, ...]:
        out = [Problem("fcp7", "FCP7 XML holds neither track names nor clip metadata: they are lost")]
        for kind, names, what in (
            (
                "fcp7_warp",
                self.warps,
                "speed changes and other effects are dropped, the clips play at their own speed",
            ),
            ("fcp7_dissolve", self.dissolves, "dissolves are dropped, a hard cut is left"),
            ("fcp7_disabled", self.disabled, "what is switched off is left out"),
            ("fcp7_nest", self.nests, "nested sequences are replaced by what they show"),
            ("fcp7_other", self.other, "media other than plain files are left offline"),
        ):
            if names:
                shown = ", ".join(f"'{name}'" for name in names[:8]) + (", ..." if len(names) > 8 else "")
                out.append(Problem(kind, f"FCP7 XML: {what}: {shown}"))
        return tuple(out)


def fcp7_xml(data: Json, rate: Rate, base: Path) -> tuple[bytes, tuple[Problem, ...]]:
    """The XML of a placed timeline and what it does not hold. `base`: folder from which relative urls count.

    EngineFault when the adapter's output, read back, is not what was given to it.
    """
    import opentimelineio

    losses = _Losses()
    plain = _plain(data, rate, base, losses)
    adapter = "fcp_xml"
    timeline = opentimelineio.adapters.read_from_string(json.dumps(plain), "otio_json")
    xml: str = opentimelineio.adapters.write_to_string(timeline, adapter)
    again = opentimelineio.adapters.read_from_string(xml, adapter)
    if _events(timeline) != _events(again):
        raise EngineFault("the FCP7 XML, read back, differs from the timeline: use --format otio")
    return xml.encode("utf-8"), losses.problems()


def _events(timeline: Any) -> list[list[tuple[str, int, int, int]]]:
    """Clips of each track as (file, first frame, length, offset in the file), empty tracks left out."""
    out = []
    for track in timeline.tracks:
        events = []
        for item in track.find_clips(shallow_search=True):
            place = track.range_of_child(item)
            media = item.media_reference
            start = media.available_range.start_time if media.available_range else None
            offset = item.source_range.start_time
            if start is not None:
                offset -= start
            url = getattr(media, "target_url", "")
            times = (place.start_time, place.duration, offset)
            events.append((url, *(round(time.value) for time in times)))
        if events:
            out.append(events)
    return out


def _plain(data: Json, rate: Rate, base: Path, losses: _Losses) -> Json:
    stack = data["tracks"]
    shift = root_shift(stack, rate)
    tracks = []
    for child in children_of(stack):
        name = str(child.get("name", "")) if isinstance(child, dict) else ""
        if not isinstance(child, dict) or not child.get("enabled", True):
            losses.disabled.append(name)
            continue
        kind = "Audio" if child.get("kind") == "Audio" else "Video"
        flat = _flat(child, rate, kind, losses, nested=noun(child) != "Track")
        if shift:
            flat = _window(flat, shift, max(0, flat.length - shift))
        tracks.append(_track(_text(name), kind, flat, rate, base, losses))
    start = frames_of(data.get("global_start_time"), rate)
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {},
        "name": _text(data.get("name")) or "timeline",
        "global_start_time": rational_time(start or 0, rate),
        "tracks": {
            "OTIO_SCHEMA": "Stack.1",
            "metadata": {},
            "name": "tracks",
            "source_range": None,
            "effects": [],
            "markers": _markers(stack, rate),
            "enabled": True,
            "children": tracks,
        },
    }


def _text(value: object) -> str:
    """XML cannot hold control characters."""
    text = value if isinstance(value, str) else ""
    return "".join(letter for letter in text if unicodedata.category(letter) not in ("Cc", "Cs", "Cn"))


def _markers(owner: Json, rate: Rate) -> list[Json]:
    out = []
    for marker in owner.get("markers") or []:
        if noun(marker) != "Marker":
            continue
        span = start_and_frames(marker.get("marked_range") or marker.get("range"), rate)
        if span is not None:
            out.append(
                {
                    "OTIO_SCHEMA": "Marker.2",
                    "metadata": {},
                    "name": _text(marker.get("name")),
                    "color": "RED",
                    "marked_range": time_range(*span, rate),
                    "comment": _text(marker.get("comment")),
                }
            )
    return out


def _flat(item: Json, rate: Rate, kind: str, losses: _Losses, *, nested: bool) -> _Flat:
    """What `item` shows, as pieces from its frame 0 on."""
    name = str(item.get("name", ""))
    what = noun(item)
    span = start_and_frames(item.get("source_range"), rate)
    if nested and what in ("Stack", "Track"):
        losses.nests.append(name)
    if item.get("effects"):
        losses.warps.append(name)
    if what == "Clip":
        media = media_of(item) or {}
        span = span or start_and_frames(media.get("available_range"), rate) or (0, 0)
        return _Flat(span[1], (_Piece(0, span[1], span[0], item),) if span[1] else ())
    if what == "Track":
        flat = _flat_track(item, rate, kind, losses, nested=nested)
    elif what == "Stack":
        flat = _flat_stack(item, rate, kind, losses)
    else:
        return _Flat(span[1] if span else 0, ())
    return flat if span is None else _window(flat, *span)


def _flat_track(track: Json, rate: Rate, kind: str, losses: _Losses, *, nested: bool) -> _Flat:
    at = 0
    pieces: list[_Piece] = []
    dissolves: list[_Dissolve] = []
    for child in children_of(track):
        if noun(child) == "Transition":
            if nested or kind == "Audio":
                losses.dissolves.append(str(child.get("name", "")))
            else:
                dissolves.append(_Dissolve(at, child))
        elif isinstance(child, dict):
            flat = _flat(child, rate, kind, losses, nested=True)
            if child.get("enabled", True):
                pieces += [piece.later(at) for piece in flat.pieces]
            else:
                losses.disabled.append(str(child.get("name", "")))
            at += flat.length
    return _Flat(at, tuple(pieces), tuple(dissolves))


def _flat_stack(stack: Json, rate: Rate, kind: str, losses: _Losses) -> _Flat:
    """The topmost piece everywhere; of sound, which would be mixed, the upper one hides the lower as well."""
    length = 0
    shown: list[_Piece] = []
    for child in reversed(children_of(stack)):
        if not isinstance(child, dict) or not child.get("enabled", True):
            continue
        if noun(child) == "Track" and (child.get("kind") == "Audio") != (kind == "Audio"):
            continue
        flat = _flat(child, rate, kind, losses, nested=True)
        length = max(length, flat.length)
        for piece in flat.pieces:
            shown += _uncovered(piece, shown)
    return _Flat(length, tuple(sorted(shown, key=lambda piece: piece.start)))


def _uncovered(piece: _Piece, above: Sequence[_Piece]) -> list[_Piece]:
    out = []
    at = piece.start
    for cover in sorted(above, key=lambda one: one.start):
        if cover.end > at and cover.start < piece.end:
            if cover.start > at:
                out.append(piece.between(at, cover.start))
            at = max(at, cover.end)
    if at < piece.end:
        out.append(piece.between(at, piece.end))
    return out


def _window(flat: _Flat, start: int, length: int) -> _Flat:
    end = start + length
    seen = [piece.between(start, end) for piece in flat.pieces if piece.end > start and piece.start < end]
    cuts = [replace(one, at=one.at - start) for one in flat.dissolves if start < one.at < end]
    return _Flat(length, tuple(piece.later(-start) for piece in seen), tuple(cuts))


def _track(name: str, kind: str, flat: _Flat, rate: Rate, base: Path, losses: _Losses) -> Json:
    children: list[Json] = []
    at = 0
    dissolves = {dissolve.at: dissolve for dissolve in flat.dissolves}
    for piece in flat.pieces:
        if piece.start > at:
            children.append(gap(piece.start - at, rate))
        dissolve = dissolves.pop(piece.start, None)
        if dissolve is not None:
            if piece.start == at and children and noun(children[-1]) == "Clip":
                children.append(_transition(dissolve.item, rate))
            else:
                losses.dissolves.append(str(dissolve.item.get("name", "")))
        children.append(_clip(piece, rate, base, losses))
        at = piece.end
    losses.dissolves += [str(dissolve.item.get("name", "")) for dissolve in dissolves.values()]
    return {
        "OTIO_SCHEMA": "Track.1",
        "metadata": {},
        "name": name,
        "source_range": None,
        "effects": [],
        "markers": [],
        "enabled": True,
        "children": children,
        "kind": kind,
    }


def _transition(item: Json, rate: Rate) -> Json:
    offsets = {key: frames_of(item.get(key), rate) or 0 for key in ("in_offset", "out_offset")}
    return {
        "OTIO_SCHEMA": "Transition.1",
        "metadata": {},
        "name": _text(item.get("name")) or "Cross Dissolve",
        "transition_type": "SMPTE_Dissolve",
        **{key: rational_time(frames, rate) for key, frames in offsets.items()},
    }


def _clip(piece: _Piece, rate: Rate, base: Path, losses: _Losses) -> Json:
    item = piece.item
    media = media_of(item) or {}
    frames = piece.end - piece.start
    span = start_and_frames(media.get("available_range"), rate)
    if span is None:
        span = (min(0, piece.source), piece.source + frames - min(0, piece.source))
    name = _text(item.get("name"))
    path = None
    if noun(media) == "ExternalReference":
        with suppress(RefusedUrl):
            path = path_of_url(str(media.get("target_url") or ""), base)
    reference: Json = {"metadata": {}, "name": name, "available_range": time_range(*span, rate)}
    if path is not None:
        # Premiere and Resolve know FCP7's media by file urls only.
        url = url_of_path(path.absolute(), as_file_url=True)
        reference |= {"OTIO_SCHEMA": "ExternalReference.1", "target_url": url}
    else:
        reference["OTIO_SCHEMA"] = "MissingReference.1"
        if noun(media) not in ("", "MissingReference"):
            losses.other.append(name)
    return {
        "OTIO_SCHEMA": "Clip.2",
        "metadata": {},
        "name": name,
        "source_range": time_range(piece.source, frames, rate),
        "effects": [],
        "markers": _markers(item, rate),
        "enabled": True,
        "media_references": {MEDIA_KEY: reference},
        "active_media_reference_key": MEDIA_KEY,
    }
