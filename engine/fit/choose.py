"""The best of several candidates: by the hits that fitting will meet, by coherence, and without faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from ..audio.onset import onset_curve
from ..generator import TakeRequest
from ..progress import Cancel
from ..timebase import SAMPLE_RATE
from ..types import Hit
from .beats import Beats, find_beats
from .match import TOLERANCE, Warp, match, straight, warped

Floats = npt.NDArray[np.float32]

# Hits decide; coherence between candidates that meet as many; a fault outweighs both.
_COHERENCE_WEIGHT = 0.3
_SILENCE_WEIGHT = 1.0
_CLIPPED_WEIGHT = 10.0

_SEGMENT_S = 10
_SILENT = 1e-3  # -60 dBFS
# Longer than the rests of slow, short notes.
_SILENCE_BLOCK_S = 1.0
_SHIFTS = 200
_SEED = 20_211_107
_FOURIER = 4096
# Bins below are too wide for a semitone, above them are few partials of pitch.
_LOWEST_HZ, _HIGHEST_HZ = 110.0, 2_000.0


@dataclass(frozen=True, slots=True)
class Choice:
    """`index` of the best candidate; `table` has what decided, a row a candidate (values of JSON).

    hits_met   share of the wanted hits, by strength, with an onset within 40 ms after fitting; one weaker
               than ordinary beats counts half
    chance     the same at random moments of the same fitted music
    coherence  mean cosine of the chroma of neighbouring stretches of 10 s, 0..1 (the harmonic part of
               `coherence_ours`); None for music under 20 s
    silence    share of the seconds below -60 dBFS; clipped: share of samples at or beyond full scale
    score      hits_met - chance + 0.3 coherence - silence - 10 clipped
    """

    index: int
    table: tuple[dict[str, Any], ...]


def choose(
    candidates: Sequence[Floats], sample_rate: int, request: TakeRequest, *, cancel: Cancel | None = None
) -> Choice:
    """The best of `candidates`, each float32 [n, channels]: the generator's sound from the head handle on.

    In published mode nothing is fitted, and hits count where the music lies. Cancelled within a candidate.
    """
    cancel = cancel or Cancel()
    rows = [_row(sound, sample_rate, request, cancel) for sound in candidates]
    best = max(range(len(rows)), key=lambda index: (rows[index]["score"], -index))
    return Choice(best, tuple({"candidate": index, **row} for index, row in enumerate(rows)))


def _row(sound: Floats, sample_rate: int, request: TakeRequest, cancel: Cancel) -> dict[str, Any]:
    cancel.check()
    mono = np.asarray(sound.mean(axis=1), np.float32)
    at_48k = mono if sample_rate == SAMPLE_RATE else soxr.resample(mono, sample_rate, SAMPLE_RATE)
    head, tail = request.handle_samples
    target = head + request.cue.samples + tail
    beats = find_beats(onset_curve(np.asarray(at_48k, np.float32)[:, None]))
    warp = straight(target)
    if request.neural.mode != "published":
        found = match(
            beats,
            request.plan.hits,
            head_samples=head,
            target_samples=target,
            source_samples=len(at_48k),
            cancel=cancel,
        )
        warp = found.warp
    share, chance = _met(beats, request.plan.hits, warp, head, request.cue.samples)
    likeness = coherence(mono, sample_rate)
    silence, clipped = _silence(mono, sample_rate), float((np.abs(sound) >= 1).mean())
    score = share - chance - _SILENCE_WEIGHT * silence - _CLIPPED_WEIGHT * clipped
    score += _COHERENCE_WEIGHT * (likeness or 0.0)
    return {
        "hits_met": round(share, 4),
        "chance": round(chance, 4),
        "coherence": None if likeness is None else round(likeness, 4),
        "silence": round(silence, 4),
        "clipped": round(clipped, 6),
        "score": round(score, 4),
    }


def _met(beats: Beats, hits: Sequence[Hit], warp: Warp, head: int, samples: int) -> tuple[float, float]:
    """(share of wanted hits met, by strength; the same at random shifts of them)."""
    wanted = [hit for hit in hits if hit.kind != "avoid"]
    weights = np.array([1.0 if hit.kind == "must" else hit.strength for hit in wanted])
    clear, audible = (warped(onsets, warp) for onsets in (beats.clear_onsets, beats.audible_onsets))
    if not wanted or not len(clear) or not weights.sum():
        return 0.0, 0.0
    random = np.random.Generator(np.random.Philox(_SEED))
    shifts = np.concatenate(([0], random.integers(0, samples, _SHIFTS)))
    at = (np.array([hit.sample for hit in wanted])[None, :] + shifts[:, None]) % samples + head
    shares = (_near(clear, at) + _near(audible, at)) / 2 @ weights / weights.sum()
    return float(shares[0]), float(shares[1:].mean())


def _near(onsets: npt.NDArray[np.int64], at: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """1 where one of `onsets` lies within 40 ms, else 0."""
    after = np.clip(np.searchsorted(onsets, at), 0, len(onsets) - 1)
    distance = np.minimum(np.abs(onsets[after] - at), np.abs(onsets[np.maximum(after - 1, 0)] - at))
    return np.asarray(distance <= TOLERANCE, np.float64)


def coherence(mono: Floats, sample_rate: int) -> float | None:
    """Mean cosine of the chroma of neighbouring 10 s; None when there are no two whole stretches."""
    length = _SEGMENT_S * sample_rate
    chromas = [
        _chroma(mono[at : at + length], sample_rate) for at in range(0, len(mono) - length + 1, length)
    ]
    if len(chromas) < 2:
        return None
    return float(np.mean([float(a @ b) for a, b in pairwise(chromas)]))


def _chroma(sound: Floats, sample_rate: int) -> npt.NDArray[np.float64]:
    """How much of each pitch class sounds, [12], length 1 (or nothing at all in silence)."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, _FOURIER)[:: _FOURIER // 2]
    window = np.hanning(_FOURIER).astype(np.float32)
    mean = np.zeros(_FOURIER // 2 + 1)
    for frame in frames:
        mean += np.abs(np.fft.rfft(frame * window))
    hertz = np.fft.rfftfreq(_FOURIER, 1 / sample_rate)
    pitched = (hertz >= _LOWEST_HZ) & (hertz <= _HIGHEST_HZ)
    classes = np.rint(12 * np.log2(hertz[pitched] / 440)).astype(np.int64) % 12
    chroma = np.bincount(classes, mean[pitched], 12)
    return np.asarray(chroma / max(float(np.linalg.norm(chroma)), 1e-12))


def _silence(mono: Floats, sample_rate: int) -> float:
    block = round(_SILENCE_BLOCK_S * sample_rate)
    whole = len(mono) // block * block
    if not whole:
        return 0.0
    level = np.sqrt(np.square(mono[:whole].reshape(-1, block)).mean(axis=1))
    return float((level < _SILENT).mean())
