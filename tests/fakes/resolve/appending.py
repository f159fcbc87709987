"""AppendToTimeline: what becomes of each clip that a script wants on a track."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from .remote import whole
from .state import Edit, Film, Lane, Piece

KINDS = {1: ("video",), 2: ("audio",), None: ("video", "audio")}


def append(fake: Any, film: Film, edit: Edit, wanted: list[Any]) -> list[Piece] | None:
    """The items made, those that were dropped among them. None where the batch was refused, [] where a
    track took nothing."""
    from .pool import MediaPoolItem

    if not isinstance(wanted, (list, tuple)) or not wanted:
        return None
    plans = [{"mediaPoolItem": one} if isinstance(one, MediaPoolItem) else one for one in wanted]
    if not all(isinstance(plan, dict) for plan in plans):
        return None
    numbers = ("startFrame", "endFrame", "recordFrame", "trackIndex")
    if fake.traps.fractions_refused and any(
        key in plan and whole(plan[key]) is None for plan in plans for key in numbers
    ):
        return None
    made: list[Piece] = []
    for plan in plans:
        item = plan.get("mediaPoolItem")
        if not isinstance(item, MediaPoolItem) or not item._alive():
            return []
        pieces = _one(fake, edit, item._it, plan)
        if pieces is None:
            return []
        made.extend(pieces)
    return made


def _one(fake: Any, edit: Edit, source: Any, plan: dict[str, Any]) -> list[Piece] | None:
    traps = fake.traps
    first = math.floor(plan.get("startFrame", 0))
    end = math.floor(plan["endFrame"]) if "endFrame" in plan else source.frames
    if not traps.end_is_exclusive and "endFrame" in plan:
        end += 1
    first, end = max(0, first), min(end, source.frames)
    counts = source.fps
    if source.medium.frames is None and not traps.wav_rate_frozen and not traps.wav_always_24:
        counts = edit.fps
        end = min(math.floor(plan.get("endFrame", end)), math.floor(source.frames / source.fps * counts))
    if end <= first:
        return None
    length = Fraction(end - first) / counts * edit.fps
    frames = math.floor(length) if traps.lengths_floored else math.floor(length + Fraction(1, 2))
    if frames < 1:
        return None
    record = _record(traps, edit, plan)
    made: list[Piece] = []
    for kind in KINDS.get(plan.get("mediaType"), ()):
        if kind == "video" and source.medium.frames is None:
            continue
        if kind == "audio" and not source.medium.channels:
            continue
        lane = _lane(edit, kind, plan.get("trackIndex"))
        if lane is None or (lane.locked and traps.locked_refused):
            return None
        # The medium runs at its own rate: the item shows as much of it as its length holds.
        shown = Fraction(frames) / edit.fps * source.fps
        begin = Fraction(first) / counts * source.fps
        piece = Piece(fake.ident("item"), source.name, record, frames, source, begin, begin + shown)
        made.append(piece)
        _lay(fake, lane, piece)
    for one in made:
        one.links = [other.ident for other in made if other is not one]
    return made or None


def _record(traps: Any, edit: Edit, plan: dict[str, Any]) -> int:
    if "recordFrame" not in plan:
        return edit.end
    frame: int = math.floor(plan["recordFrame"])
    if not traps.record_is_absolute and frame < edit.start:
        frame += edit.start
    return frame


def _lane(edit: Edit, kind: str, index: Any) -> Lane | None:
    lanes = edit.of_kind(kind)
    number = 1 if index is None else math.floor(index)
    return lanes[number - 1] if 1 <= number <= len(lanes) else None


def _lay(fake: Any, lane: Lane, piece: Piece) -> None:
    traps = fake.traps
    fake.appends += 1
    first_dropped = traps.dropped_at_append
    if first_dropped and first_dropped <= fake.appends < first_dropped + traps.dropped_appends:
        return
    touched = any(
        one.start < piece.end and piece.start < one.end for one in lane.pieces if one.kind == "clip"
    )
    if touched and traps.overlap_dropped:
        return
    if fake.vanished < traps.vanishing:
        fake.vanished += 1
        piece.doomed = True
    lane.pieces.append(piece)
