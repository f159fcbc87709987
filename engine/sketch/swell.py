"""The swell of held notes: who bows, blows or sings grows into a long note and lets go of it again.

Singers call it messa di voce. The longer the note the more it has time for; a note of half a second has none.
Mean power stays about that of a note that does not swell, so that balances hold.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from .envelope import Scratch

FloatArray = npt.NDArray[np.float32]

RATE = 48_000
# A note gets this much louder from its begin to its height, by its length.
_NONE_S, _DB_A_SECOND, _MOST_DB = 0.6, 6.5, 8.0
# Its begin is stressed a little, as bow and tongue do, where there is time for it: whole from this length on.
_STRESS_DB, _STRESSED_S = 3.0, 0.8
# It speaks first: what grows from the first moment on is heard late. Then its height. Shares of its length.
_SPEAKS_S, _SPEAKS, _HEIGHT = 0.6, 0.4, 0.8
# Of the whole swell: how far its begin lies under a note that does not swell. At the end it is above that.
_UNDER, _END = 0.6, 0.1


def depth_db(length: int) -> float:
    """How much a note held `length` frames grows, dB."""
    return min(max(length / RATE - _NONE_S, 0.0) * _DB_A_SECOND, _MOST_DB)


def corners(length: int) -> tuple[tuple[int, float], ...]:
    """(frame, dB beside the bare sound) where a note begins, begins to grow, is loudest, ends."""
    deep = depth_db(length)
    grows = min(round(_SPEAKS * length), round(_SPEAKS_S * RATE))
    low, high = -_UNDER * deep, (1 - _UNDER) * deep
    return (0, low + _stress_db(length)), (grows, low), (round(_HEIGHT * length), high), (length, _END * deep)


def _stress_db(length: int) -> float:
    return min(max(length / RATE / _STRESSED_S - 0.5, 0.0) * 2, 1.0) * _STRESS_DB


def swell(shape: FloatArray, length: int, scratch: Scratch) -> None:
    """Multiply the envelope of a note held `length` frames by its swell, in place; its release goes on from
    the end's level.
    """
    if _stress_db(length) <= 0:
        return
    points = [(frame, 10 ** (level / 20)) for frame, level in corners(length)]
    for (first, low), (last, high) in pairwise(points):
        part = shape[first:last]
        if low == high:
            part *= np.float32(low)
            continue
        x = np.multiply(
            scratch.ramp(len(part)), np.float32(1 / (last - first)), out=scratch.array("x", len(part))
        )
        # x x (3 - 2 x): flat at both ends.
        gain = np.multiply(x, np.float32(-2), out=scratch.array("gain", len(part)))
        gain += np.float32(3)
        gain *= x
        gain *= x
        gain *= np.float32(high - low)
        gain += np.float32(low)
        part *= gain
