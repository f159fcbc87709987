"""Gate 3: whether the music accents few moments of the picture, and those when they are seen."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...audio.loudness import KWeighting
from ...audio.onset import HOP, onset_curve, onset_peaks
from ...timebase import SAMPLE_RATE
from ...types import Plan
from .piece import Piece, Sound
from .verdict import Verdict

Samples = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Within so many bars one accent is drama, and a second one takes from it.
BARS = 4
MOST = 1
# Styles whose manner it is to accent everything.
BUSY_STYLES = frozenset({"trailer", "comedy"})
# Early is worse: an accent before its cut tells what is coming. Nobody sees 20 ms.
EARLIEST_MS, LATEST_MS = -20.0, 40.0
# Of the accents, so that one slow attack among twenty is no fault.
IN_TIME = 0.95

# Moments nearer than this are one (a marker set by hand on a cut).
_SAME = round(0.040 * SAMPLE_RATE)
# An accent this far off its cut was still meant for it.
_MEANT = round(0.120 * SAMPLE_RATE)
# What stands out: it rises this many times further than all but a twentieth of the beats with nothing to see.
# Strokes of one loudness differ by a third, as noise does from stroke to stroke.
_FARTHER = 1.3
_ORDINARY_PERCENTILE = 95
_FEWEST_BEATS = 8
# Loudness is about this power of the K-weighted power (ten decibels less are half as loud).
_LOUDNESS = 0.3
# Onsets this near are one event to the ear (Hirsh 1959: two orders are told apart from 20 ms on),
# which begins with the first one that brings this share of its loudness: a pizzicato section, a chord.
_FUSED = round(0.050 * SAMPLE_RATE)
_BEGUN = 0.4
# Steps of 10 ms that are compared after and before an onset.
_AFTER, _BEFORE = 6, 6
# A bar line may move by an accent's own tolerance without becoming another bar.
_BAR_SLACK = 0.05


@dataclass(frozen=True, slots=True)
class Accent:
    """An onset that stands out at a moment of the picture: `sample` is the moment, of the cue.

    off_ms  the onset's time minus the moment's
    asked   the editor set a must there
    struck  the plan strikes it: elsewhere an onset may be the music's own, beside a cut by chance
    bar     place in bars from the first downbeat, with its fraction
    """

    sample: int
    off_ms: float
    asked: bool
    struck: bool
    bar: float


def spotting(piece: Piece) -> tuple[Verdict, Verdict]:
    """The most accents in any four bars, and the share of accents in time, measured on the sound: of those
    that the plan strikes; of all where it strikes none.

    Musts are the editor's own choice and are not counted in the first. Neither number applies where too few
    beats are left to tell what is ordinary; the second not where nothing is accented.
    """
    found = accents(piece)
    busiest = in_time = None
    if found is not None:
        chosen = [accent.bar for accent in found if not accent.asked]
        busiest = max(
            (sum(bar <= other < bar + BARS - _BAR_SLACK for other in chosen) for bar in chosen), default=0
        )
        meant = [accent for accent in found if accent.struck] or found
        if meant:
            in_time = sum(EARLIEST_MS <= accent.off_ms <= LATEST_MS for accent in meant) / len(meant)
    if piece.style in BUSY_STYLES:
        busiest = None
    return (
        Verdict("spotting", f"accents in the busiest {BARS} bars", busiest, None, MOST),
        Verdict(
            "spotting",
            "accents from 20 ms before to 40 ms after the cut",
            in_time,
            IN_TIME,
            None,
            "of accents",
        ),
    )


def accents(piece: Piece) -> tuple[Accent, ...] | None:
    """The moments of the picture that the mix accents, in order; None without sound, or where nothing
    ordinary is there to compare with."""
    if not piece.stems:
        return None
    moments = _moments(piece)
    head = piece.handles[0]
    sound = _Rising(piece.mix)
    limit = _limit(sound, piece.plan, np.array([sample for sample, _ in moments], np.int64), head)
    struck = [hit.sample for hit in piece.plan.hits if hit.struck]
    if limit is None:
        return None
    out = []
    for sample, asked in moments:
        best = sound.highest(sample + head, _MEANT)
        if best is not None and sound.rises[best] > limit:
            off_ms = 1000 * (sound.begin(best) - head - sample) / SAMPLE_RATE
            meant = any(abs(hit - sample) <= _SAME for hit in struck)
            out.append(Accent(sample, off_ms, asked, meant, _bar(piece.plan, sample)))
    return tuple(out)


class _Rising:
    """The onsets of a sound, in samples of its file, and how far its loudness rises at each."""

    def __init__(self, mix: Sound) -> None:
        _, self.onsets = onset_peaks(onset_curve(mix).strength)
        squares = KWeighting(mix.shape[1]).squares(mix)
        self._whole = len(squares) // HOP
        power = squares[: self._whole * HOP].reshape(self._whole, HOP).mean(axis=1)
        self._running = np.concatenate(([0.0], np.cumsum(power**_LOUDNESS)))
        self._steps = np.round(self.onsets / HOP).astype(np.int64)
        self._before = self._mean(self._steps - 1 - _BEFORE, self._steps - 1)
        self._after = self._mean(self._steps, self._steps + _AFTER)
        self.rises = self._after - self._before

    def highest(self, sample: int, reach: int) -> int | None:
        """The onset within `reach` of a sample at which loudness rises most."""
        first, last = np.searchsorted(self.onsets, (sample - reach, sample + reach + 1))
        return int(first + self.rises[first:last].argmax()) if last > first else None

    def begin(self, best: int) -> int:
        """The sample at which the event begins that rises farthest at onset `best`."""
        first = int(np.searchsorted(self.onsets, self.onsets[best] - _FUSED))
        early = np.arange(first, best)
        reached = (
            self._mean(self._steps[early], np.full(len(early), self._steps[best] - 1)) - self._before[early]
        )
        begun = early[reached >= _BEGUN * (self._after[best] - self._before[early])]
        return int(self.onsets[begun[0] if len(begun) else best])

    def _mean(self, first: Samples, last: Samples) -> Floats:
        first, last = np.clip(first, 0, self._whole), np.clip(last, 0, self._whole)
        return np.asarray((self._running[last] - self._running[first]) / np.maximum(1, last - first))


def _moments(piece: Piece) -> list[tuple[int, bool]]:
    """Samples of the hits and the cuts, in order, and whether a must is among them."""
    wanted = [(hit.sample, hit.kind == "must") for hit in piece.plan.hits if hit.kind != "avoid"]
    if piece.picture is not None:
        rate, first = piece.picture.rate, piece.picture.in_frame
        wanted += [(rate.sample(cut.frame) - rate.sample(first), False) for cut in piece.picture.cuts]
    out: list[tuple[int, bool]] = []
    for sample, asked in sorted(wanted):
        if not 0 <= sample < piece.plan.samples:
            continue
        if out and sample - out[-1][0] <= _SAME:
            out[-1] = (out[-1][0], out[-1][1] or asked)
        else:
            out.append((sample, asked))
    return out


def _limit(sound: _Rising, plan: Plan, moments: Samples, head: int) -> float | None:
    """The rise in loudness from which on an onset is an accent."""
    beats = np.array([beat for beat in plan.beats if 0 <= beat < plan.samples], np.int64)
    if len(moments) and len(beats):
        beats = beats[np.abs(beats[:, None] - moments).min(axis=1) > _MEANT]
    if len(beats) < _FEWEST_BEATS:
        return None
    found = [sound.highest(beat + head, _SAME) for beat in beats.tolist()]
    ordinary = [0.0 if best is None else float(sound.rises[best]) for best in found]
    return max(0.0, _FARTHER * float(np.percentile(ordinary, _ORDINARY_PERCENTILE)))


def _bar(plan: Plan, sample: int) -> float:
    bars = plan.bars
    place = max(0, bisect_right(plan.downbeats, sample) - 1)
    bar = bars[place]
    return place + (sample - bar.start_sample) / (bar.end_sample_exclusive - bar.start_sample)
