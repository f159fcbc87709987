"""A plain film as a timeline of its own: one clip, and one of its sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import InputError, OptionError
from ...engine.timebase import Rate, parse_timecode
from ...engine.urls import url_of_path
from . import otiojson
from .schemas import Json

if TYPE_CHECKING:
    from ...engine.picture.decode import MediaInfo


def film_timeline(path: Path, info: MediaInfo, wanted: Rate | None) -> tuple[Json, Rate, bool]:
    """OpenTimelineIO JSON, the rate, and whether its timecode drops frames.

    Ranges are in the film's own timecode, which is what hosts want. InputError when it has no picture to look
    at.
    """
    if info.kind != "video":
        what = "is a still picture" if info.kind == "still" else "holds sound and no picture"
        raise InputError(f"'{path.name}' {what}: give a timeline or a film")
    rate = wanted or info.rate
    if rate is None:
        raise InputError(f"'{path.name}' does not say its frame rate: give it with --rate")
    frames = info.frames if info.frames and rate == info.rate else rate.nearest_frame(info.duration_s)
    if not frames:
        raise InputError(f"'{path.name}' holds no pictures: it is empty or was cut off; export it again")
    start, drop = 0, False
    if info.start_timecode is not None and info.rate is not None:
        try:
            start = parse_timecode(info.start_timecode, rate)
            drop = rate.drops and any(mark in info.start_timecode for mark in ";.")
        except OptionError:  # a timecode that the rate cannot have says nothing
            start = 0
    kinds = ("Video", "Audio") if info.has_audio else ("Video",)
    tracks = [_track(kind, path, start, frames, rate) for kind in kinds]
    return otiojson.timeline(path.stem, tracks, otiojson.time(rate.seconds(start), rate)), rate, drop


def _track(kind: str, path: Path, start: int, frames: int, rate: Rate) -> Json:
    span = otiojson.span(rate.seconds(start), rate.seconds(frames), rate)
    reference = otiojson.file_reference(url_of_path(path), path.name, span)
    clip = otiojson.clip(path.name, span, reference)
    return otiojson.composition("Track", [clip], track=kind, name=f"{kind[0]}1")
