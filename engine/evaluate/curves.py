"""How much changes, and when: one curve for pictures and for music, so that the two can be laid together.

The event curve of V2M-Zero (arXiv 2603.11042), with encoders that need no weights: only the standardised
curve is compared, never what changed. `curve_corr_ours` is Pearson's r of the two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from .statistics import pearson, shuffled

Floats = npt.NDArray[np.float64]

RATE = 50  # values a second, the rate of tokens
SMOOTH_S = 0.30  # short enough to place an accent on a cut
SMOOTH_PAPER_S = 2.44
_LOWEST, _HIGHEST = -3.0, 6.0
_LEAST_STD = 1e-8
_LAG_S = 1.0
# A bin that begins at i / rate - 1 / (2 rate) owns that moment, whatever rounding says.
_ROUNDING = 1e-9


def event_curve(
    features: npt.NDArray[np.floating],
    times: npt.ArrayLike,
    rate: float = RATE,
    smooth_s: float = SMOOTH_S,
    offset: int = 1,
    *,
    duration_s: float | None = None,
) -> Floats:
    """float64 [ceil(duration * rate)]: value i belongs to i / rate seconds, in standard deviations, -3 to 6.

    features  float [n, d], at `times` [n], seconds, rising; a change lies at the later of its two frames
    smooth_s  width of the Hann window, seconds
    offset    how many frames apart the two are
    duration  of the clip; by default the last time and one usual step more

    Standardised over all that is given: give a whole film, and cut its curve afterwards. InputError for
    features that are not one row of numbers a time, no more rows than `offset`, or times that do not rise.
    """
    moments = np.asarray(times, np.float64)
    if features.ndim != 2 or len(features) != len(moments) or offset < 1 or len(features) <= offset:
        raise InputError(
            f"features {features.shape} at {len(moments)} times have no changes {offset} frames apart: give"
            " one row a time, and more rows"
        )
    if not np.isfinite(features).all():
        raise InputError("features that are not all numbers have no changes: mend what they were made from")
    steps = np.diff(moments)
    if not (steps > 0).all():
        raise InputError("the times of a curve do not rise: sort the frames and drop doubles")
    step = float(np.median(steps))
    duration = float(moments[-1]) + step if duration_s is None else duration_s
    events = _standardised(_changes(features, offset))
    count = max(1, math.ceil(duration * rate - _ROUNDING))
    curve = _resampled(events, moments[offset:], count, rate, dense=1 / step > rate * (1 + 1e-6))
    return np.asarray(np.clip(_smoothed(curve, smooth_s * rate), _LOWEST, _HIGHEST))


def _changes(features: npt.NDArray[np.floating], offset: int) -> Floats:
    """1 - cosine of frames `offset` apart, [n - offset]. A frame of zeros says nothing: it repeats the one
    before, and at the start the first that says something.
    """
    lengths = np.linalg.norm(features.astype(np.float64, copy=False), axis=1)
    says = np.flatnonzero(lengths > 0)
    if not len(says):
        return np.zeros(len(features) - offset)
    last = np.searchsorted(says, np.arange(len(features)), side="right") - 1
    row = says[np.maximum(last, 0)]
    unit = features.astype(np.float64, copy=False)[row] / lengths[row, None]
    similar = np.einsum("nd,nd->n", unit[offset:], unit[:-offset])
    # A frame that repeats another changes by nothing at all, not by the rounding of its length.
    similar[(features[row[offset:]] == features[row[:-offset]]).all(axis=1)] = 1.0
    return np.asarray(1.0 - np.clip(similar, -1.0, 1.0))


def _standardised(events: Floats) -> Floats:
    return np.asarray((events - events.mean()) / max(float(events.std()), _LEAST_STD))


def _resampled(events: Floats, times: Floats, count: int, rate: float, *, dense: bool) -> Floats:
    """At i / rate: interpolated, or where the source is denser the largest of each bin, so that an event of
    a single frame survives. Empty bins are interpolated, ends are held.
    """
    grid = np.arange(count) / rate
    if not dense:
        return np.asarray(np.interp(grid, times, events))
    index = np.floor(times * rate + 0.5 + _ROUNDING).astype(np.int64)
    inside = (index >= 0) & (index < count)
    bins = np.full(count, -np.inf)
    np.maximum.at(bins, index[inside], events[inside])
    filled = np.flatnonzero(np.isfinite(bins))
    if not len(filled):
        return np.asarray(np.interp(grid, times, events))
    return np.asarray(np.interp(np.arange(count), filled, bins[filled]))


def _smoothed(curve: Floats, points: float) -> Floats:
    """A symmetric Hann window of an odd number of points, 2.44 s being 31 at 12.3 Hz; edges are held."""
    width = round(points)
    width += 1 - width % 2
    if width < 3:
        return curve
    window = np.hanning(width)
    padded = np.pad(curve, width // 2, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")


@dataclass(frozen=True, slots=True)
class CurveCorr:
    """r at lag 0; the lag within 1 s at which r is largest (positive: the music is late), and that r.

    All nan where either curve is constant.
    """

    r: float
    best_lag_s: float
    best_r: float


def curve_corr(video: Floats, music: Floats, rate: float = RATE) -> CurveCorr:
    """`curve_corr_ours` of two event curves [n] at `rate`. InputError when their lengths differ.

    `shuffled_curve_corr` is its baseline.
    """
    if len(video) != len(music):
        raise InputError(
            f"curves of {len(video)} and {len(music)} values are not of one clip: give both its duration"
        )
    r = pearson(video, music)
    if math.isnan(r):
        return CurveCorr(r, float("nan"), float("nan"))
    reach = min(round(_LAG_S * rate), len(video) - 2)
    found = []
    for lag in range(-reach, reach + 1):
        seen = video[max(0, -lag) : len(video) - max(0, lag)]
        heard = music[max(0, lag) : len(music) - max(0, -lag)]
        value = pearson(seen, heard)
        if not math.isnan(value):
            # Of equal ones the smallest lag.
            found.append((value, -abs(lag), lag))
    best, _, lag = max(found)
    return CurveCorr(r, lag / rate, best)


def shuffled_curve_corr(videos: Sequence[Floats], musics: Sequence[Floats], *, seed: int) -> Floats:
    """r at lag 0 of each film with the music of others, float64 [n], over the shorter of the two curves: what
    `curve_corr` gives by chance. nan where undefined; InputError for fewer than two clips.
    """

    def score(film: int, music: int) -> float:
        length = min(len(videos[film]), len(musics[music]))
        return pearson(videos[film][:length], musics[music][:length])

    return shuffled(score, len(videos), seed=seed)
