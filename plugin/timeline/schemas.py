"""Schema names of OpenTimelineIO files: which ones we read, and other versions brought to those.

A file's own JSON is never changed: `readable` gives a copy of the parts that carry time, in one known form
(Clip.2, Marker.2), whatever version the file was written in. Where nothing differs the copy shares its parts.
"""

from __future__ import annotations

from typing import Any

from ...engine.errors import Problem
from ...export.earlier import plays_our_files

Json = dict[str, Any]

# Noun -> newest version that OpenTimelineIO 0.18 and this reader understand.
KNOWN = {
    "Clip": 2, "Effect": 1, "ExternalReference": 1, "FreezeFrame": 1, "Gap": 1, "GeneratorReference": 1,
    "ImageSequenceReference": 1, "LinearTimeWarp": 1, "Marker": 2, "MediaReference": 1, "MissingReference": 1,
    "RationalTime": 1, "SerializableCollection": 1, "Stack": 1, "TimeEffect": 1, "TimeRange": 1,
    "TimeTransform": 1, "Timeline": 1, "Track": 1, "Transition": 1,
}  # fmt: skip
# What the library of 2016 called them.
_ALIASES = {"Sequence": "Track", "Filler": "Gap"}
# Newer versions whose difference is known and handled below: reading them loses nothing.
_UNDERSTOOD_NEWER = {("Marker", 3)}
_CLIP_KEY = "DEFAULT_MEDIA"


def noun(value: object) -> str:
    """ "Clip" of {"OTIO_SCHEMA": "Clip.2"}; "" for anything that is no schema object."""
    schema = value.get("OTIO_SCHEMA") if isinstance(value, dict) else None
    if not isinstance(schema, str):
        return ""
    name = schema.rpartition(".")[0] or schema
    return _ALIASES.get(name, name)


def version(value: Json) -> int:
    text = str(value["OTIO_SCHEMA"]).rpartition(".")[2]
    return int(text) if text.isdecimal() and len(text) < 6 else 1


def is_ours(item: Json) -> bool:
    """Whether Hitpoint put this track or clip there: such items never count as the editor's own."""
    if isinstance((item.get("metadata") or {}).get("hitpoint"), dict):
        return True
    return noun(item) == "Track" and plays_our_files(item)


def readable(data: Json) -> tuple[Json, tuple[Problem, ...]]:
    """The timeline in the versions of `KNOWN`, and a sentence for each schema that is newer or unknown."""
    strange: dict[str, None] = {}
    tree = _readable(data, strange)
    return tree, tuple(_problem(schema) for schema in strange)


def _problem(schema: str) -> Problem:
    name, _, number = schema.rpartition(".")
    if name in KNOWN:
        text = f"'{schema}' is newer than {name}.{KNOWN[name]}, which is what could be read of it"
    else:
        text = f"'{schema}' is not known: it was kept unchanged, and its pictures are unseen"
    return Problem("schema", text + ("" if number else " (it has no version)"))


def _readable(item: Json, strange: dict[str, None]) -> Json:
    name = noun(item)
    newest = KNOWN.get(name)
    out = item
    if newest is None:
        strange[str(item["OTIO_SCHEMA"])] = None
    elif item["OTIO_SCHEMA"] != f"{name}.{newest}":
        number = version(item)
        if number > newest and (name, number) not in _UNDERSTOOD_NEWER:
            strange[str(item["OTIO_SCHEMA"])] = None
        out = {**item, "OTIO_SCHEMA": f"{name}.{newest}"}
        if name == "Clip" and "media_references" not in out:
            out["media_references"] = {_CLIP_KEY: out.pop("media_reference", None)}
            out["active_media_reference_key"] = _CLIP_KEY
        elif name == "Marker":
            _plain_marker(out)
    for key in ("children", "effects", "markers"):
        parts = out.get(key)
        if parts:
            changed = [_readable(part, strange) for part in parts]
            if any(new is not old for new, old in zip(changed, parts, strict=True)):
                out = {**out, key: changed}
    references = out.get("media_references")
    if references:
        for reference in references.values():
            if reference is not None:
                _readable(reference, strange)
    tracks = out.get("tracks")
    if isinstance(tracks, dict):
        changed_tracks = _readable(tracks, strange)
        if changed_tracks is not tracks:
            out = {**out, "tracks": changed_tracks}
    if "color" in out and not isinstance(out["color"], str | None):
        out = {**out, "color": _colour_name(out["color"])}
    return out


def _plain_marker(marker: Json) -> None:
    if "marked_range" not in marker and "range" in marker:  # Marker.1
        marker["marked_range"] = marker.pop("range")
    marker["color"] = _colour_name(marker.get("color"))
    marker["comment"] = marker.get("comment") or ""


def _colour_name(colour: object) -> str:
    """Color.1 carries red, green and blue, and often the old name."""
    if isinstance(colour, dict):
        colour = colour.get("name")
    return colour if isinstance(colour, str) else ""
