"""Styles: tables of tempi, palettes, patterns, harmony and mix that the built-in composer reads.

A style is data (`engine/styles/NAME.toml`, schema "hitpoint.style.1"), so that a new one needs no code.
Pattern text is one character a sixteenth of a 4/4 bar; what the characters mean is told where they are read
(`sketch/drums.py`, `sketch/bass.py`, `sketch/figures.py`).
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

from .errors import EngineFault, OptionError
from .types import STEM_ORDER, Fit

if TYPE_CHECKING:
    import numpy as np

SCHEMA = "hitpoint.style.1"
# Levels of intensity: 0 bare, 1 thin, 2 moving, 3 full, 4 the climax.
LEVELS = 5
# Faster than a style's fastest tempo by this, the band plays in half time.
HALF_TIME = 1.06

# The harmony's figure where somebody speaks, unless a style has its own.
UNDER_SPEECH = "0-------1-------"

# The last chord rings out, is cut off, or is what remains of a music that grew softer.
EndingKind = Literal["ring", "button", "fade"]
MelodyScale = Literal["mode", "pentatonic"]
GraceKind = Literal["semitone", "step"]


@dataclass(frozen=True, slots=True)
class Mix:
    """Where a voice stands: gain in dB, pan -1..1, wet share of the room 0..1, stereo width 0..1."""

    gain_db: float = 0.0
    pan: float = 0.0
    room: float = 0.2
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Part:
    """One way to orchestrate a stem. `voices` are (instrument, level from which it joins); `accent` is the
    instrument that struck accents use; `register` is the MIDI pitch that the part lies around."""

    name: str
    voices: tuple[tuple[str, int], ...]
    accent: str
    register: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """Pattern text for the levels `low` to `high`."""

    low: int
    high: int
    text: str


@dataclass(frozen=True, slots=True)
class Groove:
    """One drum pattern: lane name -> text, for the levels `low` to `high`."""

    name: str
    low: int
    high: int
    lanes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Harmony:
    """Progressions as roman numerals over the major scale of the tonic: bVII lies a whole step below it."""

    # Lowest valence of each mode, brightest first; the last one is at 0.
    modes: tuple[tuple[float, str], ...]
    major: tuple[tuple[str, ...], ...]
    minor: tuple[tuple[str, ...], ...]
    # Chords that lead into a section or a hit.
    leading_major: tuple[str, ...]
    leading_minor: tuple[str, ...]
    # The chord before the last one.
    final_major: tuple[str, ...]
    final_minor: tuple[str, ...]
    # Chance that a chord is coloured (ninth, seventh, fourth), and that a section opens off the tonic.
    colour: float
    deceptive: float
    # False: the harmony stem plays root, fifth and octave alone (power chords).
    thirds: bool = True


@dataclass(frozen=True, slots=True)
class Singing:
    """How the melody sings the theme.

    scale     "mode": all seven steps; "pentatonic": without those a half step apart (gong in bright modes,
              yu in dark ones)
    pace      how many times as slow as it is written: 1 or 2
    held      share of its length for which a note sounds: below 1 it is played short
    grace     chance that a strong or long note has a grace note before it
    grace_by  that note lies a "semitone" below, or a "step" of the scale above
    """

    scale: MelodyScale = "mode"
    pace: int = 1
    held: float = 1.0
    grace: float = 0.0
    grace_by: GraceKind = "step"


@dataclass(frozen=True, slots=True)
class Feel:
    """Unevenness: standard deviations of timing (ms) and velocity; swing 0 (even) to 0.33 (triplets)."""

    timing_ms: float
    velocity: float
    swing: float


@dataclass(frozen=True, slots=True)
class Style:
    name: str
    about: str
    # What a text-conditioned model is told of it.
    words: str
    tempo_bpm: tuple[float, float]
    # Four energies that divide the five levels.
    levels: tuple[float, ...]
    # Stem -> level from which it plays. Its keys are the stems of the style.
    enter: Mapping[str, int]
    # Softest and loudest ordinary velocity.
    velocity: tuple[int, int]
    parts: Mapping[str, tuple[Part, ...]]
    mix: Mapping[str, Mapping[str, Mix]]
    harmony: Harmony
    grooves: tuple[Groove, ...]
    # Drum lanes that strike together on a strong hit, and those that a fill runs through.
    accent_lanes: tuple[str, ...]
    fill_lanes: tuple[str, ...]
    # Instruments for the counter-line (in the pads), and the level from which it sings.
    counter: tuple[str, ...]
    counter_from: int
    basslines: tuple[Pattern, ...]
    figures: tuple[Pattern, ...]
    feel: Feel
    ending: EndingKind
    # Bars between two effects on strong hits that are not musts; 0 for never.
    effect_bars: int
    # Chance that a fill leads into an ordinary four-bar phrase, too.
    fills: float
    singing: Singing = Singing()
    # The figure of the harmony where somebody speaks.
    under_speech: str = UNDER_SPEECH
    # What the tempo map keeps to where the user does not say.
    fit: Fit = "steady"
    # Bars from one accent to the next; 0 where every strong hit may be struck. A must always is.
    accent_bars: int = 4

    @property
    def stems(self) -> tuple[str, ...]:
        return tuple(stem for stem in STEM_ORDER if stem in self.enter)

    def part(self, stem: str, name: str) -> Part:
        """The orchestration of `stem` called `name`. OptionError when the style has none of that name."""
        for part in self.parts[stem]:
            if part.name == name:
                return part
        known = ", ".join(part.name for part in self.parts[stem])
        raise OptionError(f"the style '{self.name}' has no {stem} called '{name}': choose one of {known}")

    def draw_palette(self, rng: np.random.Generator) -> dict[str, str]:
        """One orchestration for each stem that has a choice: stem -> name of a part."""
        return {
            stem: parts[int(rng.integers(len(parts)))].name
            for stem in self.stems
            if (parts := self.parts.get(stem, ()))
        }


@cache
def style_names() -> tuple[str, ...]:
    folder = resources.files(__package__) / "styles"
    return tuple(
        sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    )


@cache
def load_style(name: str) -> Style:
    """The style called `name`. OptionError names the possible ones."""
    names = style_names()
    if name not in names:
        near = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean '{near[0]}'? There are" if near else "choose one of"
        raise OptionError(f"there is no style '{name}': {hint} {', '.join(names)}")
    text = (resources.files(__package__) / "styles" / f"{name}.toml").read_text(encoding="utf-8")
    try:
        return read_style(name, tomllib.loads(text))
    except (KeyError, TypeError, ValueError) as error:
        raise EngineFault(
            f"the style table '{name}.toml' is broken ({error!r}): install Hitpoint again"
        ) from error


def read_style(name: str, table: Mapping[str, Any]) -> Style:
    """The style that a table tells. KeyError, TypeError or ValueError where it lacks or mistakes anything."""
    if table["schema"] != SCHEMA:
        raise ValueError(f"schema {table['schema']}")
    enter = {str(stem): int(level) for stem, level in table["enter"].items()}
    unknown = [stem for stem in enter if stem not in STEM_ORDER]
    if unknown:
        raise ValueError(f"unknown stems {unknown}")
    low, high = (float(bpm) for bpm in table["tempo_bpm"])
    softest, loudest = (int(velocity) for velocity in table["velocity"])
    levels = tuple(float(edge) for edge in table["levels"])
    if len(levels) != LEVELS - 1 or list(levels) != sorted(levels):
        raise ValueError("levels need four rising energies")
    feel = table["feel"]
    counter = table.get("counter", {"voices": (), "from": LEVELS})
    ending = table["ending"]
    if ending not in ("ring", "button", "fade"):
        raise ValueError(f"ending {ending}")
    fit = table["fit"]
    if fit not in ("steady", "tight"):
        raise ValueError(f"fit {fit}")
    return Style(
        name=name,
        about=str(table["about"]),
        words=str(table["words"]),
        tempo_bpm=(low, high),
        levels=levels,
        enter=enter,
        velocity=(softest, loudest),
        parts={stem: tuple(_part(part) for part in parts) for stem, parts in table["parts"].items()},
        mix={
            stem: {
                instrument: Mix(**{key: float(x) for key, x in mix.items()})
                for instrument, mix in voices.items()
            }
            for stem, voices in table["mix"].items()
        },
        harmony=_harmony(table["harmony"]),
        grooves=tuple(_groove(groove) for groove in table.get("groove", ())),
        accent_lanes=tuple(str(lane) for lane in table["drums"]["accents"]),
        fill_lanes=tuple(str(lane) for lane in table["drums"]["fill"]),
        counter=tuple(str(voice) for voice in counter["voices"]),
        counter_from=int(counter["from"]),
        basslines=tuple(_pattern(line) for line in table["bass"]),
        figures=tuple(_pattern(line) for line in table["figure"]),
        feel=Feel(float(feel["timing_ms"]), float(feel["velocity"]), float(feel["swing"])),
        ending=ending,
        effect_bars=int(table["effect_bars"]),
        fills=float(table["fills"]),
        singing=_singing(table.get("melody", {})),
        under_speech=_bar(table.get("under_speech", UNDER_SPEECH)),
        fit=fit,
        accent_bars=int(table.get("accent_bars", 4)),
    )


def _part(table: Mapping[str, Any]) -> Part:
    voices: list[tuple[str, int]] = []
    for text in table["voices"]:
        instrument, _, level = str(text).partition(":")
        voices.append((instrument, int(level or 0)))
    return Part(str(table["name"]), tuple(voices), str(table["accent"]), int(table["register"]))


def _pattern(table: Mapping[str, Any]) -> Pattern:
    low, high = (int(level) for level in table["levels"])
    return Pattern(low, high, _bar(table["text"]))


def _groove(table: Mapping[str, Any]) -> Groove:
    low, high = (int(level) for level in table["levels"])
    lanes = {str(lane): _bar(text) for lane, text in table["lanes"].items()}
    return Groove(str(table["name"]), low, high, lanes)


def _bar(text: str) -> str:
    """Pattern text without the blanks that make it readable; whole 4/4 bars of sixteenths."""
    squeezed = "".join(text.split())
    if not squeezed or len(squeezed) % 16:
        raise ValueError(f"pattern '{text}' has {len(squeezed)} sixteenths, not whole bars")
    return squeezed


def _harmony(table: Mapping[str, Any]) -> Harmony:
    def chords(lines: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(line.split()) for line in lines)

    return Harmony(
        modes=tuple((float(edge), str(mode)) for edge, mode in table["modes"]),
        major=chords(table["major"]),
        minor=chords(table["minor"]),
        leading_major=tuple(table["leading_major"]),
        leading_minor=tuple(table["leading_minor"]),
        final_major=tuple(table["final_major"]),
        final_minor=tuple(table["final_minor"]),
        colour=float(table["colour"]),
        deceptive=float(table["deceptive"]),
        thirds=bool(table.get("thirds", True)),
    )


def _singing(table: Mapping[str, Any]) -> Singing:
    singing = Singing(**table)
    if singing.scale not in ("mode", "pentatonic"):
        raise ValueError(f"melody scale {singing.scale}")
    if singing.grace_by not in ("semitone", "step"):
        raise ValueError(f"grace notes by {singing.grace_by}")
    if singing.pace not in (1, 2) or not 0 < singing.held <= 1 or not 0 <= singing.grace <= 1:
        raise ValueError("melody needs pace 1 or 2, held above 0 to 1, grace 0 to 1")
    return singing
