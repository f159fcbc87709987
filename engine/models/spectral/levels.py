"""Levels and shapes to magnitudes, and sound back to its levels: a long window loses an attack's moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import scipy.fft

from ..config import SpectralConfig
from .bands import SHORT_FLOOR, bands_of, power, short_spectra

Floats = npt.NDArray[np.float32]

# Rounds of gains: a reading's neighbours change what it hears.
_GAIN_ROUNDS = 2
_MOST_GAIN = 3.0  # natural logarithm of amplitude: 26 dB
# Differences up to 1 dB are left: they are the beating of tones, and to copy it would blur them.
_LEAST_GAIN = 0.1
# Bands on either side that a line is lifted over.
_AROUND = 4


def magnitudes(
    levels: Floats, shapes: Floats, config: SpectralConfig, *, before: Floats, after: Floats
) -> Floats:
    """Magnitudes of the long window, [n, fft // 2 + 1], of n steps.

    levels [n, stacked * levels] and shapes [n, bands] as `analysis.analyse` gives them; `before` and `after`
    are the levels of the `context_steps` steps on either side (fewer at the ends).
    """
    tables = bands_of(config)
    spread = tables.spread(sharpened(shapes, config.sharpening))
    have = np.exp(spread) @ tables.long_wide.T
    wanted = _long_levels(levels, before, after, config)
    return np.exp(0.5 * (spread + np.log(wanted / np.maximum(have, 1e-12)) @ tables.long_wide))


def context_steps(config: SpectralConfig) -> int:
    """Steps on either side whose levels a step's long window hears."""
    return -(-config.fft // (2 * config.hop))


def steadied(shapes: Floats) -> Floats:
    """Each step's shape with a quarter of either neighbour's: jumps between codewords sound like attacks."""
    padded = np.pad(shapes, ((1, 1), (0, 0)), mode="edge")
    return 0.5 * shapes + 0.25 * (padded[:-2] + padded[2:])


def sharpened(shapes: Floats, strength: float) -> Floats:
    """Shapes whose lines stand out more: what differs from the mean of the bands around is raised."""
    width = 2 * _AROUND + 1
    padded = np.pad(shapes, ((0, 0), (_AROUND, _AROUND)), mode="edge")
    sums = np.cumsum(np.pad(padded, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    around = ((sums[:, width:] - sums[:, :-width]) / width).astype(np.float32)
    return shapes + np.float32(strength) * (shapes - around)


def _long_levels(levels: Floats, before: Floats, after: Floats, config: SpectralConfig) -> Floats:
    """Power in the wide bands that the long window hears of the short ones' readings, [n, levels]."""
    stacked, hop = config.stacked, config.spectrum_hop
    context = context_steps(config)
    whole = np.concatenate((before, levels, after))
    missing = context - len(before), context - len(after)
    padded = np.pad(np.exp(whole), (missing, (0, 0)))
    readings = padded.reshape(len(padded) * stacked, config.levels)
    # Offsets of readings from the middle of a step, and the squared window there.
    offsets = (np.arange((2 * context + 1) * stacked) + 0.5) * hop - (context + 0.5) * config.hop
    inside = np.abs(offsets) < config.fft / 2
    weights = np.where(inside, np.cos(np.pi * offsets / config.fft) ** 4, 0)
    weights /= weights.sum()
    views = np.lib.stride_tricks.sliding_window_view(readings, len(weights), axis=0)[::stacked]
    tables = bands_of(config)
    # Noise of one power reads as the energy of either window, summed over as many bins as it has.
    scale = float(np.square(tables.long_window).sum() / np.square(tables.short_window).sum())
    scale *= config.fft / (2 * hop)
    return np.asarray(scale * (views @ weights), np.float32)


def shaped(pieces: Iterable[Floats], levels: Iterable[Floats], config: SpectralConfig) -> Iterator[Floats]:
    """The sound with gains that bring it near these levels, at every reading and in every wide band.

    pieces of mono float32, any length; levels [n, stacked * levels] a piece at a time, of all steps. Gives as
    many samples as come in, whatever the pieces.
    """
    stream = iter(levels)
    margin = 2 * (_GAIN_ROUNDS + 1)
    hop = config.spectrum_hop
    sound: Floats = np.zeros(0, np.float32)
    wanted: Floats = np.zeros((0, config.levels), np.float32)
    # Readings at the front that are there for the context only.
    led = 0
    for piece in pieces:
        sound = np.concatenate((sound, piece))
        ready = len(sound) // hop - margin
        if ready <= led:
            continue
        while len(wanted) < len(sound) // hop:
            wanted = np.concatenate((wanted, next(stream).reshape(-1, config.levels)))
        yield _gained(sound, wanted, config)[led * hop : ready * hop]
        keep = max(0, ready - margin)
        sound, wanted, led = sound[keep * hop :], wanted[keep:], ready - keep
    for more in stream:
        wanted = np.concatenate((wanted, more.reshape(-1, config.levels)))
    yield _gained(sound, wanted, config)[led * hop :]


def _gained(sound: Floats, wanted: Floats, config: SpectralConfig) -> Floats:
    tables, hop = bands_of(config), config.spectrum_hop
    for _ in range(_GAIN_ROUNDS):
        spectra = short_spectra(sound, config)
        count = min(len(spectra), len(wanted))
        have = np.log(power(spectra[:count]) @ tables.short_wide.T + np.float32(SHORT_FLOOR))
        gains = np.clip(0.5 * (wanted[:count] - have), -_MOST_GAIN, _MOST_GAIN)
        gains -= np.clip(gains, -_LEAST_GAIN, _LEAST_GAIN)
        spectra[:count] *= np.exp(gains @ tables.short_wide)
        frames = scipy.fft.irfft(spectra, 2 * hop, axis=1) * tables.short_window
        out = np.zeros((len(frames) + 1, hop), np.float32)
        out[:-1] += frames[:, :hop]
        out[1:] += frames[:, hop:]
        sound = out.reshape(-1)[hop // 2 :][: len(sound)]
    return sound
