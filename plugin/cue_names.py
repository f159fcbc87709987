"""What a cue is called on somebody's timeline: once scored, the same stretch keeps its name, and no two have
one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from .hosts.base import Landing

if TYPE_CHECKING:
    from ..export.report import CueResult


def named_as_before(results: Sequence[CueResult], earlier: Sequence[Landing]) -> list[CueResult]:
    """The cues under the names that their stretches had in `earlier` landings, the latest last; new ones are
    1m1, 1m2 and so on, whatever is free."""
    known: dict[str, tuple[int, int]] = {}
    for landing in earlier:
        known |= {one.cue: (one.in_frame, one.out_frame_exclusive) for one in landing.placements}
    taken = frozenset(known)
    free = (name for name in (f"1m{number}" for number in count(1)) if name not in taken)
    out = []
    for result in results:
        cue = result.scored.cue
        shared = {
            name: min(last, cue.out_frame_exclusive) - max(first, cue.in_frame)
            for name, (first, last) in known.items()
        }
        best = max(shared, key=lambda name: shared[name], default="")
        if best and shared[best] > 0:
            del known[best]
            out.append(renamed(result, best))
        else:
            out.append(renamed(result, next(free)))
    return out


def renamed(result: CueResult, name: str) -> CueResult:
    """The same sound, of a cue of that name."""
    scored = result.scored
    take = replace(scored.take, cue=name)
    return replace(result, scored=replace(scored, cue=replace(scored.cue, name=name), take=take))
