"""When a note is heard to begin, and whether that is when it was written.

A note of strings or pads takes its time: played at its written moment it is heard late. The rule is that of
Vos and Rasch, "The perceptual onset of musical tones" (Perception & Psychophysics 29, 1981): a tone is heard
to begin when its envelope passes a level that lies a fixed way under its greatest, 6 to 15 dB in their
experiments. Richer models of the ear predict such moments no better than within some 10 ms (Collins,
"Investigating computational models of perceptual attack time", ICMPC 2006).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from math import gcd

import numpy as np
import numpy.typing as npt
import scipy.signal

from ...audio.loudness import KWeighting
from ...errors import InputError
from ...sketch.instruments import INSTRUMENTS
from ...timebase import SAMPLE_RATE
from ...types import Note
from .piece import Piece
from .presets import instrument_of, key_of, note_alone, presets
from .verdict import Verdict

Doubles = npt.NDArray[np.float64]

MOST_MS = 10.0
# Under the greatest level; between the two ends that Vos and Rasch found.
_THRESHOLD_DB = 10.0
# The greatest level is looked for in this time: what swells later is no attack.
_ATTACK_S = 0.8
# The level that is passed follows the sound closely; the greatest one is as slow as the ear's loudness, so
# that the crests of noise and of beating strings do not raise it.
_CLOSE_S, _SLOW_S = 0.005, 0.050
# A note may be played early by this, and its stem is to be quiet for a while before that: so far under it.
_EARLY_S, _QUIET_S, _QUIET_DB = 0.25, 0.10, 15.0
# Notes nearer than this are one chord, and one onset.
_TOGETHER_S = 0.015
# What a preset is measured on: places in its range, velocities, and how long the note is held.
_HEIGHTS, _VELOCITIES, _HELD = (0.25, 0.5, 0.75), (60, 85), 48_000


def attack_s(sound: npt.NDArray[np.floating], rate: int) -> float:
    """Seconds from the first sample of one note, mono float [n] at `rate` Hz, until it is heard to begin.

    A click gives 0. InputError for silence.
    """
    if not sound.any():
        raise InputError("a silent note has no onset: give one that sounds")
    mono = sound.astype(np.float64)
    if rate != SAMPLE_RATE:
        common = gcd(rate, SAMPLE_RATE)
        mono = scipy.signal.resample_poly(mono, SAMPLE_RATE // common, rate // common)
    return _passage(_power(mono), 0, round(_ATTACK_S * SAMPLE_RATE)) / SAMPLE_RATE


def preset_attacks() -> Mapping[str, float]:
    """Name in INSTRUMENTS -> attack time in seconds: by so much its notes are to be played early.

    Effects are not among them.
    """
    return {name: preset_attack_s(name) for name in presets()}


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
    and of the instruments the worst.

    Judged are onsets of held instruments that rise out of quiet in their stem and that no struck instrument
    of the stem shares. Does not apply to a piece without any.
    """
    errors: dict[str, list[float]] = {}
    for stem, sound in piece.stems.items():
        for start, room, names in _onsets([note for note in piece.notes if note.stem == stem]):
            error = _error_s(sound, start + piece.handles[0], room)
            if error is not None:
                for name in names:
                    errors.setdefault(name, []).append(1000 * abs(error))
    value = max((float(np.median(found)) for found in errors.values()), default=None)
    return (Verdict("onset time", "onset heard beside the one written", value, None, MOST_MS, "ms"),)


def _onsets(notes: Sequence[Note]) -> list[tuple[int, int, tuple[str, ...]]]:
    """(sample, samples to the stem's next onset, instruments) of what held instruments begin alone."""
    chords: list[list[Note]] = []
    for note in sorted(notes, key=lambda note: note.start_sample):
        if chords and note.start_sample - chords[-1][0].start_sample <= _TOGETHER_S * SAMPLE_RATE:
            chords[-1].append(note)
        else:
            chords.append([note])
    starts = [round(float(np.mean([note.start_sample for note in chord]))) for chord in chords]
    longest = round(_ATTACK_S * SAMPLE_RATE)
    out = []
    for index, chord in enumerate(chords):
        names = {instrument_of(note) for note in chord}
        held = {name for name in names if name is not None and not INSTRUMENTS[name].struck}
        room = starts[index + 1] - starts[index] if index + 1 < len(chords) else longest
        lonely = not index or starts[index] - starts[index - 1] > (_EARLY_S + _QUIET_S) * SAMPLE_RATE
        if held == names and lonely:
            out.append((starts[index], min(room, longest), tuple(sorted(held))))
    return out


def _error_s(sound: npt.NDArray[np.floating], start: int, room: int) -> float | None:
    """Seconds by which an onset at sample `start` is heard late; None where it does not rise out of quiet."""
    quiet, early = round(_QUIET_S * SAMPLE_RATE), round(_EARLY_S * SAMPLE_RATE)
    first, last = start - quiet - early, min(len(sound), start + room)
    if start < 0 or last <= start:
        return None
    mono = np.zeros(last - first)
    mono[max(0, -first) :] = sound[max(0, first) : last].mean(axis=1, dtype=np.float64)
    power = _power(mono)
    at = quiet + early
    greatest = float(_smooth(power, _SLOW_S)[at:].max())
    if greatest <= float(_smooth(power, _CLOSE_S)[:quiet].max()) * 10 ** (_QUIET_DB / 10):
        return None
    return (_passage(power, quiet, early + room) - at) / SAMPLE_RATE


def _power(mono: Doubles) -> Doubles:
    """Squares, weighted as they are loud (BS.1770)."""
    return KWeighting(1).squares(mono[:, None])


def _passage(power: Doubles, first: int, within: int) -> int:
    """First sample from `first` on at which the level passes the threshold under the greatest of the next
    `within`.
    """
    part = slice(first, first + within)
    threshold = float(_smooth(power, _SLOW_S)[part].max()) * 10 ** (-_THRESHOLD_DB / 10)
    return first + int(np.argmax(_smooth(power, _CLOSE_S)[part] >= threshold))


def _smooth(power: Doubles, seconds: float) -> Doubles:
    """Mean over the time that ends with each sample: nothing is heard before it sounds."""
    size = round(seconds * SAMPLE_RATE)
    sums = np.concatenate((np.zeros(size), np.cumsum(power)))
    return np.asarray(np.maximum(sums[size:] - sums[:-size], 0.0) / size)
