"""Sound to what a step is told by: the shape of its long spectrum, and the levels inside it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import scipy.fft

from ..config import SpectralConfig
from .bands import LONG_FLOOR_A_SAMPLE, SHORT_FLOOR, bands_of, power

Floats = npt.NDArray[np.float32]

# Ten seconds are looked at together: memory does not grow with the music.
_STEPS = 500


def analyse(sound: Floats, config: SpectralConfig) -> Iterator[tuple[Floats, Floats]]:
    """(levels [n, stacked * levels], shapes [n, bands]) of mono float32 [samples], `n` steps at a time.

    Natural logarithms of power. Step i is of samples i * hop to (i + 1) * hop: the long window is centred on
    its middle. A shape has the levels of its own wide bands taken off. What lies outside is silence.
    """
    hop = config.hop
    steps = -(-len(sound) // hop)
    reach = config.fft // 2
    for start in range(0, steps, _STEPS):
        stop = min(start + _STEPS, steps)
        first, last = start * hop - reach, stop * hop + reach
        piece = np.pad(
            sound[max(first, 0) : last].astype(np.float32, copy=False),
            (max(-first, 0), max(0, last - len(sound))),
        )
        yield (
            levels_of(piece, config, reach, stop - start),
            shapes_of(piece, config, reach, stop - start),
        )


def levels_of(piece: Floats, config: SpectralConfig, reach: int, steps: int) -> Floats:
    """Levels of the steps that begin `reach` samples into the piece: [steps, stacked * levels]."""
    tables = bands_of(config)
    half = config.spectrum_hop // 2
    inner = piece[reach - half : reach + steps * config.hop + config.spectrum_hop - half]
    # The readings before and after the steps only see the borders.
    frames = np.lib.stride_tricks.sliding_window_view(inner, 2 * config.spectrum_hop)[:: config.spectrum_hop]
    spectra = scipy.fft.rfft(frames * tables.short_window, axis=1)
    wide = power(spectra) @ tables.short_wide.T
    return np.asarray(np.log(wide + np.float32(SHORT_FLOOR)).reshape(steps, -1))


def shapes_of(piece: Floats, config: SpectralConfig, reach: int, steps: int) -> Floats:
    """Shapes of the steps that begin `reach` samples into the piece: [steps, bands]."""
    tables = bands_of(config)
    first = reach + config.hop // 2 - config.fft // 2
    frames = np.lib.stride_tricks.sliding_window_view(piece[first:], config.fft)[:: config.hop][:steps]
    spectra = scipy.fft.rfft(frames * tables.long_window, axis=1)
    narrow = (tables.narrow @ power(spectra).T).T + np.float32(LONG_FLOOR_A_SAMPLE * config.fft)
    wide = (narrow @ tables.narrow_wide.T) / tables.narrow_wide.sum(axis=1)
    return np.asarray(np.log(narrow) - np.log(wide) @ tables.narrow_wide, np.float32)
