"""`av_align`: peaks of optical flow against onsets (guyyariv/TempoTokens); made for sound effects, noisy for
music.
"""

from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ..errors import InputError

Pictures = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

_LEAST_FLOW = 0.1  # picture elements a frame


def flow(pictures: Pictures) -> Floats:
    """Mean Farneback flow into each picture of uint8 RGB [n, h, w, 3], float64 [n], picture elements a frame.

    The first has the second's, and the parameters are published ones. InputError for fewer than two.
    """
    if pictures.ndim != 4 or pictures.shape[3] != 3 or len(pictures) < 2:
        raise InputError(f"pictures {pictures.shape} have no motion: give at least two in RGB")
    path = os.environ.get("LD_LIBRARY_PATH")
    import cv2

    # OpenCV's import points it at its own folder, which no child process must inherit.
    if path is None:
        os.environ.pop("LD_LIBRARY_PATH", None)
    else:
        os.environ["LD_LIBRARY_PATH"] = path
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures]
    found = []
    for index in range(1, len(grey)):
        moved = cv2.calcOpticalFlowFarneback(
            grey[index - 1],
            grey[index],
            np.zeros((*grey[index].shape, 2), np.float32),
            pyr_scale=0.5,
            levels=3,
            winsize=15,
            iterations=3,
            poly_n=5,
            poly_sigma=1.2,
            flags=0,
        )
        found.append(float(np.hypot(moved[..., 0], moved[..., 1]).mean()))
    return np.array([found[0], *found])


def video_peaks(speed: npt.ArrayLike, fps: float | Fraction) -> Floats:
    """Seconds of the strict local maxima of a flow [n] that reach .1."""
    values = np.asarray(speed, np.float64)
    middle = values[1:-1]
    top = (values[:-2] < middle) & (middle > values[2:]) & (middle >= _LEAST_FLOW)
    return np.asarray((np.flatnonzero(top) + 1) / float(fps))


def av_align(onsets: npt.ArrayLike, peaks: npt.ArrayLike, fps: float | Fraction) -> float:
    """Pairs over all onsets and video peaks, seconds; nan where there are neither.

    In order of the onsets, each takes the first peak less than a frame away that none took before. The
    published code lets a peak be taken twice, which can exceed 1.
    """
    heard, seen = np.sort(np.asarray(onsets, np.float64)), np.sort(np.asarray(peaks, np.float64))
    taken = np.zeros(len(seen), np.bool_)
    pairs = 0
    for onset in heard:
        free = np.flatnonzero((np.abs(seen - onset) < 1 / float(fps)) & ~taken)
        if len(free):
            taken[free[0]] = True
            pairs += 1
    union = len(heard) + len(seen) - pairs
    return pairs / union if union else float("nan")
