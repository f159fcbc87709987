"""How a picture was read, said in four words ("tense, building, 96 bpm, D minor"), and what could stand in
the place of each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..style import Style, load_style
from ..types import Picture, Plan, Score, Section
from ..wishes import LEAST_BPM, MOST_BPM
from .asked import BRIGHT_MODES, asked_key, asked_tempo, mode_at, modes_like, unmoved
from .like import TONICS, arranged
from .mood import WORDS, mood_of

Floats = npt.NDArray[np.float64]

Course = Literal["building", "falling", "an arch", "a dip", "steady"]
AS_READ = "as read"

# Film's own middle and reach of valence and energy, for words that go from -1 to 1.
_MIDDLE = (0.48, 0.45)
_REACH = (2.5, 2.0)
# How far off a word lies that is offered beside the one that was read.
_BESIDE = 0.4
# So much nearer is a word that is at home in the style.
_HOME = 0.15
# A curve that keeps inside this is steady; a shape is one from this likeness on.
_STEADY = 0.15
_LIKE = 0.6
_POINTS = 9
_LOW, _HIGH = 0.2, 0.85
# Another tempo is this much slower or faster, and its range this wide.
_OTHER_TEMPO = 1.18
_FAMILY = 1.03
# So far outside its range a style may be asked to play.
_OUTSIDE = 1.1


@dataclass(frozen=True, slots=True)
class MoodChoice:
    """`word` for `--mood`; "" for the picture's own."""

    text: str
    word: str = ""


@dataclass(frozen=True, slots=True)
class CourseChoice:
    """`curve` is drawn as intensity, 0..1 evenly over the cue; () for the picture's own."""

    text: str
    curve: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class TempoChoice:
    """Lowest and highest base tempo; None for the style's own."""

    text: str
    bpm: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """`tonic` is a pitch class, C is 0; None and "" for the film's own key."""

    text: str
    tonic: int | None = None
    mode: Literal["", "major", "minor"] = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """The words, and what each can be changed into: the first choice takes back what was asked."""

    mood: str
    moods: tuple[MoodChoice, ...]
    course: Course
    courses: tuple[CourseChoice, ...]
    tempo: str
    tempi: tuple[TempoChoice, ...]
    key: str
    keys: tuple[KeyChoice, ...]

    @property
    def sentence(self) -> str:
        return ", ".join((self.mood, self.course, self.tempo, self.key))


def read_aloud(picture: Picture, plan: Plan, score: Score) -> Reading:
    """The reading of a cue. `score` is the one it is made with, as `asked_of` gives it."""
    style = arranged(score)
    mood, moods = _mood(picture, plan, score)
    course, courses = _course(plan)
    tempo, tempi = _tempo(plan, load_style(score.style), asked_tempo(score))
    key, keys = _key(plan, style, score)
    return Reading(mood, moods, course, courses, tempo, tempi, key, keys)


# --- Mood
# ----------------------------------------------------------------------------------------------------


def _mood(picture: Picture, plan: Plan, score: Score) -> tuple[str, tuple[MoodChoice, ...]]:
    asked = mood_of(score)
    valence, energy = _means(unmoved(plan).sections)
    if asked is not None:
        valence, energy = _unlifted(valence, asked.valence), _unlifted(energy, asked.energy)
    seen = len(picture.motion) > sum(one.out_frame_exclusive - one.in_frame for one in picture.unseen)
    # Of what nobody saw there is nothing to say.
    here = (_REACH[0] * (valence - _MIDDLE[0]), _REACH[1] * (energy - _MIDDLE[1])) if seen else (0.0, 0.0)
    own = _nearest(here, score.style, ())
    found = [own]
    for by in ((-_BESIDE, 0.0), (_BESIDE, 0.0), (0.0, -_BESIDE), (0.0, _BESIDE)):
        found.append(_nearest((here[0] + by[0], here[1] + by[1]), score.style, found))
    text = own if asked is None else asked.text
    choices = [MoodChoice(f"{own} ({AS_READ})"), *(MoodChoice(word, word) for word in found[1:])]
    return text, tuple(choices)


def _nearest(place: tuple[float, float], style: str, but: Sequence[str]) -> str:
    """The word of a valence and an energy, -1 to 1, that is none of some; rather one that is at home in the
    style."""

    def off(word: str) -> float:
        known = WORDS[word]
        home = _HOME if style in known.styles else 0.0
        return math.hypot(known.valence - place[0], known.energy - place[1]) - home

    return min((word for word in WORDS if word not in but), key=lambda word: (round(off(word), 6), word))


def _means(sections: Sequence[Section]) -> tuple[float, float]:
    """Valence and energy of all bars."""
    bars = [one.end_bar_exclusive - one.start_bar for one in sections]
    if not sum(bars):
        return _MIDDLE
    valence = np.average([one.valence for one in sections], weights=bars)
    return float(valence), float(np.average([one.energy for one in sections], weights=bars))


def _unlifted(value: float, share: float) -> float:
    """What `mood.lift` made `value` of."""
    if share > 0:
        return (value - share) / (1 - share) if share < 1 else value
    return value / (1 + share) if share > -1 else value


# --- Course
# --------------------------------------------------------------------------------------------------


def _course(plan: Plan) -> tuple[Course, tuple[CourseChoice, ...]]:
    energy = np.asarray(plan.energy[: plan.ending_bar + 1] or (0.5,), dtype=np.float64)
    found = course_of(energy)
    curves = _curves(float(energy.mean()))
    others = [CourseChoice(text, curve) for text, curve in curves.items() if text != found]
    return found, (CourseChoice(AS_READ), *others)


def course_of(energy: Floats) -> Course:
    """The shape of a curve [bars]: the one of four it is most like, or steady."""
    spread = np.percentile(energy, 90) - np.percentile(energy, 10)
    if len(energy) < 3 or spread < _STEADY:
        return "steady"
    at = np.linspace(0, 1, len(energy))
    rise, arch = at - at.mean(), np.sin(np.pi * at) - np.sin(np.pi * at).mean()
    centred = energy - energy.mean()
    size = float(np.linalg.norm(centred))

    def like(shape: Floats) -> float:
        return float(centred @ shape) / (size * float(np.linalg.norm(shape)))

    likeness: dict[Course, float] = {
        "building": like(rise),
        "falling": -like(rise),
        "an arch": like(arch),
        "a dip": -like(arch),
    }
    best = max(likeness, key=lambda name: likeness[name])
    return best if likeness[best] >= _LIKE else "steady"


def _curves(mean: float) -> Mapping[Course, tuple[float, ...]]:
    at = np.linspace(0, 1, _POINTS)
    shapes: dict[Course, Floats] = {
        "building": at,
        "falling": 1 - at,
        "an arch": np.sin(np.pi * at),
        "a dip": 1 - np.sin(np.pi * at),
    }
    curves = {name: _LOW + (_HIGH - _LOW) * shape for name, shape in shapes.items()}
    curves["steady"] = np.full(_POINTS, mean)
    return {name: tuple(round(float(value), 3) for value in curve) for name, curve in curves.items()}


# --- Tempo and key
# -------------------------------------------------------------------------------------------


def _tempo(plan: Plan, style: Style, asked: bool) -> tuple[str, tuple[TempoChoice, ...]]:
    first, last = plan.segments[0].start_sample, plan.segments[-1].end_sample_exclusive
    bpm = 60 * 48_000 * sum(segment.beats for segment in plan.segments) / (last - first)
    text = f"{bpm:.0f} bpm"
    low, high = style.tempo_bpm
    others = {
        "slower": bpm / _OTHER_TEMPO,
        "faster": bpm * _OTHER_TEMPO,
        "half as fast": bpm / 2,
        "twice as fast": bpm * 2,
    }
    choices = [TempoChoice(AS_READ if asked else f"{text} ({AS_READ})")]
    for name, other in others.items():
        if max(low / _OUTSIDE, LEAST_BPM) <= other <= min(high * _OUTSIDE, MOST_BPM):
            bounds = round(other / _FAMILY, 1), round(other * _FAMILY, 1)
            choices.append(TempoChoice(f"{name}, {other:.0f} bpm", bounds))
    return text, tuple(choices)


def _key(plan: Plan, style: Style, score: Score) -> tuple[str, tuple[KeyChoice, ...]]:
    longest = max(plan.sections, key=lambda one: one.end_bar_exclusive - one.start_bar, default=None)
    bright = mode_at(style, longest.valence if longest is not None else _MIDDLE[0]) in BRIGHT_MODES
    here: Literal["major", "minor"] = "major" if bright else "minor"
    there: Literal["major", "minor"] = "minor" if bright else "major"
    tonic = score.tonic
    text = _named(tonic, here)
    choices = [KeyChoice(AS_READ if asked_key(score) else f"{text} ({AS_READ})")]
    # The parallel, the relative, and a fifth up and down.
    for other, mode in (
        (tonic, there),
        ((tonic + (9 if bright else 3)) % 12, there),
        ((tonic + 7) % 12, here),
        ((tonic + 5) % 12, here),
    ):
        if modes_like(load_style(score.style), mode):
            choices.append(KeyChoice(_named(other, mode), other, mode))
    return text, tuple(choices)


def _named(tonic: int, mode: str) -> str:
    return f"{TONICS[tonic % 12]} {mode}"
