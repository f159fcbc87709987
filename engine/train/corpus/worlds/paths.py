"""Where the things of a picture are: three kinds of motion, the same in every world.

drift   a few large things, all in one direction
bounce  a few compact things that fall and rebound once a beat, higher when the film is faster
swarm   many small things, each its own way
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..scenario import Motion
from .stage import Moment

Floats = npt.NDArray[np.float64]

# How far beyond the picture things go before they come back at the other side, unless a world asks for more.
MARGIN = 0.38
# Large things in a square of one picture height.
_DENSITY = 2.2
# Picture heights a second at full speed.
_DRIFT, _SWARM = 0.8, 0.32
# What a bounce reaches at no speed and what full speed adds, and how far things walk meanwhile.
_LOW, _HIGH, _WALK = 0.03, 0.36, 0.3
# How far beside the picture they walk.
_BESIDE = 0.18


@dataclass(frozen=True, slots=True)
class Things:
    """n things at one moment.

    place   [n, 2], centres
    size    [n], radii
    turn    [n], angles
    squash  [n], how much broader than high: 1 is even
    heading [n], the angle each moves at
    """

    place: Floats
    size: Floats
    turn: Floats
    squash: Floats
    heading: Floats

    @property
    def radii(self) -> Floats:
        """[n, 2], across and down."""
        return np.stack([self.size * self.squash, self.size / self.squash], axis=1)


class Path(Protocol):
    """One shot's things and their way."""

    count: int

    def at(self, moment: Moment) -> Things:
        """Where they are."""


def path_of(
    motion: Motion, rng: np.random.Generator, aspect: float, floor: float, margin: float = MARGIN
) -> Path:
    """Things that move in this way, in a picture `aspect` times as wide as high.

    Bounces end at `floor`; drifts turn up again `margin` outside the picture, where none may be seen.
    """
    if motion == "drift":
        return _Drift(rng, aspect, margin)
    if motion == "bounce":
        return _Bounce(rng, aspect, floor)
    return _Swarm(rng, aspect)


class _Drift:
    def __init__(self, rng: np.random.Generator, aspect: float, margin: float) -> None:
        self._room = np.array([aspect + 2 * margin, 1 + 2 * margin])
        self._margin = margin
        self.count = round(_DENSITY * float(self._room.prod()))
        # Even columns in another order of rows: large things that neither pile up nor leave a hole.
        columns = (np.arange(self.count) + rng.uniform(-0.2, 0.2, self.count)) / self.count
        rows = (rng.permutation(self.count) + rng.uniform(0.2, 0.8, self.count)) / self.count
        self._start = np.stack([columns, rows], axis=1) * self._room
        self._size = np.sort(rng.uniform(0.16, 0.28, self.count))
        self._angle = float(rng.uniform(-0.35, 0.35))
        self._step = _DRIFT * np.array([np.cos(self._angle), np.sin(self._angle)])
        # Nearer is larger and faster, a little.
        self._near = 0.75 + 0.5 * (self._size - 0.16) / 0.12
        self._turn = rng.uniform(0, 2 * np.pi, self.count)

    def at(self, moment: Moment) -> Things:
        place = self._start + self._near[:, None] * (moment.phase * self._step + [moment.pan, 0])
        turn = self._turn + 0.35 * moment.phase
        return Things(
            np.mod(place, self._room) - self._margin,
            self._size,
            turn,
            np.ones(self.count),
            np.full(self.count, self._angle),
        )


class _Bounce:
    def __init__(self, rng: np.random.Generator, aspect: float, floor: float) -> None:
        self.count = 2 * int(rng.integers(2, 4))
        self._room = aspect + 2 * _BESIDE
        self._start = (np.arange(self.count) + rng.uniform(0.15, 0.85, self.count)) / self.count * self._room
        self._size = rng.uniform(0.085, 0.13, self.count)
        self._reach = rng.uniform(0.85, 1.1, self.count)
        # Every other thing half a beat later: one falls fast while another hangs.
        self._late = np.arange(self.count) % 2 * 0.5
        self._floor = floor

    def at(self, moment: Moment) -> Things:
        share = np.mod(moment.beats + self._late, 1)
        height = 4 * share * (1 - share) * self._reach * (_LOW + _HIGH * moment.lift)
        # Flat when it touches, long in the fall.
        touch = np.clip(1 - 9 * np.minimum(share, 1 - share), 0, 1)
        squash = 1 + 0.30 * touch - 0.08 * (1 - touch)
        across = np.mod(self._start + _WALK * moment.phase + moment.pan, self._room) - _BESIDE
        down = self._floor - height - self._size / squash
        place = np.stack([across, down], axis=1)
        rise = np.where(share < 0.5, -np.pi / 2, np.pi / 2)
        return Things(place, self._size, np.zeros(self.count), squash, rise)


class _Swarm:
    def __init__(self, rng: np.random.Generator, aspect: float) -> None:
        self.count = int(rng.integers(80, 101))
        self._room = np.array([aspect + 0.2, 1.2])
        self._start = rng.random((self.count, 2)) * self._room
        self._size = rng.uniform(0.013, 0.027, self.count)
        angle = rng.uniform(0, 2 * np.pi, self.count)
        pace = _SWARM * rng.uniform(0.5, 1.5, self.count)
        self._step = np.stack([np.cos(angle), np.sin(angle)], axis=1) * pace[:, None]
        self._angle = angle
        self._sway = rng.uniform(3, 7, self.count)
        self._late = rng.uniform(0, 2 * np.pi, self.count)

    def at(self, moment: Moment) -> Things:
        swing = moment.phase * self._sway + self._late
        weave = 0.025 * np.stack([np.sin(swing), np.cos(1.3 * swing)], axis=1)
        place = np.mod(self._start + moment.phase * self._step + weave + [moment.pan, 0], self._room) - 0.1
        turn = self._angle + 0.7 * np.sin(swing)
        return Things(place, self._size, turn, np.ones(self.count), turn)


def corners(things: Things, count: int, spin: float = 0.0) -> Floats:
    """Regular polygons of `count` corners about things: [n, count, 2]."""
    angle = things.turn[:, None] + spin + np.arange(count) * (2 * np.pi / count)
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=2)
    return things.place[:, None] + unit * things.radii[:, None]
