"""The hidden plan behind a made pair: what a film is drawn from and its music composed from.

Standard library only. A scenario is drawn from (split, seed) by `make.make_scenario`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from ...timebase import Rate

# train teaches the generator, judge the two towers, test neither: no two share a visual world or a style.
Split = Literal["train", "judge", "test"]
# How things move: long even drifts; falls and rebounds; many small things in disorder. Decides the palette.
Motion = Literal["drift", "bounce", "swarm"]
Camera = Literal["still", "pan", "push", "sway"]

MOTIONS: tuple[Motion, ...] = ("drift", "bounce", "swarm")
WORLDS: Mapping[Split, tuple[str, ...]] = {
    "train": ("shapes", "hills", "rain"),
    "judge": ("tiles", "tunnel"),
    "test": ("ribbons",),
}
STYLES: Mapping[Split, tuple[str, ...]] = {
    "train": ("cinematic", "piano", "electronic"),
    "judge": ("documentary", "chamber"),
    "test": ("folk",),
}


@dataclass(frozen=True, slots=True)
class MadeShot:
    """One shot: record frames, a camera move and its speed 0..1, and the seed of where things stand."""

    in_frame: int
    out_frame_exclusive: int
    camera: Camera
    camera_speed: float
    layout: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """mood, colour and motion hold for the whole film; speed and cuts vary inside it.

    mood    0 dark and cold, 1 bright and warm: decides the mode
    colour  0 pale, 1 vivid: decides the register
    motion  decides the palette
    speed   one value a frame, 0..1: how fast things move; the plan's energy follows
    """

    SCHEMA: ClassVar[str] = "hitpoint.scenario.1"

    split: Split
    seed: int
    world: str
    style: str
    rate: Rate
    frames: int
    mood: float
    colour: float
    motion: Motion
    shots: tuple[MadeShot, ...]
    speed: tuple[float, ...]
    # Things that swing or bounce do it once a beat of this tempo, which is near the music's.
    pulse_bpm: float
    # The chords have the same roots in major and minor, so that roots do not tell the mode.
    plain_roots: bool = False

    @property
    def bright(self) -> bool:
        """Whether its music is in major."""
        return self.mood > 0.5
