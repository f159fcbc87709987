"""Which bars fill a segment of n beats: a small dynamic programme over downbeats."""

from __future__ import annotations

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
    base, on_downbeat = _rewards(beats, places, weights, window)
    if odd == "anywhere" and on_downbeat.any():
        return _search(beats, base, on_downbeat, costs, odd_first)
    bars = _plain(beats, odd != "none")
    if bars is None:
        return None
    met = float(on_downbeat[4:beats:4].sum())
    return FilledBars(bars, base + met - sum(costs.of(bar) for bar in bars))


def _rewards(
    beats: int, places: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], window: tuple[float, float]
) -> tuple[float, npt.NDArray[np.float64]]:
    """What is met whatever the bars are, and what each beat adds by being a downbeat."""
    nearest = np.rint(places)
    on_beat = _inside(nearest - places, window)
    on_eighth = ~on_beat & _inside(np.rint(places * 2) / 2 - places, window)
    base = float(0.5 * weights[on_beat].sum() + 0.2 * weights[on_eighth].sum())
    extra = np.zeros(beats + 1)
    np.add.at(extra, nearest[on_beat].astype(np.int64), 0.5 * weights[on_beat])
    # The borders are downbeats whatever happens inside.
    base += float(extra[0] + extra[beats])
    extra[0] = extra[beats] = 0.0
    return base, extra


def _inside(late: npt.NDArray[np.float64], window: tuple[float, float]) -> npt.NDArray[np.bool_]:
    """Whether the music comes neither too early nor too late, in beats."""
    return np.asarray((late >= -window[0]) & (late <= window[1]))


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
    on_downbeat: npt.NDArray[np.float64],
    costs: BarCosts,
    odd_first: bool,
) -> FilledBars | None:
    none = float("-inf")
    extra = on_downbeat.tolist()
    # best[b] = (score after a 4/4 bar that ends at b, score after an odd one), with the bar that got there.
    plain, odd = [none] * (beats + 1), [none] * (beats + 1)
    odd_bar = [0] * (beats + 1)
    plain_from_odd = [False] * (beats + 1)
    prices = [(bar, costs.of(bar)) for bar in _ODD]
    for end in range(2, beats + 1):
        if end >= 4:
            at_start = 0.0 if end == 4 else none
            from_plain, from_odd = max(plain[end - 4], at_start), odd[end - 4]
            plain_from_odd[end] = from_odd > from_plain
            plain[end] = max(from_plain, from_odd) + extra[end]
        for bar, price in prices:
            if end < bar:
                continue
            start = end - bar
            before = plain[start] if start else (0.0 if odd_first else none)
            if before - price + extra[end] > odd[end]:
                odd[end], odd_bar[end] = before - price + extra[end], bar
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
