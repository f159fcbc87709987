"""What a timeline of the fake sounds like: which sample of which file begins where."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from .state import Edit, Lane, Piece

RATE = 48_000


@dataclass(frozen=True)
class Heard:
    """Sample `source_sample` of `path` (at 48 kHz) sounds at `sample` from the timeline's start, on for
    `samples`; `speed` samples of the file a sample of the record. `channels`: those that the track lets
    through. Keys of the level: samples from `sample` on."""

    track: str
    index: int
    item: str
    path: str
    sample: int
    source_sample: int
    samples: int
    channels: int = 2
    speed: Fraction = Fraction(1)
    level_db: float = 0.0
    keys: tuple[tuple[int, float], ...] = field(default=())


def render(edit: Edit) -> tuple[Heard, ...]:
    """Before the timeline's start nothing is rendered; neither are tracks and items that are off."""
    found = []
    for index, lane in enumerate(edit.of_kind("audio"), 1):
        if lane.enabled:
            found += [one for piece in lane.sorted() if (one := _heard(edit, lane, index, piece))]
    return tuple(found)


def _heard(edit: Edit, lane: Lane, index: int, piece: Piece) -> Heard | None:
    source = piece.source
    if not piece.enabled or source is None or not source.medium.channels:
        return None
    first, last = max(piece.start, edit.start), piece.end
    if last <= first:
        return None
    span = (piece.source_end - piece.source_start) / source.fps
    speed = span / (Fraction(piece.frames) / edit.fps)
    begin = piece.source_start / source.fps + Fraction(first - piece.start) / edit.fps * speed
    sample = _sample(first - edit.start, edit.fps)
    return Heard(
        track=lane.name,
        index=index,
        item=piece.ident,
        path=source.medium.path,
        sample=sample,
        source_sample=round(begin * RATE),
        samples=_sample(last - edit.start, edit.fps) - sample,
        channels=1 if lane.subtype == "mono" else min(2, source.medium.channels),
        speed=speed,
        level_db=piece.level_db,
        keys=tuple((_sample(key, edit.fps), db) for key, db in sorted(piece.level_keys.items())),
    )


def _sample(frame: int, fps: Fraction) -> int:
    return round(frame / fps * RATE)
