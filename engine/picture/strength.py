"""How strong a cut is: what differs between the half seconds on its two sides, as the eye would sum it up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .features import LUMA_BINS, Floats

# Nothing is known of a cut to or from a picture that was not seen: neither strong nor none.
UNSEEN_STRENGTH = 0.3
_WINDOW_S = 0.5

# Weights of the differences, each 0..1, and the weighted sum at which a cut has strength 0.5: jumps within
# one place stay far below it, another place lies around it, another place in another light above.
_LUMA_WEIGHT = 2.0
_COLOUR_WEIGHT = 0.8
_LAYOUT_WEIGHT = 0.8
_COMPOSITION_WEIGHT = 0.5
_MOTION_WEIGHT = 0.5
_HALF = 1.7
# Grey levels of contrast below which a composition is nothing but noise.
_NO_CONTRAST = 3.0


class Look:
    """The arrays strengths are taken from: layout (n, 3, 9, 16) uint8, colours (n, 41), motion (n,) 0..1."""

    def __init__(self, layout: npt.NDArray[np.uint8], colours: Floats, motion: Floats) -> None:
        self._layout = layout
        self._colours = colours
        self._motion = motion

    def strength(self, left: slice, right: slice) -> float:
        """0..1 for the change from frames `left` to frames `right`; 0 when they look the same."""
        before, after = self._colours[left].mean(axis=0), self._colours[right].mean(axis=0)
        # The earth mover's distance of the two luma histograms: 1 is black to white.
        luma = float(np.abs(np.cumsum(before[:LUMA_BINS] - after[:LUMA_BINS])).sum()) / (LUMA_BINS - 1)
        colour = float(np.abs(before[LUMA_BINS:] - after[LUMA_BINS:]).sum()) / 2
        layout, composition = self._moved(left, right)
        motion = abs(float(self._motion[left].mean()) - float(self._motion[right].mean()))
        total = (
            _LUMA_WEIGHT * luma
            + _COLOUR_WEIGHT * colour
            + _LAYOUT_WEIGHT * layout
            + _COMPOSITION_WEIGHT * composition
            + _MOTION_WEIGHT * motion
        )
        return float(total**2 / (total**2 + _HALF**2))

    def _moved(self, left: slice, right: slice) -> tuple[float, float]:
        """How far the two mean tiny pictures differ, and how unlike they are once light is set aside."""
        before = self._layout[left, 0].mean(axis=0)
        after = self._layout[right, 0].mean(axis=0)
        apart = float(np.abs(before - after).mean()) / 255
        before, after = before - before.mean(), after - after.mean()
        noise = _NO_CONTRAST**2
        power = np.sqrt((np.mean(before**2) + noise) * (np.mean(after**2) + noise))
        alike = (float(np.mean(before * after)) + noise) / float(power)
        return apart, 1 - min(1.0, max(0.0, alike))


def window_frames(fps: float) -> int:
    """Frames on each side that are compared."""
    return max(1, round(fps * _WINDOW_S))
