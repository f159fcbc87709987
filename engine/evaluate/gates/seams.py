"""Clip borders that nobody hears: no more abrupt than any other moment of the same sound.

Works on sound alone. "Any other moment" is a random one, unless the border lies where music begins anyway:
borders are put on bar lines, and a bar line is more abrupt than most moments without being a seam. There the
border is held against other moments at which notes begin, or without notes against the plan's other beats;
what new notes add to the spectrum is no seam there, only what is lost from it; and the step with which a
struck instrument begins is its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.signal

from ...audio.finish import EFFECTS
from ...sketch.instruments import INSTRUMENTS
from ...timebase import SAMPLE_RATE
from .piece import Piece
from .presets import instrument_of
from .verdict import Verdict

Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DRUMS = "drums"
WITHIN = 0.95
# A tail that falls by more than this over the border was cut, unless the sound's other moments do so, too.
MOST_FALL_DB = 12.0
_POINTS, _MOST = 1000, 400
_SEED = 20_261_121
# References keep away from borders, and borders from the sound's ends: as far as anything here looks.
_REACH = 3_072
# Fewer references than this have no 95th percentile.
_FEWEST = 19
# A border is where notes begin, or on a beat, when it lies as near as this.
_ON_NOTES, _ON_BEAT = 48, 960
# A step is held against the sharpest bend within 5 ms, some samples around the border left out.
_AROUND, _OWN = 240, 4
# A step up to so many times as sharp as the music right beside it is covered by it.
_COVERED = 1.25
_INAUDIBLE = 1e-5
# Third octaves from 100 Hz to 10 kHz, 43 ms on both sides. Bands 50 dB under the strongest do not count.
_WINDOW = 2048
_THIRDS_HZ = 1000 * 10 ** (np.arange(-10, 11) / 10)
_RANGE_DB = 50.0
# Nor does what nobody hears: a fade that has come down to this (mean square) may end in nothing.
_UNHEARD_DB = -80.0
# Level before and behind a border, the border's own 10 ms left out on both sides.
_NEAR, _FAR = 480, 2_880
_SILENT_DB = -70.0
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Abruptness:
    """At some points of a sound, each float64 [points].

    step     the bend of the waveform at the point over the sharpest within 5 ms of it
    jump_db  root mean square of the third octaves' changes from the 43 ms before to those behind
    loss_db  the same of their falls alone
    fall_db  how far the level falls from the 50 ms before to those behind
    """

    step: Doubles
    jump_db: Doubles
    loss_db: Doubles
    fall_db: Doubles


def seams(piece: Piece, borders: Sequence[int]) -> tuple[Verdict, ...]:
    """`borders` are samples of the cue at which one clip ends and another begins.

    Step and jump are told as the chance that as many moments of the same sound would all be less abrupt than
    the worst border; the fall in dB, beside 12 dB or what 95 % of the other moments keep to, whichever is
    more. Borders within 64 ms of an end of the sound have only one side and are left out; nothing applies
    when none remain, or when borders lie so close that no other moments are left.
    """
    mix, head = piece.mix, piece.handles[0]
    at = np.array(sorted({border + head for border in borders}), np.int64)
    at = at[(at >= _REACH) & (at <= len(mix) - _REACH)]
    if not len(at):
        return _verdicts(None, None, None, MOST_FALL_DB)
    found = abruptness(mix, at)
    random: Abruptness | None = None
    steps, jumps, falls = [], [], []
    for index, border in enumerate(at):
        musical = _musical(piece, len(mix), int(border), at)
        if musical is not None:
            others = abruptness(mix, musical)
        else:
            random = random or abruptness(mix, _random(len(mix), at))
            others = random
        if len(others.step) < _FEWEST:
            continue
        jump, usual = (found.jump_db, others.jump_db) if musical is None else (found.loss_db, others.loss_db)
        jumps.append(float((usual < jump[index]).mean()))
        if not _struck(piece, int(border)):
            steps.append(float((np.maximum(others.step, _COVERED) < found.step[index]).mean()))
        most = max(MOST_FALL_DB, float(np.quantile(others.fall_db, WITHIN)))
        falls.append((float(found.fall_db[index]) - most, float(found.fall_db[index]), most))
    if not falls:
        return _verdicts(None, None, None, MOST_FALL_DB)
    # Of the falls that one is told which is worst beside what is usual there.
    _, fall, most = max(falls)
    step = max(steps) ** len(steps) if steps else None
    return _verdicts(step, max(jumps) ** len(jumps), fall, most)


def _verdicts(step: float | None, jump: float | None, fall: float | None, most: float) -> tuple[Verdict, ...]:
    return (
        Verdict("seams", "sample step beside other moments", step, None, WITHIN),
        Verdict("seams", "third-octave jump beside other moments", jump, None, WITHIN),
        Verdict("seams", "fall of a tail", fall, None, most, "dB"),
    )


def abruptness(sound: npt.NDArray[np.floating], points: Ints) -> Abruptness:
    """Of float [n, channels] at 48 kHz, at samples that lie at least 3072 from both ends."""
    changes = np.concatenate([np.zeros((0, len(_THIRDS_HZ))), *_parts(_changes_db, sound, points)])
    jump, loss = (np.sqrt(np.mean(np.square(some), axis=1)) for some in (changes, np.minimum(changes, 0)))
    step = np.concatenate([np.zeros(0), *_parts(_step, sound, points)])
    return Abruptness(step, jump, loss, _fall_db(sound, points))


def _parts(
    measure: Callable[[npt.NDArray[np.floating], Ints], Doubles],
    sound: npt.NDArray[np.floating],
    points: Ints,
) -> Iterator[Doubles]:
    """`measure` at some points after the other, so that what is looked at stays in the processor's cache."""
    for first in range(0, len(points), _AT_ONCE):
        yield measure(sound, points[first : first + _AT_ONCE])


def _stretches(sound: npt.NDArray[np.floating], starts: Ints, length: int) -> Doubles:
    """`length` samples from each start on, float64 [starts, channels, length]."""
    return np.lib.stride_tricks.sliding_window_view(sound, length, axis=0)[starts].astype(np.float64)


def _musical(piece: Piece, samples: int, border: int, borders: Ints) -> Ints | None:
    """Samples of the file at which music begins as it does at the border; None where none begins there, or
    where there are too few to compare with.
    """
    head = piece.handles[0]
    starts, counts = np.unique([note.start_sample + head for note in piece.notes], return_counts=True)
    near = np.abs(starts - border) <= _ON_NOTES
    if near.any():
        offset = border - int(starts[near][counts[near].argmax()])
        # Where a whole chord begins it is chords that it is compared with, if there are enough.
        for least in (counts[near].max() / 2, 1):
            alike = starts[counts >= least].astype(np.int64) + offset
            points = _apart(alike, samples, borders)
            if len(points) >= _FEWEST:
                return points[:: -(-len(points) // _MOST)]
    beats = np.array(piece.plan.beats, np.int64) + head
    if len(beats) and int(np.abs(beats - border).min()) <= _ON_BEAT:
        points = _apart(beats + border - int(beats[np.abs(beats - border).argmin()]), samples, borders)
        if len(points) >= _FEWEST:
            return points[:: -(-len(points) // _MOST)]
    return None


def _random(samples: int, borders: Ints) -> Ints:
    random = np.random.Generator(np.random.PCG64(_SEED))
    return _apart(random.integers(_REACH, samples - _REACH + 1, _POINTS), samples, borders)


def _struck(piece: Piece, border: int) -> bool:
    """Whether a drum, an effect or a struck instrument begins there."""
    for note in piece.notes:
        if abs(note.start_sample + piece.handles[0] - border) <= _ON_NOTES:
            instrument = instrument_of(note)
            if note.stem in (DRUMS, EFFECTS) or (instrument is not None and INSTRUMENTS[instrument].struck):
                return True
    return False


def _apart(points: Ints, samples: int, borders: Ints) -> Ints:
    inside = points[(points >= _REACH) & (points <= samples - _REACH)]
    return np.asarray(inside[np.abs(inside[:, None] - borders).min(axis=1) > _REACH])


def _step(sound: npt.NDArray[np.floating], points: Ints) -> Doubles:
    near = _stretches(sound, points - _AROUND - 2, 2 * _AROUND + 4)
    bend = np.abs(np.diff(near, n=2, axis=2)).max(axis=1)
    # bend[i] is the one between samples i and i + 2; the border lies before sample _AROUND + 2 of `near`.
    middle = _AROUND + 1
    own = bend[:, middle - 1 : middle + 1].max(axis=1)
    before, behind = bend[:, : middle - _OWN], bend[:, middle + _OWN :]
    return np.asarray(own / np.maximum(np.maximum(before.max(axis=1), behind.max(axis=1)), _INAUDIBLE))


def _changes_db(sound: npt.NDArray[np.floating], points: Ints) -> Doubles:
    """Of each third octave from before the point to behind it, float64 [points, 21]."""
    before, behind = _thirds(sound, points - _WINDOW), _thirds(sound, points)
    strongest = np.maximum(before.max(axis=1), behind.max(axis=1))[:, None]
    floor = np.maximum(strongest * 10 ** (-_RANGE_DB / 10), _unheard(sound.shape[1]))
    return np.asarray(10 * np.log10(np.maximum(behind, floor) / np.maximum(before, floor)))


def _unheard(channels: int) -> float:
    """The power of `_thirds` that a band of `_UNHEARD_DB` has (Parseval: half of a transform's bins)."""
    window = _window_and_bands()[0]
    return float(10 ** (_UNHEARD_DB / 10) * channels * len(window) * np.square(window).sum() / 2)


def _thirds(sound: npt.NDArray[np.floating], starts: Ints) -> Doubles:
    window, bands = _window_and_bands()
    spectrum = scipy.fft.rfft(_stretches(sound, starts, _WINDOW) * window, axis=2)
    power = (np.square(spectrum.real) + np.square(spectrum.imag)).sum(axis=1)
    return np.asarray(power @ bands)


@cache
def _window_and_bands() -> tuple[Doubles, Doubles]:
    """The window, and which bin belongs to which third octave: 0 or 1, float64 [bins, 21]."""
    hertz = scipy.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE)[:, None]
    bands = (hertz >= _THIRDS_HZ * 10**-0.05) & (hertz < _THIRDS_HZ * 10**0.05)
    return np.asarray(scipy.signal.get_window("hann", _WINDOW)), bands.astype(np.float64)


def _fall_db(sound: npt.NDArray[np.floating], points: Ints) -> Doubles:
    squares = np.einsum("ij,ij->i", sound, sound, dtype=np.float64) / sound.shape[1]
    sums = np.append(0.0, np.cumsum(squares))
    before = (sums[points - _NEAR] - sums[points - _FAR]) / (_FAR - _NEAR)
    behind = (sums[points + _FAR] - sums[points + _NEAR]) / (_FAR - _NEAR)
    floor = 10 ** (_SILENT_DB / 10)
    return np.asarray(10 * np.log10(np.maximum(before, floor) / np.maximum(behind, floor)))
