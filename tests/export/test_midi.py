"""The MIDI file keeps the plan's time to one sample, as read by mido from the bytes."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitpoint.engine.errors import EngineFault
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import (
    Cue,
    Hit,
    Instrument,
    Note,
    Picture,
    Plan,
    Provenance,
    Shot,
    Take,
    TempoSegment,
)
from hitpoint.export.midi import midi_bytes
from hitpoint.export.scored import ScoredCue

RATE = Rate(24)


def scored(
    segments: tuple[TempoSegment, ...],
    *,
    in_frame: int = 0,
    notes: tuple[Note, ...] = (),
    instruments: tuple[Instrument, ...] = (),
    hits: tuple[Hit, ...] = (),
    name: str = "cue 1",
) -> ScoredCue:
    samples = segments[-1].end_sample_exclusive
    frames = -(-samples // 2000)
    cue = Cue(
        name, RATE, in_frame, in_frame + frames, (Shot("s", in_frame, in_frame + frames, "gap"),), 86_400
    )
    plan = Plan(name, cue.samples, hits, segments, (), (), 0)
    take = Take(name, (), plan, Provenance("sketch", "1", 1), notes, instruments)
    return ScoredCue(cue, Picture(RATE, in_frame, (), (), (), (), (), ()), take)


def seconds_of_beats(file: mido.MidiFile) -> list[Fraction]:
    """Exact time of each quarter note, from the tempo events alone."""
    tempi, tick = [], 0
    for message in file.tracks[0]:
        tick += message.time
        if message.type == "set_tempo":
            tempi.append((tick, message.tempo))
    last = tick + 200 * file.ticks_per_beat
    out = []
    at, index = Fraction(0), 0
    for beat_tick in range(0, last, file.ticks_per_beat):
        while index + 1 < len(tempi) and tempi[index + 1][0] <= beat_tick - file.ticks_per_beat:
            index += 1
        if beat_tick:
            # No tempo event lies inside a quarter note.
            at += Fraction(tempi[index][1], 1_000_000)
        out.append(at)
    return out


def read(data: bytes) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(data), charset="utf-8")


@st.composite
def tempo_segments(draw: st.DrawFn) -> tuple[TempoSegment, ...]:
    out, at = [], draw(st.integers(-60_000, 0))
    for _ in range(draw(st.integers(1, 5))):
        bars = tuple(draw(st.lists(st.sampled_from([2, 3, 4, 4, 4, 5]), min_size=2, max_size=40)))
        length = round(sum(bars) * draw(st.floats(14_000, 60_000)))
        out.append(TempoSegment(at, at + length, bars))
        at += length
    return tuple(out)


@settings(max_examples=40, deadline=None)
@given(segments=tempo_segments(), in_frame=st.integers(0, 5000))
def test_every_beat_lies_within_a_sample_of_the_plans(
    segments: tuple[TempoSegment, ...], in_frame: int
) -> None:
    one = scored(segments, in_frame=in_frame)
    beats = seconds_of_beats(read(midi_bytes([one])))
    start = RATE.sample(in_frame)
    found = iter(beats)
    wanted = [start + beat for beat in one.plan.beats if 0 <= beat < one.plan.samples]
    for beat in wanted:
        nearest = next(time for time in found if time * 48_000 > beat - 1.01)
        assert abs(nearest * 48_000 - beat) <= 1


def test_two_cues_keep_their_record_times_and_bars_begin_with_each(tmp_path: object) -> None:
    first = scored((TempoSegment(0, 480_000, (4, 4, 4, 4, 4)),), in_frame=100)
    second = scored((TempoSegment(0, 300_003, (4, 3, 4)),), in_frame=1000, name="cue 2")
    file = read(midi_bytes([second, first]))
    tick, marks, meters = 0, {}, []
    for message in file.tracks[0]:
        tick += message.time
        if message.type == "marker":
            marks[message.text] = tick
        elif message.type == "time_signature":
            meters.append((tick, message.numerator))
    beats = seconds_of_beats(file)
    for name, frame in (("cue: cue 1", 100), ("cue: cue 2", 1000)):
        assert marks[name] % file.ticks_per_beat == 0
        at = beats[marks[name] // file.ticks_per_beat]
        assert abs(at * 48_000 - RATE.sample(frame)) <= 1
    assert [beats for tick, beats in meters if tick >= marks["cue: cue 2"]] == [4, 3, 4]


def test_a_steady_segment_of_four_bars_needs_one_tempo_event() -> None:
    file = read(midi_bytes([scored((TempoSegment(0, 480_001, (4, 4, 4, 4)),))]))
    assert sum(message.type == "set_tempo" for message in file.tracks[0]) == 1


def test_overlapping_cues_are_refused() -> None:
    one = scored((TempoSegment(0, 480_000, (4, 4)),))
    with pytest.raises(EngineFault, match="overlaps"):
        midi_bytes([one, scored((TempoSegment(0, 480_000, (4, 4)),), in_frame=10, name="cue 2")])


NOTES = (
    Note("drums", 0, 12_000, 36, 100, "kit"),
    Note("melody", 24_000, 24_000, 72, 90, "flute"),
    Note("melody", 48_000, 24_000, 74, 0, "oboe"),
    Note("hits", -9_600, 19_200, 40, 110, "timpani"),
    Note("hits", -9_600, 9_600, 41, 110, "timpani"),
)
INSTRUMENTS = (
    Instrument("kit", 128, 48),
    Instrument("flute", 0, 73),
    Instrument("oboe", 0, 68),
    Instrument("timpani", 0, 47),
)
BARS = (TempoSegment(0, 192_000, (4, 4)),)


def events(file: mido.MidiFile, track: str) -> list[tuple[int, mido.Message]]:
    (found,) = [one for one in file.tracks if one.name == track]
    out, tick = [], 0
    for message in found:
        tick += message.time
        out.append((tick, message))
    return out


def test_stems_have_tracks_channels_and_programs() -> None:
    file = read(midi_bytes([scored(BARS, notes=NOTES, instruments=INSTRUMENTS)]))
    assert file.type == 1
    assert [track.name for track in file.tracks] == ["tempo and hits", "drums", "melody", "hits"]
    drums = [message for _, message in events(file, "drums") if not message.is_meta]
    assert {message.channel for message in drums} == {9}
    assert drums[0].type == "program_change" and drums[0].program == 48
    melody = [(tick, m) for tick, m in events(file, "melody") if m.type in ("program_change", "note_on")]
    assert [(m.program if m.type == "program_change" else m.note) for _, m in melody] == [73, 72, 68, 74]
    assert len({m.channel for _, m in melody}) == 2
    assert all(1 <= m.velocity <= 127 for _, m in melody if m.type == "note_on")


def test_notes_before_the_cue_are_clipped_to_it() -> None:
    file = read(midi_bytes([scored(BARS, notes=NOTES, instruments=INSTRUMENTS)]))
    ons = [(tick, m.note) for tick, m in events(file, "hits") if m.type == "note_on"]
    offs = [(tick, m.note) for tick, m in events(file, "hits") if m.type == "note_off"]
    assert ons == [(0, 40)]
    assert offs == [(384, 40)]


def test_a_key_struck_again_is_let_go_first() -> None:
    notes = (Note("melody", 0, 48_000, 60, 80, "flute"), Note("melody", 24_000, 48_000, 60, 80, "flute"))
    file = read(midi_bytes([scored(BARS, notes=notes, instruments=INSTRUMENTS)]))
    kinds = [(tick, m.type) for tick, m in events(file, "melody") if m.type.startswith("note")]
    assert kinds == [(0, "note_on"), (960, "note_off"), (960, "note_on"), (2880, "note_off")]


def test_hits_are_markers_at_their_time_with_timecode() -> None:
    hits = (Hit(48, 96_000, "must", 1.0, "title"), Hit(24, 48_000, "would", 0.4))
    file = read(midi_bytes([scored(BARS, hits=hits)]))
    marks = [(tick, m.text) for tick, m in events(file, "tempo and hits") if m.type == "marker"]
    assert marks == [
        (0, "cue: cue 1"),
        (1920, "would 01:00:01:00 (0.40)"),
        (3840, "must title 01:00:02:00 (1.00)"),
    ]


def test_an_instrument_that_the_take_does_not_list_is_a_fault() -> None:
    with pytest.raises(EngineFault, match="kazoo"):
        midi_bytes([scored(BARS, notes=(replace(NOTES[0], instrument="kazoo"),), instruments=INSTRUMENTS)])


def test_the_same_take_gives_the_same_bytes() -> None:
    one = scored(BARS, notes=NOTES, instruments=INSTRUMENTS)
    assert midi_bytes([one]) == midi_bytes([replace(one)])
