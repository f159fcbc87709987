"""Voice leading: the bass line's pitches and four upper voices for every chord, by dynamic programming.

Cost of a step: how far the voices move, parallel fifths and octaves (dear between bass and top), leaps of the
top voice. Every voicing holds root and third; nothing below C3 but the bass, so no third can lie there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from .harmony import Span

VOICES = 4
_LOWEST = 50
_HIGHEST = 74
# Where a low melody leaves no room for four voices, fewer may go down to here.
_C3 = 48
# Fewer spacings than this leave the voices no way to turn.
_CHOICE = 8
_LOWEST_POWER = 43
_PARALLEL_OUTER = 60.0
_PARALLEL_BASS = 25.0
_PARALLEL_INNER = 7.0
# To stay on a voicing that is shunned.
_SHUN = 25.0

Pitches = npt.NDArray[np.int64]
# The bass notes from which a chord's is heard to come, and that one.
Arrival = tuple[tuple[int, ...], int]


def bass_pitches(spans: Sequence[Span], register: int) -> tuple[int, ...]:
    """One pitch for each chord's bass: the octave that moves least, drawn towards `register`."""
    out: list[int] = []
    high = min(register + 9, _LOWEST - 1)
    low = min(register - 7, high - 11)
    for span in spans:
        near = [pitch for pitch in range(low, high + 1) if pitch % 12 == span.chord.bass]
        before = out[-1] if out else register
        out.append(min(near, key=lambda p: (abs(p - before) + 0.6 * abs(p - register), p)))
    return tuple(out)


def lead_voices(
    spans: Sequence[Span],
    bass: Sequence[int],
    arrivals: Sequence[Arrival | None],
    rungs: Sequence[Collection[int]],
    ceilings: Sequence[int],
    tops: Sequence[int | None],
    centre: int,
    shunned: Sequence[Sequence[tuple[int, ...]]] = (),
) -> tuple[tuple[int, ...], ...]:
    """Four rising pitches for each chord, below its ceiling (the melody's lowest note there).

    `arrivals` tell how the bass comes to each chord: the highest that is heard of it must not run parallel.
    `rungs` are what is played of each chord's ladder: the four voices, and the lower two an octave up. `tops`
    are the melody's pitches where the chords begin, None where it rests and the highest voice is on top.
    Earlier voicings that are `shunned` are left where there is another way.
    """
    options: list[Pitches] = []
    cache: dict[tuple[tuple[int, ...], int, int], Pitches] = {}
    for span, low, ceiling in zip(spans, bass, ceilings, strict=True):
        key = (span.chord.pcs, ceiling, max(_C3, low + 1))
        if key not in cache:
            cache[key] = _candidates(*key)
        options.append(cache[key])
    score = _placing(options[0], centre) + _shunning(options[0], [other[0] for other in shunned])
    back: list[npt.NDArray[np.int64]] = []
    for index in range(1, len(options)):
        before, after = options[index - 1], options[index]
        total = score[:, None] + _moving(before, after, bass[index - 1], bass[index])
        arrival = arrivals[index]
        if arrival is not None:
            was = _heard(before, rungs[index - 1], ceilings[index - 1])
            total += _outer(was, _heard(after, rungs[index], ceilings[index]), arrival)
        heads = _on_top(before, tops[index - 1]), _on_top(after, tops[index])
        total += _outer(*heads, ((bass[index - 1],), bass[index]))
        choice = np.argmin(total, axis=0)
        back.append(choice)
        score = total[choice, np.arange(len(after))] + _placing(after, centre)
        score += _shunning(after, [other[index] for other in shunned])
    at = int(np.argmin(score))
    path = [at]
    for choice in reversed(back):
        at = int(choice[at])
        path.append(at)
    path.reverse()
    return tuple(tuple(int(p) for p in option[k]) for option, k in zip(options, path, strict=True))


def power_chords(spans: Sequence[Span], bass: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Root, fifth and octave for each chord, above its bass: three rising pitches without a third."""
    out: list[tuple[int, ...]] = []
    for span, low in zip(spans, bass, strict=True):
        above = max(low, _LOWEST_POWER)
        root = above + (span.chord.root - above) % 12
        fifth = (span.chord.pcs[2] - span.chord.root) % 12
        out.append((root, root + fifth, root + 12))
    return tuple(out)


def _candidates(pcs: tuple[int, ...], ceiling: int, floor: int) -> Pitches:
    """All spacings of four voices that hold the chord, no wider than an octave between neighbours; of three
    and less as well, from `floor` on, where a low melody leaves little room for four."""
    needed = set(pcs[:2]) | set(pcs[3:])
    pitches = [p for p in range(_LOWEST, min(_HIGHEST, ceiling) + 1) if p % 12 in pcs]
    found = [
        voices
        for voices in combinations(pitches, VOICES)
        if needed <= {p % 12 for p in voices}
        and all(b - a <= 12 for a, b in pairwise(voices))
        and voices[1] - voices[0] >= 3
    ]
    if len(found) < _CHOICE:
        found += _narrow(pcs, ceiling, floor)
    return np.array(found, dtype=np.int64)


def _narrow(pcs: tuple[int, ...], ceiling: int, floor: int) -> list[tuple[int, ...]]:
    """At most three voices, the lowest doubled at the unison; where not even the root finds room beside the
    third, it is left to the bass. Over the ceiling where nothing of the chord lies under it."""
    pitches = [p for p in range(floor, ceiling + 1) if p % 12 in pcs]
    for needed, count in ((set(pcs[:2]), 3), (set(pcs[:2]), 2), ({pcs[1]}, 2), (set(), 1)):
        found = [
            (*(voices[:1] * (VOICES - count)), *voices)
            for voices in combinations(pitches, count)
            if needed <= {p % 12 for p in voices}
        ]
        if found:
            return found
    return _narrow(pcs, ceiling + 2, floor)


def _placing(voices: Pitches, centre: int) -> npt.NDArray[np.float64]:
    """A weak pull to the centre, and to even spacing."""
    middle = voices.mean(axis=1)
    clusters = (np.diff(voices, axis=1) <= 2).sum(axis=1)
    return np.asarray(0.35 * np.abs(middle - centre) + 1.2 * clusters, dtype=np.float64)


def _shunning(voices: Pitches, others: Sequence[tuple[int, ...]]) -> npt.NDArray[np.float64]:
    """What it costs to sound as before."""
    cost = np.zeros(len(voices))
    for other in others:
        cost += _SHUN * (voices == np.array(other)).all(axis=1)
    return cost


def _moving(before: Pitches, after: Pitches, bass_before: int, bass_after: int) -> npt.NDArray[np.float64]:
    moves = np.abs(before[:, None, :] - after[None, :, :])
    cost = (
        moves.sum(axis=2)
        + 0.5 * np.maximum(moves[:, :, -1] - 2, 0)
        + 0.8 * np.maximum(moves.max(axis=2) - 4, 0)
    )
    low_before = np.full((len(before), 1), bass_before)
    low_after = np.full((len(after), 1), bass_after)
    a = np.concatenate([low_before, before], axis=1)
    b = np.concatenate([low_after, after], axis=1)
    steps = np.sign(b[None, :, :] - a[:, None, :])
    for low, high in combinations(range(VOICES + 1), 2):
        first = (a[:, high] - a[:, low]) % 12
        second = (b[:, high] - b[:, low]) % 12
        together = (steps[:, :, low] == steps[:, :, high]) & (steps[:, :, low] != 0)
        perfect = ((first == 0) | (first == 7))[:, None] & (first[:, None] == second[None, :])
        price = _PARALLEL_BASS if low == 0 else _PARALLEL_INNER
        cost += price * (together & perfect)
    return np.asarray(cost, dtype=np.float64)


def _heard(voices: Pitches, rungs: Collection[int], ceiling: int) -> Pitches:
    """The highest pitch that is played of each voicing [voicings]."""
    ladder = np.concatenate([voices, voices[:, :2] + 12], axis=1)
    ladder = np.where(ladder > ceiling, voices[:, -1:], ladder)
    return np.asarray(ladder[:, sorted(rungs) or [VOICES - 1]].max(axis=1), dtype=np.int64)


def _on_top(voices: Pitches, sung: int | None) -> Pitches:
    return voices[:, -1] if sung is None else np.full(len(voices), sung, dtype=np.int64)


def _outer(before: Pitches, after: Pitches, arrival: Arrival) -> npt.NDArray[np.float64]:
    """Parallel fifths and octaves between the bass and the top voice."""
    lows, new = arrival
    move = after[None, :] - before[:, None]
    found = np.zeros(move.shape, np.bool_)
    for low in lows:
        one, two = (before - low) % 12, (after - new) % 12
        perfect = ((one == 0) | (one == 7))[:, None] & (one[:, None] == two[None, :])
        found |= perfect & (move * (new - low) > 0)
    return np.where(found, _PARALLEL_OUTER, 0.0)
