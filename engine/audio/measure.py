"""Does the music meet the picture? Measured on the finished sound, with chance beside it.

Everything rests on onset curves (`onset.py`, judged against librosa). A hit is met when the music (the mix
without effects) has an onset within 40 ms of it that is no weaker than the music's ordinary beats; the
stem of effects counts only where the music has none. How often the same rule is met at random moments is
told as `chance`. The stricter question, whether struck hits stand out from the music's own beats, is
`accent_score`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from ..timebase import SAMPLE_RATE
from ..types import Hit, Plan
from .finish import EFFECTS, MUSIC
from .onset import HOP, USUAL, OnsetCurve, onset_peaks

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

TOLERANCE_S = 0.040
_TOLERANCE = round(TOLERANCE_S * SAMPLE_RATE)
_REACH = round(_TOLERANCE / HOP)
_SHIFTS = 200
_SEED = 20_200_601

On = Literal["downbeat", "beat", "none"]


@dataclass(frozen=True, slots=True)
class HitMeasure:
    """What was found at one hit of the plan.

    met       an onset within 40 ms, at least as strong as ordinary beats; for an `avoid`: none is there
    error_ms  that onset's time minus the hit's; None without one
    on        what the plan's grid has within 40 ms of the hit
    met_by    the stem whose onset stands out most; the stem of effects only when the music has none
    z         how many standard deviations that onset stands above the mean of its stream (music or effects)
    """

    hit: Hit
    met: bool
    error_ms: float | None
    on: On
    met_by: str
    z: float


@dataclass(frozen=True, slots=True)
class HitReport:
    """`chance` is the share of must and would hits that would be met at random moments of the same music."""

    hits: tuple[HitMeasure, ...]
    chance: float

    @property
    def met(self) -> int:
        return sum(measure.met for measure in self.wanted)

    @property
    def wanted(self) -> tuple[HitMeasure, ...]:
        return tuple(measure for measure in self.hits if measure.hit.kind != "avoid")


def measure_hits(onsets: Mapping[str, OnsetCurve], plan: Plan, *, head_samples: int) -> HitReport:
    """Looks for an onset at every hit of `plan`.

    `onsets` are curves by stem name and of MUSIC, as `finish()` gives them, from the first sample of the
    files; `head_samples` is the handle before the cue.
    """
    streams = {
        name: _Stream(curve, plan, head_samples, few=name == EFFECTS) for name, curve in onsets.items()
    }
    hits = tuple(_measure(hit, streams, plan, head_samples) for hit in plan.hits)
    wanted = np.array([hit.sample for hit in plan.hits if hit.kind != "avoid"], np.int64)
    return HitReport(hits, _chance(wanted, streams, plan.samples, head_samples))


class _Stream:
    """The onsets of one stream: where they are, and which are as strong as its ordinary beats."""

    def __init__(self, curve: OnsetCurve, plan: Plan, head: int, *, few: bool) -> None:
        strength = curve.strength
        # Few effects, long noisy tails: only what comes near the strongest is an onset there.
        least = float(strength.max(initial=0)) / 4 if few else 0.0
        mean, deviation = float(strength.mean()), float(strength.std())
        index, self._samples = onset_peaks(strength)
        self._z = (strength[index] - mean) / deviation if deviation > 0 else np.zeros(len(index))
        hits = np.array([hit.sample for hit in plan.hits], np.int64)
        beats = np.array(plan.beats, np.int64)
        if len(hits) and len(beats):
            beats = beats[np.abs(beats[:, None] - hits).min(axis=1) > _TOLERANCE]
        ordinary = _around(strength)[_indices(curve, beats + head)]
        usual = USUAL * float(np.median(ordinary)) if len(ordinary) else 0.0
        # Where most beats are rests "usual" is nothing: an onset must at least stand out from the curve.
        enough = strength[index] >= max(usual, mean + deviation, least)
        self._clear_samples, self._clear_z = self._samples[enough], self._z[enough]

    def clear_onset(self, sample: int) -> tuple[float, int] | None:
        """(z, sample) of the strongest onset within 40 ms that is as strong as an ordinary beat."""
        return _strongest(self._clear_samples, self._clear_z, sample)

    def standing_out(self, sample: int) -> float:
        """z of the strongest onset within 40 ms, whatever its strength; minus infinity without one."""
        found = _strongest(self._samples, self._z, sample)
        return -np.inf if found is None else found[0]

    def meets(self, samples: npt.NDArray[np.int64]) -> Flags:
        """Whether `clear_onset` would find one at each of some samples."""
        if not len(self._clear_samples):
            return np.zeros(samples.shape, np.bool_)
        after = np.searchsorted(self._clear_samples, samples - _TOLERANCE)
        nearest = self._clear_samples[np.minimum(after, len(self._clear_samples) - 1)]
        return np.asarray(np.abs(nearest - samples) <= _TOLERANCE)


def _strongest(
    samples: npt.NDArray[np.int64], z: npt.NDArray[np.floating], sample: int
) -> tuple[float, int] | None:
    first, last = np.searchsorted(samples, (sample - _TOLERANCE, sample + _TOLERANCE + 1))
    if first == last:
        return None
    best = first + int(z[first:last].argmax())
    return float(z[best]), int(samples[best])


def _measure(hit: Hit, streams: Mapping[str, _Stream], plan: Plan, head: int) -> HitMeasure:
    at = hit.sample + head
    onset, met_by = None, "none"
    if MUSIC in streams:
        onset = streams[MUSIC].clear_onset(at)
        stems = [name for name in streams if name not in (MUSIC, EFFECTS)]
        if onset is not None:
            # Music of one stem has that name itself.
            met_by = max(stems, key=lambda name: streams[name].standing_out(at), default=MUSIC)
    if onset is None and EFFECTS in streams:
        onset = streams[EFFECTS].clear_onset(at)
        met_by = "none" if onset is None else EFFECTS
    met = (onset is None) if hit.kind == "avoid" else (onset is not None)
    if onset is None:
        return HitMeasure(hit, met, None, _on(hit, plan), "none", 0.0)
    return HitMeasure(hit, met, 1000 * (onset[1] - at) / SAMPLE_RATE, _on(hit, plan), met_by, onset[0])


def _on(hit: Hit, plan: Plan) -> On:
    if any(abs(downbeat - hit.sample) <= _TOLERANCE for downbeat in plan.downbeats):
        return "downbeat"
    return "beat" if any(abs(beat - hit.sample) <= _TOLERANCE for beat in plan.beats) else "none"


def _chance(hits: npt.NDArray[np.int64], streams: Mapping[str, _Stream], samples: int, head: int) -> float:
    if not len(hits):
        return 0.0
    moved = (hits[None, :] + _shifts(samples)[:, None]) % samples + head
    met = np.zeros(moved.shape, np.bool_)
    for name in (MUSIC, EFFECTS):
        if name in streams:
            met |= streams[name].meets(moved)
    return float(met.mean())


@dataclass(frozen=True, slots=True)
class AccentScore:
    """How far struck hits stand out of the music.

    strength    mean onset strength (largest within 40 ms) at the hits
    percentile  how many of a hundred beats are weaker than that
    above_90    share of the hits that lie above the 90th percentile of that grid
    z           against the same number at 200 circular shifts of the hits
    """

    hits: int
    strength: float
    percentile: float
    above_90: float
    z: float


def accent_score(onsets: Mapping[str, OnsetCurve], plan: Plan, *, head_samples: int) -> AccentScore | None:
    """The score of the mix without effects at the hits that the plan strikes; None without either.

    Not of a stem: who leads a hit changes from one to the next.
    """
    hits = [hit.sample + head_samples for hit in plan.hits if hit.struck]
    if MUSIC not in onsets or not hits or not plan.beats:
        return None
    near = _around(onsets[MUSIC].strength)
    at_hits = _indices(onsets[MUSIC], np.asarray(hits, np.int64))
    at_grid = _indices(onsets[MUSIC], np.asarray(plan.beats, np.int64) + head_samples)
    values, own = near[at_hits], near[at_grid]
    strength = float(values.mean())
    shifted = near[(at_hits[None, :] + _shifts(len(near))[:, None]) % len(near)].mean(axis=1)
    deviation = float(shifted.std())
    return AccentScore(
        hits=len(at_hits),
        strength=strength,
        percentile=100 * float((own < strength).mean()),
        above_90=float((values > np.percentile(own, 90)).mean()),
        z=(strength - float(shifted.mean())) / deviation if deviation > 0 else 0.0,
    )


def _around(strength: Floats) -> Floats:
    """Largest value within 40 ms."""
    return np.asarray(scipy.ndimage.maximum_filter1d(strength, 2 * _REACH + 1, mode="constant"))


def _indices(curve: OnsetCurve, samples: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.clip((samples + HOP // 2) // HOP, 0, len(curve.strength) - 1)


def _shifts(length: int) -> npt.NDArray[np.int64]:
    random = np.random.Generator(np.random.PCG64(_SEED))
    return random.integers(0, max(1, length), _SHIFTS)
