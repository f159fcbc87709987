"""Which bars fill a segment of n beats: a small dynamic programme over downbeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

_ODD = (5, 2, 3)
Odd = Literal["none", "last", "anywhere"]


@dataclass(frozen=True, slots=True)
class BarCosts:
    """`price` scales what an odd bar costs."""

    price: float = 1.0
    odd: dict[int, float] = field(default_factory=lambda: {5: 0.40, 2: 0.25, 3: 0.22})

    def of(self, beats: int) -> float:
        return 0.0 if beats == 4 else self.price * self.odd[beats]


@dataclass(frozen=True, slots=True)
class FilledBars:
    bars: tuple[int, ...]
    # Weight met inside, less the cost of odd bars.
    gain: float


@dataclass(frozen=True, slots=True)
class Rewards:
    """What `beats` beats over some hits are worth: `base` whatever the bars are, and (beat, gain) of beats
    that would gain by being a downbeat."""

    beats: int
    base: float
    on_downbeat: tuple[tuple[int, float], ...]


def fill_bars(
    beats: int,
    places: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
    window: tuple[float, float],
    costs: BarCosts,
    *,
    odd_first: bool,
    odd: Odd = "anywhere",
) -> FilledBars | None:
    """The best bars for `beats` beats, or None when they cannot be filled with at least two bars.

    `places` [k] are hits in beats from the start; a beat meets one when it lies in `window`, beats before
    and after it. A hit counts whole on a downbeat, half on another beat, a fifth on an eighth. An odd bar
    follows a 4/4 bar; the first may be odd when `odd_first`: a segment that starts on a hit keeps that
    hit's bar whole, so that odd bars never meet at a border. `odd` tells where they may stand at all.
    """
    early, late = (np.array([side]) for side in window)
    (found,) = rewards(np.array([beats]), places[None], weights, (early, late))
    return fill(found, costs, odd_first=odd_first, odd=odd)


def fill(found: Rewards, costs: BarCosts, *, odd_first: bool, odd: Odd = "anywhere") -> FilledBars | None:
    """`fill_bars` where the rewards are known."""
    beats = found.beats
    if odd == "anywhere" and found.on_downbeat:
        return _search(beats, found.base, found.on_downbeat, costs, odd_first)
    bars = _plain(beats, odd != "none")
    if bars is None:
        return None
    # Only the last one may be odd.
    return FilledBars(bars, found.base + _met(found) - costs.of(bars[-1]))


def rewards(
    beats: npt.NDArray[np.int64],
    places: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
    window: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
) -> list[Rewards]:
    """Of several numbers of beats [n] over the same hits: `places` [n, k], `weights` [k], `window` [n]
    each.
    """
    nearest = np.rint(places)
    sides = (window[0][:, None], window[1][:, None])
    on_beat = _inside(nearest - places, sides)
    on_eighth = _inside(np.rint(places * 2) / 2 - places, sides)
    on_eighth[on_beat] = False
    meets, touches = (np.asarray(hits.any(axis=1)).tolist() for hits in (on_beat, on_eighth))
    out = []
    for row, count in enumerate(beats.tolist()):
        met = weights[on_beat[row]] if meets[row] else weights[:0]
        # Sums as numpy makes them: a map must not depend on who adds up.
        base = 0.5 * float(met.sum()) if meets[row] else 0.0
        base += 0.2 * float(weights[on_eighth[row]].sum()) if touches[row] else 0.0
        extra: dict[int, float] = {}
        if meets[row]:
            for beat, weight in zip(
                nearest[row][on_beat[row]].astype(int).tolist(), met.tolist(), strict=True
            ):
                extra[beat] = extra.get(beat, 0.0) + 0.5 * weight
        # The borders are downbeats whatever happens inside.
        base += extra.pop(0, 0.0) + extra.pop(count, 0.0)
        gains = tuple((beat, gain) for beat, gain in sorted(extra.items()) if gain)
        out.append(Rewards(count, base, gains))
    return out


def _met(found: Rewards) -> float:
    """What 4/4 bars from the first beat on gain by their downbeats."""
    gains = [gain for beat, gain in found.on_downbeat if not beat % 4]
    if len(gains) < 3:
        return sum(gains)
    dense = np.zeros(found.beats + 1)
    for beat, gain in found.on_downbeat:
        dense[beat] = gain
    return float(dense[4 : found.beats : 4].sum())


def _inside(
    late: npt.NDArray[np.float64], window: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
) -> npt.NDArray[np.bool_]:
    """Whether the music comes neither too early nor too late, in beats."""
    inside: npt.NDArray[np.bool_] = (late >= -window[0]) & (late <= window[1])
    return inside


def _plain(beats: int, allow_odd: bool) -> tuple[int, ...] | None:
    """4/4 throughout, the rest as one odd bar at the end, where it leads into the next hit."""
    whole, rest = divmod(beats, 4)
    if rest and not allow_odd:
        return None
    last = {0: (), 1: (5,), 2: (2,), 3: (3,)}[rest]
    bars = (4,) * (whole - (rest == 1)) + last
    return bars if len(bars) >= 2 else None


def _search(
    beats: int,
    base: float,
    on_downbeat: Sequence[tuple[int, float]],
    costs: BarCosts,
    odd_first: bool,
) -> FilledBars | None:
    none = float("-inf")
    extra = [0.0] * (beats + 1)
    for beat, gain in on_downbeat:
        extra[beat] = gain
    # best[b] = (score after a 4/4 bar that ends at b, score after an odd one), with the bar that got there.
    plain, odd = [none] * (beats + 1), [none] * (beats + 1)
    odd_bar = [0] * (beats + 1)
    plain_from_odd = [False] * (beats + 1)
    at_start = 0.0 if odd_first else none
    five, two, three = (costs.of(bar) for bar in _ODD)
    for end in range(2, beats + 1):
        here = extra[end]
        if end > 5:
            by_five, by_two, by_three = plain[end - 5], plain[end - 2], plain[end - 3]
        else:
            by_five = at_start if end == 5 else none
            by_two = at_start if end == 2 else plain[end - 2]
            by_three = at_start if end == 3 else plain[end - 3] if end > 3 else none
        if end > 4:
            from_plain, from_odd = plain[end - 4], odd[end - 4]
            if from_odd > from_plain:
                plain_from_odd[end] = True
                plain[end] = from_odd + here
            else:
                plain[end] = from_plain + here
        elif end == 4:
            plain[4] = here
        best, bar = by_five - five + here, 5
        if (score := by_two - two + here) > best:
            best, bar = score, 2
        if (score := by_three - three + here) > best:
            best, bar = score, 3
        odd[end], odd_bar[end] = best, bar
    ends_odd = odd[beats] > plain[beats]
    score = odd[beats] if ends_odd else plain[beats]
    if score == none:
        return None
    bars: list[int] = []
    place, is_odd = beats, ends_odd
    while place > 0:
        if is_odd:
            bars.append(odd_bar[place])
            place, is_odd = place - odd_bar[place], False
        else:
            bars.append(4)
            place, is_odd = place - 4, plain_from_odd[place]
    if len(bars) < 2:
        return None
    return FilledBars(tuple(reversed(bars)), base + score)
