"""What the panel needs and does not do itself: `plugin` gives it these. Every call returns at once; what
takes time is a Task, whose result is named beside the method.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PyQt6.QtCore import QObject

from ..engine.cutting import cut_cue
from ..engine.errors import Problem
from ..engine.timebase import Rate
from ..engine.types import Cue, HitKind, Marker, Picture, Plan, Score, Shot, Sound
from ..engine.wishes import Wishes, with_wishes
from .host_port import (
    Ability,
    Chosen,
    HereRead,
    Host,
    HostState,
    Landed,
    Mark,
    Placed,
    Standing,
)
from .session import Controls, Mix, Session, TakeEntry
from .task import Task

__all__ = [
    "Ability", "Choice", "Chosen", "Doubt", "HereRead", "HitRow", "Host", "HostState", "Landed", "Levels",
    "Looked", "Mark", "ModelRow", "Order", "Peaks", "PlaceRow", "Placed", "Planned", "Player", "Proxy",
    "Standing", "Store", "Studio", "Timeline", "Word",
]  # fmt: skip

# --- The engine


@dataclass(frozen=True, slots=True)
class Timeline:
    """A timeline as it was read: see `plugin.timeline.document.Document`."""

    path: str
    rate: Rate
    start_timecode_frame: int
    drop_frame: bool
    frames: int
    shots: tuple[Shot, ...]
    sounds: tuple[Sound, ...]
    markers: tuple[Marker, ...]
    problems: tuple[Problem, ...]
    find_cuts: bool
    sha256: str

    def cue(self, name: str, in_frame: int, out_frame_exclusive: int, wishes: Wishes) -> Cue:
        """The stretch as a Cue, shots and sounds cut to it."""
        # Of an hour's shots only those that are in it: they follow each other.
        begin = bisect_right(self.shots, in_frame, key=lambda shot: shot.in_frame)
        end = bisect_left(self.shots, out_frame_exclusive, key=lambda shot: shot.in_frame)
        cue = cut_cue(
            name,
            in_frame,
            out_frame_exclusive,
            rate=self.rate,
            shots=self.shots[max(0, begin - 1) : end],
            sounds=self.sounds,
            markers=self.markers,
            start_timecode_frame=self.start_timecode_frame,
            drop_frame=self.drop_frame,
            find_cuts=self.find_cuts,
            problems=self.problems,
        )
        return with_wishes(cue, wishes)


@dataclass(frozen=True, slots=True)
class Looked:
    """A Picture, and the file that holds it for later questions (the engine keeps what it read of it)."""

    picture: Picture
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class HitRow:
    """A hit of the plan, and how far the music's nearest downbeat (or beat) is from it: `error_frames` above
    0 where the music is late. `from_wish`: set by the editor, else found in the picture or a timeline marker.
    """

    frame: int
    kind: HitKind
    strength: float
    name: str
    strong: bool
    met: bool
    error_frames: float
    from_wish: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the sentence that tells how the picture was read, and what could stand in its place.

    what        "mood", "course", "tempo", "key"
    choices     (text, the Controls or Wishes that it sets); the first is the picture's own
    """

    what: str
    text: str
    choices: tuple[tuple[str, Choice], ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a word sets: None leaves a thing as it is; `course` is drawn as intensity, values 0..1 evenly over
    the cue, () for the picture's own."""

    mood: str | None = None
    tempo_bpm: tuple[float, float] | None = None
    tonic: int | None = None
    mode: str | None = None
    course: tuple[float, ...] | None = None
    # Sets tempo and key back to the picture's and the style's own.
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan of a cue under its wishes. `full`: from the whole search; else around what was changed."""

    score: Score
    plan: Plan
    hits: tuple[HitRow, ...]
    sentence: tuple[Word, ...]
    full: bool


@dataclass(frozen=True, slots=True)
class Order:
    """What to make: a take of a cue, or a stretch of it to be heard at once (`Studio.sketch_passage`)."""

    cue: Cue
    looked: Looked
    controls: Controls
    # The seed that counts: the controls', or drawn by the panel.
    seed: int
    # The cues of the film (name, in, out exclusive), for its shared score.
    spotting: tuple[tuple[str, int, int], ...]
    take_id: str
    name: str
    made: str
    # "more like this": the score (themes, key, palette) of this take's folder.
    like_take: str = ""


@dataclass(frozen=True, slots=True)
class Peaks:
    """A stem's waveform over the cue: least and largest value, -1..1, of `len(low)` equal stretches."""

    stem: str
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A place where picture and music disagree. `kind` "hit", "energy", "speech"; `badness` 0..1."""

    kind: str
    in_frame: int
    out_frame_exclusive: int
    badness: float
    text: str


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A generator that can be chosen. `usable` now; else `why_not` says what to do. Bytes, or None where
    nobody told us."""

    name: str
    title: str
    kind: str
    licence: str
    commercial: bool | None
    memory_bytes: int | None
    usable: bool
    why_not: str
    reads_words: bool
    # What "auto" takes now.
    is_auto: bool = False
    # Of a model: whether it was trained with a plan, which tells it more of what is wished.
    follows_plan: bool = False


@dataclass(frozen=True, slots=True)
class Proxy:
    """The pictures of a stretch for playback: a folder or file that the Player reads, and the film's own
    sound as a WAV of 48 kHz stereo, "" without. `frames` of it are there (it may still grow)."""

    path: str
    sound: str
    in_frame: int
    out_frame_exclusive: int
    frames: int


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One thing that placing will do to the timeline: `what` "add", "replace", "keep", "disable"."""

    what: str
    track: str
    cue: str
    stem: str
    in_frame: int
    out_frame_exclusive: int
    text: str = ""


class Studio(Protocol):
    """The engine, asked."""

    def open(self, source: str) -> Task:
        """Timeline"""
        ...

    def look(self, cue: Cue) -> Task:
        """Looked"""
        ...

    def plan(self, cue: Cue, looked: Looked, controls: Controls, seed: int, before: Planned | None) -> Task:
        """Planned. With `before` only around what changed since, within 100 ms for a 3-minute cue; a newer
        call for the same cue makes an older one that still waits end as cancelled."""
        ...

    def generate(self, order: Order) -> Task:
        """TakeEntry; `heard` tells of the first seconds. Tasks queue, one is made at a time."""
        ...

    def sketch_passage(self, order: Order, in_frame: int, out_frame_exclusive: int) -> Task:
        """str: a WAV of sketch's music for these frames of the cue alone, to be heard within 500 ms."""
        ...

    def peaks(self, take: TakeEntry, columns: int) -> Task:
        """tuple[Peaks, ...], one a stem"""
        ...

    def thumbs(self, timeline: Timeline, frames: tuple[int, ...], height: int) -> Task:
        """dict[int, str]: record frame -> JPEG file of that height; frames that cannot be seen are left out.
        Parts come as they are made, in `progress` steps whose text is "frame path"."""
        ...

    def proxy(self, cue: Cue) -> Task:
        """Proxy; the first one as soon as two seconds are there, told as `heard(path, 0, seconds)`."""
        ...

    def doubts(self, cue: Cue, looked: Looked, take: TakeEntry) -> Task:
        """tuple[Doubt, ...], worst first"""
        ...

    def models(self) -> Task:
        """tuple[ModelRow, ...]"""
        ...

    def preview_place(self, session: Session) -> Task:
        """tuple[PlaceRow, ...]"""
        ...

    def place(self, session: Session) -> Task:
        """Placed: the approved takes, else the heard ones, of all cues that have any."""
        ...

    def demo(self) -> Task:
        """str: path of the made-up film's timeline"""
        ...

    def unfinished(self, session: Session) -> Task:
        """tuple[Order, ...]: takes that were begun before a crash and never finished"""
        ...

    @property
    def told(self) -> object:
        """A signal of str: sentences on what became of the engine."""
        ...

    def close(self) -> None: ...


# --- Playback


@dataclass(frozen=True, slots=True)
class Levels:
    """Meters now: momentary and integrated loudness in LUFS, true peak in dBTP since playing began; None for
    silence."""

    momentary_lufs: float | None
    integrated_lufs: float | None
    true_peak_dbtp: float | None


@runtime_checkable
class Player(Protocol):
    """Sound and picture of one cue on one clock. A QObject with the signals named below; positions are record
    frames, fractional.

    position_changed(float), playing_changed(bool), picture_changed(QImage), levels_changed(Levels),
    device_changed(str): "" where there is no audio device: it plays all the same, unheard
    failed(Problem)
    """

    def qobject(self) -> QObject: ...

    def set_cue(self, cue: Cue, plan: Plan | None) -> None:
        """Which stretch is played; `plan` gives the click."""
        ...

    def set_proxy(self, proxy: Proxy | None) -> None: ...

    def set_takes(self, takes: tuple[TakeEntry, ...], heard: str, temp_track: str) -> None:
        """Those that can be switched between; `temp_track` is a sound file, "" for none, heard as "temp"."""
        ...

    def hear(self, take_id: str) -> None:
        """Switch at the same place, within 100 ms, matched in loudness as the Mix says."""
        ...

    def set_mix(self, mix: Mix) -> None: ...

    def set_passage(self, path: str, in_frame: int) -> None:
        """Heard over the take from `in_frame` on, as long as it is; "" takes it away."""
        ...

    def play(self, speed: float = 1.0) -> None:
        """-8 .. 8; other than 1 is silent."""
        ...

    def pause(self) -> None: ...

    def seek(self, frame: float) -> None: ...

    def set_loop(self, loop: tuple[int, int] | None) -> None: ...

    @property
    def position(self) -> float: ...

    @property
    def playing(self) -> bool: ...

    @property
    def device(self) -> str: ...

    def close(self) -> None: ...


# --- What is kept


class Store(Protocol):
    """Where sessions are kept."""

    def load(self, source: str) -> Session | None:
        """Of a timeline that was open before. InputError when its file is damaged."""
        ...

    def save(self, session: Session) -> None:
        """Durable, in another thread; the newest wins."""
        ...

    def flush(self) -> None:
        """Wait until all is saved."""
        ...

    def recent(self) -> tuple[str, ...]:
        """Timelines of earlier sessions, the newest first, that are still there."""
        ...

    def is_first_run(self) -> bool: ...
