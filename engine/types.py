"""The six nouns every module speaks in: Cue, Picture, Plan, Score, Take, Placement.

All are values: frozen, exact, serialisable with `engine.serial`. Standard library only.

Times: `*_frame` counts timeline frames from the timeline's frame 0 (record time). `*_sample` counts 48 kHz
samples from the first sample of the cue. `*_exclusive` is the first one after the end. `*_s` is seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, Literal

from .errors import Problem
from .timebase import Rate

HitKind = Literal["must", "would", "avoid"]
# Whether a groove that stands matters more than hits on downbeats, or less.
Fit = Literal["steady", "tight"]
STEM_ORDER = ("drums", "bass", "harmony", "melody", "pads", "hits")


# --- Cue
# ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImageSequence:
    """Numbered pictures: file `start_number + n * step` is shown `n / rate` seconds into the media."""

    prefix: str
    suffix: str
    padding: int
    start_number: int
    step: int
    rate: Rate


@dataclass(frozen=True, slots=True)
class Media:
    """A source file (for a sequence: its folder), as an absolute path."""

    path: str
    sequence: ImageSequence | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """One stretch of visible picture. Shots of a cue follow each other without holes or overlaps."""

    name: str
    in_frame: int
    out_frame_exclusive: int
    kind: Literal["video", "still", "gap", "offline"]
    media: Media | None = None
    # Where in the file the picture of `in_frame` lies, the media's own start timecode already subtracted.
    source_in_s: Fraction = Fraction(0)
    # Source seconds shown per record second: 0 is a freeze frame, below 0 runs backwards.
    speed: Fraction = Fraction(1)
    # A dissolve from the shot before: how many frames of it lie before and after `in_frame`.
    dissolve_frames: tuple[int, int] = (0, 0)
    # Why an offline shot is not seen, for people.
    problem: str = ""

    def source_s(self, frame: int, rate: Rate) -> Fraction:
        """Seconds into the media at record time `frame`."""
        return self.source_in_s + self.speed * rate.seconds(frame - self.in_frame)


@dataclass(frozen=True, slots=True)
class Sound:
    """One clip of the timeline's own sound (ours never appear here)."""

    name: str
    track: str
    in_frame: int
    out_frame_exclusive: int
    media: Media
    source_in_s: Fraction = Fraction(0)
    speed: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Marker:
    """An editor's marker; `hit` is set when its name or colour asks for a hit point."""

    name: str
    in_frame: int
    out_frame_exclusive: int
    comment: str = ""
    colour: str = ""
    hit: HitKind | None = None
    # 0..1, or None where the editor gave none.
    strength: float | None = None


@dataclass(frozen=True, slots=True)
class Cue:
    """The stretch of a timeline to score."""

    SCHEMA: ClassVar[str] = "hitpoint.cue.1"

    name: str
    rate: Rate
    in_frame: int
    out_frame_exclusive: int
    shots: tuple[Shot, ...]
    # The timecode of the timeline's frame 0, in frames from 00:00:00:00.
    start_timecode_frame: int = 0
    drop_frame: bool = False
    sounds: tuple[Sound, ...] = ()
    markers: tuple[Marker, ...] = ()
    # A plain video file has no edit list: its cuts are to be found in the pictures.
    find_cuts: bool = False
    problems: tuple[Problem, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        return self.out_frame_exclusive - self.in_frame

    @property
    def samples(self) -> int:
        """Length in 48 kHz samples: the difference of two rounded positions, so that cues abut exactly."""
        return self.rate.sample(self.out_frame_exclusive) - self.rate.sample(self.in_frame)

    def sample(self, frame: int) -> int:
        """The sample, counted from the cue's first, at which record frame `frame` begins."""
        return self.rate.sample(frame) - self.rate.sample(self.in_frame)


# --- Picture
# --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """Record frames `in_frame` up to and without `out_frame_exclusive`."""

    in_frame: int
    out_frame_exclusive: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A change of shot. A dissolve or fade is one cut at its middle with a width."""

    frame: int
    strength: float
    kind: Literal["cut", "dissolve", "fade"] = "cut"
    width_frames: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """What the shots of one cue look like over time. Curves hold one value a record frame of the cue, 0..1.

    motion      mean speed of what moves, saturating
    luminance   mean luma
    warmth      0 blue, 0.5 neutral, 1 orange
    saturation  mean chroma
    change      difference to the frame before (a hard cut is a peak)
    Unseen frames (gap, offline) hold luminance 0 for a gap, else the last seen value, and are listed in
    `unseen`.
    """

    SCHEMA: ClassVar[str] = "hitpoint.picture.1"

    rate: Rate
    in_frame: int
    motion: tuple[float, ...]
    luminance: tuple[float, ...]
    warmth: tuple[float, ...]
    saturation: tuple[float, ...]
    change: tuple[float, ...]
    cuts: tuple[Cut, ...]
    black: tuple[Span, ...] = ()
    unseen: tuple[Span, ...] = ()
    speech: tuple[Span, ...] = ()
    # Loudness of the timeline's own sound where it speaks, LUFS; None without speech.
    dialogue_lufs: float | None = None
    problems: tuple[Problem, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


# --- Plan and Score
# -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hit:
    """A moment of the picture that the music must meet, would meet, or avoids."""

    frame: int
    sample: int
    kind: HitKind
    strength: float
    name: str = ""
    # Whether a strong hit is struck; else the music's own downbeat has to do.
    accent: bool = True

    @property
    def strong(self) -> bool:
        """Whether the tempo map is bent for it."""
        return self.kind == "must" or (self.kind == "would" and self.strength >= 0.5)

    @property
    def struck(self) -> bool:
        """Whether the orchestra accents it."""
        return self.strong and self.accent


@dataclass(frozen=True, slots=True)
class TempoSegment:
    """Bars at one tempo. Its beats divide the segment evenly."""

    start_sample: int
    end_sample_exclusive: int
    beats_per_bar: tuple[int, ...]

    @property
    def beats(self) -> int:
        return sum(self.beats_per_bar)

    @property
    def bpm(self) -> float:
        return 60 * 48_000 * self.beats / (self.end_sample_exclusive - self.start_sample)

    def beat_sample(self, beat: Fraction | int) -> int:
        """Sample of a beat, or of a fraction between beats, counted from the segment's start."""
        length = self.end_sample_exclusive - self.start_sample
        return self.start_sample + round(Fraction(length) * beat / self.beats)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a plan, on the clock of the cue."""

    index: int
    start_sample: int
    end_sample_exclusive: int
    beats: int
    segment: TempoSegment
    # Beats of the segment before this bar.
    first_beat: int

    def sample(self, beat: Fraction | int) -> int:
        """Sample of `beat` (0 is the downbeat) inside this bar; the bar's length maps to its end."""
        return self.segment.beat_sample(self.first_beat + beat)


@dataclass(frozen=True, slots=True)
class Section:
    """A run of bars with one character. `label` repeats where the music comes back (A, B, A)."""

    label: str
    start_bar: int
    end_bar_exclusive: int
    # Mean of the bars' energy, 0..1.
    energy: float
    # Mean brightness and warmth of its pictures, 0..1: decides the mode.
    valence: float


@dataclass(frozen=True)
class Plan:
    """The musical skeleton of one cue, made once and given to every generator."""

    SCHEMA: ClassVar[str] = "hitpoint.plan.1"

    cue: str
    samples: int
    hits: tuple[Hit, ...]
    segments: tuple[TempoSegment, ...]
    sections: tuple[Section, ...]
    # One value a bar, 0..1.
    energy: tuple[float, ...]
    # The bar whose downbeat carries the last chord.
    ending_bar: int
    # Speech, in samples of the cue: (start, end exclusive).
    speech: tuple[tuple[int, int], ...] = ()
    problems: tuple[Problem, ...] = ()
    # What the tempo map keeps to: a steady groove, or the hits.
    fit: Fit = "tight"
    extra: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def bars(self) -> tuple[Bar, ...]:
        out: list[Bar] = []
        for segment in self.segments:
            beat = 0
            for beats in segment.beats_per_bar:
                start, end = segment.beat_sample(beat), segment.beat_sample(beat + beats)
                out.append(Bar(len(out), start, end, beats, segment, beat))
                beat += beats
        return tuple(out)

    @cached_property
    def downbeats(self) -> tuple[int, ...]:
        """Samples of the bars' first beats."""
        return tuple(bar.start_sample for bar in self.bars)

    @cached_property
    def beats(self) -> tuple[int, ...]:
        """Samples of all beats."""
        return tuple(bar.sample(beat) for bar in self.bars for beat in range(bar.beats))


@dataclass(frozen=True, slots=True)
class ThemeNote:
    """`degree` counts scale steps from the tonic (7 is the octave); None is a rest. `beats` is its length."""

    degree: int | None
    beats: Fraction


@dataclass(frozen=True, slots=True)
class Theme:
    """A melody of whole 4/4 bars, independent of key, mode, tempo and style."""

    name: str
    notes: tuple[ThemeNote, ...]


@dataclass(frozen=True, slots=True)
class SpottedCue:
    """A line of the spotting list."""

    name: str
    in_frame: int
    out_frame_exclusive: int


@dataclass(frozen=True, slots=True)
class Score:
    """What the cues of one film share; made once, saved, used again when one cue is scored alone."""

    SCHEMA: ClassVar[str] = "hitpoint.score.1"

    seed: int
    style: str
    # Pitch class of the tonic, 0 is C.
    tonic: int
    # Lowest and highest base tempo, beats a minute.
    tempo_family_bpm: tuple[float, float]
    themes: tuple[Theme, ...]
    # Stem name -> instrument name of the style's table.
    palette: Mapping[str, str]
    spotting: tuple[SpottedCue, ...] = ()
    # Of scores that do not say: what there was before there was a choice.
    fit: Fit = "tight"
    extra: Mapping[str, Any] = field(default_factory=dict)


# --- Take
# -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stem:
    """One part's sound. `samples` counts cue and handles; the cue begins at `handle_samples[0]`."""

    name: str
    path: str
    sha256: str
    samples: int
    handle_samples: tuple[int, int]
    sample_rate: int = 48_000


@dataclass(frozen=True, slots=True)
class Note:
    """A sounding note. `start_sample` counts from the cue's first sample and may lie in a handle."""

    stem: str
    start_sample: int
    samples: int
    pitch: int
    velocity: int
    instrument: str = ""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A General MIDI preset, for MIDI files and credits. Bank 128 is percussion, -1 an effect."""

    name: str
    bank: int
    program: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a take comes from; weights are None for a generator that has none."""

    generator: str
    version: str
    seed: int
    style: str = ""
    prompt: str = ""
    model: str = ""
    weights_sha256: str | None = None
    weights_licence: str | None = None
    # Sound fonts and samples used: name -> "sha256 licence".
    sounds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Take:
    """One piece of music for a cue, as files."""

    SCHEMA: ClassVar[str] = "hitpoint.take.1"

    cue: str
    stems: tuple[Stem, ...]
    plan: Plan
    provenance: Provenance
    notes: tuple[Note, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    problems: tuple[Problem, ...] = ()
    # Whether its beats are the plan's, or its own, to be found and fitted to the hits.
    beats: Literal["plan", "own"] = "plan"
    extra: Mapping[str, Any] = field(default_factory=dict)


# --- Placement
# ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placement:
    """Frames of one stem on one audio track: file frame `source_in_frame` sounds at record frame
    `in_frame`.
    """

    SCHEMA: ClassVar[str] = "hitpoint.placement.1"

    track: str
    cue: str
    stem: str
    path: str
    sha256: str
    in_frame: int
    out_frame_exclusive: int
    source_in_frame: int
    # Whole frames in the file.
    available_frames: int
