"""CIE L*a*b* of pictures: what the measures and the judge look at."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

# IEC 61966-2-1 primaries to XYZ over the white point D65.
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_TO_WHITE = np.ascontiguousarray((_TO_XYZ / _TO_XYZ.sum(axis=1, keepdims=True)).T, np.float32)


def lab(picture: npt.NDArray[np.uint8]) -> Floats:
    """Of sRGB [h, w, 3] under D65, float32 [h, w, 3]: L 0 to 100."""
    xyz = _linear()[picture].reshape(-1, 3) @ _TO_WHITE
    linear = xyz * np.float32(841 / 108) + np.float32(4 / 29)
    root = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), linear)
    x, y, z = root.T
    out: Floats = np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=1)
    return out.reshape(picture.shape)


@cache
def _linear() -> Floats:
    """Light of each of the 256 values of sRGB."""
    value = np.arange(256) / 255
    return np.where(value > 0.04045, ((value + 0.055) / 1.055) ** 2.4, value / 12.92).astype(np.float32)
