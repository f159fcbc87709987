"""Single notes of the built-in instruments, as our player sounds them: dry, in the middle, loud or soft."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from ...sketch.instruments import INSTRUMENTS, Facts
from ...sketch.sampler import Sampler
from ...sketch.soundfont import SoundFont
from ...sketch.voices import EFFECTS_BANK, Voice, bundled_font
from ...timebase import SAMPLE_RATE
from ...types import Note

Mono = npt.NDArray[np.float32]

# Lanes that show how a kit speaks, drums before metal.
_SHOWN_LANES = ("snare", "taiko", "kick")


def instrument_of(note: Note) -> str | None:
    """Name in INSTRUMENTS of what plays `note`; None for effects and for instruments that are not ours."""
    name = note.instrument.removeprefix(f"{note.stem} ").replace(" ", "_")
    return name if name in INSTRUMENTS and INSTRUMENTS[name].bank != EFFECTS_BANK else None


def presets() -> tuple[str, ...]:
    """Names of the instruments that are presets of the sound font."""
    return tuple(name for name, facts in INSTRUMENTS.items() if facts.bank != EFFECTS_BANK)


def key_of(instrument: str, height: float) -> int:
    """A MIDI key of the instrument's range: 0 is its lowest, 1 its highest; a kit has one drum for all."""
    facts = INSTRUMENTS[instrument]
    for lane in _SHOWN_LANES:
        if lane in facts.lanes:
            return facts.lanes[lane]
    return round(facts.low + height * (facts.high - facts.low))


def note_alone(instrument: str, key: int, velocity: int, samples: int) -> Mono:
    """One note held `samples`, with its release: mono float32 at 48 kHz, from the sampler's first frame.

    InputError when the bundled sound font has nothing for that key.
    """
    sampler = _player()
    return np.asarray(sampler.note(sampler.note_key(instrument, key, velocity, samples)).mean(axis=1))


@cache
def _player() -> Sampler:
    return Sampler(SoundFont(bundled_font()), [_voice(name, INSTRUMENTS[name]) for name in presets()], 0)


def _voice(name: str, facts: Facts) -> Voice:
    return Voice(name, "harmony", facts.bank, facts.program, held=not facts.struck)


def same_sample(a: Note, b: Note) -> bool:
    """Whether the player plays one and the same sound for two strokes on one drum, whatever their lengths."""
    if (a.instrument, a.pitch) != (b.instrument, b.pitch):
        return False
    instrument = instrument_of(a)
    if instrument is None:
        return a.velocity == b.velocity
    keys = (_player().note_key(instrument, a.pitch, note.velocity, SAMPLE_RATE) for note in (a, b))
    return len(set(keys)) == 1
