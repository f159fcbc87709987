"""A timeline as it was read: what is seen, heard and marked over its length, and the file's own data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...engine.errors import Problem
from ...engine.timebase import Rate
from ...engine.types import Marker, Shot, Sound
from .schemas import Json


@dataclass(frozen=True, slots=True)
class Document:
    """`shots` follow each other from frame 0 to `frames` without holes or overlaps."""

    path: Path
    # Of an .otio, .otioz, .otiod: the very JSON of the file, unknown keys and all. Of other formats: what the
    # library's adapter made of them. Of a film: a timeline of one clip.
    data: Json
    rate: Rate
    start_timecode_frame: int
    drop_frame: bool
    frames: int
    shots: tuple[Shot, ...]
    sounds: tuple[Sound, ...]
    markers: tuple[Marker, ...]
    problems: tuple[Problem, ...]
    find_cuts: bool
    # Of the input's bytes (of an .otiod: of its content.otio).
    sha256: str
