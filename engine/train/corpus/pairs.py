"""A made pair: one picture a second and the music that belongs to them, with all that is true of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ...sketch.composer import ChordSpan
from ...types import Cue, Picture, Plan
from .make import make_scenario
from .music import Sound, compose_scenario, sound_of
from .scenario import Scenario, Split


@dataclass(frozen=True, slots=True)
class PairFacts:
    """All of a pair but its pictures and its sound."""

    SCHEMA: ClassVar[str] = "hitpoint.made_pair.1"

    scenario: Scenario
    cue: Cue
    picture: Picture
    plan: Plan
    chords: tuple[ChordSpan, ...]
    mode: str
    # Mean pitch of all but bass and drums.
    register: float


@dataclass(frozen=True, slots=True)
class Pair:
    """frames: uint8 [N,90,160,3], what is on screen at second i; sound: mono float32 at 32 kHz."""

    facts: PairFacts
    frames: npt.NDArray[np.uint8]
    sound: Sound

    @property
    def scenario(self) -> Scenario:
        return self.facts.scenario

    @property
    def cue(self) -> Cue:
        return self.facts.cue

    @property
    def picture(self) -> Picture:
        return self.facts.picture

    @property
    def plan(self) -> Plan:
        return self.facts.plan

    @property
    def chords(self) -> tuple[ChordSpan, ...]:
        return self.facts.chords


def make_pair(split: Split, seed: int) -> Pair:
    """Draws the film and plays the music: about two seconds of work."""
    from .film import Film

    scenario = make_scenario(split, seed)
    music = compose_scenario(scenario)
    facts = PairFacts(
        scenario, music.cue, music.picture, music.plan, music.chords, music.mode, music.register
    )
    film = Film(scenario)
    fps = scenario.rate.fps
    seconds = -(-scenario.frames // round(fps))
    frames = np.stack([film.picture(int(second * fps)) for second in range(seconds)])
    return Pair(facts, frames, sound_of(music))
