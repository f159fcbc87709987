"""What the parts write: events in ticks, before they become notes in samples."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Event:
    """One note of one voice. `voice` is an instrument's name; `kind` tells later stages how to treat it:

    "line" melodic and harmonic notes, "drum" the groove, "fill" its fills, "accent" what strikes a hit,
    "calm" what passes a hit to avoid, "final" the last chord.
    """

    stem: str
    voice: str
    tick: int
    ticks: int
    pitch: int
    velocity: int
    kind: str = "line"

    @property
    def end(self) -> int:
        return self.tick + self.ticks


def clamp(velocity: float) -> int:
    return max(1, min(127, round(velocity)))
