"""What is in the fake: projects with bins, timelines, tracks and items, as plain values that change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True)
class Medium:
    """A file. `fps` None for sound alone; `timecode` frames (of a sound: samples) from 00:00:00:00 to its
    first frame; `frames` None where it has sound alone."""

    path: str
    fps: Fraction | None = None
    frames: int | None = None
    timecode: int = 0
    samples: int = 0
    sample_rate: int = 48_000
    channels: int = 0


@dataclass
class Source:
    """A medium in a bin. `fps` counts its source frames."""

    ident: str
    name: str
    medium: Medium
    fps: Fraction
    fps_text: str
    colour: str = ""

    @property
    def frames(self) -> int:
        if self.medium.frames is not None:
            return self.medium.frames
        # A file whose last frame is a part of a sample short still holds it.
        return int(Fraction(self.medium.samples + 1, self.medium.sample_rate) * self.fps)


@dataclass
class Bin:
    ident: str
    name: str
    bins: list[Bin] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    def walk(self) -> Iterator[Bin]:
        yield self
        for one in self.bins:
            yield from one.walk()


@dataclass
class Piece:
    """An item of a track, `start` absolute. `source_start` and `source_end` count at the source's rate;
    start > end runs backwards. `kind`: clip, transition, generator."""

    ident: str
    name: str
    start: int
    frames: int
    source: Source | None = None
    source_start: Fraction = Fraction(0)
    source_end: Fraction = Fraction(0)
    kind: str = "clip"
    colour: str = ""
    enabled: bool = True
    links: list[str] = field(default_factory=list)
    level_db: float = 0.0
    level_keys: dict[int, float] = field(default_factory=dict)
    properties: dict[str, object] = field(default_factory=dict)
    # Of which frames a read tells nothing, after an XML import.
    sources_unknown: bool = False
    doomed: bool = False

    @property
    def end(self) -> int:
        return self.start + self.frames


@dataclass
class Mark:
    """A marker, relative to the timeline's start."""

    frame: int
    colour: str
    name: str
    note: str = ""
    frames: int = 1
    custom: str = ""


@dataclass
class Lane:
    """A track. `kind`: video, audio, subtitle."""

    ident: str
    kind: str
    name: str
    subtype: str = ""
    locked: bool = False
    enabled: bool = True
    pieces: list[Piece] = field(default_factory=list)

    def sorted(self) -> list[Piece]:
        return sorted(self.pieces, key=lambda piece: (piece.start, piece.end))


@dataclass
class Edit:
    """A timeline. `start` absolute frame of its frame 0; `mark_in`, `mark_out` relative, out inclusive."""

    ident: str
    name: str
    fps: Fraction
    start: int
    drop_frame: bool = False
    lanes: list[Lane] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    mark_in: int | None = None
    mark_out: int | None = None
    playhead: int = 0
    selected: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)

    def of_kind(self, kind: str) -> list[Lane]:
        return [lane for lane in self.lanes if lane.kind == kind]

    def pieces(self) -> Iterator[tuple[Lane, Piece]]:
        for lane in self.lanes:
            for piece in lane.sorted():
                yield lane, piece

    @property
    def end(self) -> int:
        ends = [piece.end for _, piece in self.pieces()]
        return max([self.start, *ends])


@dataclass
class Film:
    """A project."""

    ident: str
    name: str
    fps: Fraction
    root: Bin
    current_bin: Bin
    edits: list[Edit] = field(default_factory=list)
    current_edit: Edit | None = None
    made_bin: Bin | None = None
    tracked_edit: Edit | None = None
    saves: int = 0

    def bin_of(self, source: Source) -> Bin | None:
        return next((one for one in self.root.walk() if any(s is source for s in one.sources)), None)
