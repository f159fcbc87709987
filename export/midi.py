"""The music as a MIDI file: tempo map, meters, hit points as markers, one track a stem.

Tick 0 is the timeline's frame 0.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import mido

from ..engine.errors import EngineFault
from ..engine.store.durable import durable_write
from ..engine.types import Cue, Instrument, Note
from .scored import ScoredCue, stem_rank, timecode
from .tempomap import PPQ, TempoMap, tempo_map

# Counted from 0: musicians call it channel 10.
DRUM_CHANNEL = 9
_MELODIC = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
_PERCUSSION_BANK = 128
# Our made effects have no General MIDI preset; the reverse cymbal is the nearest that every synthesiser has.
_EFFECT_PROGRAM = 119


@dataclass(frozen=True, slots=True)
class _Sounding:
    """A note on the file's clock."""

    stem: str
    channel: int
    program: int | None
    start_tick: int
    end_tick: int
    pitch: int
    velocity: int


def write_midi(path: Path, cues: Sequence[ScoredCue]) -> None:
    """A type 1 file with all `cues` of one timeline at their record time.

    A note that begins before its cue is shortened to begin with it. OutputError when the disk refuses,
    EngineFault when cues overlap or a note names an instrument that its take does not list.
    """
    durable_write(path, midi_bytes(cues))


def midi_bytes(cues: Sequence[ScoredCue]) -> bytes:
    """The file's bytes; see `write_midi`."""
    ordered = sorted(cues, key=lambda scored: scored.cue.in_frame)
    clock = tempo_map([(_start(scored.cue), scored.plan) for scored in ordered])
    file = mido.MidiFile(type=1, ticks_per_beat=PPQ, charset="utf-8")
    file.tracks.append(_conductor(ordered, clock))
    notes = _notes(ordered, clock)
    for stem in sorted({note.stem for note in notes}, key=stem_rank):
        file.tracks.append(_stem_track(stem, notes))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _start(cue: Cue) -> int:
    return cue.rate.sample(cue.in_frame)


def _track(name: str, events: list[tuple[int, int, mido.Message | mido.MetaMessage]]) -> mido.MidiTrack:
    """Events (tick, order at that tick, message) as a track of differences."""
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name, time=0)])
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=0))
    return track


def _conductor(cues: Sequence[ScoredCue], clock: TempoMap) -> mido.MidiTrack:
    events: list[tuple[int, int, mido.MetaMessage]] = []
    if cues:
        events.append((0, 0, _smpte_offset(cues[0].cue)))
    for meter in clock.meters:
        message = mido.MetaMessage("time_signature", numerator=meter.beats, denominator=4)
        events.append((meter.tick, 1, message))
    for tempo in clock.tempi:
        events.append((tempo.tick, 2, mido.MetaMessage("set_tempo", tempo=tempo.us_a_beat)))
    for scored in cues:
        start = _start(scored.cue)
        events.append((clock.tick(start), 3, mido.MetaMessage("marker", text=f"cue: {scored.cue.name}")))
        for hit in scored.plan.hits:
            name = f" {hit.name}" if hit.name else ""
            text = f"{hit.kind}{name} {timecode(scored.cue, hit.frame)} ({hit.strength:.2f})"
            events.append((clock.tick(start + hit.sample), 4, mido.MetaMessage("marker", text=text)))
    return _track("tempo and hits", events)


def _smpte_offset(cue: Cue) -> mido.MetaMessage:
    """The timeline's start timecode.

    The event knows 24, 25, 29.97 drop and 30 only; the nearest is written.
    """
    nominal = cue.rate.nominal
    rate = 29.97 if cue.drop_frame else 24 if nominal % 24 == 0 else 25 if nominal % 25 == 0 else 30
    hours, minutes, seconds, frames = (
        int(part) for part in timecode(cue, 0).lstrip("-").replace(";", ":").split(":")
    )
    # The event counts in frames of its own rate: 50 fps has two for each of 25.
    frames = frames * (30 if rate == 29.97 else int(rate)) // nominal
    return mido.MetaMessage(
        "smpte_offset", frame_rate=rate, hours=hours % 24, minutes=minutes, seconds=seconds, frames=frames
    )


def _notes(cues: Sequence[ScoredCue], clock: TempoMap) -> list[_Sounding]:
    placed = list(_placed(cues))
    channels = _channels(placed)
    out = []
    for start, note, instrument in placed:
        first = max(0, note.start_sample)
        last = note.start_sample + note.samples
        if last <= first:
            continue
        start_tick = clock.tick(start + first)
        out.append(
            _Sounding(
                stem=note.stem,
                channel=channels[_voice(note, instrument)],
                program=None if instrument is None else _program(instrument),
                start_tick=start_tick,
                end_tick=max(start_tick + 1, clock.tick(start + last)),
                pitch=min(127, max(0, note.pitch)),
                velocity=min(127, max(1, note.velocity)),
            )
        )
    out.sort(
        key=lambda note: (note.start_tick, stem_rank(note.stem), note.channel, note.pitch, note.end_tick)
    )
    return _separated(out)


def _placed(cues: Sequence[ScoredCue]) -> Iterator[tuple[int, Note, Instrument | None]]:
    for scored in cues:
        instruments = {instrument.name: instrument for instrument in scored.take.instruments}
        for note in scored.take.notes:
            if note.instrument and note.instrument not in instruments:
                raise EngineFault(f"a note is played by '{note.instrument}', which the take does not list")
            yield _start(scored.cue), note, instruments.get(note.instrument)


def _program(instrument: Instrument) -> int:
    return _EFFECT_PROGRAM if instrument.bank < 0 else instrument.program


def _voice(note: Note, instrument: Instrument | None) -> tuple[str, str]:
    if (instrument is not None and instrument.bank == _PERCUSSION_BANK) or (
        instrument is None and note.stem == "drums"
    ):
        return ("", "")
    return (note.stem, "" if instrument is None else instrument.name)


def _channels(placed: Sequence[tuple[int, Note, Instrument | None]]) -> dict[tuple[str, str], int]:
    """A channel for each instrument of each stem while they last, then one for what is left of a stem."""
    voices = sorted({_voice(note, instrument) for _, note, instrument in placed} - {("", "")},
                    key=lambda voice: (stem_rank(voice[0]), voice[1]))  # fmt: skip
    out: dict[tuple[str, str], int] = {("", ""): DRUM_CHANNEL}
    stems = sorted({stem for stem, _ in voices}, key=stem_rank)
    if len(voices) <= len(_MELODIC):
        return out | dict(zip(voices, _MELODIC, strict=False))
    shared = {stem: _MELODIC[index % len(_MELODIC)] for index, stem in enumerate(stems)}
    return out | {voice: shared[voice[0]] for voice in voices}


def _separated(notes: list[_Sounding]) -> list[_Sounding]:
    """A key struck again while it sounds is let go first: a MIDI channel holds each pitch once."""
    out: list[_Sounding] = []
    sounding: dict[tuple[int, int], int] = {}
    for note in notes:
        key = (note.channel, note.pitch)
        index = sounding.get(key)
        if index is not None and out[index].end_tick > note.start_tick:
            before = out[index]
            if before.start_tick == note.start_tick:
                out[index] = _until(before, max(before.end_tick, note.end_tick))
                continue
            out[index] = _until(before, note.start_tick)
        sounding[key] = len(out)
        out.append(note)
    return out


def _until(note: _Sounding, end_tick: int) -> _Sounding:
    return _Sounding(
        note.stem, note.channel, note.program, note.start_tick, end_tick, note.pitch, note.velocity
    )


def _stem_track(stem: str, notes: Sequence[_Sounding]) -> mido.MidiTrack:
    """Notes of one stem; a program change where the channel's program, as all stems leave it, is another."""
    events: list[tuple[int, int, mido.Message]] = []
    programs: dict[int, int] = {}
    for note in notes:
        if note.program is not None and programs.get(note.channel) != note.program:
            programs[note.channel] = note.program
            if note.stem == stem:
                change = mido.Message("program_change", channel=note.channel, program=note.program)
                events.append((note.start_tick, 1, change))
        if note.stem != stem:
            continue
        common = {"channel": note.channel, "note": note.pitch}
        events.append((note.start_tick, 2, mido.Message("note_on", velocity=note.velocity, **common)))
        events.append((note.end_tick, 0, mido.Message("note_off", velocity=0, **common)))
    return _track(stem, events)
