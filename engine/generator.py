"""What every generator is asked, and the one way it is asked. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from .progress import Cancel, Progress
from .types import Cue, Picture, Plan, Score, Take


@dataclass(frozen=True, slots=True)
class TakeRequest:
    """All that decides a take: the same request and build give the same bytes on a CPU."""

    SCHEMA: ClassVar[str] = "hitpoint.take_request.1"

    cue: Cue
    picture: Picture
    score: Score
    plan: Plan
    # Whole frames of sound before and after the cue.
    handle_frames: tuple[int, int] = (0, 0)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def handle_samples(self) -> tuple[int, int]:
        head, tail = self.handle_frames
        cue = self.cue
        first = cue.rate.sample(cue.in_frame) - cue.rate.sample(cue.in_frame - head)
        last = cue.rate.sample(cue.out_frame_exclusive + tail) - cue.rate.sample(cue.out_frame_exclusive)
        return first, last


class Generator(Protocol):
    """Makes one take of one cue. Sound is unmastered, at the generator's own rate, cue plus handles."""

    name: str

    def generate(self, request: TakeRequest, *, progress: Progress, cancel: Cancel) -> Take: ...
