"""Notes to sound: plays presets of a sound font and the made effects, one finished stereo array a note.

What is played of a preset: tuning, loops, volume envelope, attenuation, pan, the low-pass with its envelope,
tremolo. Not played: vibrato and pitch envelopes, chorus and reverb sends (the room is ours), modulators of
the file. Velocity follows the specification's default curve in level; a shelf of ours darkens soft notes and
brightens hard ones. Held voices swell (`swell.py`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import cos, log2, log10, pi, sin
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from ..errors import EngineFault, InputError
from . import soundfont as sf
from .attacks import Attacks
from .effects import make_effect
from .envelope import ENVELOPE_KINDS, FLOOR_DB, Scratch, envelope, tremolo
from .lowpass import FILTER_KINDS, Coloured, shelf_hz
from .resample import Resampled, Unrolled
from .soundfont import SoundFont, Wave, Zone
from .swell import swell
from .voices import EFFECTS_BANK, Voice

FloatArray = npt.NDArray[np.float32]

# Room for a dozen loud notes under full scale; the finish sets the final level.
_HEADROOM = 0.25
# E-mu's hardware, and FluidSynth after it, plays 0.4 of the attenuation that a font asks for.
_EMU_ATTENUATION = 0.4
# The softest note's treble is this far under the loudest's; a font's samples are notes of about this
# velocity, and sound as they were recorded there.
_SOFT_TREBLE_DB = 16.0
_RECORDED_VELOCITY = 100
_LONGEST_ATTACK_S = 0.12
# Up to the first key a note sounds in the middle, from the second on as wide as its voice. Fundamentals of
# 73 and 147 Hz.
_MIDDLE_TO_WIDE = (38, 50)
LENGTH_STEP = 480
_VELOCITY_STEP = 5
# Together under 300 MB however long the cue is; a rich minute needs half of it.
_WAVE_BYTES, _PLAIN_BYTES, _COLOURED_BYTES, _NOTE_BYTES = 48_000_000, 96_000_000, 96_000_000, 48_000_000
# Cutting a note off (an open hi-hat that is closed) takes this long.
CHOKE_FRAMES = 480


class _Sized(Protocol):
    @property
    def bytes(self) -> int: ...


# Voice, pitch, velocity, length.
NoteKey = tuple[str, int, int, int]


class Player(Protocol):
    """What plays notes: a Sampler, or several."""

    def voice(self, name: str) -> Voice: ...
    def exclusive_class(self, name: str, pitch: int, velocity: int) -> int: ...
    def note_key(self, name: str, pitch: int, velocity: int, length: int) -> NoteKey: ...
    def lead(self, name: str, pitch: int, length: int) -> int: ...
    def __contains__(self, key: NoteKey) -> bool: ...
    def forget(self, key: NoteKey) -> None: ...
    def note(self, key: NoteKey) -> FloatArray: ...
    def add(self, key: NoteKey, room: Callable[[int], FloatArray]) -> None: ...


K = TypeVar("K")
V = TypeVar("V", bound=_Sized)


class _Cache(Generic[K, V]):
    """Keeps what was used last, up to so many bytes. Values are remade equal, so dropping changes nothing."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: K) -> V | None:
        item = self._items.get(key)
        if item is None:
            return None
        self._items.move_to_end(key)
        return item[0]

    def put(self, key: K, value: V) -> None:
        """Keep `value`, or count its bytes anew when it has grown."""
        _, before = self._items.pop(key, (value, 0))
        size = value.bytes
        self._items[key] = value, size
        self._bytes += size - before
        while self._bytes > self._limit and len(self._items) > 1:
            _, (_, dropped) = self._items.popitem(last=False)
            self._bytes -= dropped

    def drop(self, key: K) -> None:
        item = self._items.pop(key, None)
        if item is not None:
            self._bytes -= item[1]


class Sounding:
    """A finished note: (frames, 2) at 48 kHz."""

    __slots__ = ("audio",)

    def __init__(self, audio: FloatArray) -> None:
        self.audio = audio

    @property
    def bytes(self) -> int:
        return int(self.audio.nbytes)


class Sampler:
    """Plays `voices`. InputError when the font lacks a preset that one of them asks for.

    `attacks`: what is known of its presets, by (bank, program); notes of others are not played early.
    """

    def __init__(
        self,
        font: SoundFont,
        voices: Sequence[Voice],
        seed: int,
        attacks: Mapping[tuple[int, int], Attacks] = MappingProxyType({}),
    ) -> None:
        self._font = font
        self._attacks = attacks
        self._seed = seed
        self._zones: dict[str, tuple[Zone, ...]] = {}
        self._voices = {voice.name: voice for voice in voices}
        for voice in voices:
            if voice.bank != EFFECTS_BANK:
                zones = font.zones(voice.bank, voice.program)
                self._zones[voice.name] = tuple(map(_prompt, zones)) if voice.held else zones
        self._matches: dict[tuple[str, int, int], tuple[Zone, ...]] = {}
        self._waves: _Cache[Wave, Unrolled] = _Cache(_WAVE_BYTES)
        self._scratch = Scratch()
        self._last_shape: tuple[tuple[float, ...], FloatArray] = ((), np.zeros(0, np.float32))
        self._plain: _Cache[tuple[Wave, float], Resampled] = _Cache(_PLAIN_BYTES)
        self._coloured: _Cache[tuple[object, ...], Coloured] = _Cache(_COLOURED_BYTES)
        self._notes: _Cache[NoteKey, Sounding] = _Cache(_NOTE_BYTES)

    def voice(self, name: str) -> Voice:
        if name not in self._voices:
            raise EngineFault(f"a note asks for the instrument '{name}', which no voice plays")
        return self._voices[name]

    def exclusive_class(self, name: str, pitch: int, velocity: int) -> int:
        """Notes of one class (not 0) cut each other off (generator 57)."""
        if self._voices[name].bank == EFFECTS_BANK:
            return 0
        return self._match(name, pitch, _rounded_velocity(velocity))[0].exclusive_class

    def lead(self, name: str, pitch: int, length: int) -> int:
        """Frames by which a note held `length` frames must begin before its written start to be heard then.
        It is to be held so much longer.
        """
        voice = self.voice(name)
        attacks = self._attacks.get((voice.bank, voice.program)) if voice.held else None
        return attacks.lead(pitch, length, voice.room) if attacks is not None else 0

    def note_key(self, name: str, pitch: int, velocity: int, length: int) -> NoteKey:
        """What is played for a note: velocity rounded to 5 and length to 10 ms, for effects as they are."""
        if self.voice(name).bank != EFFECTS_BANK:
            velocity = _rounded_velocity(velocity)
            length = max(LENGTH_STEP * ((length + LENGTH_STEP // 2) // LENGTH_STEP), LENGTH_STEP)
        return name, pitch, velocity, length

    def __contains__(self, key: NoteKey) -> bool:
        """Whether the note's sound is there already."""
        return self._notes.get(key) is not None

    def forget(self, key: NoteKey) -> None:
        """Free the memory of a note that will not come again."""
        self._notes.drop(key)

    def note(self, key: NoteKey) -> FloatArray:
        """The sound of one note with its release, (frames, 2). Not to be changed: notes alike share it."""
        sounding = self._notes.get(key)
        if sounding is None:
            audio = np.zeros((0, 2), np.float32)

            def room(frames: int) -> FloatArray:
                nonlocal audio
                if len(audio) < frames:
                    audio = np.concatenate([audio, np.zeros((frames - len(audio), 2), np.float32)])
                return audio

            self.add(key, room)
            sounding = Sounding(audio)
            self._notes.put(key, sounding)
        return sounding.audio

    def add(self, key: NoteKey, room: Callable[[int], FloatArray]) -> None:
        """Add one note's sound to the first frames of `room(frames)`, which is (`frames` or more, 2)."""
        name, pitch, velocity, length = key
        voice = self.voice(name)
        if voice.bank == EFFECTS_BANK:
            effect = make_effect(name, length, pitch, velocity, self._seed)
            effect *= np.float32(_HEADROOM * 10 ** (voice.gain_db / 20))
            out = room(len(effect))
            out[: len(effect)] += effect
            return
        for zone in self._match(name, pitch, velocity):
            gains = _gains(voice, zone, pitch, velocity)
            silent_db = FLOOR_DB + 20 * log10(max(*gains, 1e-4))
            mono = self._layer(voice, zone, pitch, velocity, length, silent_db)
            frames = len(mono)
            out = room(frames)
            for channel, gain in enumerate(gains):
                # Half of a stereo pair is silent on the other side.
                if gain > 1e-9:
                    part = np.multiply(mono, np.float32(gain), out=self._scratch.array("part", frames))
                    out[:frames, channel] += part

    def _match(self, name: str, pitch: int, velocity: int) -> tuple[Zone, ...]:
        known = self._matches.get((name, pitch, velocity))
        if known is None:
            known = tuple(
                zone
                for zone in self._zones[name]
                if zone.keys[0] <= pitch <= zone.keys[1]
                and zone.velocities[0] <= velocity <= zone.velocities[1]
            )
            if not known:
                voice = self._voices[name]
                raise InputError(
                    f"the sound font '{self._font.path.name}' has no sound for key {pitch} in preset "
                    f"{voice.bank}:{voice.program}: take a fuller one"
                )
            self._matches[name, pitch, velocity] = known
        return known

    def _layer(
        self, voice: Voice, zone: Zone, pitch: int, velocity: int, length: int, silent_db: float
    ) -> FloatArray:
        """One zone of a note with its envelope, mono; good until the next call."""
        fixed = zone.value(sf.FIXED_KEY)
        key = fixed if 0 <= fixed <= 127 else pitch
        fixed = zone.value(sf.FIXED_VELOCITY)
        velocity = fixed if 0 < fixed <= 127 else velocity
        shape = self._shape(voice, zone, key, length, silent_db)
        bright, dark = self._colour(zone, key, shelf_hz(None if voice.drums else key), len(shape))
        frames = len(bright)
        mono = self._scratch.array("mono", frames)
        treble = np.float32(10 ** (_SOFT_TREBLE_DB * (velocity - _RECORDED_VELOCITY) / 127 / 20))
        np.multiply(bright, treble, out=mono)
        mono += np.multiply(dark, 1 - treble, out=self._scratch.array("part", frames))
        mono *= shape[:frames]
        shake = tremolo(zone, frames, self._scratch)
        if shake is not None:
            mono *= shake
        return mono

    def _shape(self, voice: Voice, zone: Zone, key: int, length: int, silent_db: float) -> FloatArray:
        identity = (*(zone.value(kind) for kind in ENVELOPE_KINDS), key, length, silent_db, voice.held)
        # Both halves of a stereo pair have the same envelope, and follow each other.
        if identity != self._last_shape[0]:
            shape = envelope(zone, key, length, silent_db, self._scratch)
            if voice.held:
                swell(shape, length, self._scratch)
            self._last_shape = identity, shape
        return self._last_shape[1]

    def _colour(self, zone: Zone, key: int, shelf: float, frames: int) -> tuple[FloatArray, FloatArray]:
        """A zone's sound at a key as far as `frames`; zones that differ in envelope or level share it."""
        step = zone.step(key)
        plain = self._plain.get((zone.wave, step))
        if plain is None:
            plain = Resampled(self._waves.get(zone.wave) or Unrolled(self._font, zone.wave), step)
        identity = (zone.wave, step, shelf, *(zone.value(kind) for kind in FILTER_KINDS))
        coloured = self._coloured.get(identity)
        if coloured is None:
            coloured = Coloured(zone, shelf)
        sounds = coloured.upto(frames, plain)
        # All three may have grown.
        self._coloured.put(identity, coloured)
        self._plain.put((zone.wave, step), plain)
        self._waves.put(zone.wave, plain.source)
        return sounds


def _prompt(zone: Zone) -> Zone:
    """A held note's zone with its attack shortened: one that rises for longer would have to begin long before
    it is to be heard, over what sounds there.
    """
    attack = min(zone.value(sf.ATTACK), round(1200 * log2(_LONGEST_ATTACK_S)))
    return replace(zone, generators={**zone.generators, sf.ATTACK: attack})


def _rounded_velocity(velocity: int) -> int:
    return min(max(_VELOCITY_STEP * round(velocity / _VELOCITY_STEP), _VELOCITY_STEP), 127)


def _gains(voice: Voice, zone: Zone, pitch: int, velocity: int) -> tuple[float, float]:
    """Left and right: attenuation, the velocity curve of 8.4.1 (concave, 960 cB), constant-power pan.

    Low notes are drawn to the middle: bass at the sides is lost in a cinema's one woofer.
    """
    attenuation_db = _EMU_ATTENUATION * min(max(zone.value(sf.ATTENUATION), 0), 1440) / 10
    level = _HEADROOM * (velocity / 127) ** 2 * 10 ** ((voice.gain_db - attenuation_db) / 20)
    pan = min(max(zone.value(sf.PAN) * voice.width + 500 * voice.pan, -500.0), 500.0)
    angle = (pan + 500) / 1000 * pi / 2
    left, right = level * cos(angle), level * sin(angle)
    if voice.drums:
        return left, right
    first, last = _MIDDLE_TO_WIDE
    spread = min(max((pitch - first) / (last - first), 0.0), 1.0)
    # What both channels share stays as it was: a pair's halves have the bass in common, and add up.
    middle, side = (left + right) / 2, spread * (left - right) / 2
    return middle + side, middle - side
