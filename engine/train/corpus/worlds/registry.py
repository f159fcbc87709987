"""The worlds by the names that scenarios give."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..scenario import Motion
from .hills import Hills
from .rain import Rain
from .ribbons import Ribbons
from .shapes import Shapes
from .stage import Layout, World
from .tiles import Tiles
from .tunnel import Tunnel

_WORLDS: dict[str, Callable[[Layout], World]] = {
    "shapes": Shapes,
    "hills": Hills,
    "rain": Rain,
    "tiles": Tiles,
    "tunnel": Tunnel,
    "ribbons": Ribbons,
}


def world_of(
    name: str, rng: np.random.Generator, motion: Motion, width: int, height: int, odd: bool
) -> World:
    """One shot of a world, laid out by `rng`; shots that follow each other differ in `odd`. ValueError for an
    unknown name.
    """
    if name not in _WORLDS:
        raise ValueError(f"no visual world is called {name!r}")
    return _WORLDS[name](Layout(rng, motion, width, height, odd))
