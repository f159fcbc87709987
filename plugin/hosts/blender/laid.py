"""Strips of ours: what each carries about itself, and whether somebody worked on it since it was placed.

The custom property "hitpoint" says whose it is and how it lay when it was placed; it survives saving, and a
copy of the strip has it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from . import api

KEY = "hitpoint"
_NOUN = "hitpoint.strip."
SCHEMA = f"{_NOUN}1"

# What differs -> what somebody did.
_DEEDS = {
    "name": "renamed",
    "zero": "moved",
    "first": "trimmed",
    "end": "trimmed",
    "mute": "switched on or off",
    "lock": "locked",
    "volume": "levelled",
    "pan": "levelled",
    "animated": "given keyframes",
    "modifiers": "given modifiers",
    "retimed": "retimed",
    "file": "given another file",
    "offset": "moved",
    "inside": "given other strips",
}


def record_of(strip: Any) -> dict[str, Any]:
    """ "job", "take", "cue", "stem" ("" for the meta of a cue) and "placed"; {} for the editor's own."""
    found = api.custom(strip, KEY)
    if isinstance(found, dict) and str(found.get("schema", "")).startswith(_NOUN):
        return found
    return {}


def is_ours(strip: Any) -> bool:
    return bool(record_of(strip))


def sign(bpy: Any, scene: Any, strip: Any, *, job: str, take: str, cue: str, stem: str) -> None:
    """Note on a strip whose it is, and that it lies as it was placed."""
    placed = state(bpy, scene, strip)
    strip[KEY] = {"schema": SCHEMA, "job": job, "take": take, "cue": cue, "stem": stem, "placed": placed}


def state(bpy: Any, scene: Any, strip: Any) -> dict[str, Any]:
    """What of a strip decides how it sounds, as plain numbers and words. Its channel does not."""
    times = api.times(strip)
    out: dict[str, Any] = {
        "name": strip.name,
        "first": times.first,
        "end": times.end,
        "zero": times.zero,
        "mute": int(strip.mute),
        "lock": int(strip.lock),
        "animated": int(api.is_animated(scene, strip)),
        "modifiers": len(strip.modifiers),
    }
    # A meta has a volume from 5.2 on.
    if hasattr(strip, "volume"):
        out["volume"] = round(strip.volume, 6)
    if strip.type == "META":
        out["inside"] = "\n".join(sorted(child.name for child in api.strips(strip)))
    else:
        out["pan"] = round(strip.pan, 6)
        out["offset"] = round(strip.sound_offset, 6)
        out["retimed"] = len(strip.retiming_keys)
        sound = strip.sound
        out["file"] = PurePath(api.absolute(bpy, sound.filepath, sound)).name if sound is not None else ""
    return out


def deeds(bpy: Any, scene: Any, strip: Any) -> tuple[str, ...]:
    """What somebody did to a strip of ours, in words; () where it lies as it was placed."""
    placed = record_of(strip).get("placed")
    if not isinstance(placed, Mapping):
        return ("changed",)
    now = state(bpy, scene, strip)
    # Another Blender may know more of a strip than the one that placed it.
    other = [key for key in _DEEDS if key in now and key in placed and now[key] != placed[key]]
    if "zero" in other:
        # What moves takes its ends along.
        other = [key for key in other if key not in ("first", "end")]
    return tuple(dict.fromkeys(_DEEDS[key] for key in other))


def all_deeds(bpy: Any, scene: Any, meta: Any) -> tuple[str, ...]:
    """Of the meta of a cue and all that lies in it, as "'1m2: drums' was levelled"."""
    own = deeds(bpy, scene, meta)
    out = [f"'{meta.name}' was {_listed(own)}"] if own else []
    for child in api.strips(meta):
        done = deeds(bpy, scene, child) if is_ours(child) else ()
        # They move with it.
        done = tuple(one for one in done if one != "moved" or "moved" not in own)
        if done:
            out.append(f"'{child.name}' was {_listed(done)}")
    return tuple(out)


def _listed(words: tuple[str, ...]) -> str:
    return " and ".join(words)
