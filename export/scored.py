"""One finished cue with all that was decided on its way: what every writer of files for people takes."""

from __future__ import annotations

from dataclasses import dataclass

from ..engine.timebase import format_timecode
from ..engine.types import STEM_ORDER, Cue, Picture, Plan, Score, Take


@dataclass(frozen=True, slots=True)
class ScoredCue:
    """A cue and the take that scores it. The take carries the plan it follows."""

    cue: Cue
    picture: Picture
    take: Take
    score: Score | None = None

    @property
    def plan(self) -> Plan:
        return self.take.plan


def stem_rank(stem: str) -> tuple[int, str]:
    """Sort key of stems: the fixed order first, what is unknown after it, by name."""
    return (STEM_ORDER.index(stem) if stem in STEM_ORDER else len(STEM_ORDER), stem)


def timecode(cue: Cue, frame: int) -> str:
    """Record frame `frame` of the cue's timeline as the editor reads it."""
    return format_timecode(cue.start_timecode_frame + frame, cue.rate, drop=cue.drop_frame)
