"""Gate 2, groove: a tempo that stands, bars of one length, drums that are alike from bar to bar but no loop.

How many hits are met against how even the groove is, is the user's choice (`Fit`): "steady" keeps odd bars
rare, "tight" spends them on hits and is then not judged by them, and by its tempo less strictly.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ...types import Bar, Fit, Note, Plan
from .piece import Piece
from .verdict import Verdict

GATE = "groove"

# Of the tempo, at a border of tempi inside a section: listeners notice changes from about 2 % on.
MOST_TEMPO_STEP = 0.02
# Who chose hits has chosen to notice; beyond this it is no longer one tempo.
MOST_TIGHT_STEP = 0.06
# Odd bars with drums, of all bars: who nods counts on while drums rest, so that one odd bar in thirty is as
# much of a stumble whether they play in ten or in all of them.
MOST_ODD_BARS = 0.05
# Of the median bar to the bars before it. Below, bars have no common pattern; above, they are a loop.
ALIKE = (0.75, 0.97)
# Limbs that strike one place of the grid together are apart by no more than this, ms. Two sounds 5 ms apart
# are heard as one; a flam begins at about three times that.
MOST_SPREAD_MS = 5.0

_DRUMS = "drums"
# Sixteenths of a beat's quarter.
_GRID = 4
# A stroke belongs to a place of the grid when it is this near; flams and ruffs are none.
_NEAR = 1_440
_SAMPLES_PER_MS = 48.0
# A pattern lasts one bar or two.
_PATTERN_BARS = 2


def groove(piece: Piece, fit: Fit = "steady") -> tuple[Verdict, ...]:
    """Largest tempo step, odd bars and where they stand, likeness of neighbouring bars, spread of the kit.

    All where drums play; nothing applies to a piece without notes for drums, or without drums.
    """
    drums = [note for note in piece.notes if note.stem == _DRUMS]
    played = _played(piece.plan, drums)
    steady = fit == "steady"
    return (
        Verdict(
            GATE,
            "largest tempo step in a section",
            _tempo_step(piece.plan, played),
            None,
            MOST_TEMPO_STEP if steady else MOST_TIGHT_STEP,
        ),
        Verdict(
            GATE,
            "odd bars",
            _odd_share(piece.plan, played),
            None,
            MOST_ODD_BARS if steady else None,
            "of bars",
        ),
        Verdict(
            GATE,
            "odd bars inside a section",
            _odd_inside(piece.plan, played),
            None,
            0 if steady else None,
            "bars",
        ),
        Verdict(GATE, "likeness of neighbouring bars", _likeness(piece.plan, drums), *ALIKE),
        Verdict(GATE, "spread of the kit", _spread_ms(piece.plan, drums), None, MOST_SPREAD_MS, "ms"),
    )


def _played(plan: Plan, drums: Sequence[Note]) -> tuple[bool, ...]:
    """One entry a bar: whether drums play there."""
    starts = np.array(sorted(note.start_sample for note in drums), dtype=np.int64)
    edges = [(bar.start_sample - _NEAR, bar.end_sample_exclusive - _NEAR) for bar in plan.bars]
    return tuple(bool(np.searchsorted(starts, end) - np.searchsorted(starts, start)) for start, end in edges)


def _tempo_step(plan: Plan, played: Sequence[bool]) -> float | None:
    """The largest change of tempo at a border of tempi that is none of sections, drums playing on a side of
    it; 0 where there is none, None without drums."""
    if not any(played):
        return None
    borders = {section.start_bar for section in plan.sections}
    steps = [
        abs(after.segment.bpm / before.segment.bpm - 1)
        for before, after in pairwise(plan.bars)
        if before.segment is not after.segment
        and after.index not in borders
        and (played[before.index] or played[after.index])
    ]
    return max(steps, default=0.0)


def usual_beats(plan: Plan) -> int:
    """Beats of most bars; of equals, the more."""
    counts = Counter(bar.beats for bar in plan.bars)
    return max(counts, key=lambda beats: (counts[beats], beats))


def _odd(plan: Plan, played: Sequence[bool]) -> list[Bar]:
    """Bars of another length in which drums play; a pick-up before the first whole bar is none."""
    usual = usual_beats(plan)
    return [bar for bar in plan.bars if bar.beats != usual and played[bar.index] and bar.index > 0]


def _odd_share(plan: Plan, played: Sequence[bool]) -> float | None:
    return len(_odd(plan, played)) / len(plan.bars) if any(played) else None


def _odd_inside(plan: Plan, played: Sequence[bool]) -> float | None:
    last = {section.end_bar_exclusive - 1 for section in plan.sections}
    return float(sum(bar.index not in last for bar in _odd(plan, played))) if any(played) else None


def _likeness(plan: Plan, drums: Sequence[Note]) -> float | None:
    """Median likeness of each bar to the more alike of the two bars before it, as the cosine of velocities on
    the sixteenths of each drum: fills and struck hits are meant to be unlike. Bars of one section and one
    length, before the ending; None where there are no such two."""
    bars = _bar_vectors(plan, drums)
    found: list[float] = []
    for section in plan.sections:
        inside = range(section.start_bar, min(section.end_bar_exclusive, plan.ending_bar))
        for bar in inside:
            earlier = [
                index
                for index in range(max(section.start_bar, bar - _PATTERN_BARS), bar)
                if index in bars and plan.bars[index].beats == plan.bars[bar].beats
            ]
            if bar in bars and earlier:
                found.append(max(_cosine(bars[bar], bars[index]) for index in earlier))
    return float(np.median(found)) if found else None


def _bar_vectors(plan: Plan, drums: Sequence[Note]) -> dict[int, dict[tuple[int, int], float]]:
    """Bars in which drums play -> (drum, sixteenth) -> velocity of the strongest stroke."""
    out: dict[int, dict[tuple[int, int], float]] = defaultdict(dict)
    for bar, step, note in _on_grid(plan, drums):
        key = (note.pitch, step)
        out[bar][key] = max(out[bar].get(key, 0.0), float(note.velocity))
    return out


def _on_grid(plan: Plan, drums: Sequence[Note]) -> list[tuple[int, int, Note]]:
    """Each stroke's bar and its nearest sixteenth there; a stroke just before a bar belongs to it."""
    if not plan.bars:
        return []
    starts = np.array([bar.start_sample for bar in plan.bars])
    out: list[tuple[int, int, Note]] = []
    for note in drums:
        index = int(np.searchsorted(starts, note.start_sample + _NEAR, side="right")) - 1
        if index < 0 or note.start_sample >= plan.bars[-1].end_sample_exclusive:
            continue
        bar = plan.bars[index]
        sixteenth = (bar.end_sample_exclusive - bar.start_sample) / (bar.beats * _GRID)
        step = round((note.start_sample - bar.start_sample) / sixteenth)
        out.append((index, min(step, bar.beats * _GRID - 1), note))
    return out


def _cosine(first: dict[tuple[int, int], float], second: dict[tuple[int, int], float]) -> float:
    keys = sorted(first.keys() | second.keys())
    a, b = (np.array([bar.get(key, 0.0) for key in keys]) for bar in (first, second))
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def _spread_ms(plan: Plan, drums: Sequence[Note]) -> float | None:
    """How far apart the drums struck together are in 95 % of cases, ms; None where one drum at a time is
    struck. A player drifts with all limbs; limbs that drift each by itself are a machine's idea of one."""
    together: dict[tuple[int, int], list[Note]] = defaultdict(list)
    for bar, step, note in _on_grid(plan, drums):
        together[bar, step].append(note)
    spreads = [
        _apart(plan.bars[bar], step, notes)
        for (bar, step), notes in together.items()
        if len({note.pitch for note in notes}) > 1
    ]
    known = [spread for spread in spreads if spread is not None]
    return float(np.percentile(known, 95)) / _SAMPLES_PER_MS if known else None


def _apart(bar: Bar, step: int, notes: Sequence[Note]) -> int | None:
    """Samples between the first and the last of the strokes near their place; None with fewer than two drums
    there."""
    length = bar.end_sample_exclusive - bar.start_sample
    place = bar.start_sample + length * step / (bar.beats * _GRID)
    near = [note for note in notes if abs(note.start_sample - place) <= _NEAR]
    starts = {note.pitch: note.start_sample for note in near}
    return max(starts.values()) - min(starts.values()) if len(starts) > 1 else None
