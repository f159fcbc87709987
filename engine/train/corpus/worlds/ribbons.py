"""Ribbons in the wind: broad bands that pass, loops that hop on a line, or shreds that writhe."""

from __future__ import annotations

import numpy as np

from .paths import Things, path_of
from .stage import BEHIND, Brush, Floats, Ink, Layout, Moment, gradient

_FLOOR = 0.86
_ALONG = np.linspace(-1, 1, 14)


class Ribbons:
    def __init__(self, layout: Layout) -> None:
        rng = layout.rng
        angle = rng.uniform(-0.4, 0.4) + (0 if layout.odd else np.pi)
        self._cloth = gradient(layout.width, layout.height, (70, 65), (170, 15), angle)
        self._motion = layout.motion
        self._path = path_of(layout.motion, rng, layout.aspect, _FLOOR, margin=0.66)
        count = self._path.count
        self._inks = layout.inks(count, (205, 252), (170, 255))
        self._edges: list[Ink] = [(tone // 2, accent) for tone, accent in self._inks]
        self._late = rng.uniform(0, 2 * np.pi, count)
        # Threads of the cloth behind.
        self._across = np.linspace(-0.4, layout.aspect + 0.4, 30)
        self._rows = np.linspace(-0.2, 1.2, 8 if layout.odd else 6)
        self._wave = rng.uniform(0.8, 1.6), rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.09)
        self._lean = rng.uniform(0.08, 0.2) * (1 if layout.odd else -1)

    def draw(self, brush: Brush, moment: Moment) -> None:
        brush.fill(self._cloth)
        length, late, tall = self._wave
        along = self._across - 0.6 * moment.pan - BEHIND * moment.phase
        bend = tall * np.sin(2 * np.pi * along / length + late) + self._lean * (self._across - 0.9)
        threads = np.stack(np.broadcast_arrays(self._across, self._rows[:, None] + bend), axis=2)
        inks: list[Ink] = [(200, 40) if k % 2 else (45, 80) for k in range(len(self._rows))]
        brush.lines(threads, 0.03, inks)
        things = self._path.at(moment)
        if self._motion == "drift":
            for band, ink, edge in zip(self._bands(things), self._inks, self._edges, strict=True):
                brush.polygon(band, ink)
                brush.lines(band[None, : len(_ALONG)], 0.02, [edge])
        elif self._motion == "bounce":
            line = np.array([[[-1.0, _FLOOR + 0.02], [4, _FLOOR + 0.02]]])
            brush.polygon(np.array([[-1.0, _FLOOR], [4, _FLOOR], [4, 2], [-1, 2]]), (40, 60))
            brush.lines(line, 0.03, [(90, 160)])
            brush.rings(things.place, things.radii * 0.78, 0.045, self._inks)
            brush.ellipses(things.place, things.radii * 0.3, self._edges)
        else:
            brush.lines(self._shreds(things), 0.014, self._inks)

    def _bands(self, things: Things) -> Floats:
        """Closed outlines, the upper edge first: [n, 2 * 14, 2]."""
        size = things.size[:, None]
        across = things.place[:, :1] + 2.2 * size * _ALONG
        bend = 0.5 * size * np.sin(3.2 * _ALONG + self._late[:, None] + 0.5 * things.turn[:, None])
        half = 0.36 * size * (1 - 0.85 * _ALONG**2)
        middle = things.place[:, 1:] + bend
        upper, lower = np.stack([across, middle - half], 2), np.stack([across, middle + half], 2)
        return np.concatenate([upper, lower[:, ::-1]], axis=1)

    def _shreds(self, things: Things) -> Floats:
        """Short waves along their heading: [n, 5, 2]."""
        along = np.linspace(-2.0, 2.0, 5)
        wave = 0.6 * np.sin(1.7 * along + self._late[:, None] + 3 * things.turn[:, None])
        sine, cosine = np.sin(things.turn)[:, None], np.cos(things.turn)[:, None]
        x, y = cosine * along - sine * wave, sine * along + cosine * wave
        return things.place[:, None] + np.stack([x, y], axis=2) * things.size[:, None, None]
