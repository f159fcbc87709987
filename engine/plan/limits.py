"""What a tempo map may do, from a groove that hardly moves to one that is spent on hits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..types import Hit

# How far a map goes; "between" shows what lies between the two that can be chosen.
Reach = Literal["steady", "between", "tight"]


@dataclass(frozen=True, slots=True)
class TempoLimits:
    """What the programme may do; the defaults are those of a tight fit."""

    # Base tempi tried, beats a minute.
    family_bpm: tuple[float, float] = (84.0, 168.0)
    base_step_bpm: float = 2.0
    # Base tempo taken when the hits do not care.
    preferred_bpm: float = 108.0
    # How far a segment may leave the base tempo.
    deviation: float = 0.08
    # Largest ratio between the tempi of neighbouring segments, less one.
    step: float = 0.06
    # Odd bars, of all.
    odd_share: float = 0.18
    # Prices tried until the odd bars keep to their share; the first is about the one at which they do.
    odd_prices: tuple[float, ...] = (1.0, 1.6, 2.6, 4.5, 9.0)
    # The same ratio inside a section; beyond it a new section begins, as after an odd bar.
    calm_step: float = math.inf
    # Fewest bars of such a section. 0: sections are none of the map's business, and odd bars stand anywhere.
    section_bars: int = 0
    # Base tempi tried again with nodes nudged off their hits, the best first: there are many more edges then.
    nudged_bases: int = 12
    # Nodes that an edge may pass over.
    skip: int = 6
    # Weight of a must hit; of a strong would hit at strength 1; of a weak one.
    must_weight: float = 60.0
    strong_weight: float = 4.0
    weak_weight: float = 0.3

    @property
    def by_section(self) -> bool:
        return self.section_bars > 0

    def reaching(self, reach: Reach) -> TempoLimits:
        """The same family, with the steps and odd bars of another point of the curve."""
        return replace(self, **REACHES[reach])


# Changes of tempo are noticed from about 2 % on.
REACHES: Mapping[Reach, Mapping[str, Any]] = {
    "steady": {"odd_share": 0.05, "odd_prices": (4.5, 9.0), "calm_step": 0.02, "section_bars": 4},
    "between": {"odd_share": 0.10, "odd_prices": (2.6, 4.5, 9.0), "calm_step": 0.04, "section_bars": 2},
    "tight": {},
}


def hit_weight(hit: Hit, limits: TempoLimits) -> float:
    if hit.kind == "must":
        return limits.must_weight
    if hit.kind == "avoid":
        return -limits.strong_weight / 2
    if hit.strong:
        return limits.strong_weight * (0.5 + 0.5 * hit.strength)
    return limits.weak_weight * (0.4 + 0.6 * hit.strength / 0.5)
