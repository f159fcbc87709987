"""What every world is drawn with: the moment of a film, its camera, and a brush for tone and accent.

Lengths are in picture heights, x to the right and y down from the upper left corner; angles in radians.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from ..scenario import Motion

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
# Tone and accent, each 0..255.
Ink = tuple[int, int]

# How fast what is behind the things passes, in picture heights a second at full speed.
BEHIND = 0.26

_SHIFT = 4
_FIXED = 1 << _SHIFT
# OpenCV draws nothing beyond 16 bits of pixels.
_FAR = 30_000


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant of a shot.

    phase how far things have come: the sum of speed over the film, in seconds at full speed
    beats beats of the pulse since the film began
    lift  speed about this time, 0..1, without jumps
    pan   how far the camera has moved aside since the shot began
    zoom, sway, roll  the camera's other moves: a factor, a shift of the picture and its angle
    side  1, or -1 when left and right are exchanged: all else goes to the right
    """

    phase: float
    beats: float
    lift: float
    pan: float = 0.0
    zoom: float = 1.0
    sway: float = 0.0
    roll: float = 0.0
    side: int = 1


@dataclass(frozen=True, slots=True)
class Layout:
    """What one shot is laid out from: chance, the kind of motion, pixels, and which side the light is on."""

    rng: np.random.Generator
    motion: Motion
    width: int
    height: int
    odd: bool

    @property
    def aspect(self) -> float:
        return self.width / self.height

    def inks(self, count: int, tones: tuple[int, int], accents: tuple[int, int]) -> list[Ink]:
        """Inks drawn at even chance from tones and accents, ends included."""
        return list(
            zip(
                self.rng.integers(tones[0], tones[1] + 1, count).tolist(),
                self.rng.integers(accents[0], accents[1] + 1, count).tolist(),
                strict=True,
            )
        )


class World(Protocol):
    """A way of drawing; one instance holds one shot's layout."""

    def draw(self, brush: Brush, moment: Moment) -> None:
        """The whole picture of this moment."""


class Brush:
    """Draws on uint8 [height, width, 2] with soft edges, through the moment's camera."""

    def __init__(self, width: int, height: int) -> None:
        self.image: Bytes = np.zeros((height, width, 2), np.uint8)
        self.width, self.height = width, height
        self.aspect = width / height
        self._turn = np.eye(2) * height
        self._shift = np.zeros(2)
        self._zoom = 1.0

    def aim(self, moment: Moment) -> None:
        """Everything drawn from now on is seen by the camera of `moment`."""
        sine, cosine = np.sin(moment.roll), np.cos(moment.roll)
        self._zoom = moment.zoom
        self._turn = np.array([[cosine, -sine], [sine, cosine]]) * (moment.zoom * self.height)
        self._turn = self._turn * [moment.side, 1]
        middle = np.array([self.aspect / 2, 0.5])
        aside = moment.sway * np.array([1, 0.3])
        self._shift = (middle + aside) * self.height - self._turn @ middle

    def fill(self, backdrop: Bytes) -> None:
        """A backdrop of the picture's own size, which no camera moves."""
        np.copyto(self.image, backdrop)

    def polygon(self, points: Floats, ink: Ink) -> None:
        """Any simple polygon, [n, 2]."""
        cv2.fillPoly(self.image, [self._fixed(points)], ink, cv2.LINE_AA, _SHIFT)

    def convex(self, shapes: Floats, inks: Iterable[Ink]) -> None:
        """Convex polygons of as many corners each, [k, n, 2], one over another."""
        for fixed, ink in zip(self._fixed(shapes), inks, strict=True):
            cv2.fillConvexPoly(self.image, fixed, ink, cv2.LINE_AA, _SHIFT)

    def ellipses(self, centres: Floats, radii: Floats, inks: Iterable[Ink]) -> None:
        """Upright ellipses, centres and radii [k, 2]."""
        fixed = self._fixed(centres).tolist()
        axes = np.rint(np.maximum(radii * (self._zoom * self.height), 0.4) * _FIXED).astype(int).tolist()
        for centre, axis, ink in zip(fixed, axes, inks, strict=True):
            cv2.ellipse(self.image, centre, axis, 0, 0, 360, ink, cv2.FILLED, cv2.LINE_AA, _SHIFT)

    def rings(self, centres: Floats, radii: Floats, thick: float, inks: Iterable[Ink]) -> None:
        """Outlines of ellipses, `thick` wide."""
        fixed = self._fixed(centres).tolist()
        axes = np.rint(np.maximum(radii * (self._zoom * self.height), 0.4) * _FIXED).astype(int).tolist()
        wide = self._wide(thick)
        for centre, axis, ink in zip(fixed, axes, inks, strict=True):
            cv2.ellipse(self.image, centre, axis, 0, 0, 360, ink, wide, cv2.LINE_AA, _SHIFT)

    def lines(self, paths: Floats, thick: float, inks: Iterable[Ink]) -> None:
        """Open lines, [k, n, 2], `thick` wide and at least a pixel."""
        wide = self._wide(thick)
        for fixed, ink in zip(self._fixed(paths), inks, strict=True):
            cv2.polylines(self.image, [fixed], False, ink, wide, cv2.LINE_AA, _SHIFT)

    def _wide(self, thick: float) -> int:
        return max(1, round(thick * self._zoom * self.height))

    def _fixed(self, points: Floats) -> npt.NDArray[np.int32]:
        pixels = np.clip(points @ self._turn.T + self._shift, -_FAR, _FAR)
        return np.rint(pixels * _FIXED).astype(np.int32)


def gradient(width: int, height: int, first: Ink, last: Ink, angle: float) -> Bytes:
    """A backdrop from one ink to another along `angle` (0 to the right): uint8 [height, width, 2]."""
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    along = x * np.cos(angle) + y * np.sin(angle)
    share = (along / (abs(np.cos(angle)) + abs(np.sin(angle))) + 1) / 2
    inks = np.array([first, last], np.float64)
    out: Bytes = np.rint(inks[0] + share[..., None] * (inks[1] - inks[0])).astype(np.uint8)
    return out
