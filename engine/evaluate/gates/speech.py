"""Gate 12, by level: whether the music makes room for who speaks. `speech_loss` asks what is understood."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.signal

from ...audio.finish import UNDER_SPEECH_LU
from ...audio.loudness import Energies, KWeighting
from ...timebase import SAMPLE_RATE
from .piece import Piece, Sound
from .verdict import Verdict

Floats = npt.NDArray[np.float64]
Span = tuple[int, int]

# The consonants that tell words apart.
BAND_HZ = (1_000.0, 4_000.0)
LEAST_FALL_DB = 6.0
# The finish meets its target within .05 LU; the gate of the loudness moves a little with every pause.
LEAST_UNDER_LU = UNDER_SPEECH_LU - 0.1

# The music just before and after somebody speaks is the same music without thinning.
_NEARBY = 10 * SAMPLE_RATE
# Less than a second of either is a gap between two words, or a tail.
_LEAST = SAMPLE_RATE
# Notes struck before the words ring into them: by so much the arrangement is not judged.
_TAIL = SAMPLE_RATE // 2
_SMALLEST = 1e-12
# What BS.1770 does not hear.
_SILENT_LUFS = -70.0


def speech(piece: Piece) -> tuple[Verdict, Verdict]:
    """How far the mix falls between 1 and 4 kHz under speech against the ten seconds around it, dB; and how
    far its loudness lies under the dialogue's while somebody speaks, LU.

    The stems are to come without any ducking: it is the arrangement that must fall. The first does not apply
    without a second of music that nobody speaks over, the second not without a dialogue's loudness.
    """
    spans = spoken(piece)
    fall = under = None
    if spans and piece.stems:
        music = piece.inside(piece.mix)
        fall = _fall(music, spans)
        dialogue = _dialogue_lufs(piece, spans)
        level = _lufs(music, spans)
        if dialogue is not None:
            under = dialogue - (_SILENT_LUFS if level is None else level)
    return (
        Verdict("speech", "fall of 1 to 4 kHz under speech", fall, LEAST_FALL_DB, None, "dB"),
        Verdict("speech", "level under the speech", under, LEAST_UNDER_LU, None, "LU"),
    )


def spoken(piece: Piece) -> list[Span]:
    """The stretches of speech inside the cue, samples."""
    inside = ((max(0, start), min(piece.plan.samples, end)) for start, end in piece.plan.speech)
    return [(start, end) for start, end in inside if end > start]


def _fall(music: Sound, spans: Sequence[Span]) -> float | None:
    """Mean over speech of the fall of each stretch, weighted by its length."""
    running = np.concatenate(([0.0], np.cumsum(_band_squares(music))))
    quiet = np.ones(len(music), np.bool_)
    for start, end in spans:
        quiet[start:end] = False
    silent = np.concatenate(([0.0], np.cumsum(np.where(quiet, np.diff(running), 0.0))))
    counted = np.concatenate(([0], np.cumsum(quiet)))
    falls, weights = [], []
    for start, end in spans:
        near, far = max(0, start - _NEARBY), min(len(music), end + _NEARBY)
        others = int(counted[far] - counted[near])
        settled = min(start + _TAIL, end)
        length = end - settled
        if others < _LEAST or length < _LEAST:
            continue
        without = (silent[far] - silent[near]) / others
        under = (running[end] - running[settled]) / length
        falls.append(10 * np.log10(max(without, _SMALLEST) / max(under, _SMALLEST)))
        weights.append(length)
    return float(np.average(falls, weights=weights)) if falls else None


def _band_squares(music: Sound) -> Floats:
    sections = scipy.signal.butter(4, BAND_HZ, "bandpass", fs=SAMPLE_RATE, output="sos")
    return np.asarray(np.square(scipy.signal.sosfilt(sections, music, axis=0)).sum(axis=1), np.float64)


def _dialogue_lufs(piece: Piece, spans: Sequence[Span]) -> float | None:
    if piece.dialogue is not None:
        return _lufs(piece.dialogue[:, None], spans)
    return piece.picture.dialogue_lufs if piece.picture is not None else None


def _lufs(sound: Sound, spans: Sequence[Span]) -> float | None:
    """Gated loudness (BS.1770) of the spoken stretches, one after the other; None for silence.

    Mono counts as both loudspeakers playing it, which is what the audience hears.
    """
    squares = KWeighting(sound.shape[1]).squares(sound) * (2 / sound.shape[1])
    energies = Energies()
    for start, end in spans:
        energies.feed(squares[start:end])
    return energies.level().lufs
