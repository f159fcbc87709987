"""What was read of a scene as an OpenTimelineIO file: a track for each channel, a nest for each meta strip.

Written by hand, since that library never enters Blender's Python: the few schemas needed, in the versions
that all readers know. A medium is counted in its own rate from 0 at the file's beginning, the record in the
scene's. Sound lies on tracks of its own, also that from inside metas.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import PurePath, PureWindowsPath
from typing import Any, Literal

from ....engine.timebase import Rate
from ....export.nodes import MEDIA_KEY, Json, rational_time, time_range
from ..base import HostMarker
from .pieces import Edit, Fade, Medium, Piece, has_pictures, has_sound, joined, rows

_Heard = Literal["Video", "Audio"]


def timeline(edit: Edit, markers: Sequence[HostMarker]) -> bytes:
    """Of the whole edit from frame 0 to the last one that counts. The same edit gives the same bytes."""
    stack = _stack("tracks", edit.pieces, edit.fades, 0, edit.frames, edit.rate, ("Video", "Audio"))
    stack["markers"] = [_marker(one, edit.rate) for one in markers if 0 <= one.in_frame < edit.frames]
    root = {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {"blender": {"scene": edit.name, "frame_start": edit.start_frame}},
        "name": edit.name,
        "global_start_time": rational_time(max(edit.start_frame, 0), edit.rate),
        "tracks": stack,
    }
    return (json.dumps(root, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _stack(
    name: str,
    pieces: Iterable[Piece],
    fades: Iterable[Fade],
    first: int,
    end: int,
    rate: Rate,
    kinds: tuple[_Heard, ...],
) -> Json:
    """The frames from `first` to `end` of what lies side by side."""
    seen, kept = joined([one for one in pieces if has_pictures(one)], list(fades), rate)
    heard = [one for one in pieces if has_sound(one)]
    children = []
    if "Video" in kinds:
        for row in rows(seen):
            children.append(_track("Video", row, kept, first, end, rate))
    if "Audio" in kinds:
        for row in rows(heard):
            children.append(_track("Audio", row, (), first, end, rate))
    return {**_item("Stack.1", name), "children": [one for one in children if one["children"]]}


def _track(
    kind: _Heard, row: Sequence[Piece], fades: Iterable[Fade], first: int, end: int, rate: Rate
) -> Json:
    """A channel. Empty where none of it lies inside."""
    meetings = {(one.before, one.after, one.middle): one for one in fades}
    children: list[Json] = []
    at = first
    last: Piece | None = None
    for piece in row:
        inside = piece.between(first, end, rate)
        if inside is None:
            continue
        if inside.first > at:
            children.append(_gap(inside.first - at, rate))
        elif last is not None and (last.name, piece.name, piece.first) in meetings:
            children.append(_transition(meetings[last.name, piece.name, piece.first], rate))
        children.append(_nest(inside, rate, kind) if piece.kind == "nest" else _clip(inside, rate))
        at, last = inside.end, piece
    name = f"{'Channel' if kind == 'Video' else 'Sound'} {row[0].channel}"
    return {**_item("Track.1", name), "kind": kind, "children": children}


def _clip(piece: Piece, rate: Rate) -> Json:
    counted = piece.medium.rate if piece.medium is not None else rate
    span = _range(piece.at, piece.end - piece.first, counted, rate)
    return {
        **_item("Clip.2", piece.name),
        "metadata": _told(piece),
        "source_range": span,
        "effects": _speed(piece.speed),
        "media_references": {MEDIA_KEY: _reference(piece)},
        "active_media_reference_key": MEDIA_KEY,
    }


def _nest(piece: Piece, rate: Rate, kind: _Heard) -> Json:
    length = max((one.end for one in piece.inside), default=0)
    return {
        **_stack(piece.name, piece.inside, piece.fades, 0, max(length, 0), rate, (kind,)),
        "metadata": _told(piece),
        "source_range": _range(piece.at, piece.end - piece.first, rate, rate),
        "effects": _speed(piece.speed),
    }


def _reference(piece: Piece) -> Json:
    medium = piece.medium
    if medium is None:
        if piece.kind == "generated":
            return {**_media("GeneratorReference.1", None), "generator_kind": piece.label, "parameters": {}}
        return _media("MissingReference.1", None)
    available = time_range(0, medium.frames, medium.rate)
    if not medium.digits:
        return {**_media("ExternalReference.1", available), "target_url": medium.path}
    return {**_media("ImageSequenceReference.1", available), **_sequence(medium)}


def _sequence(medium: Medium) -> Json:
    # A path of Windows is told by its drive also where this runs elsewhere.
    path = PureWindowsPath(medium.path) if medium.path[1:2] == ":" else PurePath(medium.path)
    stem, number = path.stem, f"{medium.first:0{medium.digits}}"
    return {
        "target_url_base": str(path.parent),
        "name_prefix": stem[: len(stem) - len(number)],
        "name_suffix": path.suffix,
        "start_frame": medium.first,
        "frame_step": medium.step,
        "rate": float(medium.rate.fps),
        "frame_zero_padding": medium.digits,
        "missing_frame_policy": "error",
    }


def _transition(fade: Fade, rate: Rate) -> Json:
    return {
        "OTIO_SCHEMA": "Transition.1",
        "metadata": {},
        "name": fade.name,
        "in_offset": rational_time(fade.middle - fade.first, rate),
        "out_offset": rational_time(fade.end - fade.middle, rate),
        "transition_type": "SMPTE_Dissolve",
    }


def _marker(marker: HostMarker, rate: Rate) -> Json:
    return {
        "OTIO_SCHEMA": "Marker.2",
        "metadata": {},
        "name": marker.name,
        "color": marker.colour,
        "marked_range": time_range(marker.in_frame, marker.out_frame_exclusive - marker.in_frame, rate),
        "comment": marker.comment,
    }


def _gap(frames: int, rate: Rate) -> Json:
    return {**_item("Gap.1", ""), "source_range": time_range(0, frames, rate)}


def _speed(speed: Fraction) -> list[Json]:
    if speed == 1:
        return []
    kind = "LinearTimeWarp" if speed else "FreezeFrame"
    effect: Json = {"OTIO_SCHEMA": f"{kind}.1", "metadata": {}, "name": "", "effect_name": kind}
    return [{**effect, "time_scalar": float(speed)}]


def _range(at: Fraction, frames: int, counted: Rate, rate: Rate) -> Json:
    """From `at` of a medium, in its own rate, for frames of the record."""
    start = {"OTIO_SCHEMA": "RationalTime.1", "rate": float(counted.fps), "value": float(at)}
    return {"OTIO_SCHEMA": "TimeRange.1", "duration": rational_time(frames, rate), "start_time": start}


def _told(piece: Piece) -> Json:
    return {"blender": {"type": piece.what, "channel": piece.channel}}


def _media(schema: str, available: Json | None) -> Json:
    return {
        "OTIO_SCHEMA": schema,
        "metadata": {},
        "name": "",
        "available_range": available,
        "available_image_bounds": None,
    }


def _item(schema: str, name: str) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": schema,
        "metadata": {},
        "name": name,
        "source_range": None,
        "effects": [],
        "markers": [],
        "enabled": True,
    }
