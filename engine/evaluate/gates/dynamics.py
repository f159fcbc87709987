"""Loud and soft as players do it: brighter when louder, alive while they hold, no stroke twice the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import zip_longest

import numpy as np
import numpy.typing as npt
import scipy.signal

from ...audio.onset import onset_curve, onset_peaks
from ...sketch.instruments import INSTRUMENTS
from ...timebase import SAMPLE_RATE
from ...types import Note
from .onset_time import preset_attack_s
from .piece import Piece, Sound
from .presets import instrument_of, key_of, note_alone, same_sample
from .verdict import Verdict

Floats = npt.NDArray[np.floating]

# The centroid of a note at the loud velocity lies so much above that at the soft one.
SOFT, LOUD = 40, 110
LEAST_RISE = 0.15
# A held note that swells grows by this at some time after its attack. Chords of sampled strings move by 1 to
# 2 dB by their beating alone, a lone clarinet not at all; of a swell of 9 dB over 3 s a good 3 are left.
LEAST_SWELL_DB = 2.5
MOST_SAME = 0.20
# Standard deviation of a part's velocities: under this the players are one machine.
LEAST_SPREAD = 3.0

_HEIGHTS, _HELD = (0.25, 0.5, 0.75), 48_000
_WINDOW = 4096
_HEARD_HZ = (20.0, 16_000.0)
# Bins so far under the strongest are noise of the sample, not colour.
_FLOOR_DB = 60.0
# A held note is judged after its attack, and only when enough of it is left; level is a mean over _SMOOTH_S.
_LEAST_S, _SMOOTH_S = 0.8, 0.3
# A straight rise is heard 10 dB under its height; so many times later it is whole.
_WHOLE_ATTACK = 10 ** (10 / 20)
# A drum that is silent for longer than this is no machine gun.
_GUN_S = 2.0
_FEWEST = 8
# Strokes in sound alone: what is compared, how far they may be moved against each other, and from when on
# they are the same.
_STROKE_S, _MOVE_S, _ALIKE = 0.060, 0.012, 0.985


def dynamics(piece: Piece, rise: Callable[[str], float] | None = None) -> tuple[Verdict, ...]:
    """`rise` tells how much brighter an instrument gets (see `centroid_rise`, which is taken by default).

    The strokes of a piece without notes are looked for in the sound of its stem "drums"; the other numbers
    need notes.
    """
    names = sorted({name for note in piece.notes if (name := instrument_of(note)) is not None})
    rises = [(rise or centroid_rise)(name) for name in names]
    return (
        _verdict("rise of the centroid, velocity 40 to 110", min(rises, default=None), LEAST_RISE, None),
        _verdict("swell of held notes", _swell_db(piece), LEAST_SWELL_DB, None, "dB"),
        _verdict("drum strokes the same as before", _same_strokes(piece), None, MOST_SAME, "of strokes"),
        _verdict("spread of velocities in a part", _spread(piece.notes), LEAST_SPREAD, None),
    )


def _verdict(
    what: str, value: float | None, low: float | None, high: float | None, unit: str = ""
) -> Verdict:
    return Verdict("dynamics", what, value, low, high, unit)


@cache
def centroid_rise(instrument: str) -> float:
    """How far the spectral centroid rises from velocity 40 to 110, as a share, as our player sounds the
    instrument: the median of three keys. InputError when the bundled font lacks a key.
    """
    rises = []
    for height in _HEIGHTS:
        key = key_of(instrument, height)
        soft, loud = (centroid_hz(note_alone(instrument, key, velocity, _HELD)) for velocity in (SOFT, LOUD))
        rises.append(loud / soft - 1)
    return float(np.median(rises))


def centroid_hz(sound: Floats) -> float:
    """Spectral centroid of mono float [n] at 48 kHz: of the amplitudes of its mean spectrum, in Hz.

    What lies 60 dB under the strongest bin is left out. 0 for silence.
    """
    padded = np.concatenate((sound, np.zeros(max(0, _WINDOW - len(sound)))))
    hertz, power = scipy.signal.welch(padded, SAMPLE_RATE, nperseg=_WINDOW, detrend=False)
    power[(hertz < _HEARD_HZ[0]) | (hertz > _HEARD_HZ[1])] = 0
    power[power < power.max() * 10 ** (-_FLOOR_DB / 10)] = 0
    amplitude = np.sqrt(power)
    return float((amplitude * hertz).sum() / amplitude.sum()) if amplitude.any() else 0.0


def _swell_db(piece: Piece) -> float | None:
    """Median over stretches in which a stem holds: the greatest rise from a moment to a later one."""
    swells = []
    for stem, sound in piece.stems.items():
        for first, last in _held([note for note in piece.notes if note.stem == stem]):
            part = sound[max(0, first + piece.handles[0]) : last + piece.handles[0]]
            if len(part) >= _LEAST_S * SAMPLE_RATE:
                swells.append(_rise_db(part))
    return float(np.median(swells)) if swells else None


def _held(notes: Sequence[Note]) -> list[tuple[int, int]]:
    """Stretches between a stem's onsets in which a held instrument sounds to the end, attacks left out."""
    held = [(note, name) for note in notes if (name := instrument_of(note)) and not INSTRUMENTS[name].struck]
    starts = sorted({note.start_sample for note in notes})
    out = []
    for start, following in zip_longest(starts, starts[1:]):
        sounding = [
            (note, name)
            for note, name in held
            if note.start_sample <= start < note.start_sample + note.samples
        ]
        if not sounding:
            continue
        ends = [note.start_sample + note.samples for note, _ in sounding]
        attacks = [
            note.start_sample + round(_WHOLE_ATTACK * preset_attack_s(name) * SAMPLE_RATE)
            for note, name in sounding
        ]
        first, last = max(start, *attacks), min(ends if following is None else [*ends, following])
        if last - first >= _LEAST_S * SAMPLE_RATE:
            out.append((first, last))
    return out


def _rise_db(part: Sound) -> float:
    step = round(_SMOOTH_S * SAMPLE_RATE / 6)
    whole = len(part) // step * step
    power = np.square(part[:whole], dtype=np.float64).mean(axis=1).reshape(-1, step).mean(axis=1)
    smooth = np.convolve(power, np.ones(6) / 6, mode="valid")
    level = 10 * np.log10(np.maximum(smooth, 1e-12))
    return float((level - np.minimum.accumulate(level)).max())


def _same_strokes(piece: Piece) -> float | None:
    if not piece.notes:
        return _same_in_sound(piece.inside(piece.stems["drums"])) if "drums" in piece.stems else None
    last: dict[tuple[str, int], Note] = {}
    same, strokes = 0, 0
    for note in sorted(piece.notes, key=lambda note: note.start_sample):
        if note.stem != "drums":
            continue
        before = last.get((note.instrument, note.pitch))
        last[note.instrument, note.pitch] = note
        if before is not None and note.start_sample - before.start_sample <= _GUN_S * SAMPLE_RATE:
            strokes += 1
            same += same_sample(before, note)
    return same / strokes if strokes >= _FEWEST else None


def _same_in_sound(sound: Sound) -> float | None:
    """Share of strokes that sound as one of the last two seconds did, sample for sample."""
    curve = onset_curve(sound)
    index, samples = onset_peaks(curve.strength)
    clear = curve.strength[index] > curve.strength.mean() + curve.strength.std()
    mono = sound.mean(axis=1, dtype=np.float64)
    length, move = round(_STROKE_S * SAMPLE_RATE), round(_MOVE_S * SAMPLE_RATE)
    strokes = [int(at) for at in samples[clear] if at >= move and at + length + move <= len(mono)]
    same = 0
    for number, at in enumerate(strokes):
        others = [other for other in strokes[:number] if at - other <= _GUN_S * SAMPLE_RATE]
        stroke = mono[at : at + length]
        same += any(
            _likeness(stroke, mono[other - move : other + length + move]) > _ALIKE for other in others
        )
    return same / len(strokes) if len(strokes) >= _FEWEST else None


def _likeness(stroke: Floats, around: Floats) -> float:
    """Greatest normalised correlation of `stroke` with a stretch of `around`."""
    products = scipy.signal.correlate(around, stroke, mode="valid", method="fft")
    size = len(stroke)
    sums = np.concatenate((np.zeros(1), np.cumsum(np.square(around))))
    energies = (sums[size:] - sums[:-size]) * float(np.square(stroke).sum())
    return float((products / np.sqrt(np.maximum(energies, 1e-12))).max())


def _spread(notes: Sequence[Note]) -> float | None:
    """Mean standard deviation of velocities over stems with notes enough to say, weighted by their notes."""
    total, weight = 0.0, 0
    for stem in sorted({note.stem for note in notes}):
        velocities = [note.velocity for note in notes if note.stem == stem and instrument_of(note)]
        if len(velocities) >= _FEWEST:
            total += len(velocities) * float(np.std(velocities))
            weight += len(velocities)
    return total / weight if weight else None
