"""Notes to stem files: one pass through time, a few seconds at once, so that a long cue needs no more memory.

A note is heard at its `start_sample`: `schedule` gives it its first frame, which is that sample, or lies
before it by the attack of a preset that takes its time.
"""

from __future__ import annotations

import hashlib
import struct
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from ..audio.fade import faded
from ..audio.preview import FirstSeconds
from ..errors import EngineFault
from ..progress import Cancel, Progress, Step
from ..store.durable import output_error
from ..types import Note, Stem
from .attacks import bundled_attacks
from .fonts.ensemble import Casting, Ensemble
from .room import Room, impulse_response
from .sampler import CHOKE_FRAMES, NoteKey, Player, Sampler
from .soundfont import SoundFont
from .voices import Voice, bundled_font

FloatArray = npt.NDArray[np.float32]

RATE = 48_000
# A constant, since the convolution rounds a little differently in blocks of another size. With the longest
# response of the room it fills a transform of 2^18.
BLOCK = 2**18 - 91_200
_STOP_EVERY = 64
_FADE_IN = _FADE_OUT = 480
_RIFF_LIMIT = 0xFFFF_0000


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A note on the clock of the file: frame 0 is the head handle's first."""

    start: int
    note: Note
    key: NoteKey
    # Frames after which another note of its exclusive class cuts it off; None when none does.
    choked_after: int | None


class _Bus:
    """What one stem sends to the room at one level: the present block, and what of its notes rings on."""

    def __init__(self, stem: str, room: float, block: int) -> None:
        self.stem = stem
        self.room = room
        self._block = block
        self._sound = np.zeros((2 * block, 2), np.float32)
        # Frames from the block's first on that are not silence.
        self.extent = 0

    def part(self, first: int, frames: int) -> FloatArray:
        """`frames` frames from `first` of the block on, to add to."""
        end = first + frames
        if end > len(self._sound):
            more = np.zeros((max(end - len(self._sound), self._block), 2), np.float32)
            self._sound = np.concatenate([self._sound, more])
        self.extent = max(self.extent, end)
        return self._sound[first:end]

    def advance(self, frames: int) -> None:
        """Go on to the next block."""
        rest = max(self.extent - frames, 0)
        self._sound[:rest] = self._sound[frames : frames + rest].copy()
        self._sound[rest : self.extent] = 0
        self.extent = rest


def render(
    notes: Sequence[Note],
    voices: Sequence[Voice],
    *,
    samples: int,
    handle_samples: tuple[int, int],
    seed: int,
    folder: Path,
    stems: Sequence[str],
    progress: Progress,
    cancel: Cancel,
    font: Path | Casting | None = None,
    block: int = BLOCK,
    fade_from: int | None = None,
    preview: FirstSeconds | None = None,
) -> tuple[Stem, ...]:
    """Write one float32 stereo WAV a stem into `folder`, head handle + `samples` + tail handle long.

    Every stem of `stems` gets a file, in that order, silent where nothing plays. `font` is another sound font
    than the bundled one, or an imported one with what it lacks. From the cue's sample `fade_from` on the
    sound is turned down, to silence at its end. `preview` is given the blocks as they are made. Raises
    InputError for a broken or lacking sound font, OutputError when the disk refuses, Cancelled when asked to
    stop; the files are then gone.
    """
    sampler = player_of(font, voices, seed)
    total = handle_samples[0] + samples + handle_samples[1]
    events = schedule(notes, sampler, handle_samples[0], total)
    mixer = Mixer(events, sampler, stems, Room(impulse_response(seed), block), block)
    paths = {name: folder / f"{name}.wav" for name in stems}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            files = {
                name: _WaveFile(stack.enter_context(path.open("wb")), total) for name, path in paths.items()
            }
            for start in range(0, total, block):
                frames = min(block, total - start)
                blocks = mixer.block(start, frames, cancel)
                for name, audio in blocks.items():
                    if fade_from is not None:
                        first = handle_samples[0] + fade_from
                        audio *= faded(first, handle_samples[0] + samples, start, frames)
                    _fade_out(audio, start, total)
                    files[name].write(audio)
                if preview is not None:
                    preview.add(start, blocks)
                progress(Step("generate", (start + frames) / RATE, total / RATE, "playing"))
    except BaseException as error:
        for path in [*paths.values(), *([preview.path] if preview is not None else [])]:
            with suppress(OSError):
                path.unlink()
        if isinstance(error, OSError):
            raise output_error(folder, error) from error
        raise
    return tuple(Stem(name, str(paths[name]), files[name].sha256, total, handle_samples) for name in stems)


def player_of(font: Path | Casting | None, voices: Sequence[Voice], seed: int) -> Player:
    """What plays the voices: another sound font than the bundled one, or an imported one with what it lacks.
    InputError for a broken or lacking one.
    """
    if isinstance(font, Casting):
        return Ensemble(font, voices, seed)
    if font is None:
        return Sampler(SoundFont(bundled_font()), voices, seed, bundled_attacks())
    return Sampler(SoundFont(font), voices, seed)


def schedule(notes: Sequence[Note], sampler: Player, head: int, total: int) -> list[Scheduled]:
    """Notes in the order they begin, and where they are cut off; none that begin behind the file's end. The
    cue's first sample is the file's frame `head`, below 0 where the file begins inside the cue.
    """
    leads = [sampler.lead(note.instrument, note.pitch, note.samples) for note in notes]
    order = sorted(range(len(notes)), key=lambda index: notes[index].start_sample - leads[index])
    events: list[Scheduled] = []
    # (voice, exclusive class) -> the start of the note that sounds next, going backwards in time.
    following: dict[tuple[str, int], int] = {}
    for index in reversed(order):
        note, lead = notes[index], leads[index]
        key = sampler.note_key(note.instrument, note.pitch, note.velocity, note.samples + lead)
        start = note.start_sample - lead + head
        if start >= total:
            continue
        choked_after = None
        group = sampler.exclusive_class(note.instrument, note.pitch, note.velocity)
        if group:
            later = following.get((note.instrument, group))
            if later is not None and later > start:
                choked_after = later - start
            following[note.instrument, group] = start
        events.append(Scheduled(start, note, key, choked_after))
    events.reverse()
    return events


class Mixer:
    """Plays notes into buses, and buses into stems. With `again` the sampler keeps the sound of notes for the
    next mixer."""

    def __init__(
        self,
        events: list[Scheduled],
        sampler: Player,
        stems: Sequence[str],
        room: Room,
        block: int,
        *,
        again: bool = False,
    ) -> None:
        self._events = events
        self._next = 0
        self._sampler = sampler
        self._stems = tuple(stems)
        self._room = room
        self._block = block
        self._again = again
        self._uses = Counter(event.key for event in events)
        self._buses: dict[tuple[str, float], _Bus] = {}
        for event in events:
            self._bus(event.note)

    def _bus(self, note: Note) -> _Bus:
        if note.stem not in self._stems:
            raise EngineFault(
                f"a note belongs to the stem '{note.stem}', which is not among those to be written"
            )
        room = self._sampler.voice(note.instrument).room
        key = note.stem, room
        if key not in self._buses:
            self._buses[key] = _Bus(note.stem, room, self._block)
        return self._buses[key]

    def block(self, start: int, frames: int, cancel: Cancel) -> dict[str, FloatArray]:
        """Each stem's sound from frame `start`, (frames, 2)."""
        cancel.check()
        while self._next < len(self._events) and self._events[self._next].start < start + frames:
            self._play(self._events[self._next], start)
            self._next += 1
            if self._next % _STOP_EVERY == 0:
                cancel.check()
        outs = {name: np.zeros((frames, 2), np.float32) for name in self._stems}
        sends: dict[str, FloatArray] = {}
        for bus in self._buses.values():
            if not bus.extent:
                continue
            sound = bus.part(0, frames)
            outs[bus.stem] += sound
            if bus.room > 0:
                part = (sound[:, 0] + sound[:, 1]) * np.float32(bus.room * 0.5**0.5)
                sends[bus.stem] = sends[bus.stem] + part if bus.stem in sends else part
            bus.advance(frames)
        cancel.check()
        self._room.add(sends, outs)
        return outs

    def _play(self, event: Scheduled, start: int) -> None:
        bus, at = self._bus(event.note), event.start - start
        once = self._uses[event.key] == 1 and not self._again
        self._uses[event.key] -= 1
        # A note that does not come again goes straight to its bus; only its sum is kept.
        if once and at >= 0 and event.choked_after is None and event.key not in self._sampler:
            self._sampler.add(event.key, lambda frames: bus.part(at, frames))
            return
        audio = self._sampler.note(event.key)
        if not self._uses[event.key] and not self._again:
            self._sampler.forget(event.key)
        if event.choked_after is not None and event.choked_after < len(audio):
            audio = _choked(audio, event.choked_after)
        if event.start < 0:
            audio = _joined(audio, -event.start)
            at = 0
        if len(audio):
            part = bus.part(at, len(audio))
            part += audio


def _joined(audio: FloatArray, after: int) -> FloatArray:
    """A note that began before the file, from frame `after` on: it comes in over 10 ms, without a click."""
    out = audio[after:].copy()
    head = out[:_FADE_IN]
    head *= np.linspace(0, 1, _FADE_IN, dtype=np.float32)[: len(head), None]
    return out


def _choked(audio: FloatArray, after: int) -> FloatArray:
    out = audio[: after + CHOKE_FRAMES].copy()
    tail = out[after:]
    tail *= np.linspace(1, 0, CHOKE_FRAMES, dtype=np.float32)[: len(tail), None]
    return out


def _fade_out(audio: FloatArray, start: int, total: int) -> None:
    """A tail that is cut by the file's end goes to zero over its last 10 ms."""
    first = max(total - _FADE_OUT, start)
    if first < start + len(audio):
        ramp = np.arange(total - first, 0, -1, dtype=np.float32) / np.float32(_FADE_OUT)
        audio[first - start :] *= ramp[: len(audio) - (first - start), None]


class _WaveFile:
    """A float32 stereo WAV of known length, hashed while written (RF64, EBU Tech 3306, from 4 GB on)."""

    def __init__(self, file: BinaryIO, frames: int) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._put(wave_header(frames))

    def _put(self, data: bytes | memoryview) -> None:
        self._hash.update(data)
        self._file.write(data)

    def write(self, audio: FloatArray) -> None:
        self._put(np.ascontiguousarray(audio, "<f4").data.cast("B"))

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def wave_header(frames: int) -> bytes:
    """All of a float32 stereo 48 kHz WAV file that comes before its sound."""
    size = 8 * frames
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 2, RATE, 8 * RATE, 8, 32)
    fact = struct.pack("<4sII", b"fact", 4, min(frames, 0xFFFF_FFFF))
    rest = 4 + len(fmt) + len(fact) + 8 + size
    if rest <= _RIFF_LIMIT:
        start = struct.pack("<4sI4s", b"RIFF", rest, b"WAVE")
        return start + fmt + fact + struct.pack("<4sI", b"data", size)
    ds64 = struct.pack("<4sIQQQI", b"ds64", 28, rest + 36, size, frames, 0)
    start = struct.pack("<4sI4s", b"RF64", 0xFFFF_FFFF, b"WAVE")
    return start + ds64 + fmt + fact + struct.pack("<4sI", b"data", 0xFFFF_FFFF)
