"""Where picture and music disagree, for the eye of an editor: measured on the take's sound, worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy.stats

from ..audio.finish import UNDER_SPEECH_LU
from ..audio.loudness import KWeighting, decibels
from ..audio.measure import TOLERANCE_S, HitMeasure
from ..timebase import SAMPLE_RATE
from ..types import Bar, Cue, Hit, Picture, Plan

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
DoubtKind = Literal["hit", "energy", "speech"]

# BS.1770.
_OFFSET_DB = -0.691
_SILENT_LUFS = -70.0
# A hit that is missed by this much, or that nothing strikes at all, is missed altogether.
_ALTOGETHER_S = 0.25
# Of a missed would, beside a must.
_WOULD = 0.6
# Ranks further apart than this, of 0..1, are heard and seen to disagree.
_RANKS_APART = 0.4
# Where energies or levels differ less than this over a cue, their ranks mean nothing.
_FLAT_ENERGY = 0.25
_FLAT_LU = 5.0
# Music this far above its place under speech covers the words.
_COVERED_LU = 12.0
_AUDIBLY_LU = 1.5
# A bar counts as spoken over from this share on.
_SPOKEN = 0.25


@dataclass(frozen=True, slots=True)
class Doubt:
    """A place, in record frames, where picture and music disagree; `badness` 0..1."""

    kind: DoubtKind
    in_frame: int
    out_frame_exclusive: int
    badness: float
    text: str


def doubts(
    cue: Cue,
    picture: Picture,
    plan: Plan,
    loudness: Sequence[float | None] | None = None,
    hits: Sequence[HitMeasure] | None = None,
) -> list[Doubt]:
    """Worst first. `loudness` is each bar's on the finished mix, LUFS, [bars], None for a silent bar
    (`bar_loudness`); `hits` are those of the plan as they were measured. Without loudness neither energy nor
    speech is judged, and without `hits` the plan's downbeats stand for the music's.
    """
    found = _hit_doubts(cue, plan, hits)
    if loudness is not None:
        if len(loudness) != len(plan.bars):
            raise ValueError(f"{len(loudness)} levels for {len(plan.bars)} bars")
        found += _energy_doubts(cue, plan, loudness)
        found += _speech_doubts(cue, picture, plan, loudness)
    return sorted(found, key=lambda doubt: (-doubt.badness, doubt.in_frame, doubt.kind))


def bar_loudness(blocks: Iterable[Floats], plan: Plan, *, head_samples: int = 0) -> tuple[float | None, ...]:
    """Loudness of each bar, LUFS ungated, None where there is hardly any: [bars]. `blocks`, [n, 2] at 48 kHz,
    follow each other from `head_samples` before the cue on."""
    filters = KWeighting()
    # Samples up to which a bar's energy goes, over the file; running sums are read there.
    edges = np.array([bar.start_sample for bar in plan.bars] + [plan.bars[-1].end_sample_exclusive])
    edges = np.clip(edges + head_samples, 0, None)
    sums = np.zeros(len(edges))
    total, at = 0.0, 0
    for block in blocks:
        running = np.concatenate([[0.0], np.cumsum(filters.squares(block))])
        inside = (edges >= at) & (edges < at + len(block))
        sums[inside] = total + running[edges[inside] - at]
        total, at = total + float(running[-1]), at + len(block)
    sums[edges >= at] = total
    samples = np.diff(np.minimum(edges, at))
    return tuple(
        _lufs(energy / count) if count > 0 else None
        for energy, count in zip(np.diff(sums).tolist(), samples.tolist(), strict=True)
    )


def _lufs(mean_square: float) -> float | None:
    level = decibels(max(mean_square, 0.0) ** 0.5)
    if level is None or level + _OFFSET_DB < _SILENT_LUFS:
        return None
    return level + _OFFSET_DB


def _hit_doubts(cue: Cue, plan: Plan, hits: Sequence[HitMeasure] | None) -> list[Doubt]:
    measured = {(one.hit.frame, one.hit.kind): one for one in hits or ()}
    lines = np.asarray(plan.downbeats)
    found = []
    for hit in plan.hits:
        if not hit.strong:
            continue
        one = measured.get((hit.frame, hit.kind))
        error_s: float | None
        if one is not None:
            if one.met:
                continue
            error_s = None if one.error_ms is None else one.error_ms / 1000
        else:
            error_s = float(lines[np.abs(lines - hit.sample).argmin()] - hit.sample) / SAMPLE_RATE
            if hits is not None or abs(error_s) <= TOLERANCE_S:
                continue
        share = 1.0 if error_s is None else min(abs(error_s) / _ALTOGETHER_S, 1.0)
        badness = share * (1.0 if hit.kind == "must" else _WOULD * (0.5 + 0.5 * hit.strength))
        found.append(Doubt("hit", hit.frame, hit.frame + 1, round(badness, 4), _missed(cue, hit, error_s)))
    return found


def _missed(cue: Cue, hit: Hit, error_s: float | None) -> str:
    name = f"'{hit.name}'" if hit.name else "here"
    if error_s is None or abs(error_s) >= _ALTOGETHER_S:
        return f"nothing strikes the hit {name}"
    frames = max(round(abs(error_s) * float(cue.rate.fps)), 1)
    return f"the hit {name} is {frames} frame{'s' * (frames > 1)} {'late' if error_s > 0 else 'early'}"


def _energy_doubts(cue: Cue, plan: Plan, loudness: Sequence[float | None]) -> list[Doubt]:
    """Runs of bars whose place among the cue's bars, by loudness and by what the plan asks for from picture
    and editor, is not the same."""
    bars = [bar for bar in _inside(plan) if bar.index <= plan.ending_bar and bar.index < len(plan.energy)]
    if len(bars) < 3:
        return []
    energy = np.array([plan.energy[bar.index] for bar in bars])
    heard = np.array([_SILENT_LUFS if (level := loudness[bar.index]) is None else level for bar in bars])
    # What a bar or two do for themselves is music; so is silence that is only a little quieter than soft.
    levels = np.maximum(heard, np.median(heard) - 20)
    sure = min(float(np.ptp(energy)) / _FLAT_ENERGY, float(np.ptp(levels)) / _FLAT_LU, 1.0)
    apart = (_ranks(levels) - _ranks(energy)) * sure
    found, at = [], 0
    while at < len(bars):
        end = at + 1
        if abs(apart[at]) > _RANKS_APART:
            while end < len(bars) and apart[end] * np.sign(apart[at]) > _RANKS_APART:
                end += 1
            worst = float(np.abs(apart[at:end]).max())
            text = "loud music over a calm picture" if apart[at] > 0 else "soft music over a lively picture"
            found.append(_over(cue, "energy", bars[at], bars[end - 1], worst, text))
        at = end
    return found


def _speech_doubts(cue: Cue, picture: Picture, plan: Plan, loudness: Sequence[float | None]) -> list[Doubt]:
    if picture.dialogue_lufs is None or not plan.speech:
        return []
    runs: list[list[tuple[Bar, float]]] = []
    for bar in _inside(plan):
        level = loudness[bar.index]
        spoken = sum(
            max(0, min(bar.end_sample_exclusive, end) - max(bar.start_sample, start))
            for start, end in plan.speech
        )
        share = spoken / (bar.end_sample_exclusive - bar.start_sample)
        if level is None or share < _SPOKEN:
            continue
        excess = level - (picture.dialogue_lufs - UNDER_SPEECH_LU)
        if excess > _AUDIBLY_LU:
            if not runs or runs[-1][-1][0].index != bar.index - 1:
                runs.append([])
            runs[-1].append((bar, excess))
    found = []
    for run in runs:
        worst = max(excess for _, excess in run)
        under = UNDER_SPEECH_LU - worst
        text = f"the music is {abs(under):.0f} LU {'under' if under >= 0 else 'over'} the speech"
        found.append(_over(cue, "speech", run[0][0], run[-1][0], min(worst / _COVERED_LU, 1.0), text))
    return found


def _inside(plan: Plan) -> list[Bar]:
    """Bars of which more than half sounds in the cue."""
    return [bar for bar in plan.bars if 0 <= bar.start_sample + bar.end_sample_exclusive < 2 * plan.samples]


def _ranks(values: Doubles) -> Doubles:
    """Places in order from 0 to 1; equals share theirs."""
    return np.asarray((scipy.stats.rankdata(np.round(values, 3)) - 1) / (len(values) - 1))


def _over(cue: Cue, kind: DoubtKind, first: Bar, last: Bar, badness: float, text: str) -> Doubt:
    """From one bar to another, in whole frames of the cue."""
    start = cue.rate.sample(cue.in_frame)
    begin = max(cue.rate.frame_of_sample(first.start_sample + start), cue.in_frame)
    end = min(cue.rate.frame_of_sample(last.end_sample_exclusive + start), cue.out_frame_exclusive)
    return Doubt(kind, begin, max(end, begin + 1), round(badness, 4), text)
