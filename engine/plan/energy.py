"""How much goes on in the picture under each bar, and how bright its mood is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..timebase import SAMPLE_RATE
from ..types import Bar, Cue, Picture

Floats = npt.NDArray[np.float64]

# Cuts a second that feel like a rush by themselves.
_RUSH_CUTS_PER_S = 1.2
# How much of the energy is relative to the cue's own range: a quiet film has its own loud moments.
_RELATIVE = 0.45


def bar_energy(cue: Cue, picture: Picture, bars: Sequence[Bar]) -> Floats:
    """Energy of each bar, [bars], 0..1: motion and pace of cutting, partly relative to the cue, smoothed.

    Smoothed over neighbouring bars since music that follows every shot is heard as mickey-mousing.
    """
    motion = bar_means(cue, picture.motion, bars)
    pace = _cut_pace(cue, picture, bars)
    absolute = np.clip(0.75 * motion + 0.45 * pace, 0, 1)
    low, high = np.percentile(absolute, [5, 95])
    relative = np.clip((absolute - low) / max(high - low, 0.15), 0, 1)
    energy = (1 - _RELATIVE) * absolute + _RELATIVE * relative
    padded = np.pad(energy, 1, mode="edge")
    return np.asarray(0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:])


def bar_valence(cue: Cue, picture: Picture, bars: Sequence[Bar]) -> Floats:
    """Mood of each bar, [bars]: 0 dark and cold, 1 bright and warm."""
    # Film sits in the lower half of the luma scale; the eye's response is nearer to a root than to a line.
    brightness = np.clip(bar_means(cue, picture.luminance, bars), 0, 1) ** 0.6
    warmth = np.clip(0.5 + 1.5 * (bar_means(cue, picture.warmth, bars) - 0.5), 0, 1)
    return np.asarray((brightness + warmth) / 2)


def bar_means(cue: Cue, curve: Sequence[float], bars: Sequence[Bar]) -> Floats:
    """Mean of a picture curve under each bar, [bars]."""
    values = np.asarray(curve, dtype=np.float64)
    total = np.concatenate([[0.0], np.cumsum(values)])
    first = np.array([_curve_place(cue, bar.start_sample, len(values) - 1) for bar in bars])
    last = np.array([_curve_place(cue, bar.end_sample_exclusive, len(values)) for bar in bars])
    last = np.maximum(last, first + 1)
    return np.asarray((total[last] - total[first]) / (last - first))


def _curve_place(cue: Cue, sample: int, most: int) -> int:
    frame = cue.rate.frame_of_sample(sample + cue.rate.sample(cue.in_frame)) - cue.in_frame
    return min(max(frame, 0), most)


def _cut_pace(cue: Cue, picture: Picture, bars: Sequence[Bar]) -> Floats:
    """Cuts a second around each bar, 1 where they rush."""
    cuts = np.array([cue.sample(cut.frame) for cut in picture.cuts if cut.strength > 0.1], dtype=np.float64)
    window = 2 * SAMPLE_RATE
    counts = [
        np.count_nonzero((cuts >= bar.start_sample - window) & (cuts < bar.end_sample_exclusive + window))
        for bar in bars
    ]
    lengths = np.array([bar.end_sample_exclusive - bar.start_sample + 2 * window for bar in bars])
    per_second = np.array(counts) / (lengths / SAMPLE_RATE)
    return np.clip(per_second / _RUSH_CUTS_PER_S, 0, 1)
