"""Colours of a made film: drawings hold tone and accent only, a table turns both into RGB.

So the laws of mood and colour hold for every world alike: mood moves luma and the warm-cold axis of the
chroma plane (features.py measures the same axis), colour sets the length of chroma, and nothing that is
drawn can undo either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

_ACCENT_STEPS = 64
# Chroma (0..181) of pale and of vivid films; more does not fit into dark blues and light oranges.
_PALE, _VIVID = 7.0, 62.0
# Hues as angles from the warm end of the warm-cold axis towards magenta, at four moods. What lies behind
# goes from blue by green to amber, accents from violet by magenta to vermilion: one is as warm as the other.
_MOODS = (0.0, 0.5, 0.75, 1.0)
_BEHIND = (165.0, 270.0, 322.0, 353.0)
_ACCENT = (140.0, 90.0, 46.0, 15.0)


@dataclass(frozen=True, slots=True)
class Palette:
    """One shot's colours: uint8 [256 * 64, 3], by tone and a quarter of accent."""

    table: Bytes

    @classmethod
    def of(cls, mood: float, colour: float, turn: float = 0.0) -> Palette:
        """Colours of a mood and a colour, each 0..1; `turn` -1..1 varies the hues and leaves the mood."""
        tone = np.linspace(0, 1, 256)
        light = (_mix(0.035, 0.30, mood) + _mix(0.50, 0.68, mood) * tone ** _mix(2.0, 0.62, mood)) * 255
        hues = np.deg2rad([np.interp(mood, _MOODS, ends) + 7 * turn for ends in (_BEHIND, _ACCENT)])
        behind, accent = np.stack([np.cos(hues), np.sin(hues)], axis=1)
        # Only the soft edges of things lie between the two.
        share = np.clip((np.arange(_ACCENT_STEPS) / (_ACCENT_STEPS - 1) - 0.3) / 0.4, 0, 1)[:, None]
        hue = (1 - share) * behind + share * accent
        wanted = _mix(_PALE, _VIVID, colour) * (1 + 0.25 * share[:, 0])
        length = np.linalg.norm(hue, axis=1)
        # Green and magenta meet in grey.
        hue *= (wanted / np.maximum(length, 0.35))[:, None]
        red, blue = (hue[:, 1] + hue[:, 0]) / np.sqrt(2), (hue[:, 1] - hue[:, 0]) / np.sqrt(2)
        step = np.stack([1.402 * red, -0.344136 * blue - 0.714136 * red, 1.772 * blue], axis=1)
        rgb = light[:, None, None] + _room(light, step)[:, :, None] * step[None]
        return cls(np.clip(np.rint(rgb), 0, 255).astype(np.uint8).reshape(-1, 3))

    def paint(self, drawing: Bytes) -> Bytes:
        """RGB uint8 [h, w, 3] of a drawing uint8 [h, w, 2] of tone and accent."""
        index = drawing[..., 0].astype(np.intp) * _ACCENT_STEPS + (drawing[..., 1] >> 2)
        return np.take(self.table, index, axis=0)


def _mix(low: float, high: float, share: float) -> float:
    return low + (high - low) * share


def _room(light: Floats, step: Floats) -> Floats:
    """How much of each chroma fits at each luma before a channel ends, 0..1: [tones, accents]."""
    up = (255 - light)[:, None, None] / np.maximum(step, 1e-9)[None]
    down = light[:, None, None] / np.maximum(-step, 1e-9)[None]
    room: Floats = np.minimum(np.minimum(up, down).min(axis=2), 1.0)
    return room
