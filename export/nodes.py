"""The parts of an OpenTimelineIO file that we write, as plain JSON, and how we read positions out of
foreign ones.

The library is not asked: it drops what it does not know, and a writer that only adds to the JSON cannot
harm the rest. Schema versions are those of OpenTimelineIO 0.15 and later (Clip.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from ..engine.errors import OptionError
from ..engine.timebase import Rate

Json = dict[str, Any]

OURS = "hitpoint"
RESOLVE = "Resolve_OTIO"
MEDIA_KEY = "DEFAULT_MEDIA"


def noun(value: object) -> str:
    """ "Clip" of {"OTIO_SCHEMA": "Clip.2"}; "" for anything that is no schema object."""
    schema = value.get("OTIO_SCHEMA") if isinstance(value, dict) else None
    return schema.partition(".")[0] if isinstance(schema, str) else ""


def rational_time(frame: int, rate: Rate) -> Json:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(rate.fps), "value": float(frame)}


def time_range(start: int, frames: int, rate: Rate) -> Json:
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "duration": rational_time(frames, rate),
        "start_time": rational_time(start, rate),
    }


def _item(schema: str, name: str, source_range: Json | None, metadata: Json) -> Json:
    return {
        "OTIO_SCHEMA": schema,
        "metadata": metadata,
        "name": name,
        "source_range": source_range,
        "effects": [],
        "markers": [],
        "enabled": True,
    }


def gap(frames: int, rate: Rate) -> Json:
    return _item("Gap.1", "", time_range(0, frames, rate), {})


def clip(name: str, url: str, available: Json, source: Json, metadata: Json, media_metadata: Json) -> Json:
    reference = {
        "OTIO_SCHEMA": "ExternalReference.1",
        "metadata": media_metadata,
        "name": name,
        "available_range": available,
        "available_image_bounds": None,
        "target_url": url,
    }
    return {
        **_item("Clip.2", name, source, metadata),
        "media_references": {MEDIA_KEY: reference},
        "active_media_reference_key": MEDIA_KEY,
    }


def audio_track(name: str, children: Sequence[Json], metadata: Json) -> Json:
    return {**_item("Track.1", name, None, metadata), "children": list(children), "kind": "Audio"}


def frames_of(time: object, rate: Rate) -> int | None:
    """Whole frames of `rate` in a RationalTime; None when it is none. Rates within 0.03 % count as equal."""
    if noun(time) != "RationalTime":
        return None
    assert isinstance(time, dict)
    try:
        own = Rate.of(time["rate"])
        value = Fraction(time["value"])
    except (KeyError, TypeError, ValueError, OverflowError, OptionError):
        return None
    return round(value if own == rate else value / own.fps * rate.fps)


def start_and_frames(time_range: object, rate: Rate) -> tuple[int, int] | None:
    """(start, length) of a TimeRange in frames of `rate`; None when it is none."""
    if noun(time_range) != "TimeRange":
        return None
    assert isinstance(time_range, dict)
    start, frames = (frames_of(time_range.get(key), rate) for key in ("start_time", "duration"))
    return None if start is None or frames is None else (start, frames)


def media_of(item: Json) -> Json | None:
    """The active media reference of a Clip.1 or Clip.2."""
    references = item.get("media_references")
    if isinstance(references, dict):
        reference = references.get(item.get("active_media_reference_key") or MEDIA_KEY)
    else:
        reference = item.get("media_reference")
    return reference if isinstance(reference, dict) else None


def metadata_of(item: object, key: str) -> Json:
    """The dict that `item` carries in its metadata under `key`; empty when there is none."""
    metadata = item.get("metadata") if isinstance(item, dict) else None
    value = metadata.get(key) if isinstance(metadata, dict) else None
    return value if isinstance(value, dict) else {}


def children_of(item: object) -> list[Any]:
    children = item.get("children") if isinstance(item, dict) else None
    return children if isinstance(children, list) else []


def own_spelling(data: Json, rate: Rate) -> float | None:
    """How a timeline that Resolve wrote spells its rate (23.976); None for any other timeline."""
    start = data.get("global_start_time")
    spelled = start.get("rate") if metadata_of(data, RESOLVE) and isinstance(start, dict) else None
    if not isinstance(spelled, int | float) or isinstance(spelled, bool):
        return None
    try:
        return float(spelled) if Rate.of(spelled) == rate else None
    except OptionError:
        return None


def spelled(value: Any, rate: Rate, spelling: float | None) -> Any:
    """A JSON tree of ours with `rate` spelt as the timeline's own program does."""
    if spelling is None:
        return value
    if isinstance(value, list):
        return [spelled(one, rate, spelling) for one in value]
    if not isinstance(value, dict):
        return value
    out = {key: spelled(one, rate, spelling) for key, one in value.items()}
    if noun(value) == "RationalTime" and value.get("rate") == float(rate.fps):
        out["rate"] = spelling
    return out


def walk(value: object) -> Iterator[Json]:
    """Every dict in a JSON tree, parents first. No recursion: foreign trees may be deep."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(reversed(list(node.values())))
        elif isinstance(node, list):
            waiting.extend(reversed(node))
