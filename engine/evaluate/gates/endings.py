"""Gate 9, endings: the tail dies away by itself and in time, in the manner of the style, on the tonic;
nothing new begins in the last moments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from ...audio.onset import USUAL, onset_curve, onset_peaks
from ...style import load_style, style_names
from ...timebase import SAMPLE_RATE
from ...types import Note
from .piece import Piece
from .verdict import Verdict

GATE = "endings"
Kind = Literal["button", "ring", "fade"]

# Against the loudest 100 ms of the take.
SILENCE_DB = -50.0
# Within 30 ms. Takes of four styles fall by at most 5 dB in that time, released notes and rooms together; a
# cut by all there is.
MOST_FALL_DB = 10.0
# A last chord counts as sounding while it is no more than this below its own loudest moment, dB.
SOUNDING_DB = -20.0
# How long the last chord sounds, seconds, by how the style ends: a button is dry, a ring-out is not.
SOUNDING_S: Mapping[Kind, tuple[float | None, float | None]] = {
    "button": (None, 1.2),
    "ring": (1.0, None),
    "fade": (2.0, None),
}
# Styles that end open: on another chord, or on none.
OPEN_STYLES = frozenset({"ambient", "tension"})
LAST_S = 0.3

_FRAME = SAMPLE_RATE // 100
# Frames of 10 ms in a level: longer than a period of the deepest notes.
_LEVEL = 3
_LOUD = 10
# The strokes of the last chord itself die away within this.
_STRUCK_S = 0.25
_NEAR = 960
# The last chord's own onset is found this near to its beat, and a beat's within so many steps of the curve.
_NEAR_BEAT = 2_400
_AROUND = 4
# Over a chord that rings an onset stands out less than over the pauses of the music.
_AUDIBLE = 0.5
_UNPITCHED = ("drums", "hits")
_TRIAD = (0, 3, 4, 7)

Floats = npt.NDArray[np.float64]


def endings(piece: Piece, free_samples: int | None = None, kind: Kind | None = None) -> tuple[Verdict, ...]:
    """Level where the tail must be over, its steepest fall, how long the last chord sounds, whether it is the
    tonic in root position, onsets in the last 300 ms.

    `free_samples` after the cue may be sounded into: up to the next cue or to speech; None for all there are.
    `kind` is how it is to end, by default as its style does; a style that nobody knows is to ring out.
    Without stems only the chord is judged, without notes the sound only.
    """
    if kind is None:
        kind = load_style(piece.style).ending if piece.style in style_names() else "ring"
    tail = _Tail(piece, free_samples) if piece.stems and piece.plan.bars else None
    if tail is not None and not tail.heard:
        tail = None
    over = tail.last_db() if tail is not None else None
    fall = tail.steepest_db() if tail is not None else None
    sounding = tail.sounding_s() if tail is not None and piece.notes else None
    late = _late_onsets(piece) if tail is not None else None
    return (
        Verdict(GATE, "level where the tail must be over", over, None, SILENCE_DB, "dB"),
        Verdict(GATE, "steepest fall of the tail in 30 ms", fall, None, MOST_FALL_DB, "dB"),
        Verdict(GATE, "the last chord sounds", sounding, *SOUNDING_S[kind], "s"),
        Verdict(GATE, "last chord is the tonic in root position", _home(piece), 1, None),
        Verdict(GATE, "onsets in the last 300 ms", late, None, 0),
    )


class _Tail:
    """Levels every 10 ms in dB against the take's loudest 100 ms, from the last chord on."""

    def __init__(self, piece: Piece, free_samples: int | None) -> None:
        head, tail = piece.handles
        sound = piece.mix.astype(np.float64)
        frames = len(sound) // _FRAME
        power = np.square(sound[: frames * _FRAME]).reshape(frames, -1).mean(axis=1)
        loudest = float(_means(power, _LOUD).max(initial=0.0))
        self.heard = loudest > 0
        self._db = 10 * np.log10(np.maximum(_means(power, _LEVEL) / max(loudest, 1e-20), 1e-12))
        bars = piece.plan.bars
        last = bars[min(piece.plan.ending_bar, len(bars) - 1)].start_sample
        self._first = min((head + max(0, last)) // _FRAME, len(self._db) - 1)
        free = tail if free_samples is None else min(tail, free_samples)
        over = (head + piece.plan.samples + free) // _FRAME - _LEVEL
        self._over = min(max(over, self._first), len(self._db) - 1)

    def last_db(self) -> float:
        """The loudest from where the tail must be over to the end of the sound."""
        return float(self._db[self._over :].max())

    def steepest_db(self) -> float:
        """How far it falls at most from one level to the next that shares no sound with it; what is under
        `SILENCE_DB` counts as silence, and so does what follows the sound."""
        after = self._first + round(_STRUCK_S * SAMPLE_RATE / _FRAME)
        levels = np.maximum(self._db[after:], SILENCE_DB)
        levels = np.concatenate((levels, np.full(_LEVEL, SILENCE_DB)))
        return float(np.max(levels[:-_LEVEL] - levels[_LEVEL:], initial=0.0))

    def sounding_s(self) -> float:
        """Seconds from the last chord to where its sound stays under `SOUNDING_DB` of its loudest moment."""
        levels = self._db[self._first :]
        sounding = np.flatnonzero(levels >= levels.max() + SOUNDING_DB)
        return float(sounding[-1] + 1) * _FRAME / SAMPLE_RATE


def _means(power: Floats, frames: int) -> Floats:
    if len(power) < frames:
        return np.asarray([power.mean() if len(power) else 0.0])
    sums = np.concatenate(([0.0], np.cumsum(power)))
    # A sum of what is far above leaves rounding where there is silence.
    return np.asarray(np.maximum(sums[frames:] - sums[:-frames], 0.0) / frames)


def _home(piece: Piece) -> float | None:
    """1 for a last chord of nothing but the tonic's triad over the tonic, else 0."""
    notes = [note for note in piece.notes if note.stem not in _UNPITCHED]
    if not notes or piece.tonic is None or piece.style in OPEN_STYLES:
        return None
    last = max(note.start_sample for note in notes) + _NEAR
    sounding = [note for note in notes if note.start_sample + note.samples > last] or _last(notes)
    bass = [note for note in sounding if note.stem == "bass"] or sounding
    steps = {(note.pitch - piece.tonic) % 12 for note in sounding}
    rooted = (min(note.pitch for note in bass) - piece.tonic) % 12 == 0
    one_third = not {3, 4} <= steps
    return float(rooted and one_third and steps <= set(_TRIAD))


def _last(notes: Sequence[Note]) -> list[Note]:
    last = max(note.start_sample for note in notes)
    return [note for note in notes if last - note.start_sample <= _NEAR]


def _late_onsets(piece: Piece) -> float | None:
    """Onsets at least half as strong as usual ones in the last 300 ms, the last chord itself not counted."""
    curve = onset_curve(piece.mix)
    head, samples = piece.handles[0], piece.plan.samples
    beats = [curve.at(beat + head) for beat in piece.plan.beats if 0 <= beat < samples]
    around = scipy.ndimage.maximum_filter1d(curve.strength, 2 * _AROUND + 1)
    own = curve.strength[curve.at(head) : curve.at(head + samples) + 1]
    # Where most beats are rests, an onset must at least stand out from the curve.
    usual = USUAL * float(np.median(around[beats])) if beats else 0.0
    clear = max(_AUDIBLE * usual, float(own.mean() + own.std()))
    index, found = onset_peaks(curve.strength)
    at = found[curve.strength[index] >= clear] - head
    bars = piece.plan.bars
    last = bars[min(piece.plan.ending_bar, len(bars) - 1)].start_sample
    late = (at >= samples - LAST_S * SAMPLE_RATE) & (at < samples) & (np.abs(at - last) > _NEAR_BEAT)
    return float(np.count_nonzero(late))
