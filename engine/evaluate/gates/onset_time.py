"""When a note is heard to begin, and whether that is when it was written.

A note of strings or pads takes its time: played at its written moment it is heard late. How late, by which
rule: `audio.attack`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from ...audio.attack import ATTACK_S, CLOSE_S, SLOW_S, attack_s, passage, running, weighted
from ...sketch.instruments import INSTRUMENTS
from ...timebase import SAMPLE_RATE
from ...types import Note
from .piece import Piece
from .presets import instrument_of, key_of, note_alone
from .verdict import Verdict

MOST_MS = 10.0
# A note may be played early by this, and its stem is to be quiet for a while before that: so far under it.
_EARLY_S, _QUIET_S, _QUIET_DB = 0.25, 0.10, 15.0
# Notes nearer than this are one chord, and one onset.
_TOGETHER_S = 0.015
# A single onset is not foretold within 10 ms by any model, and a room moves it by as much: from so many on an
# instrument is judged by itself.
_FEWEST = 3
# What a preset is measured on: places in its range, velocities, and how long the note is held.
_HEIGHTS, _VELOCITIES, _HELD = (0.25, 0.5, 0.75), (60, 85), 48_000


@cache
def preset_attack_s(instrument: str) -> float:
    """Attack time of a preset in seconds, the median of six notes of the bundled sound font."""
    attacks = [
        attack_s(note_alone(instrument, key_of(instrument, height), velocity, _HELD), SAMPLE_RATE)
        for height in _HEIGHTS
        for velocity in _VELOCITIES
    ]
    return float(np.median(attacks))


def onset_time(piece: Piece) -> tuple[Verdict, ...]:
    """How far strings and pads are heard from where they are written: the median of each instrument's onsets,
    and of the instruments the worst. Those with fewer than three onsets are judged together.

    Judged are onsets of held instruments that rise out of quiet in their stem and that no struck instrument
    of the stem shares. Does not apply to a piece with fewer than three.
    """
    heard: list[tuple[frozenset[str], float]] = []
    for stem, sound in piece.stems.items():
        for start, room, names in _onsets([note for note in piece.notes if note.stem == stem]):
            error = _error_s(sound, start + piece.handles[0], room)
            if error is not None:
                heard.append((names, 1000 * abs(error)))
    often = Counter(name for names, _ in heard for name in names)
    groups = [frozenset({name}) for name, count in often.items() if count >= _FEWEST]
    groups.append(frozenset(name for name, count in often.items() if count < _FEWEST))
    judged = [[error for names, error in heard if names & group] for group in groups]
    value = max((float(np.median(found)) for found in judged if len(found) >= _FEWEST), default=None)
    return (Verdict("onset time", "onset heard beside the one written", value, None, MOST_MS, "ms"),)


def _onsets(notes: Sequence[Note]) -> list[tuple[int, int, frozenset[str]]]:
    """(sample, samples to the stem's next onset, instruments) of what held instruments begin alone."""
    chords: list[list[Note]] = []
    for note in sorted(notes, key=lambda note: note.start_sample):
        if chords and note.start_sample - chords[-1][0].start_sample <= _TOGETHER_S * SAMPLE_RATE:
            chords[-1].append(note)
        else:
            chords.append([note])
    starts = [round(float(np.mean([note.start_sample for note in chord]))) for chord in chords]
    longest = round(ATTACK_S * SAMPLE_RATE)
    out = []
    for index, chord in enumerate(chords):
        names = {instrument_of(note) for note in chord}
        held = {name for name in names if name is not None and not INSTRUMENTS[name].struck}
        room = starts[index + 1] - starts[index] if index + 1 < len(chords) else longest
        lonely = not index or starts[index] - starts[index - 1] > (_EARLY_S + _QUIET_S) * SAMPLE_RATE
        if held == names and lonely:
            out.append((starts[index], min(room, longest), frozenset(held)))
    return out


def _error_s(sound: npt.NDArray[np.floating], start: int, room: int) -> float | None:
    """Seconds by which an onset at sample `start` is heard late; None where it does not rise out of quiet."""
    quiet, early = round(_QUIET_S * SAMPLE_RATE), round(_EARLY_S * SAMPLE_RATE)
    first, last = start - quiet - early, min(len(sound), start + room)
    if start < 0 or last <= start:
        return None
    mono = np.zeros(last - first)
    mono[max(0, -first) :] = sound[max(0, first) : last].mean(axis=1, dtype=np.float64)
    power = weighted(mono)
    at = quiet + early
    greatest = float(running(power, SLOW_S)[at:].max())
    if greatest <= float(running(power, CLOSE_S)[:quiet].max()) * 10 ** (_QUIET_DB / 10):
        return None
    return (passage(power, quiet, early + room) - at) / SAMPLE_RATE
