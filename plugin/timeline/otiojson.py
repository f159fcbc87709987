"""OpenTimelineIO objects as the JSON that the library would write, for the timelines we make ourselves."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from ...engine.timebase import Rate
from .schemas import Json


def time(seconds: Fraction, rate: Rate) -> Json:
    """RationalTime: a float of frames, as everywhere in this format; exact for whole frames."""
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(rate.fps), "value": float(seconds * rate.fps)}


def span(start_s: Fraction, length_s: Fraction, rate: Rate) -> Json:
    """TimeRange."""
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "duration": time(length_s, rate),
        "start_time": time(start_s, rate),
    }


def gap(source_range: Json, markers: Sequence[Json] = ()) -> Json:
    return _item("Gap.1", "", source_range, (), markers)


def clip(
    name: str,
    source_range: Json,
    reference: Json,
    *,
    effects: Sequence[Json] = (),
    markers: Sequence[Json] = (),
) -> Json:
    return {
        **_item("Clip.2", name, source_range, effects, markers),
        "media_references": {"DEFAULT_MEDIA": reference},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def file_reference(url: str | None, name: str, available_range: Json | None) -> Json:
    """ExternalReference."""
    return {
        "OTIO_SCHEMA": "ExternalReference.1",
        "metadata": {},
        "name": name,
        "available_range": available_range,
        "available_image_bounds": None,
        "target_url": url,
    }


def composition(
    kind: Literal["Stack", "Track"],
    children: Sequence[Json],
    *,
    track: str = "",
    name: str = "",
    source_range: Json | None = None,
    effects: Sequence[Json] = (),
    markers: Sequence[Json] = (),
) -> Json:
    """A Stack, or a Track of the kind `track` ("Video", "Audio")."""
    out = {**_item(f"{kind}.1", name, source_range, effects, markers), "children": list(children)}
    return {**out, "kind": track} if kind == "Track" else out


def transition(before_s: Fraction, after_s: Fraction, rate: Rate, name: str) -> Json:
    return {
        "OTIO_SCHEMA": "Transition.1",
        "metadata": {},
        "name": name,
        "in_offset": time(before_s, rate),
        "out_offset": time(after_s, rate),
        "transition_type": "SMPTE_Dissolve",
    }


def speed_effect(speed: Fraction) -> Json:
    """LinearTimeWarp, or FreezeFrame for 0."""
    kind = "LinearTimeWarp" if speed else "FreezeFrame"
    return {
        "OTIO_SCHEMA": f"{kind}.1",
        "metadata": {},
        "name": "",
        "effect_name": kind,
        "enabled": True,
        "time_scalar": float(speed),
    }


def marker(name: str, marked_range: Json, comment: str) -> Json:
    return {
        "OTIO_SCHEMA": "Marker.2",
        "metadata": {},
        "name": name,
        "color": "",
        "marked_range": marked_range,
        "comment": comment,
    }


def timeline(name: str, tracks: Sequence[Json], start: Json | None) -> Json:
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {},
        "name": name,
        "global_start_time": start,
        "tracks": composition("Stack", tracks, name="tracks"),
    }


def _item(
    schema: str, name: str, source_range: Json | None, effects: Sequence[Json], markers: Sequence[Json]
) -> Json:
    return {
        "OTIO_SCHEMA": schema,
        "metadata": {},
        "name": name,
        "source_range": source_range,
        "effects": list(effects),
        "markers": list(markers),
        "enabled": True,
    }
