"""What an editor did in the panel, as one value: cues, wishes, takes, what is heard and shown. Undo is a
list of these; `NAME.hitpoint/session.json` is one. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from ..engine.types import Fit
from ..engine.wishes import NO_WISHES, Wishes


@dataclass(frozen=True, slots=True)
class Controls:
    """How a cue's music is asked for; the defaults are right without reading.

    model       "sketch", a model's name, or "auto": the best model on this machine, else sketch
    style       a style's name, or "auto": chosen by the picture
    mood        words of mood
    prompt      for models that read words
    like        temp track: a file, "track:NAME", or ""
    seed        None: drawn for each take, and shown
    loudness    LUFS; None: -16, or 15 LU under speech
    separate    a neural model's music split into drums, bass and other
    candidates  of a neural model; None: its own number
    use         "client": only weights and sounds whose licence allows selling
    sounds      what sketch plays: "bundled", or an imported sound font
    anyway      start though the memory seems too little
    """

    model: str = "auto"
    style: str = "auto"
    mood: str = ""
    prompt: str = ""
    like: str = ""
    seed: int | None = None
    loudness: float | None = None
    separate: bool = False
    candidates: int | None = None
    use: Literal["any", "client"] = "any"
    sounds: str = "bundled"
    fit: Fit | None = None
    anyway: bool = False


@dataclass(frozen=True, slots=True)
class TakeEntry:
    """One take of a cue: finished stems in a folder of its own.

    id          unique in the session, "t0001" ...; also the folder's name below `NAME.hitpoint/session/takes`
    made        when, ISO 8601 in UTC
    folder      absolute; holds take.json (the plan it follows, notes, stems), stems/*.wav, mix.wav
    stems       (name, absolute path, sha256) in the order of the score
    head, samples   samples of the handle before the cue, and of the cue
    lufs        of the mix over the cue; None for silence
    why         why this generator, one sentence
    wishes, controls    as they were when it was made
    """

    id: str
    name: str
    made: str
    folder: str
    generator: str
    model: str
    style: str
    seed: int
    stems: tuple[tuple[str, str, str], ...]
    head: int
    samples: int
    lufs: float | None
    true_peak_dbtp: float | None
    why: str
    wishes: Wishes
    controls: Controls
    mix: str = ""
    weights_licence: str = ""
    # Measured on the sound: strong hits met, of so many; sentences of what was degraded.
    hits_met: int = 0
    hits: int = 0
    problems: tuple[str, ...] = ()
    rejected: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CueState:
    """A cue, what is wished of it, and its takes."""

    name: str
    in_frame: int
    out_frame_exclusive: int
    wishes: Wishes = NO_WISHES
    controls: Controls = Controls()
    takes: tuple[TakeEntry, ...] = ()
    # Ids of takes, "" for none: the one that is heard, and the one that is to be placed.
    heard: str = ""
    approved: str = ""
    # Nothing of it changes until it is unlocked.
    locked: bool = False
    # "c" and 8 hex digits, drawn when it was made and kept through renaming: a take that is finished later
    # finds its cue by it. The digits are also the seed that it is planned with until a take has another.
    id: str = ""

    @property
    def first_seed(self) -> int:
        return int(self.id[1:] or "0", 16)


@dataclass(frozen=True, slots=True)
class Mix:
    """What is heard. Gains in dB; `balance` -1 (the film's own sound alone) .. 1 (music alone)."""

    muted: tuple[str, ...] = ()
    soloed: tuple[str, ...] = ()
    balance: float = 0.0
    click: bool = False
    count_in: bool = False
    # Takes are heard at one loudness.
    matched: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """Where the panel looks: kept, and no part of undo. `loop` is record frames, the end exclusive."""

    playhead_frame: int = 0
    first_frame: float = 0.0
    # Frames of the timeline per pixel; 0 shows it whole.
    frames_per_pixel: float = 0.0
    loop: tuple[int, int] | None = None
    snap: bool = True
    theme: Literal["system", "light", "dark"] = "system"
    # Placing writes the hits as markers into the editor's program, too.
    hit_markers: bool = True
    # Pixels of the parts of the window that can be moved against each other, () as they come.
    split: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """`source` is the timeline's absolute path, `input` its name as runs are known by; `sha256` of it as it
    was read."""

    SCHEMA: ClassVar[str] = "hitpoint.session.1"

    source: str
    input: Mapping[str, str]
    sha256: str = ""
    cues: tuple[CueState, ...] = ()
    # Name of the cue that is worked on, "" for none.
    current: str = ""
    mix: Mix = Mix()
    view: View = View()
    # So many takes were ever made: the next one's number.
    takes_made: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    def cue(self, name: str) -> CueState:
        """KeyError when there is none."""
        for cue in self.cues:
            if cue.name == name:
                return cue
        raise KeyError(name)
