"""What the composer knows of each instrument: its preset, its range, and how it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

COMMON_LUFS = -36.0


@dataclass(frozen=True, slots=True)
class Facts:
    """A preset of the sound font. `low` to `high` is the range that sounds well, MIDI pitches, inclusive.

    `struck` instruments speak at once and die away by themselves; the others last as long as they are held.
    """

    bank: int
    program: int
    low: int
    high: int
    struck: bool
    # Loudness of a line in its middle register at velocity 75, LUFS, as our player renders the preset; gains
    # of styles are told on top of a common ground.
    level_lufs: float = COMMON_LUFS
    # For drum kits: lane of a groove -> key.
    lanes: Mapping[str, int] = field(default_factory=dict)


_STANDARD = {
    "kick": 36, "rim": 37, "snare": 38, "clap": 39, "hat": 42, "pedal": 44, "open": 46, "tom_low": 43,
    "tom_mid": 47, "tom_high": 50, "crash": 49, "crash_2": 57, "ride": 51, "tamb": 54, "shaker": 70,
}  # fmt: skip
_ORCHESTRAL = {
    "kick": 36, "snare": 38, "crash": 57, "crash_2": 59, "taiko": 87, "taiko_short": 86, "tamb": 54,
    "shaker": 70, "triangle": 81,
}  # fmt: skip
_ELECTRIC = {
    "kick": 36, "rim": 37, "snare": 38, "clap": 39, "hat": 42, "open": 46, "tom_low": 41, "tom_mid": 47,
    "tom_high": 50, "crash": 49, "shaker": 70,
}  # fmt: skip
# The timpani of the orchestral kit are tuned: these keys sound their own pitch.
TIMPANI = (41, 53)

INSTRUMENTS: Mapping[str, Facts] = {
    "piano": Facts(0, 0, 24, 100, True, -38.9),
    "epiano": Facts(0, 4, 33, 93, True, -31.9),
    "celesta": Facts(0, 8, 60, 103, True, -36.7),
    "vibraphone": Facts(0, 11, 53, 89, True, -40.1),
    "guitar": Facts(0, 24, 40, 81, True, -40.4),
    "acoustic_bass": Facts(0, 32, 28, 60, True, -35.0),
    "finger_bass": Facts(0, 33, 28, 60, True, -33.7),
    "synth_bass": Facts(0, 38, 28, 60, True, -36.8),
    "cello": Facts(0, 42, 36, 77, False, -36.6),
    "low_strings": Facts(0, 42, 36, 60, False, -37.0),
    "contrabass": Facts(0, 43, 28, 55, False, -36.4),
    "tremolo": Facts(0, 44, 40, 88, False, -33.3),
    "pizzicato": Facts(0, 45, 36, 91, True, -37.7),
    "contrabass_pizz": Facts(0, 45, 28, 60, True, -35.3),
    "harp": Facts(0, 46, 28, 100, True, -36.9),
    "short_strings": Facts(0, 48, 36, 93, False, -34.6),
    "violins": Facts(0, 48, 55, 96, False, -34.5),
    "slow_strings": Facts(0, 49, 36, 93, False, -32.0),
    "choir": Facts(0, 52, 48, 81, False, -35.7),
    "horn": Facts(0, 60, 41, 79, False, -32.2),
    "clarinet": Facts(0, 71, 50, 91, False, -33.7),
    "flute": Facts(0, 73, 60, 96, False, -32.6),
    "square": Facts(0, 80, 36, 96, False, -32.3),
    "saw": Facts(0, 81, 36, 96, False, -35.9),
    "fantasia": Facts(0, 88, 40, 96, True, -37.7),
    "warm_pad": Facts(0, 89, 36, 90, False, -39.4),
    "kit": Facts(128, 0, 27, 87, True, -39.2, _STANDARD),
    "electro_kit": Facts(128, 25, 27, 87, True, -35.0, _ELECTRIC),
    "orchestral_kit": Facts(128, 48, 27, 88, True, -39.8, _ORCHESTRAL),
    "fx:riser": Facts(-1, 0, 36, 60, False),
    "fx:swell": Facts(-1, 1, 36, 60, False),
    "fx:impact": Facts(-1, 2, 36, 60, True),
    "fx:downer": Facts(-1, 3, 36, 60, False),
}


def fit(instrument: str, pitch: int) -> int:
    """`pitch`, moved by octaves into the instrument's range."""
    facts = INSTRUMENTS[instrument]
    while pitch < facts.low:
        pitch += 12
    while pitch > facts.high:
        pitch -= 12
    return pitch
