"""Where the timeline's own sound speaks, and how loud it is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.ndimage
import soxr

from ..errors import Problem
from ..progress import Cancel, Progress, Step, silent
from ..timebase import SAMPLE_RATE
from ..types import Cue, Span
from .loudness import Energies, KWeighting
from .mixdown import timeline_blocks
from .voice import HOP, RATE, VoiceMeter

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

# Speech begins where it is surely speech, and reaches as far as it is likely.
_SURE = 0.88
_LIKELY = 0.5
_STEP = SAMPLE_RATE * HOP // RATE  # samples at 48 kHz
# Shorter pauses belong to the speech; shorter speech is none.
_PAUSE = 60
_SHORTEST = 50


@dataclass(frozen=True, slots=True)
class Heard:
    """Speech of a cue in record frames, and its gated loudness (BS.1770) there; None without speech."""

    speech: tuple[Span, ...]
    dialogue_lufs: float | None
    problems: tuple[Problem, ...]


def listen(cue: Cue, *, progress: Progress = silent, cancel: Cancel | None = None) -> Heard:
    """Listens to the cue's own sounds mixed together. Sound that cannot be read is silence and a Problem.

    Memory is bounded by some 35 MB for every hour. Raises Cancelled.
    """
    problems: list[Problem] = []
    if not cue.sounds:
        return Heard((), None, ())
    voice = VoiceMeter()
    narrow = soxr.ResampleStream(SAMPLE_RATE, RATE, 1, dtype="float32", quality="MQ")
    weighting, energies = KWeighting(), Energies()
    done = 0
    for block in timeline_blocks(cue, problems):
        if cancel is not None:
            cancel.check()
        energies.feed(weighting.squares(block))
        mono = (block[:, 0] + block[:, 1]) * np.float32(0.5)
        voice.feed(narrow.resample_chunk(mono))
        done += len(block)
        progress(Step("picture", done, cue.samples, "listening for speech"))
    voice.feed(narrow.resample_chunk(np.zeros(0, np.float32), last=True))
    spoken = speech_flags(voice.probability())
    spans = tuple(_spans(spoken, cue))
    return Heard(spans, _loudness(spoken, energies), tuple(problems))


def speech_flags(probability: Floats) -> Flags:
    """Whether each 10 ms is speech: hysteresis, pauses closed, shorter pieces dropped."""
    likely, count = scipy.ndimage.label(probability > _LIKELY)
    sure = np.zeros(count + 1, np.bool_)
    sure[likely[probability > _SURE]] = True
    sure[0] = False
    out: Flags = sure[likely]
    padded = np.pad(out, _PAUSE)
    out = scipy.ndimage.binary_closing(padded, np.ones(_PAUSE, np.bool_))[_PAUSE:-_PAUSE]
    pieces, count = scipy.ndimage.label(out)
    long = np.bincount(pieces.ravel(), minlength=count + 1) >= _SHORTEST
    long[0] = False
    return np.asarray(long[pieces])


def _spans(spoken: Flags, cue: Cue) -> list[Span]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], spoken, [False])).astype(np.int8)))
    first = cue.rate.sample(cue.in_frame)
    out: list[Span] = []
    for start, stop in edges.reshape(-1, 2):
        begin = max(cue.in_frame, cue.rate.frame_of_sample(first + int(start) * _STEP))
        end = min(cue.out_frame_exclusive, cue.rate.frame_of_sample(first + int(stop) * _STEP))
        if end > begin:
            out.append(Span(begin, end))
    return out


def _loudness(spoken: Flags, energies: Energies) -> float | None:
    hops = energies.hops()
    # A hop of 100 ms counts when all of it is speech.
    whole = min(len(hops), len(spoken) // 10)
    inside = spoken[: whole * 10].reshape(whole, 10).all(axis=1)
    return Energies.of(hops[:whole][inside]).level().lufs
