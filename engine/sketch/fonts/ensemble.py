"""Plays the composer's voices with an imported font, and with the bundled one what that font lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ...errors import EngineFault, Problem
from ...types import Note
from ..attacks import Attacks, bundled_attacks
from ..instruments import INSTRUMENTS
from ..sampler import NoteKey, Sampler
from ..soundfont import SoundFont
from ..voices import EFFECTS_BANK, PRESETS, Voice, bundled_font
from .card import FontCard, Part
from .library import Imported
from .whole import WholeFont

FloatArray = npt.NDArray[np.float32]


class Ensemble:
    """The calls of a Sampler, for two fonts. A preset's loudness is made that of the bundled one."""

    def __init__(self, casting: Casting, voices: Sequence[Voice], seed: int) -> None:
        self._voices = {voice.name: voice for voice in voices}
        self._seed = seed
        self._casting = casting
        own = [*casting.recast.values(), *_effects(voices)]
        self._own = Sampler(casting.font, own, seed, casting.attacks)
        self._bundled: Sampler | None = None

    def _player(self, name: str, pitch: int) -> Sampler:
        if not self._casting.is_bundled(name, pitch):
            return self._own
        if self._bundled is None:
            # Read when it is first needed: most fonts lack nothing.
            voices = list(self._voices.values())
            self._bundled = Sampler(SoundFont(bundled_font()), voices, self._seed, bundled_attacks())
        return self._bundled

    def voice(self, name: str) -> Voice:
        """The voice as it was composed."""
        if name not in self._voices:
            raise EngineFault(f"a note asks for the instrument '{name}', which no voice plays")
        return self._voices[name]

    def exclusive_class(self, name: str, pitch: int, velocity: int) -> int:
        return self._player(name, pitch).exclusive_class(name, pitch, velocity)

    def lead(self, name: str, pitch: int, length: int) -> int:
        return self._player(name, pitch).lead(name, pitch, length)

    def note_key(self, name: str, pitch: int, velocity: int, length: int) -> NoteKey:
        return self._player(name, pitch).note_key(name, pitch, velocity, length)

    def __contains__(self, key: NoteKey) -> bool:
        return key in self._player(key[0], key[1])

    def forget(self, key: NoteKey) -> None:
        self._player(key[0], key[1]).forget(key)

    def note(self, key: NoteKey) -> FloatArray:
        return self._player(key[0], key[1]).note(key)

    def add(self, key: NoteKey, room: Callable[[int], FloatArray]) -> None:
        self._player(key[0], key[1]).add(key, room)


class Casting:
    """Which of `voices` the font plays, and with what. EngineFault for a voice that is not the composer's."""

    def __init__(self, imported: Imported, voices: Sequence[Voice]) -> None:
        self.card = imported.card
        self.font = WholeFont(imported.path)
        self.recast: dict[str, Voice] = {}
        attacks: dict[tuple[int, int], dict[str, tuple[tuple[int, ...], ...]]] = {}
        self._keys: dict[str, frozenset[int]] = {}
        self._effects = {voice.name for voice in _effects(voices)}
        for voice in voices:
            part = None if voice.name in self._effects else self.part(voice)
            if part is not None and part.how != "bundled":
                facts = INSTRUMENTS[instrument_of(voice)]
                gain_db = voice.gain_db + (facts.level_lufs - part.level_lufs)
                self.recast[voice.name] = replace(
                    voice, bank=part.bank, program=part.program, gain_db=gain_db
                )
                self._keys[voice.name] = self.font.keys(part.bank, part.program)
                # Two instruments may share a preset, each with its own keys.
                attacks.setdefault((part.bank, part.program), {}).update(part.attacks_ms)
        self.attacks = {preset: Attacks(rows) for preset, rows in attacks.items()}

    def part(self, voice: Voice) -> Part:
        """What plays `voice`; instruments that are younger than the card are the bundled font's."""
        facts = INSTRUMENTS[instrument_of(voice)]
        bundled = Part(facts.bank, facts.program, "", "bundled", facts.level_lufs)
        return self.card.parts.get(instrument_of(voice), bundled)

    def is_bundled(self, name: str, pitch: int) -> bool:
        """Whether the bundled font plays the voice `name` at `pitch`. Effects are made, and are no font's."""
        if name in self._effects:
            return False
        return pitch not in self._keys.get(name, frozenset())

    def uses(self, notes: Iterable[Note]) -> tuple[bool, bool]:
        """Whether any of `notes` is played by the imported font, and any by the bundled one."""
        said = {
            self.is_bundled(note.instrument, note.pitch)
            for note in notes
            if note.instrument not in self._effects
        }
        return False in said, True in said

    def problems(self, notes: Iterable[Note], voices: Sequence[Voice]) -> tuple[Problem, ...]:
        """A sentence for each instrument that plays in `notes` and is not the font's own."""
        pitches: dict[str, set[int]] = {}
        for note in notes:
            pitches.setdefault(note.instrument, set()).add(note.pitch)
        texts = [
            text
            for voice in voices
            if voice.name in pitches and voice.name not in self._effects
            for text in self._told(voice, pitches[voice.name])
        ]
        return tuple(Problem("sounds-lacking", text) for text in dict.fromkeys(texts))

    def _told(self, voice: Voice, pitches: Iterable[int]) -> tuple[str, ...]:
        instrument = instrument_of(voice)
        if instrument not in self.card.parts:
            return (
                f"the sounds '{self.card.name}' are older than the composer's {_spoken(instrument)}, which "
                "the bundled sounds play: import them again",
            )
        return told(self.card, instrument, self.part(voice), pitches)


def told(card: FontCard, instrument: str, part: Part, pitches: Iterable[int] = range(128)) -> tuple[str, ...]:
    """What to say of one instrument as far as `pitches` are concerned; nothing where all is its own."""
    facts, sounds = INSTRUMENTS[instrument], f"the sounds '{card.name}'"
    name = PRESETS[facts.bank, facts.program]
    at = f"({part.bank}:{part.program})"
    if part.how == "bundled":
        return (f"{sounds} have no {name}: the bundled sounds play the {_spoken(instrument)}",)
    out = []
    if part.how == "near":
        out.append(f"{sounds} have no {name}: their '{part.preset}' {at} plays the {_spoken(instrument)}")
    if part.how == "named":
        out.append(
            f"{sounds} have no {name} at {facts.bank}:{facts.program}: their '{part.preset}' {at} plays the "
            f"{_spoken(instrument)}"
        )
    wanted = set(pitches)
    # What the composer asks for beyond an instrument's usual range is not in the card.
    moved = [span for span in part.moved_keys if wanted.intersection(range(span[0], span[1] + 1))]
    bundled = [span for span in part.bundled_keys if wanted.intersection(range(span[0], span[1] + 1))]
    if moved:
        out.append(
            f"'{part.preset}' of {sounds} has no sample for {_keys(moved)}: neighbours are moved there "
            f"for the {_spoken(instrument)}"
        )
    if bundled:
        out.append(
            f"'{part.preset}' of {sounds} has nothing near {_keys(bundled)}: the bundled sounds play these "
            f"of the {_spoken(instrument)}"
        )
    return tuple(out)


def instrument_of(voice: Voice) -> str:
    """The name in INSTRUMENTS that a voice of the composer stands for."""
    name = voice.name.removeprefix(f"{voice.stem} ").replace(" ", "_")
    if name not in INSTRUMENTS:
        raise EngineFault(f"the voice '{voice.name}' stands for no instrument of the composer")
    return name


def _effects(voices: Sequence[Voice]) -> list[Voice]:
    return [voice for voice in voices if voice.bank == EFFECTS_BANK]


def _spoken(instrument: str) -> str:
    return instrument.replace("_", " ")


def _keys(spans: Sequence[tuple[int, int]]) -> str:
    parts = [str(low) if low == high else f"{low} to {high}" for low, high in spans]
    plural = len(parts) > 1 or spans[0][0] != spans[0][1]
    return f"{'keys' if plural else 'key'} {', '.join(parts)}"
