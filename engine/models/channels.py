"""The plan as columns that stand beside the tokens: what `--guide plan` adds at the decoder's input.

One row a token step (1/50 s). Row i describes the step that begins i / 50 s after the window's start, and
repeats what the plan says 12 and 24 steps later, so that an accent can be prepared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..timebase import SAMPLE_RATE
from ..types import Plan
from .config import FRAME_RATE, DecoderConfig

if TYPE_CHECKING:
    from ..sketch.composer import ChordSpan

Floats = npt.NDArray[np.float32]
Samples = npt.NDArray[np.int64]

# Of one moment, in order: pulses (1 in the step that a beat, a downbeat or a strong hit falls into; a hit's
# is its strength), phases of beat and bar on the circle, the bar's energy 0..1, chroma of the chord from C.
MOMENT = (
    "beat", "downbeat", "hit", "beat_cos", "beat_sin", "bar_cos", "bar_sin", "energy",
    *(f"chroma_{pc}" for pc in range(12)),
)  # fmt: skip
AHEAD_STEPS = (0, 12, 24)
CHANNELS = len(MOMENT) * len(AHEAD_STEPS)

STEP_SAMPLES = SAMPLE_RATE // FRAME_RATE
_ENERGY = MOMENT.index("energy")
_CHROMA = MOMENT.index("chroma_0")
# Of a chord's tones that are not its root.
_TONE = 0.7
_FIFTH = 7


def plan_channels(
    plan: Plan, chords: Sequence[ChordSpan], *, start_sample: int, steps: int, open_thirds: bool = False
) -> Floats:
    """float32 [steps, CHANNELS] of the steps from `start_sample` (48 kHz, from the cue's first; may be < 0).

    Before the first bar and after the last the nearest segment's tempo goes on, with the nearest bar's energy
    and the nearest chord. `chords` are in order of time, at least one.
    open_thirds  of every chord only the root and the tone 7 semitones above it: major and minor look alike
    """
    assert chords and plan.bars, "a plan has bars, and its music chords"
    # Whole moments first, a little beyond the end: a look ahead is then the same numbers, shifted.
    count = steps + max(AHEAD_STEPS)
    times = start_sample + STEP_SAMPLES * np.arange(count, dtype=np.int64)
    moments = np.zeros((count, len(MOMENT)), np.float32)
    end = plan.segments[-1].end_sample_exclusive
    first, last = plan.bars[0], plan.bars[-1]
    # Samples of a beat, and of a bar, in the first segment and in the last.
    beat_lengths = (60 * SAMPLE_RATE / first.segment.bpm, 60 * SAMPLE_RATE / last.segment.bpm)
    bar_lengths = (beat_lengths[0] * first.beats, beat_lengths[1] * last.beats)
    grids = (([*plan.beats, end], beat_lengths), ([*plan.downbeats, end], bar_lengths))
    for column, (grid, lengths) in enumerate(grids):
        known, numbers = _continued(np.array(grid, np.int64), lengths, start_sample, int(times[-1]))
        _pulse(moments[:, column], known, np.ones(len(known), np.float32), start_sample)
        angle = 2 * np.pi * (np.interp(times, known, numbers) % 1)
        moments[:, 3 + 2 * column] = np.cos(angle)
        moments[:, 4 + 2 * column] = np.sin(angle)
    strong = [hit for hit in plan.hits if hit.strong]
    _pulse(
        moments[:, 2],
        np.array([hit.sample for hit in strong], np.int64),
        np.array([hit.strength for hit in strong], np.float32),
        start_sample,
    )
    moments[:, _ENERGY] = np.asarray(plan.energy, np.float32)[_current(plan.downbeats, times)]
    table = np.stack([_chroma(chord.pcs, open_thirds) for chord in chords])
    moments[:, _CHROMA:] = table[_current([chord.start_sample for chord in chords], times)]
    return np.concatenate([moments[ahead : ahead + steps] for ahead in AHEAD_STEPS], axis=1)


def at_positions(plan: Floats, config: DecoderConfig, count: int) -> Floats:
    """Rows [count, C] for a window's first `count` positions of its plan [T, C]: the last one stays."""
    assert config.plan_channels, "this decoder takes no plan"
    assert len(plan) and plan.shape[1:] == (config.plan_channels,), "a plan of [T, C]"
    return np.asarray(plan, np.float32)[np.minimum(np.arange(count), len(plan) - 1)]


def _continued(grid: Samples, lengths: tuple[float, float], low: int, high: int) -> tuple[Samples, Samples]:
    """A grid of samples carried on evenly at both ends, beyond low and high by a step; and its numbers.

    Numbers count from the grid's own first, however far it is carried on: phases are then the same in all
    windows, to the last bit.
    """
    before = max(0, int(np.ceil((grid[0] - low) / lengths[0])) + 1)
    after = max(0, int(np.ceil((high + STEP_SAMPLES - grid[-1]) / lengths[1])) + 1)
    head = np.rint(grid[0] - lengths[0] * np.arange(before, 0, -1)).astype(np.int64)
    tail = np.rint(grid[-1] + lengths[1] * np.arange(1, after + 1)).astype(np.int64)
    known = np.concatenate([head, grid, tail])
    return known, np.arange(len(known), dtype=np.int64) - before


def _pulse(column: Floats, samples: Samples, heights: Floats, start_sample: int) -> None:
    """The largest height of what falls into each step."""
    steps = (samples - start_sample) // STEP_SAMPLES
    inside = (steps >= 0) & (steps < len(column))
    np.maximum.at(column, steps[inside], heights[inside])


def _current(starts: Sequence[int], times: Samples) -> Samples:
    """Index of what began last at each time; the first before anything began."""
    return np.maximum(np.searchsorted(np.asarray(starts, np.int64), times, side="right") - 1, 0)


def _chroma(pcs: Sequence[int], open_thirds: bool) -> Floats:
    out = np.zeros(12, np.float32)
    out[[(pcs[0] + _FIFTH) % 12] if open_thirds else list(pcs)] = _TONE
    out[pcs[0]] = 1
    return out
