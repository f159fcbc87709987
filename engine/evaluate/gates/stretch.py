"""Gate 14: what fitting to the hits cost the sound of a neural take."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import scipy.ndimage
import scipy.signal

from ...audio.onset import onset_curve, onset_peaks
from ...fit.match import Warp
from ...timebase import SAMPLE_RATE
from .piece import Piece, Sound
from .verdict import Verdict

Floats = npt.NDArray[np.float64]
Samples = npt.NDArray[np.int64]

# The composer's mixes, fitted by .5 to 4 %, lose up to 6 %; strokes of noise out of utter silence, the worst
# there is for a vocoder, 12 %.
MOST_LOSS = 0.1
# None is heard twice when it is fitted well, but the vocoder moves small attacks about: in the composer's
# dense mixes, fitted by .5 to 4 %, up to 3.1 % of the strokes read as two, of isolated strokes none. With a
# copy at -2 dB 45 ms behind it, 16 to 37 % do.
MOST_TWICE = 0.05
MOST_STRETCH = 0.01

# Music at its own speed is copied: only what was stretched can have lost anything.
_STRETCHED = 0.001
# Strokes of finished music lie within 4 ms of where the warp puts them, soft onsets within two steps.
_NEAR = round(0.030 * SAMPLE_RATE)
# Twice the same onset: the second within this, but not the other side of the same attack.
_DOUBLE = round(0.070 * SAMPLE_RATE)
_APART = round(0.020 * SAMPLE_RATE)
# A second stroke of nearly the first one's level rises by a quarter of it, out of its sound; it is new where
# the music before had nothing near a third of that.
_SECOND = 0.25
_KNOWN = 1 / 3
# Strength is how far loudness rises in 10 ms. Spectral flux in decibels would take the vocoder's inaudible
# foretaste of a stroke, 50 dB down, for its loss (26 % on clear strokes stretched by 1 %), and its windows of
# 43 ms are too long to tell two strokes apart. The bass has too slow an envelope for either.
_ABOVE_HZ = 500.0
_STEP = 120  # samples: 2.5 ms
_SMOOTH = 4  # steps
_MOVED = 13  # steps: an attack that came 15 ms earlier or later is the same
_SMALLEST = 1e-9
# The finished music is turned down under speech and let go of at its end: over so long its level is no loss.
_LEVEL = round(1.0 * SAMPLE_RATE) // _STEP


def stretch(
    piece: Piece, unfitted: Sound | None = None, warp: Warp | None = None
) -> tuple[Verdict, Verdict, Verdict]:
    """Loss of onset strength, onsets heard twice, and the median stretch of a fitted take.

    `unfitted` is the music before, float32 [n, 1 or 2] at 48 kHz; `warp` maps its samples to those of the
    files, handles included. Nothing applies to a take that was not fitted, and is given neither.
    """
    loss = doubled = median = None
    if unfitted is not None and warp is not None:
        loss, doubled = _onsets(unfitted, piece.mix, warp)
        median = _median(warp)
    return (
        Verdict("stretch", "onset strength lost", loss, None, MOST_LOSS, "of strength"),
        Verdict("stretch", "onsets heard twice", doubled, None, MOST_TWICE, "of onsets"),
        Verdict("stretch", "median stretch", median, None, MOST_STRETCH, "of tempo"),
    )


def _median(warp: Warp) -> float:
    """The stretch that half of the music's time stays below."""
    lengths = np.array([b[1] - a[1] for a, b in pairwise(warp)], np.float64)
    stretches = _stretches(warp)
    order = np.argsort(stretches)
    reached = np.cumsum(lengths[order]) >= lengths.sum() / 2
    return round(float(stretches[order][int(reached.argmax())]), 9)


def _stretches(warp: Warp) -> Floats:
    return np.array([abs((b[1] - a[1]) / (b[0] - a[0]) - 1) for a, b in pairwise(warp)], np.float64)


def _onsets(before: Sound, after: Sound, warp: Warp) -> tuple[float, float]:
    """(share of onset strength lost where the music is stretched, share of onsets that became two)."""
    curve = onset_curve(before)
    index, samples = onset_peaks(curve.strength)
    clear = curve.strength[index] >= float(curve.strength.mean() + curve.strength.std())
    sources, targets = (np.array(side, np.float64) for side in zip(*warp, strict=True))
    samples = samples[clear & (samples >= max(sources[0], _DOUBLE)) & (samples < sources[-1])]
    moved = np.round(np.interp(samples, sources, targets)).astype(np.int64)
    kept = (moved >= _DOUBLE) & (moved < len(after) - _DOUBLE)
    samples, moved = samples[kept], moved[kept]

    old, new = _attacks(before), _attacks(after)
    piece = np.clip(np.searchsorted(sources, samples, side="right") - 1, 0, len(warp) - 2)
    bent = _stretches(warp)[piece] > _STRETCHED
    at, to = samples[bent] // _STEP, moved[bent] // _STEP
    gain = _level(after)[to] / np.maximum(_level(before)[at], _SMALLEST)
    strength = float((_near(old)[at] * gain).sum())
    loss = 1 - float(_near(new)[to].sum()) / strength if strength > 0 else 0.0
    return loss, _twice(old, new, samples, moved)


def _near(attacks: Floats) -> Floats:
    """The strongest attack around each moment, float64 of the same length, and one more."""
    padded = np.pad(attacks, (0, 1), mode="edge")
    return np.asarray(scipy.ndimage.maximum_filter1d(padded, 2 * (_NEAR // _STEP) + 1))


def _level(sound: Sound) -> Floats:
    """The mean loudness of the second around each moment, every 2.5 ms."""
    return np.asarray(scipy.ndimage.uniform_filter1d(np.pad(_loudness(sound), (0, 1), mode="edge"), _LEVEL))


def _attacks(sound: Sound) -> Floats:
    """How loudness above the bass rises over 10 ms, every 2.5 ms."""
    padded = np.pad(_loudness(sound), (_SMOOTH // 2, _SMOOTH - _SMOOTH // 2), mode="edge")
    return np.asarray(np.maximum(padded[_SMOOTH:] - padded[:-_SMOOTH], 0.0))


def _loudness(sound: Sound) -> Floats:
    """Of what lies above the bass, in 10 ms, every 2.5 ms."""
    mono = scipy.signal.sosfilt(
        scipy.signal.butter(2, _ABOVE_HZ, "highpass", fs=SAMPLE_RATE, output="sos"), sound.mean(axis=1)
    )
    whole = len(mono) // _STEP
    power = np.square(mono[: whole * _STEP]).reshape(whole, _STEP).mean(axis=1)
    # The running mean goes below 0 by rounding.
    smooth = np.maximum(scipy.ndimage.uniform_filter1d(power, _SMOOTH, mode="constant"), 0.0)
    return np.asarray(smooth**0.3)


def _twice(before: Floats, after: Floats, old: Samples, new: Samples) -> float:
    """The share of strokes, at samples `old` before and `new` after, with a second attack beside them."""
    reach, apart = _DOUBLE // _STEP, _APART // _STEP
    padded, fitted = (np.pad(attacks, reach + apart) for attacks in (before, after))
    tops = fitted >= scipy.ndimage.maximum_filter1d(fitted, 2 * apart - 1)
    known = scipy.ndimage.maximum_filter1d(padded, _MOVED)
    count = 0
    for first, second in zip(old // _STEP, new // _STEP, strict=True):
        was, now = (slice(at + apart, at + apart + 2 * reach + 1) for at in (int(first), int(second)))
        strong, top = float(fitted[now].max()), float(padded[was].max())
        if min(strong, top) < _SMALLEST:
            continue
        heard = fitted[now] / strong
        fresh = tops[now] & (heard >= _SECOND) & (known[was] / top < heard * _KNOWN)
        count += bool(fresh.any())
    return count / len(old) if len(old) else 0.0
