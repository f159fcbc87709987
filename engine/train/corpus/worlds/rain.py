"""A wet street at the foot of lit houses: sheets of rain, drops that rebound in rings, or gusts."""

from __future__ import annotations

import numpy as np

from .paths import Things, path_of
from .stage import BEHIND, Brush, Floats, Layout, Moment, gradient

_FLOOR = 0.86
_STREET = 0.76


class Rain:
    def __init__(self, layout: Layout) -> None:
        rng = layout.rng
        down = 1.35 if layout.odd else 1.8
        first, last = ((70, 20), (190, 60)) if layout.odd else ((195, 45), (95, 20))
        self._air = gradient(layout.width, layout.height, first, last, down)
        self._motion = layout.motion
        self._path = path_of(layout.motion, rng, layout.aspect, _FLOOR, margin=0.66)
        self._inks = layout.inks(self._path.count, (215, 252), (150, 255))
        if layout.motion == "drift":
            self._inks = layout.inks(self._path.count, (150, 245), (90, 230))
        count = int(rng.integers(9, 13))
        self._room = layout.aspect + 1.0
        self._left = np.arange(count) / count * self._room
        self._wide = self._room / count * rng.uniform(0.62, 0.95, count)
        self._top = _STREET - rng.uniform(0.16, 0.58, count)
        self._houses = layout.inks(count, (30, 75), (0, 60))
        panes = count * 6
        self._pane_house = np.repeat(np.arange(count), 6)
        self._pane = np.stack(
            [rng.integers(0, 2, panes) * 0.45 + 0.2, rng.integers(0, 6, panes) * 0.075], axis=1
        )
        self._lit = layout.inks(panes, (130, 235), (150, 255))
        self._slant = rng.uniform(0.2, 0.5) * (1 if layout.odd else -1)

    def draw(self, brush: Brush, moment: Moment) -> None:
        brush.fill(self._air)
        left = np.mod(self._left + 0.6 * moment.pan + BEHIND * moment.phase, self._room) - 0.5
        street = np.full(len(left), _STREET)
        brush.convex(_boxes(left, self._top, self._wide, street - self._top), self._houses)
        house = self._pane_house
        high = self._top[house] + 0.04 + self._pane[:, 1]
        seen = np.flatnonzero(high < _STREET - 0.05)
        across = left[house] + self._pane[:, 0] * self._wide[house]
        panes = _boxes(across[seen], high[seen], 0.22 * self._wide[house][seen], np.full(len(seen), 0.04))
        brush.convex(panes, [self._lit[k] for k in seen])
        brush.polygon(np.array([[-1.0, _STREET], [4, _STREET], [4, 2], [-1, 2]]), (60, 45))
        # Houses stand in the wet street upside down, faint.
        brush.convex(_boxes(left, street, self._wide, 0.35 * (street - self._top)), [(48, 30)] * len(left))
        things = self._path.at(moment)
        if self._motion == "drift":
            brush.convex(self._sheets(things), self._inks)
        elif self._motion == "bounce":
            self._drops(brush, moment, things)
        else:
            step = np.stack([np.cos(things.turn), np.sin(things.turn)], axis=1) * 1.5 * things.size[:, None]
            brush.lines(np.stack([things.place - step, things.place + step], axis=1), 0.011, self._inks)

    def _sheets(self, things: Things) -> Floats:
        along = np.array([self._slant, 1.0])
        reach, wide = 2.1 * things.size[:, None] * along, things.size[:, None] * [0.42, 0.0]
        middle = things.place
        return np.stack(
            [middle - reach - wide, middle - reach + wide, middle + reach + wide, middle + reach - wide], 1
        )

    def _drops(self, brush: Brush, moment: Moment, things: Things) -> None:
        # A ring runs out from where the drop last touched, for one beat.
        age = np.mod(moment.beats + np.arange(len(things.size)) % 2 * 0.5, 1)
        touch = np.stack([things.place[:, 0], np.full(len(age), _FLOOR + 0.02)], axis=1)
        rings = np.stack([0.05 + 0.16 * age, 0.012 + 0.04 * age], axis=1)
        tone = np.rint(200 - 130 * age).astype(int).tolist()
        brush.rings(touch, rings, 0.012, [(value, 120) for value in tone])
        brush.ellipses(things.place, things.radii, self._inks)
        tips = (
            things.place[:, None]
            + np.array([[-0.75, -0.55], [0.75, -0.55], [0.0, -1.9]]) * things.radii[:, None]
        )
        brush.convex(tips, self._inks)


def _boxes(
    left: Floats,
    top: Floats,
    wide: Floats,
    high: Floats,
) -> Floats:
    """Upright rectangles, [n, 4, 2]."""
    x = np.stack([left, left + wide, left + wide, left], axis=1)
    y = np.stack([top, top, top + high, top + high], axis=1)
    return np.stack([x, y], axis=2)
