"""Plain shapes on paper: discs, triangles, squares and pentagons before pale circles."""

from __future__ import annotations

import numpy as np

from .paths import corners, path_of
from .stage import BEHIND, Brush, Ink, Layout, Moment, gradient

_FLOOR = 0.86


class Shapes:
    def __init__(self, layout: Layout) -> None:
        rng = layout.rng
        angle = rng.uniform(0.2, 0.8) + (np.pi if layout.odd else 0)
        self._paper = gradient(layout.width, layout.height, (185, 25), (60, 60), angle)
        self._path = path_of(layout.motion, rng, layout.aspect, _FLOOR)
        self._bounces = layout.motion == "bounce"
        self._aspect = layout.aspect
        count = self._path.count
        self._corners = rng.choice([0, 3, 4, 5], count)
        light, dark = layout.inks(count, (205, 250), (190, 255)), layout.inks(count, (25, 60), (120, 220))
        self._inks = [dark[k] if k % 3 == 2 else light[k] for k in range(count)]
        self._circles = rng.random((5, 2)) * [layout.aspect + 0.6, 1.2] - [0.3, 0.1]
        self._wide = np.repeat(rng.uniform(0.18, 0.42, (5, 1)), 2, axis=1)
        self._pale: list[Ink] = [(205, 40), (90, 70), (165, 20), (75, 90), (190, 60)]

    def draw(self, brush: Brush, moment: Moment) -> None:
        brush.fill(self._paper)
        aside = np.array([0.5 * moment.pan + BEHIND * moment.phase, 0])
        room = self._aspect + 1.0
        centres = np.stack(
            [np.mod(self._circles[:, 0] + aside[0] + 0.5, room) - 0.5, self._circles[:, 1]], axis=1
        )
        brush.rings(centres, self._wide, 0.035, self._pale)
        if self._bounces:
            ground = np.array([[-1.0, _FLOOR], [4, _FLOOR], [4, 2], [-1, 2]])
            brush.polygon(ground, (45, 70))
        things = self._path.at(moment)
        for sides in (3, 4, 5):
            chosen = np.flatnonzero(self._corners == sides)
            brush.convex(corners(things, sides)[chosen], [self._inks[k] for k in chosen])
        chosen = np.flatnonzero(self._corners == 0)
        brush.ellipses(things.place[chosen], things.radii[chosen], [self._inks[k] for k in chosen])
