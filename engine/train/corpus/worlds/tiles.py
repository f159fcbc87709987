"""A wall of square tiles; slabs slide over it, blocks hop on a ledge, or chips scatter."""

from __future__ import annotations

import numpy as np

from .paths import path_of
from .stage import BEHIND, Brush, Floats, Layout, Moment

_FLOOR = 0.86
_SQUARE = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
_JOINT = 0.92


class Tiles:
    def __init__(self, layout: Layout) -> None:
        rng = layout.rng
        self._side = float(rng.uniform(0.2, 0.24) if layout.odd else rng.uniform(0.27, 0.33))
        columns, rows = int((layout.aspect + 1.2) / self._side) + 1, int(1.6 / self._side) + 1
        x, y = np.meshgrid(
            (np.arange(columns) + 0.5) * self._side, (np.arange(rows) + 0.5) * self._side - 0.3
        )
        self._middles = np.stack([x.ravel(), y.ravel()], axis=1)
        self._room = columns * self._side
        # The wall is lighter on one side, and the checks go the other way in the next shot.
        slope = (x.ravel() / self._room if layout.odd else 1 - x.ravel() / self._room) * 120
        check = (np.arange(columns)[None] + np.arange(rows)[:, None] + layout.odd).ravel() % 2 * 22
        tone = np.clip(45 + slope + check + rng.integers(-8, 9, len(slope)), 0, 255)
        self._wall = list(
            zip(tone.astype(int).tolist(), rng.integers(0, 80, len(tone)).tolist(), strict=True)
        )
        self._joint = np.empty((layout.height, layout.width, 2), np.uint8)
        self._joint[:] = (28, 30)
        self._path = path_of(layout.motion, rng, layout.aspect, _FLOOR)
        self._motion = layout.motion
        self._inks = layout.inks(self._path.count, (195, 250), (180, 255))
        self._rims = [(tone * 2 // 3, accent) for tone, accent in self._inks]

    def draw(self, brush: Brush, moment: Moment) -> None:
        brush.fill(self._joint)
        aside = 0.6 * moment.pan + BEHIND * moment.phase
        across = np.mod(self._middles[:, 0] + aside, self._room) - 0.5
        middles = np.stack([across, self._middles[:, 1]], axis=1)
        brush.convex(middles[:, None] + _SQUARE * (self._side / 2 * _JOINT), self._wall)
        if self._motion == "bounce":
            brush.polygon(np.array([[-1.0, _FLOOR], [4, _FLOOR], [4, 2], [-1, 2]]), (28, 60))
        things = self._path.at(moment)
        # Blocks stand upright; chips tumble.
        square = _SQUARE * (1.15 if self._motion == "drift" else 0.86)
        if self._motion == "swarm":
            sine, cosine = np.sin(things.turn), np.cos(things.turn)
            turned: Floats = np.stack(
                [
                    cosine[:, None] * square[:, 0] - sine[:, None] * square[:, 1],
                    sine[:, None] * square[:, 0] + cosine[:, None] * square[:, 1],
                ],
                axis=2,
            )
            brush.convex(things.place[:, None] + turned * things.radii[:, None], self._inks)
            return
        brush.convex(things.place[:, None] + square * things.radii[:, None], self._rims)
        brush.convex(things.place[:, None] + square * things.radii[:, None] * 0.74, self._inks)
