"""The styles that made music is written in: the composer's own tables, orchestrated for each kind of motion.

Tempo, grooves, lines and feel are those of a style that comes with Hitpoint; instruments, register, modes and
progressions are set here, so that what is seen decides what is heard and nothing else does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from ...style import LEVELS, Harmony, Mix, Part, Style, load_style
from .scenario import Motion

# A stem that enters here never plays: levels end below it.
_NEVER = LEVELS
_REGISTERS = {"bass": 36, "harmony": 60, "melody": 70, "pads": 57}
_ROOMS = {"bass": 0.12, "harmony": 0.25, "melody": 0.28, "pads": 0.35}
_GAINS_DB = {"bass": 0.0, "harmony": -3.0, "melody": 1.0, "pads": -7.0}


@dataclass(frozen=True, slots=True)
class Band:
    """Instruments of the pitched stems, the drum kit, and the level from which each stem plays."""

    bass: str
    harmony: str
    melody: str
    pads: str
    kit: str = ""
    enter: Mapping[str, int] | None = None


# Drift is held and has no drums; bounce is struck; swarm is fast figures over drums.
_HELD = {"bass": 1, "harmony": 3, "melody": 0, "pads": 0, "drums": _NEVER}
_STRUCK = {"bass": 0, "harmony": 0, "melody": 0, "pads": _NEVER, "drums": 3}
_BUSY = {"bass": 0, "harmony": 0, "melody": 2, "pads": 2, "drums": 0}

_BASES = {
    "cinematic": "cinematic",
    "piano": "piano",
    "electronic": "electronic",
    "documentary": "documentary",
    "chamber": "cinematic",
    "folk": "documentary",
}
_BANDS: Mapping[str, Mapping[Motion, Band]] = {
    "cinematic": {
        "drift": Band("contrabass", "harp", "cello", "slow_strings"),
        "bounce": Band("contrabass_pizz", "pizzicato", "flute", "slow_strings", "orchestral_kit"),
        "swarm": Band("low_strings", "short_strings", "horn", "tremolo", "orchestral_kit"),
    },
    "piano": {
        "drift": Band("low_strings", "piano", "violins", "slow_strings"),
        "bounce": Band("piano", "piano", "piano", "slow_strings"),
        "swarm": Band("piano", "short_strings", "piano", "tremolo", "orchestral_kit"),
    },
    "electronic": {
        "drift": Band("low_strings", "epiano", "warm_pad", "warm_pad"),
        "bounce": Band("synth_bass", "epiano", "fantasia", "warm_pad", "electro_kit"),
        "swarm": Band("synth_bass", "square", "saw", "warm_pad", "electro_kit"),
    },
    "documentary": {
        "drift": Band("acoustic_bass", "vibraphone", "clarinet", "choir"),
        "bounce": Band("finger_bass", "guitar", "vibraphone", "choir", "kit"),
        "swarm": Band("finger_bass", "guitar", "clarinet", "choir", "kit"),
    },
    "chamber": {
        "drift": Band("cello", "harp", "choir", "violins"),
        "bounce": Band("acoustic_bass", "celesta", "guitar", "violins", "kit"),
        "swarm": Band("finger_bass", "vibraphone", "violins", "choir", "kit"),
    },
    "folk": {
        "drift": Band("acoustic_bass", "guitar", "clarinet", "violins"),
        "bounce": Band("acoustic_bass", "guitar", "celesta", "violins", "kit"),
        "swarm": Band("finger_bass", "guitar", "flute", "choir", "kit"),
    },
}
PLAIN_CHORDS = (("I", "IV", "I", "V"), ("I", "V", "IV", "V"), ("I", "IV", "V", "I"), ("I", "V", "I", "IV"))
_ENTER: Mapping[Motion, Mapping[str, int]] = {"drift": _HELD, "bounce": _STRUCK, "swarm": _BUSY}


def base_style(name: str) -> str:
    """The style of Hitpoint's own that a corpus style takes its tempi and patterns from."""
    return _BASES[name]


@cache
def corpus_style(name: str, motion: Motion, plain: int | None) -> Style:
    """The style `name` as it plays for one kind of film; `plain` chooses one of `PLAIN_CHORDS`."""
    base = load_style(_BASES[name])
    band = _BANDS[name][motion]
    parts = {}
    mix = {stem: dict(voices) for stem, voices in base.mix.items()}
    for stem, instrument in (
        ("bass", band.bass),
        ("harmony", band.harmony),
        ("melody", band.melody),
        ("pads", band.pads),
    ):
        parts[stem] = (Part(motion, ((instrument, 0),), instrument, _REGISTERS[stem]),)
        mix[stem] = {instrument: Mix(gain_db=_GAINS_DB[stem], room=_ROOMS[stem], width=0.7)}
    enter = {stem: level for stem, level in _ENTER[motion].items() if stem != "drums"}
    if band.kit:
        parts["drums"] = (Part(motion, ((band.kit, 0),), band.kit, 40),)
        mix["drums"] = {band.kit: Mix(gain_db=-1.0, room=0.15)}
        enter["drums"] = _ENTER[motion]["drums"]
    return replace(
        _drummed(base) if band.kit else base,
        name=name,
        parts=parts,
        mix=mix,
        enter={**enter, "hits": base.enter["hits"]},
        counter=(),
        counter_from=LEVELS,
        harmony=_harmony(base.harmony, plain),
        effect_bars=0,
    )


def _drummed(base: Style) -> Style:
    """The piano's table has no drums: it borrows the cinematic grooves."""
    if base.grooves:
        return base
    other = load_style("cinematic")
    return replace(
        base, grooves=other.grooves, accent_lanes=other.accent_lanes, fill_lanes=other.fill_lanes, fills=0.2
    )


def _harmony(base: Harmony, plain: int | None) -> Harmony:
    """Major or minor by mood alone; no chord is borrowed from the other mode.

    Plain: one progression, on the roots that both modes share, so that roots do not tell. Its fifth has the
    third in the bass where it leads, which the composer does not prepare by a second degree of its own.
    """
    modes = ((0.5, "ionian"), (0.0, "aeolian"))
    if plain is None:
        return replace(
            base,
            modes=modes,
            major=tuple(line for line in base.major if not any(chord.startswith("b") for chord in line)),
            leading_major=tuple(chord for chord in base.leading_major if not chord.startswith("b")),
            final_major=tuple(chord for chord in base.final_major if not chord.startswith("b")),
            deceptive=0.0,
        )
    major = PLAIN_CHORDS[plain]
    return replace(
        base,
        modes=modes,
        major=(major,),
        minor=(tuple(chord.lower() for chord in major),),
        leading_major=("V/3", "IV"),
        leading_minor=("v/3", "iv"),
        final_major=("V/3", "IV"),
        final_minor=("v/3", "iv"),
        colour=0.0,
        deceptive=0.0,
    )
