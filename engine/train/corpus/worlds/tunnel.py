"""Looking down a many-sided tunnel: wedges swing past, lamps hop on its floor, or sparks fly about."""

from __future__ import annotations

import numpy as np

from .paths import Things, path_of
from .stage import Brush, Floats, Ink, Layout, Moment

_FLOOR = 0.88
_RINGS = 9
# Each ring is this much wider than the one behind it.
_STEP = 1.42


class Tunnel:
    def __init__(self, layout: Layout) -> None:
        rng = layout.rng
        sides = int(rng.integers(5, 7) if layout.odd else rng.integers(7, 10))
        self._angles = rng.uniform(0, 2 * np.pi) + np.arange(sides) * (2 * np.pi / sides)
        lean = 1 if layout.odd else -1
        self._end = np.array([layout.aspect * (0.5 + 0.16 * lean), 0.44 + 0.08 * rng.uniform(-1, 1)])
        self._dark, self._light = (52, 105) if layout.odd else (72, 150)
        self._way = 1 if rng.random() < 0.6 else -1
        self._path = path_of(layout.motion, rng, layout.aspect, _FLOOR)
        self._motion = layout.motion
        self._inks = layout.inks(self._path.count, (200, 252), (170, 255))
        self._void = np.empty((layout.height, layout.width, 2), np.uint8)
        self._void[:] = (self._light, 20)

    def draw(self, brush: Brush, moment: Moment) -> None:
        brush.fill(self._void)
        end = self._end + np.array([0.3 * moment.pan, 0])
        self._rings(brush, moment, end)
        things = self._path.at(moment)
        if self._motion == "drift":
            brush.convex(_wedges(things, end), self._inks)
        elif self._motion == "bounce":
            floor = np.array([[-1.0, 1.12], [end[0], _FLOOR - 0.1], [4, 1.12], [4, 2], [-1, 2]])
            brush.polygon(floor, (30, 60))
            brush.ellipses(things.place, things.radii, self._inks)
            brush.ellipses(things.place, things.radii * 0.5, [(120, 255)] * len(self._inks))
        else:
            brush.convex(_sparks(things), self._inks)

    def _rings(self, brush: Brush, moment: Moment, end: Floats) -> None:
        depth = self._way * 0.35 * moment.phase
        first = int(np.floor(depth))
        unit = np.stack([np.cos(self._angles), np.sin(self._angles)], axis=1)
        sizes = 0.10 * _STEP ** (np.arange(_RINGS)[::-1] + (depth - first))
        shapes = end + unit * sizes[:, None, None]
        inks: list[Ink] = []
        for place in range(_RINGS):
            # A ring keeps its ink while it comes nearer.
            other = (_RINGS - 1 - place - first) % 2
            inks.append((self._dark if other else self._light, 70 if other else 25))
        brush.convex(shapes, inks)
        brush.convex((end + unit * 0.045 * _STEP ** (depth - first))[None], [(215, 60)])


def _wedges(things: Things, end: Floats) -> Floats:
    """Plates whose inner side points at the tunnel's end: [n, 4, 2]."""
    out = things.place - end
    reach = np.maximum(np.linalg.norm(out, axis=1), 0.05)[:, None]
    out = out / reach
    side = np.stack([-out[:, 1], out[:, 0]], axis=1)
    size = things.size[:, None]
    inner, outer = things.place - 0.8 * size * out, things.place + 0.8 * size * out
    return np.stack(
        [
            inner - 0.55 * size * side,
            inner + 0.55 * size * side,
            outer + 1.1 * size * side,
            outer - 1.1 * size * side,
        ],
        axis=1,
    )


def _sparks(things: Things) -> Floats:
    """Lozenges along their way: [n, 4, 2]."""
    ahead = np.stack([np.cos(things.turn), np.sin(things.turn)], axis=1) * 1.5 * things.size[:, None]
    aside = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) * 0.45
    return np.stack(
        [things.place - ahead, things.place + aside, things.place + ahead, things.place - aside], axis=1
    )
