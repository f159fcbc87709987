"""Gate 6: whether the music has the film's large shape, by section, and does not ape every shot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from ...audio.finish import EFFECTS
from ...audio.loudness import Energies, KWeighting
from ...audio.onset import HOP, onset_curve, onset_peaks
from ...plan.energy import bar_energy
from ...timebase import SAMPLE_RATE
from ...types import Cue, Picture, Plan
from ..statistics import pearson
from .layers import entries
from .piece import Piece, Sound
from .verdict import Verdict

Floats = npt.NDArray[np.float64]
Strength = npt.NDArray[np.float32]

FOLLOWS = 0.5
MOST_REVERSALS = 6.0
AT_BORDERS = 0.75
# Corridors of loudness range, LU (EBU Tech 3342): what trailers to lounges of the style keep. A loop-based
# style may stand still; an orchestra that does is a loop.
RANGES: Mapping[str, tuple[float, float]] = {
    "cinematic": (8.0, 22.0),
    "trailer": (6.0, 22.0),
    "tension": (4.0, 22.0),
    "piano": (3.0, 18.0),
    "guofeng": (3.0, 18.0),
    "comedy": (3.0, 16.0),
    "documentary": (3.0, 16.0),
    "folk": (3.0, 14.0),
    "corporate": (2.0, 12.0),
    "rock": (2.0, 12.0),
    "electronic": (2.0, 12.0),
    "ambient": (1.0, 14.0),
}
_ANY_RANGE = (2.0, 22.0)
# Styles that go nowhere, and mean it.
LEVEL_STYLES = frozenset({"ambient"})

# With fewer sections every correlation is extreme.
_FEWEST_SECTIONS = 3
# A picture whose sections differ by less asks for no arc.
_FLAT_PICTURE = 0.1
# Sections this near to the loudest are as loud, and sections side by side are one climax.
_AS_LOUD_DB = 1.0
# A reversal: density, in onsets over two seconds (some more, so that one stroke is little), turns round by a
# factor. Less is phrasing. Onsets are heard less surely than they are written: there, more must change.
_WINDOW_S, _STEP_S = 2.0, 0.25
_WRITTEN, _HEARD = (6.0, 1.5), (6.0, 1.7)
# Notes of one chord, struck a little apart, are one onset.
_CHORD = round(0.030 * SAMPLE_RATE)
# Below this much music a reversal a minute is no number, and neither is a range.
_SHORTEST_S = 10.0
_SHORTEST_RANGE_S = 20.0
_SHORTEST_PART = SAMPLE_RATE // 2
_STEP = SAMPLE_RATE // 10  # of Energies
_SILENT = 1e-7  # -70 dB


@dataclass(frozen=True, slots=True)
class _Part:
    """A section inside the cue: its bars, and its samples."""

    start_bar: int
    end_bar: int
    start: int
    end: int


def arc(piece: Piece) -> tuple[Verdict, ...]:
    """Energy against the picture by section; density reversals a minute; layers that enter at section
    borders; climaxes; loudness range. Measured on the sound and the plan's sections; density on
    the notes where they are written.

    A number does not apply where there is no sound (density needs none where notes are written), where the
    cue is too short or has too few sections for it, where the picture is flat, or, for layers, where there is
    one stem.
    """
    follows = climaxes = reversals = layers = loudness_range = None
    if piece.notes and piece.plan.samples >= _SHORTEST_S * SAMPLE_RATE:
        reversals = _a_minute(_turns(_written(piece), *_WRITTEN), piece.plan.samples)
    if piece.stems:
        sound = piece.inside(piece.mix)
        seconds = len(sound) / SAMPLE_RATE
        energies = _energies(sound)
        strength = onset_curve(sound).strength
        parts = _parts(piece.plan)
        if len(parts) >= _FEWEST_SECTIONS:
            follows, climaxes = _shape(piece, parts, energies, strength)
        if seconds >= _SHORTEST_S and not piece.notes:
            reversals = _a_minute(_turns(_heard(strength), *_HEARD), len(sound))
        if seconds >= _SHORTEST_RANGE_S:
            loudness_range = energies.level().range_lu
        found = entries(piece)
        if found and len(parts) > 1:
            layers = sum(entry.at_border for entry in found) / len(found)
    low, high = RANGES.get(piece.style, _ANY_RANGE)
    return (
        Verdict("arc", "energy against the picture by section", follows, FOLLOWS, None),
        Verdict("arc", "density reversals", reversals, None, MOST_REVERSALS, "a minute"),
        Verdict("arc", "layers that enter at section borders", layers, AT_BORDERS, None, "of entries"),
        Verdict("arc", "climaxes", climaxes, 1, 1),
        Verdict("arc", "loudness range", loudness_range, low, high, "LU"),
    )


def _parts(plan: Plan) -> list[_Part]:
    """The plan's sections, as far as they lie inside the cue."""
    bars = plan.bars
    out = []
    for section in plan.sections:
        end_bar = min(section.end_bar_exclusive, len(bars))
        if section.start_bar < end_bar:
            start = max(0, bars[section.start_bar].start_sample)
            end = min(plan.samples, bars[end_bar - 1].end_sample_exclusive)
            if end - start >= _SHORTEST_PART:
                out.append(_Part(section.start_bar, end_bar, start, end))
    return out


def _shape(
    piece: Piece, parts: Sequence[_Part], energies: Energies, strength: Strength
) -> tuple[float | None, int | None]:
    """Correlation of the music's energy with the picture's over sections, and how many climaxes there are."""
    picture = _picture_energy(piece.picture, piece.plan, parts)
    if picture is not None and float(np.ptp(picture)) < _FLAT_PICTURE:
        return None, None
    hops = energies.hops()
    means = [_mean(hops[part.start // _STEP : part.end // _STEP]) / _STEP for part in parts]
    loudness = 10 * np.log10(np.maximum(means, _SILENT))
    climaxes = None if piece.style in LEVEL_STYLES else _climaxes(loudness)
    if picture is None:
        return None, climaxes
    busy = np.log([_mean(strength[part.start // HOP : part.end // HOP]) + _SILENT for part in parts])
    r = pearson(_standard(loudness) + _standard(busy), picture)
    return 0.0 if np.isnan(r) else r, climaxes


def _energies(sound: Sound) -> Energies:
    energies = Energies()
    energies.feed(KWeighting().squares(sound))
    return energies


def _picture_energy(picture: Picture | None, plan: Plan, parts: Sequence[_Part]) -> Floats | None:
    """Energy of the picture under each section."""
    if picture is None or not picture.motion:
        return None
    first = picture.in_frame
    cue = Cue("", picture.rate, first, first + len(picture.motion), ())
    energy = bar_energy(cue, picture, plan.bars)
    return np.array([energy[part.start_bar : part.end_bar].mean() for part in parts])


def _climaxes(loudness: Floats) -> int:
    """How many runs of sections are as loud as the loudest one; 0 where all are."""
    loud = loudness >= loudness.max() - _AS_LOUD_DB
    return 0 if loud.all() else sum(is_loud for is_loud, _ in groupby(loud.tolist()))


def _a_minute(count: int, samples: int) -> float:
    return 60 * SAMPLE_RATE * count / samples


def _written(piece: Piece) -> Floats:
    """One for each step of 10 ms in which something is struck, effects left out."""
    onsets = np.zeros(piece.plan.samples // HOP)
    starts = np.sort([note.start_sample for note in piece.notes if note.stem != EFFECTS])
    apart = np.diff(starts, prepend=-SAMPLE_RATE) >= _CHORD
    steps = starts[apart] // HOP
    onsets[steps[(steps >= 0) & (steps < len(onsets))]] = 1
    return onsets


def _heard(strength: Strength) -> Floats:
    """The same of the onsets that are clear."""
    onsets = np.zeros(len(strength))
    index, _ = onset_peaks(strength)
    onsets[index[strength[index] >= float(strength.mean() + strength.std())]] = 1
    return onsets


def _turns(onsets: Floats, few: float, factor: float) -> int:
    """How often the density of onsets turns round."""
    window, step = (round(seconds * SAMPLE_RATE / HOP) for seconds in (_WINDOW_S, _STEP_S))
    running = np.concatenate(([0.0], np.cumsum(onsets)))
    height = np.log((running[window:] - running[:-window])[::step] + few) / np.log(factor)
    turns, way = 0, 0
    low = high = float(height[0])
    for value in height.tolist():
        low, high = min(low, value), max(high, value)
        if way != 1 and value - low >= 1:
            turns, way, high = turns + (way == -1), 1, value
        elif way != -1 and high - value >= 1:
            turns, way, low = turns + (way == 1), -1, value
    return turns


def _standard(values: Floats) -> Floats:
    """Values less their mean, over their deviation; zeros where they do not differ."""
    deviation = float(values.std())
    return (values - values.mean()) / deviation if deviation > 1e-9 else np.zeros_like(values)


def _mean(values: npt.NDArray[np.floating]) -> float:
    return float(values.mean()) if len(values) else 0.0
