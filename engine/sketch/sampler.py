"""Notes to sound: plays presets of a sound font and the made effects, one finished stereo array a note.

What is played of a preset: tuning, loops, volume envelope, attenuation, pan, the low-pass with its envelope, tremolo.
Not played: vibrato and pitch envelopes, chorus and reverb sends (the room is ours), modulators of the file. Velocity
follows the specification's default curve in level; soft notes are darker by a first-order shelf of our own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from ..errors import EngineFault, InputError
from . import soundfont as sf
from .effects import make_effect
from .envelope import envelope, tremolo
from .resample import Pitched, PitchedKey, Unrolled, pitched_key
from .soundfont import SoundFont, Wave, Zone
from .voices import EFFECTS_BANK, Voice

FloatArray = npt.NDArray[np.float32]

# Room for a dozen loud notes under full scale; the finish sets the final level.
_HEADROOM = 0.25
# E-mu's hardware, and FluidSynth after it, plays 0.4 of the attenuation that a font asks for.
_EMU_ATTENUATION = 0.4
# The softest note's treble is this far under the loudest's.
_SOFT_TREBLE_DB = 12.0
LENGTH_STEP = 480
_VELOCITY_STEP = 5
_CACHE_BYTES = 96_000_000
# Cutting a note off (an open hi-hat that is closed) takes this long.
CHOKE_FRAMES = 480


class _Sized(Protocol):
    @property
    def bytes(self) -> int: ...


K = TypeVar("K")
V = TypeVar("V", bound=_Sized)


class _Cache(Generic[K, V]):
    """Keeps what was used last, up to so many bytes. Values are remade equal, so what is dropped does not matter."""

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


class Sounding:
    """A finished note: (frames, 2) at 48 kHz."""

    __slots__ = ("audio",)

    def __init__(self, audio: FloatArray) -> None:
        self.audio = audio

    @property
    def bytes(self) -> int:
        return int(self.audio.nbytes)


class Sampler:
    """Plays `voices`. InputError when the font lacks a preset that one of them asks for."""

    def __init__(self, font: SoundFont, voices: Sequence[Voice], seed: int) -> None:
        self._font = font
        self._seed = seed
        self._zones: dict[str, tuple[Zone, ...]] = {}
        self._voices = {voice.name: voice for voice in voices}
        for voice in voices:
            if voice.bank != EFFECTS_BANK:
                self._zones[voice.name] = font.zones(voice.bank, voice.program)
        self._matches: dict[tuple[str, int, int], tuple[Zone, ...]] = {}
        self._waves: dict[Wave, Unrolled] = {}
        self._pitched: _Cache[PitchedKey, Pitched] = _Cache(_CACHE_BYTES)
        self._notes: _Cache[tuple[str, int, int, int], Sounding] = _Cache(_CACHE_BYTES)

    def voice(self, name: str) -> Voice:
        if name not in self._voices:
            raise EngineFault(f"a note asks for the instrument '{name}', which no voice plays")
        return self._voices[name]

    def exclusive_class(self, name: str, pitch: int, velocity: int) -> int:
        """Notes of one class (not 0) cut each other off (generator 57)."""
        if self._voices[name].bank == EFFECTS_BANK:
            return 0
        return self._match(name, pitch, _rounded_velocity(velocity))[0].exclusive_class

    def note(self, name: str, pitch: int, velocity: int, length: int) -> FloatArray:
        """The sound of one note held `length` frames: (frames, 2), its release included.

        Velocity is rounded to 5, `length` to 10 ms: that many notes share one array, which must not be changed.
        """
        voice = self._voices[name]
        if voice.bank != EFFECTS_BANK:
            velocity = _rounded_velocity(velocity)
            length = max(LENGTH_STEP * ((length + LENGTH_STEP // 2) // LENGTH_STEP), LENGTH_STEP)
        key = (name, pitch, velocity, length)
        sounding = self._notes.get(key)
        if sounding is None:
            if voice.bank == EFFECTS_BANK:
                audio = make_effect(name, length, pitch, velocity, self._seed)
                audio = audio * np.float32(_HEADROOM * 10 ** (voice.gain_db / 20))
            else:
                audio = self._play(voice, pitch, velocity, length)
            sounding = Sounding(audio)
            self._notes.put(key, sounding)
        return sounding.audio

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

    def _play(self, voice: Voice, pitch: int, velocity: int, length: int) -> FloatArray:
        layers = [
            self._layer(voice, zone, pitch, velocity, length)
            for zone in self._match(voice.name, pitch, velocity)
        ]
        audio = np.zeros((max(len(mono) for mono, _, _ in layers), 2), np.float32)
        for mono, left, right in layers:
            audio[: len(mono), 0] += mono * left
            audio[: len(mono), 1] += mono * right
        return audio

    def _layer(
        self, voice: Voice, zone: Zone, pitch: int, velocity: int, length: int
    ) -> tuple[FloatArray, np.float32, np.float32]:
        """One zone of a note: its sound with the envelope, and the gains to left and right."""
        fixed = zone.value(sf.FIXED_KEY)
        key = fixed if 0 <= fixed <= 127 else pitch
        fixed = zone.value(sf.FIXED_VELOCITY)
        velocity = fixed if 0 < fixed <= 127 else velocity
        shape = envelope(zone, key, length)
        pitched = self._pitch(zone, key)
        bright, dark = pitched.upto(len(shape))
        self._pitched.put(pitched.key, pitched)
        shape = shape[: len(bright)]
        treble = np.float32(10 ** (-_SOFT_TREBLE_DB * (1 - velocity / 127) / 20))
        mono = bright * treble
        mono += dark * (1 - treble)
        mono *= shape
        shake = tremolo(zone, len(mono))
        if shake is not None:
            mono *= shake
        left, right = _gains(voice, zone, velocity)
        return mono, left, right

    def _pitch(self, zone: Zone, key: int) -> Pitched:
        identity = pitched_key(zone, key)
        pitched = self._pitched.get(identity)
        if pitched is None:
            if zone.wave not in self._waves:
                self._waves[zone.wave] = Unrolled(self._font, zone.wave)
            pitched = Pitched(self._waves[zone.wave], zone, key)
        return pitched


def _rounded_velocity(velocity: int) -> int:
    return min(max(_VELOCITY_STEP * round(velocity / _VELOCITY_STEP), _VELOCITY_STEP), 127)


def _gains(voice: Voice, zone: Zone, velocity: int) -> tuple[np.float32, np.float32]:
    """Left and right: attenuation, the velocity curve of 8.4.1 (concave, 960 cB), and a constant-power pan."""
    attenuation_db = _EMU_ATTENUATION * min(max(zone.value(sf.ATTENUATION), 0), 1440) / 10
    level = _HEADROOM * (velocity / 127) ** 2 * 10 ** ((voice.gain_db - attenuation_db) / 20)
    pan = min(max(zone.value(sf.PAN) * voice.width + 500 * voice.pan, -500.0), 500.0)
    angle = (pan + 500) / 1000 * np.pi / 2
    return np.float32(level * np.cos(angle)), np.float32(level * np.sin(angle))
