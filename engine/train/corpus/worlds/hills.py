"""A landscape: sky, sun or moon, ridges one behind another; clouds, hopping beasts or birds."""

from __future__ import annotations

import numpy as np

from .paths import Things, path_of
from .stage import BEHIND, Brush, Floats, Ink, Layout, Moment, gradient

_FLOOR = 0.88
_RIDGES: tuple[tuple[float, float, Ink], ...] = (
    (0.58, 0.3, (120, 60)),
    (0.70, 0.6, (82, 40)),
    (0.84, 1.0, (44, 25)),
)
# Puffs of a cloud about its middle, in its radius: across, down, size.
_PUFFS = np.array([[-0.75, 0.14, 0.5], [0.8, 0.16, 0.45], [-0.2, -0.12, 0.62], [0.35, 0.0, 0.6]])


class Hills:
    def __init__(self, layout: Layout) -> None:
        rng = layout.rng
        low, high = ((215, 90), (120, 20)) if layout.odd else ((135, 15), (205, 60))
        self._sky = gradient(layout.width, layout.height, high, low, np.pi / 2)
        self._motion = layout.motion
        self._path = path_of(layout.motion, rng, layout.aspect, _FLOOR)
        self._across = np.linspace(-0.5, layout.aspect + 0.5, 48)
        self._waves = rng.uniform(0.9, 2.6, (3, 2)), rng.uniform(0, 2 * np.pi, (3, 2))
        self._lift = rng.uniform(-0.07, 0.07)
        side = 0.78 if layout.odd else 0.22
        self._sun = np.array([[(side + rng.uniform(-0.08, 0.08)) * layout.aspect, rng.uniform(0.2, 0.36)]])
        self._sun_size = np.full((1, 2), rng.uniform(0.07, 0.13))
        self._inks = layout.inks(self._path.count, (215, 252), (170, 255))
        if layout.motion == "swarm":
            self._inks = layout.inks(self._path.count, (15, 60), (150, 255))
        self._scroll = 2 * BEHIND if layout.motion == "drift" else BEHIND

    def draw(self, brush: Brush, moment: Moment) -> None:
        brush.fill(self._sky)
        brush.ellipses(self._sun + np.array([0.1 * moment.pan, 0]), self._sun_size, [(250, 235)])
        things = self._path.at(moment)
        if self._motion == "drift":
            self._clouds(brush, things)
        for index, (height, near, ink) in enumerate(_RIDGES):
            brush.polygon(self._ridge(index, height, near, moment), ink)
        if self._motion == "bounce":
            self._beasts(brush, things)
        if self._motion == "swarm":
            brush.lines(_wings(things), 0.011, self._inks)

    def _ridge(self, index: int, height: float, near: float, moment: Moment) -> Floats:
        lengths, late = self._waves
        along = self._across - near * (self._scroll * moment.phase + moment.pan)
        # Bounces need level ground in front.
        rough = 0.02 if self._motion == "bounce" and index == 2 else 0.09 - 0.02 * index
        rise = np.sin(2 * np.pi * along / lengths[index, 0] + late[index, 0])
        rise += 0.5 * np.sin(2 * np.pi * along / (0.37 * lengths[index, 1]) + late[index, 1])
        line = np.stack([self._across, height + self._lift * (1 - near) + rough * rise], axis=1)
        return np.concatenate([line, [[self._across[-1], 2.0], [self._across[0], 2.0]]])

    def _clouds(self, brush: Brush, things: Things) -> None:
        # Clouds keep to the sky.
        middles = things.place * [1, 0.62]
        centres = middles[:, None] + _PUFFS[None, :, :2] * things.size[:, None, None]
        radii = _PUFFS[None, :, 2:] * things.size[:, None, None] * [1.0, 0.72]
        inks = [ink for ink in self._inks for _ in _PUFFS]
        brush.ellipses(centres.reshape(-1, 2), radii.reshape(-1, 2), inks)

    def _beasts(self, brush: Brush, things: Things) -> None:
        ears = things.place[:, None] + np.array([[-0.5, -1.0], [0.5, -1.0]]) * things.radii[:, None]
        thin = np.repeat(things.size, 2)[:, None] * [0.2, 0.55]
        brush.ellipses(ears.reshape(-1, 2), thin, [ink for ink in self._inks for _ in range(2)])
        brush.ellipses(things.place, things.radii, self._inks)


def _wings(things: Things) -> Floats:
    """Two strokes a bird: [n, 3, 2]."""
    open_by = 0.6 + 0.35 * np.sin(5 * things.turn)
    tips = np.stack([-1.5 * things.size, -open_by * things.size], axis=1)
    left, right = things.place + tips, things.place + tips * [-1, 1]
    return np.stack([left, things.place, right], axis=1)
