"""Where the beats of finished music are, though its tempo drifts.

A dynamic programme over onset strength (Ellis, "Beat tracking by dynamic programming", JNMR 2007) whose state
is also the length of the beat, as in the bar pointer model (Krebs, Boeck and Widmer, ISMIR 2015): tempo may
move a little at every beat, and what moves it is the local autocorrelation of the onsets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from ..audio.onset import HOP, LATE, USUAL, OnsetCurve, onset_peaks
from ..timebase import SAMPLE_RATE

Floats = npt.NDArray[np.float64]
Samples = npt.NDArray[np.int64]

_STEPS_A_SECOND = SAMPLE_RATE // HOP
# Lengths of a beat in steps: 200 down to 55 beats a minute.
_LENGTHS = np.arange(30, 110)
# The tempo that most music has, and the width of that prior in octaves (McKinney and Moelants 2006).
_USUAL_LENGTH = 50
_OCTAVES = 1.0
_WINDOW = 8 * _STEPS_A_SECOND
_WINDOW_STEP = _STEPS_A_SECOND // 2
# Weight of the local tempo beside that of the onset at the beat, and the price of a change of beat length:
# one of 2 %, the grid's own step, costs almost nothing, one of 10 % a quarter of a strong beat.
_TEMPO_WEIGHT = 2.0
_CHANGE_COST = 50.0
_SNAP = round(0.040 * SAMPLE_RATE)
# Below this much periodicity the onsets have no pulse that a listener would tap.
_NO_PULSE, _PULSE = 0.25, 0.6
# Mean rise of the mel bands in dB at ordinary beats: slow pads have 0.3, drums and plucked strings 3 to 30.
_NO_BEAT_DB, _BEAT_DB = 0.5, 1.5
_FEWEST_BEATS = 4
# How much better bars of three must explain the accents before bars of four are given up.
_THREE_NEEDS = 1.3


@dataclass(frozen=True, slots=True)
class Beats:
    """The pulse of one piece of music, in 48 kHz samples from its first.

    onsets      where sounds begin, int64 [n], with their strength, float64 [n] (as in OnsetCurve)
    clear       the onset strength from which an onset is as strong as ordinary beats (their median, as
                `measure_hits` asks for)
    beats       int64 [m], ascending
    downbeat    index of the first beat that begins a bar; every `meter` beats follows another
    confidence  0 (no pulse: do not speak of beats) to 1 (a metronome)
    """

    onsets: Samples
    strengths: Floats
    clear: float
    beats: Samples
    downbeat: int
    meter: int
    confidence: float

    @property
    def downbeats(self) -> Samples:
        return self.beats[self.downbeat :: self.meter]

    @property
    def clear_onsets(self) -> Samples:
        return self.onsets[self.strengths >= self.clear]

    @property
    def audible_onsets(self) -> Samples:
        """Also those half as strong: the weaker beats of a bar."""
        return self.onsets[self.strengths >= self.clear / 2]


def find_beats(curve: OnsetCurve) -> Beats:
    """The beats of the music whose onset curve this is. Music without a pulse gets a confidence near 0."""
    strength = curve.strength.astype(np.float64)
    index, onsets = onset_peaks(curve.strength)
    accents = _levelled(strength)
    rows, pulse = _tempi(accents)
    steps = _track(accents, rows)
    # A beat before the first sample was not heard.
    steps = steps[steps * HOP >= LATE]
    beats = _snapped(steps * HOP - LATE, onsets, strength[index])
    loudness = np.sqrt(curve.power.astype(np.float64))
    downbeat, meter = _bars(_over_mean(_at(accents, steps)) + _over_mean(_at(loudness, steps, reach=4)))
    at_beats = _at(strength, steps, reach=4)
    usual = float(np.median(at_beats)) if len(at_beats) else 0.0
    standing_out = float(strength.mean() + strength.std())
    clear = max(USUAL * usual, standing_out)
    confidence = _ramp(pulse, _NO_PULSE, _PULSE) * _ramp(max(usual, standing_out), _NO_BEAT_DB, _BEAT_DB)
    if len(beats) < _FEWEST_BEATS:
        confidence = 0.0
    return Beats(onsets, strength[index], clear, beats, downbeat, meter, confidence)


def _ramp(value: float, zero: float, one: float) -> float:
    return min(1.0, max(0.0, (value - zero) / (one - zero)))


def _levelled(strength: Floats) -> Floats:
    """Onset strength over its local mean power, a little blurred: loud music weighs no more than soft."""
    blurred = scipy.ndimage.gaussian_filter1d(strength, 1.5)
    power = scipy.ndimage.uniform_filter1d(np.square(blurred), _WINDOW, mode="nearest")
    floor = 1e-3 * float(np.square(blurred).max(initial=0.0)) + 1e-12
    return np.asarray(blurred / np.sqrt(power + floor))


def _tempi(accents: Floats) -> tuple[Floats, float]:
    """How periodic the onsets are at each beat length, [steps, lengths], times the prior; and their pulse.

    The pulse is the median over time of the strongest periodicity, 0..1.
    """
    count = len(accents)
    padded = np.pad(accents, _WINDOW // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_WINDOW_STEP]
    windows = windows - windows.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(windows * np.hanning(_WINDOW), 2 * _WINDOW, axis=1)
    correlation = np.fft.irfft(np.square(np.abs(spectrum)), axis=1)
    # The window makes long lags weak: divided by its own correlation they are not.
    own = np.fft.irfft(np.square(np.abs(np.fft.rfft(np.hanning(_WINDOW), 2 * _WINDOW))))
    share = correlation[:, _LENGTHS] / np.maximum(correlation[:, :1], 1e-9) * (own[0] / own[_LENGTHS])
    share = np.clip(share, 0, 1)
    prior = np.exp(-0.5 * np.square(np.log2(_LENGTHS / _USUAL_LENGTH) / _OCTAVES))
    nearest = np.minimum(np.arange(count) // _WINDOW_STEP, len(share) - 1)
    return (share * prior)[nearest], float(np.median(share.max(axis=1)))


def _track(accents: Floats, tempi: Floats) -> Samples:
    """The steps of the beats: the path with the most onset strength and tempo a second, least change."""
    count = len(accents)
    lengths = len(_LENGTHS)
    seconds = _LENGTHS / _STEPS_A_SECOND
    gains = seconds * (accents[:, None] + _TEMPO_WEIGHT * tempi)
    price = _CHANGE_COST * np.square(np.log(_LENGTHS[:, None] / _LENGTHS))
    # following[t, k]: the best score of a path with a beat at t that goes on with a beat of length k.
    following = np.zeros((count, lengths))
    before = np.full((count, lengths), -1, np.int16)
    arrived = np.full((count, lengths), -np.inf)
    every = np.arange(lengths)
    for step in range(count):
        from_step = step - _LENGTHS
        there = from_step >= 0
        arrived[step, there] = gains[step, there] + following[from_step[there], every[there]]
        paths = arrived[step][:, None] - price
        best = paths.argmax(axis=0)
        score = paths[best, every]
        better = score > 0
        following[step, better] = score[better]
        before[step, better] = best[better]
    if not count or not np.isfinite(arrived).any():
        return np.zeros(0, np.int64)
    last = max(0, count - int(_LENGTHS[-1]))
    end, length = divmod(int(arrived[last:].argmax()), lengths)
    return _path(end + last, length, before)


def _path(step: int, length: int, before: npt.NDArray[np.int16]) -> Samples:
    out = [step]
    while True:
        step -= int(_LENGTHS[length])
        out.append(step)
        length = int(before[step, length])
        if length < 0:
            return np.array(out[::-1], np.int64)


def _snapped(beats: Samples, onsets: Samples, strengths: Floats) -> Samples:
    """Each beat at the strongest onset within 40 ms of it, where there is one."""
    out = beats.copy()
    for place, beat in enumerate(beats):
        first, last = np.searchsorted(onsets, (beat - _SNAP, beat + _SNAP + 1))
        if first < last:
            out[place] = onsets[first + int(strengths[first:last].argmax())]
    return out


def _at(values: Floats, steps: Samples, reach: int = 2) -> Floats:
    """The largest value within `reach` steps of each of some steps."""
    near = scipy.ndimage.maximum_filter1d(values, 2 * reach + 1) if len(values) else values
    return np.asarray(near[np.clip(steps, 0, max(0, len(values) - 1))]) if len(values) else np.zeros(0)


def _over_mean(values: Floats) -> Floats:
    return values / max(float(values.mean()), 1e-9) if len(values) else values


def _bars(heard: Floats) -> tuple[int, int]:
    """(first downbeat's index, beats a bar): where the beats' accents repeat best."""
    found = {}
    for meter in (4, 3):
        if len(heard) < 2 * meter:
            continue
        means = [float(heard[phase::meter].mean()) for phase in range(meter)]
        phase = int(np.argmax(means))
        others = [mean for place, mean in enumerate(means) if place != phase]
        found[meter] = (means[phase] / max(float(np.mean(others)), 1e-9), phase)
    if not found:
        return 0, 4
    threes = 4 not in found or found[3][0] > _THREE_NEEDS * found[4][0]
    meter = 3 if threes else 4
    return found[meter][1], meter
