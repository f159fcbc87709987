"""What an earlier run of ours left in a timeline, and whether the editor has worked on it since.

Each track of ours carries the hash of what matters in it: which stretch of which file plays where, at what
level, enabled, unlocked. The hash is taken in frames and file names, so that a host that rewrites the file
(its own way to write paths, gaps and media starts) does not count as an editor's hand, while a trim of one
frame does.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..engine.names import slug
from ..engine.timebase import Rate
from .nodes import OURS, RESOLVE, Json, children_of, frames_of, media_of, metadata_of, noun, start_and_frames

TRACK_SCHEMA = "StemTrack.1"
STEM_SCHEMA = "Stem.1"
_FINGERPRINT = "fingerprint"
_NAMED = re.compile(r"Stem: (?P<stem>.+?)(?: v[1-9]\d{0,4})?")
# In a run's folder, and in what it keeps for the programs that play it.
_OUR_FILE = re.compile(r"(?:\.hitpoint/stems|/placed/[0-9a-f]{24})/(?P<name>[^/]+)\.wav\Z")
_VERSIONED = re.compile(r"(?P<base>.*?)(?: v(?P<version>[1-9]\d{0,4}))?")


@dataclass(frozen=True, slots=True)
class Laid:
    """A clip of ours as it lies on a track: record frames and the JSON of the clip."""

    cue: str
    in_frame: int
    out_frame_exclusive: int
    item: Json


def is_our_track(track: object) -> bool:
    """By our note on it, or, where a program dropped that, by the files that it plays."""
    if noun(track) != "Track":
        return False
    return str(metadata_of(track, OURS).get("schema", "")).startswith("StemTrack.") or plays_our_files(track)


def plays_our_files(track: object) -> bool:
    """Whether a track is called as ours are, and plays nothing but that stem out of folders that we make."""
    assert isinstance(track, dict)
    named = _NAMED.fullmatch(str(track.get("name", "")))
    clips = [item for item in children_of(track) if noun(item) == "Clip"]
    if named is None or not clips:
        return False
    stem = slug(named["stem"])
    urls = [str((media_of(clip) or {}).get("target_url", "")) for clip in clips]
    found = [_OUR_FILE.search(url.replace("\\", "/")) for url in urls]
    # "drums", or "1m2-drums"
    return all(match is not None and f"-{match['name']}".endswith(f"-{stem}") for match in found)


def is_our_clip(item: object) -> bool:
    return noun(item) == "Clip" and str(metadata_of(item, OURS).get("schema", "")).startswith("Stem.")


def stem_of(track: Json) -> str:
    named = _NAMED.fullmatch(str(track.get("name", "")))
    return str(metadata_of(track, OURS).get("stem", named["stem"] if named else ""))


def came_back_bare(track: Json) -> bool:
    """Whether a track of ours has lost what we noted on it: then nobody can tell what was done to it."""
    return not metadata_of(track, OURS)


def base_and_version(name: object) -> tuple[str, int]:
    """("Stem: drums", 2) of "Stem: drums v2"."""
    match = _VERSIONED.fullmatch(name if isinstance(name, str) else "")
    assert match is not None
    return match["base"], int(match["version"] or 1)


def sealed(track: Json, rate: Rate) -> Json:
    """`track` with its fingerprint among our metadata."""
    metadata = track["metadata"]
    ours = {**metadata[OURS], _FINGERPRINT: fingerprint(track, rate)}
    return {**track, "metadata": {**metadata, OURS: ours}}


def untouched(track: Json, rate: Rate) -> bool:
    """Whether a track of ours still plays what we wrote."""
    return metadata_of(track, OURS).get(_FINGERPRINT) == fingerprint(track, rate)


def fingerprint(track: Json, rate: Rate) -> str:
    """sha256 of what sounds on a track, and of what an editor did to it (enabled, locked, effects)."""
    value = {
        "enabled": track.get("enabled", True),
        "locked": bool(metadata_of(track, RESOLVE).get("Locked", False)),
        "effects": _effects(track),
        "source_range": start_and_frames(track.get("source_range"), rate),
        "items": [item for item in _items(track, rate) if item[0] != "Gap"],
    }
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _items(track: Json, rate: Rate) -> list[list[Any]]:
    out = []
    for start, end, item in positions(track, rate):
        kind = noun(item)
        if kind == "Clip":
            out.append([kind, start, end, *_clip(item, rate)])
        else:
            out.append([kind, start, end])
    return out


def _clip(item: Json, rate: Rate) -> list[Any]:
    media = media_of(item) or {}
    source = start_and_frames(item.get("source_range"), rate)
    available = start_and_frames(media.get("available_range"), rate)
    # The offset in the file is the same whether the host counts the file from 0 or from its timecode.
    offset = (source[0] if source else 0) - (available[0] if available else 0)
    name = re.split(r"[/\\]", str(media.get("target_url", "")))[-1]
    locked = bool(metadata_of(item, RESOLVE).get("Locked", False))
    return [offset, name, item.get("enabled", True), locked, _effects(item)]


def _effects(item: Json) -> list[Any]:
    """Effects that do something: Resolve writes its volume effect with no parameters on clips at their
    level.
    """
    effects = item.get("effects")
    return [
        effect
        for effect in (effects if isinstance(effects, list) else [])
        if metadata_of(effect, RESOLVE).get("Parameters") != []
    ]


def positions(track: Json, rate: Rate) -> list[tuple[int, int, Json]]:
    """(first frame, frame after the last, item) of a track's items on the track's own clock."""
    out = []
    at = 0
    for item in children_of(track):
        if not isinstance(item, dict):
            continue
        frames = 0
        if noun(item) != "Transition":
            span = start_and_frames(item.get("source_range"), rate)
            if span is None:
                span = start_and_frames((media_of(item) or {}).get("available_range"), rate)
            frames = span[1] if span else 0
        out.append((at, at + frames, item))
        at += frames
    return out


def our_clips(track: Json, rate: Rate, shift: int) -> list[Laid]:
    """Our clips on `track` in record frames; `shift` is the track frame of record frame 0."""
    bare = came_back_bare(track)
    return [
        Laid(str(metadata_of(item, OURS).get("cue", "")), start - shift, end - shift, item)
        for start, end, item in positions(track, rate)
        if is_our_clip(item) or (bare and noun(item) == "Clip")
    ]


def outside(laid: Sequence[Laid], spans: Sequence[tuple[int, int]]) -> list[Laid]:
    """The clips that no span of record frames touches."""
    return [
        clip
        for clip in laid
        if all(clip.out_frame_exclusive <= first or clip.in_frame >= last for first, last in spans)
    ]


def root_shift(stack: Json, rate: Rate) -> int:
    """The track frame at which record time 0 lies: a top stack may itself be trimmed."""
    trim = stack.get("source_range")
    start = frames_of(trim.get("start_time"), rate) if isinstance(trim, dict) else None
    return start or 0
