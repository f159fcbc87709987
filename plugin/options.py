"""What the user asked for, resolved: the same for the command line, the panel and batch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..engine.generator import USUAL, NeuralOptions
from ..engine.timebase import Rate
from ..engine.types import Fit, Span
from ..export.formats import Format
from ..export.hit_markers import Which


@dataclass(frozen=True, slots=True)
class Selection:
    """Which stretch of the timeline: a range, named clips, ranged markers, spans of record frames (a cue
    each, called `names` where there are any), or (nothing set) the whole."""

    range_text: tuple[str, str] | None = None
    clips: tuple[str, ...] = ()
    markers: bool = False
    rate: Rate | None = None
    media: tuple[Path, ...] = ()
    spans: tuple[Span, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def chooses(self) -> bool:
        """Whether anything but the whole is chosen."""
        return self.range_text is not None or bool(self.clips) or self.markers or bool(self.spans)


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    source: Path
    out: Path | None
    selection: Selection
    model: str
    style: str
    seed: int | None
    loudness: float | None
    handles: float
    format: Format
    split: str
    media_roots: tuple[str, ...] = ()
    # What the music is for: "client" refuses weights whose licence forbids selling it.
    use: Literal["any", "client"] = "any"
    neural: NeuralOptions = USUAL
    # What sketch plays, and whether the command line said so.
    sounds: str = "bundled"
    sounds_asked: bool = False
    # Words of mood, and a temp track (a file, "track:NAME", "none"); "" where nothing was said.
    mood: str = ""
    like: str = ""
    # The seed where none is asked for and none was saved; None: drawn then.
    drawn_seed: int | None = None
    # Whether the groove stands or gives way to hits; None: as the style does.
    fit: Fit | None = None
    # How much of each cue the gates judge; None: what costs little beside making it.
    gates: Literal["all", "quick", "off"] | None = None
    # Start a model though the memory seems too little for it.
    anyway: bool = False
    # Which hits become markers of the scored timeline, and of the program that holds it ("none": strong).
    hit_markers: Which = "none"
