"""What each picture of a source looks like, measured on 96 x 54 pixels, independent of any edit.

Motion is the ratio of what changes in time to what changes in space: for a shift by v pixels the difference
of two pictures is v times their gradient (the brightness constancy equation, Horn and Schunck 1981), so the
sum of one over the sum of the other is the mean speed of everything in the picture, the still parts counted
in. It needs no search and counts pans and objects alike. Coarser pictures see faster shifts: the fastest of
three scales counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .decode import SMALL_HEIGHT, SMALL_WIDTH

# Part of every cache key: raise it when any number below changes.
VERSION = 1

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

LAYOUT_ROWS, LAYOUT_COLUMNS = 9, 16
LUMA_BINS = 16
# Edges of Cb and Cr classes (grey is 128): the middle class is grey, so that noise does not change class.
_CHROMA_EDGES = (104, 121, 136, 153)
CHROMA_BINS = (len(_CHROMA_EDGES) + 1) ** 2
_CHROMA_CLASS = np.searchsorted(_CHROMA_EDGES, np.arange(256), side="right").astype(np.uint8)

# Mean gradient (grey levels a pixel) below which a picture is too flat to tell motion from noise.
_FLAT = 1.5
# Chroma (0..181) of a saturated picture, and the one below which a tint means little.
_FULL_CHROMA = 80.0
_TINT_CHROMA = 8.0
# A source's first and last picture are held this long beyond it, which covers rounded lengths.
_HOLD_US = 500_000
# Matroska rounds times to 1 ms, so a picture may carry a time up to half of that after its frame begins.
EARLY_US = 600


@dataclass(frozen=True, slots=True)
class Features:
    """Values of n pictures of one source, in order of time.

    time_us     int64 (n,), microseconds from the source's first picture
    motion      float32 (n,), mean speed in picture widths a second; NaN for a source's first picture
    luminance   float32 (n,), mean luma 0..1
    warmth      float32 (n,), 0 blue, 0.5 neutral, 1 orange
    saturation  float32 (n,), 0..1
    layout      uint8 (n, 3, 9, 16), the picture itself, tiny: Y Cb Cr
    colours     float32 (n, 41): 16 classes of luma, then 25 of chroma; each group sums to 1
    covered_us  int64 (m, 2): the stretches of the source that were read, end exclusive
    end_us      where the source ends, -1 while not known
    """

    time_us: Ints
    motion: Floats
    luminance: Floats
    warmth: Floats
    saturation: Floats
    layout: npt.NDArray[np.uint8]
    colours: Floats
    covered_us: Ints
    end_us: int = -1

    @classmethod
    def none(cls) -> Self:
        empty = np.zeros(0, np.float32)
        return cls(
            np.zeros(0, np.int64),
            empty,
            empty,
            empty,
            empty,
            np.zeros((0, 3, LAYOUT_ROWS, LAYOUT_COLUMNS), np.uint8),
            np.zeros((0, LUMA_BINS + CHROMA_BINS), np.float32),
            np.zeros((0, 2), np.int64),
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[Any]] | None) -> Self:
        """Inverse of `arrays`; nothing when they are missing or not of this shape."""
        none = cls.none()
        if arrays is None or set(arrays) != set(none.arrays()):
            return none
        for name, model in none.arrays().items():
            stored = arrays[name]
            if model.ndim and (stored.dtype != model.dtype or stored.shape[1:] != model.shape[1:]):
                return none
        count = len(arrays["time_us"])
        if any(len(arrays[name]) != count for name in none.arrays() if name not in ("covered_us", "end_us")):
            return none
        values: dict[str, Any] = {**arrays, "end_us": int(arrays["end_us"])}
        return cls(**values)

    def covers(self, start_us: int, end_us: int) -> bool:
        if self.end_us >= 0:
            end_us = min(end_us, self.end_us)
        return end_us <= start_us or bool(
            np.any((self.covered_us[:, 0] <= start_us) & (end_us <= self.covered_us[:, 1]))
        )

    @classmethod
    def merged(cls, parts: Sequence[Features]) -> Self:
        """All together; where two have a picture of one time it is the same, and the first is kept."""
        time_us, first = np.unique(np.concatenate([part.time_us for part in parts]), return_index=True)

        def chosen(name: str) -> Any:
            return np.concatenate([getattr(part, name) for part in parts])[first]

        return cls(
            time_us,
            chosen("motion"),
            chosen("luminance"),
            chosen("warmth"),
            chosen("saturation"),
            chosen("layout"),
            chosen("colours"),
            _joined(np.concatenate([part.covered_us for part in parts])),
            max(part.end_us for part in parts),
        )

    def without_first(self) -> Features:
        """The same pictures but the first."""
        arrays = {
            name: value[1:] for name, value in self.arrays().items() if name not in ("covered_us", "end_us")
        }
        return Features(**arrays, covered_us=self.covered_us, end_us=self.end_us)

    def at(self, times_us: Ints) -> Ints:
        """For each time the index of the picture shown then, -1 where none was read."""
        # The handle of a dissolve may reach out of the source: its first picture is held, as its last one is.
        times_us = np.where((times_us >= -_HOLD_US) & (times_us < 0), 0, times_us)
        index = np.searchsorted(self.time_us, times_us + EARLY_US, side="right") - 1
        seen = np.zeros(len(times_us), bool)
        for start_us, end_us in self.covered_us:
            seen |= (start_us - EARLY_US <= times_us) & (times_us < end_us)
        if self.end_us >= 0:
            seen &= times_us < self.end_us + _HOLD_US
        return np.where(seen & (index >= 0), index, -1)


def _joined(covered_us: Ints) -> Ints:
    out: list[list[int]] = []
    for start_us, end_us in sorted(covered_us.tolist()):
        if out and start_us <= out[-1][1]:
            out[-1][1] = max(out[-1][1], end_us)
        else:
            out.append([start_us, end_us])
    return np.array(out, np.int64).reshape(-1, 2)


def measure(pixels: npt.NDArray[np.uint8], times_us: Ints) -> Features:
    """Features of pictures in a row, uint8 (n, 3, 54, 96) of Y Cb Cr. The first has no motion."""
    luma = pixels[:, 0].astype(np.float32)
    blue = pixels[:, 1].astype(np.float32) - 128
    red = pixels[:, 2].astype(np.float32) - 128
    chroma = np.sqrt(blue * blue + red * red).mean(axis=(1, 2))
    # Orange is high Cr and low Cb: the diagonal of the chroma plane.
    tilt = (red - blue).mean(axis=(1, 2)) / np.float32(np.sqrt(2))
    motion = np.full(len(pixels), np.nan, np.float32)
    if len(pixels) > 1:
        seconds = np.maximum(np.diff(times_us), 1).astype(np.float32) / 1_000_000
        motion[1:] = _shift(luma) / SMALL_WIDTH / seconds
    cell = (SMALL_HEIGHT // LAYOUT_ROWS, SMALL_WIDTH // LAYOUT_COLUMNS)
    blocks = pixels.reshape(-1, 3, LAYOUT_ROWS, cell[0], LAYOUT_COLUMNS, cell[1])
    sums = blocks.sum(axis=(3, 5), dtype=np.uint32)
    size = cell[0] * cell[1]
    return Features(
        times_us,
        motion,
        luma.mean(axis=(1, 2)) / 255,
        0.5 + 0.5 * np.clip(tilt / (chroma + _TINT_CHROMA), -1, 1),
        np.minimum(chroma / _FULL_CHROMA, 1),
        ((sums + size // 2) // size).astype(np.uint8),
        _colours(pixels),
        np.zeros((0, 2), np.int64),
    )


def _shift(luma: Floats) -> Floats:
    """Mean speed between neighbours of (n, h, w) pictures, in pixels: (n - 1,)."""
    fastest = np.zeros(len(luma) - 1, np.float32)
    for scale in (1, 2, 4):
        rows, columns = luma.shape[1] // scale * scale, luma.shape[2] // scale * scale
        small = luma[:, :rows, :columns]
        if scale > 1:
            small = small.reshape(len(luma), rows // scale, scale, columns // scale, scale).mean(axis=(2, 4))
        fastest = np.maximum(fastest, _shift_at_one_scale(small) * scale)
    return fastest


def _shift_at_one_scale(luma: Floats) -> Floats:
    before, after = luma[:-1], luma[1:]
    mean = (before + after) / 2
    difference = after - before
    # A fade or a flicker changes all of the picture by a gain and an offset: that part is not motion.
    centre = mean.mean(axis=(1, 2), keepdims=True)
    offset = difference.mean(axis=(1, 2), keepdims=True)
    spread = mean - centre
    variance = (spread * spread).mean(axis=(1, 2), keepdims=True)
    gain = (difference * spread).mean(axis=(1, 2), keepdims=True) / (variance + 0.05)
    difference = difference - offset - gain * spread
    across = np.abs(mean[:, :, 2:] - mean[:, :, :-2]).mean(axis=(1, 2)) / 2
    down = np.abs(mean[:, 2:] - mean[:, :-2]).mean(axis=(1, 2)) / 2
    moving: Floats = np.abs(difference).mean(axis=(1, 2)) / (np.hypot(across, down) + _FLAT)
    return moving


def _colours(pixels: npt.NDArray[np.uint8]) -> Floats:
    """Shares of the classes of luma and chroma: (n, 41)."""
    count = len(pixels)
    row = np.arange(count, dtype=np.int32)[:, None]
    luma = (pixels[:, 0].reshape(count, -1) >> 4) + row * LUMA_BINS
    # Chroma is coarse in nearly all media: every second pixel loses nothing.
    blue, red = (_CHROMA_CLASS[pixels[:, plane, ::2, ::2].reshape(count, -1)] for plane in (1, 2))
    chroma = blue * np.int32(len(_CHROMA_EDGES) + 1) + red + row * CHROMA_BINS
    groups = [
        np.bincount(classes.ravel(), minlength=count * bins).reshape(count, bins) / classes.shape[1]
        for classes, bins in ((luma, LUMA_BINS), (chroma, CHROMA_BINS))
    ]
    return np.concatenate(groups, axis=1).astype(np.float32)
