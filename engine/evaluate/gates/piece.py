"""A take as the gates judge it: what was planned, what is written, what sounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ...types import Note, Picture, Plan

Sound = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Chord:
    """Samples of the cue; pitch classes (C is 0), the root first; the one that the bass is to play."""

    start_sample: int
    end_sample_exclusive: int
    pcs: tuple[int, ...]
    bass: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One coming of the theme, in samples of the cue; `alike` is the likeness of its contour to it, -1..1."""

    start_sample: int
    end_sample_exclusive: int
    alike: float


@dataclass(frozen=True)
class Piece:
    """All times in samples of the cue at 48 kHz; what begins in a handle is below 0 or past `plan.samples`.

    A neural take has sound and its plan alone: gates that need notes do not apply to it.

    style     name of the style; gates hold its exemptions
    tonic     pitch class, C is 0; None where nobody knows
    stems     float32 [samples + handles, 2] by name, as they are delivered: after mix and limiter
    handles   samples of each stem before the cue's first and after its last one
    dialogue  mono float32 at 48 kHz from the cue's first sample; None where nobody speaks
    """

    plan: Plan
    stems: Mapping[str, Sound]
    style: str = ""
    tonic: int | None = None
    picture: Picture | None = None
    notes: tuple[Note, ...] = ()
    chords: tuple[Chord, ...] = ()
    statements: tuple[Statement, ...] = ()
    handles: tuple[int, int] = (0, 0)
    dialogue: Sound | None = field(default=None, compare=False)

    @cached_property
    def mix(self) -> Sound:
        """The sum of the stems, float32 [samples + handles, 2], not to be written to; empty without stems."""
        sounds = list(self.stems.values())
        mix = np.array(sounds[0], np.float32) if sounds else np.zeros((0, 2), np.float32)
        for sound in sounds[1:]:
            mix += sound
        # All gates share it.
        mix.setflags(write=False)
        return mix

    def inside(self, sound: Sound) -> Sound:
        """`sound` of a stem or the mix without its handles."""
        head, tail = self.handles
        return sound[head : len(sound) - tail]
