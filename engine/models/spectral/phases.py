"""Magnitudes to sound, a block at a time: phases that agree with each other, found by looking a little ahead.

The first estimate follows the lines of the spectrum from step to step (single pass spectrogram inversion;
Beauregard, Harish and Wyse, 2015), so that tones keep their pitch; a few rounds of fast Griffin-Lim
(Perraudin, Balazs and Sondergaard, 2013) make neighbours agree. Blocks lie on a fixed grid and a step's
phases are final once its block is done, so the sound does not depend on how it is read, and every step is
added in exactly once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import scipy.fft

from ..config import SpectralConfig
from .bands import bands_of

Floats = npt.NDArray[np.float32]
Complex = npt.NDArray[np.complex64]

BLOCK_STEPS = 50
_AHEAD_STEPS = 10
_MOMENTUM = np.float32(0.99)
_SMALLEST = np.float32(1e-9)
# Where hardly any window reaches, nothing is scaled up.
_LEAST_COVER = 1e-3


def sound_of(blocks: Iterable[Floats], config: SpectralConfig) -> Iterator[Floats]:
    """Mono float32 pieces, together `hop` samples a step, of magnitudes [n, fft // 2 + 1] in pieces.

    Step i's window is centred on the middle of its samples.
    """
    adder = _Adder(config)
    past = np.zeros((0, config.fft // 2 + 1), np.complex64)
    for magnitudes, count in _blocks(blocks):
        spectra = _agreed(past, magnitudes, config)[:count]
        past = np.concatenate((past, spectra))[-_reach(config) :]
        yield adder.add(spectra)
    yield adder.rest()


def _reach(config: SpectralConfig) -> int:
    """Steps whose windows overlap a step's on one side."""
    return -(-config.fft // config.hop)


def _blocks(pieces: Iterable[Floats]) -> Iterator[tuple[Floats, int]]:
    """Pieces of any length as blocks of the grid with the steps ahead of them, and the blocks' own steps."""
    held: list[Floats] = []
    for piece in pieces:
        held.append(piece)
        whole = np.concatenate(held)
        while len(whole) >= BLOCK_STEPS + _AHEAD_STEPS:
            yield whole[: BLOCK_STEPS + _AHEAD_STEPS], BLOCK_STEPS
            whole = whole[BLOCK_STEPS:]
        held = [whole]
    whole = np.concatenate(held) if held else np.zeros((0, 0), np.float32)
    while len(whole):
        yield whole[: BLOCK_STEPS + _AHEAD_STEPS], min(BLOCK_STEPS, len(whole))
        whole = whole[BLOCK_STEPS:]


def _agreed(past: Complex, magnitudes: Floats, config: SpectralConfig) -> Complex:
    """Spectra of these magnitudes that overlap well with each other and with the final ones before them."""
    known = len(past)
    before = np.angle(past[-1]) if known else np.zeros(magnitudes.shape[1])
    target = np.concatenate((np.abs(past), magnitudes))
    phases = follow_lines(magnitudes, before, config)
    spectra = np.concatenate((past, magnitudes * np.exp(1j * phases).astype(np.complex64)))
    last: Complex | None = None
    for _ in range(config.rounds):
        heard = _spectra(_overlap(spectra, config), config)
        ahead = heard if last is None else heard + _MOMENTUM * (heard - last)
        last = heard
        spectra = target * (ahead / np.maximum(np.abs(ahead), _SMALLEST))
        spectra[:known] = past
    return spectra[known:]


def follow_lines(
    magnitudes: Floats, before: npt.NDArray[np.floating], config: SpectralConfig
) -> npt.NDArray[np.float64]:
    """Phases [n, bins] of steps after one whose phases are `before`: every peak turns at its own frequency.

    The bins around a peak turn with it, their signs alternating as those of a window's main lobe do.
    """
    bins = np.arange(magnitudes.shape[1])
    phases = np.empty(magnitudes.shape)
    now = np.asarray(before, np.float64)
    for index, step in enumerate(np.log(np.maximum(magnitudes, _SMALLEST)).astype(np.float64)):
        peaks = np.flatnonzero((step[1:-1] > step[:-2]) & (step[1:-1] >= step[2:])) + 1
        if len(peaks):
            left, top, right = step[peaks - 1], step[peaks], step[peaks + 1]
            bend = left - 2 * top + right
            exact = peaks + np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1), 0)
            turned = now[peaks] + 2 * np.pi * config.hop / config.fft * exact
            owner = np.searchsorted((peaks[1:] + peaks[:-1] + 1) // 2, bins, "right")
            now = np.mod(turned[owner] + np.pi * ((bins - peaks[owner]) % 2), 2 * np.pi)
        phases[index] = now
    return phases


def _overlap(spectra: Complex, config: SpectralConfig) -> Floats:
    """Windowed frames laid over each other, scaled by how much of the window lies there."""
    added, cover = _laid(spectra, config)
    return np.asarray(added / np.maximum(cover, _LEAST_COVER * cover.max()))


def _laid(spectra: Complex, config: SpectralConfig) -> tuple[Floats, Floats]:
    """Sum of windowed frames and of squared windows, [(n - 1) * hop + fft, rounded up to whole hops]."""
    window, hop, reach = bands_of(config).long_window, config.hop, _reach(config)
    count = len(spectra)
    frames = np.zeros((count, reach * hop), np.float32)
    np.multiply(scipy.fft.irfft(spectra, config.fft, axis=1), window, out=frames[:, : config.fft])
    square = np.zeros(reach * hop, np.float32)
    square[: config.fft] = window * window
    added = np.zeros((count + reach - 1, hop), np.float32)
    cover = np.zeros_like(added)
    for part in range(reach):
        columns = slice(part * hop, (part + 1) * hop)
        added[part : part + count] += frames[:, columns]
        cover[part : part + count] += square[columns]
    return added.reshape(-1), cover.reshape(-1)


def _spectra(sound: Floats, config: SpectralConfig) -> Complex:
    frames = np.lib.stride_tricks.sliding_window_view(sound, config.fft)[:: config.hop]
    return np.asarray(scipy.fft.rfft(frames * bands_of(config).long_window, axis=1))


class _Adder:
    """Overlap-add of final spectra; gives out what no later step can reach."""

    def __init__(self, config: SpectralConfig) -> None:
        self._config = config
        # Sums not given out yet; the first begins where the first step's window does.
        self._added: Floats = np.zeros(0, np.float32)
        self._cover: Floats = np.zeros(0, np.float32)
        # Samples before the first step's own.
        self._drop = config.fft // 2 - config.hop // 2
        self._owed = 0
        window = bands_of(config).long_window
        self._least = np.float32(_LEAST_COVER * float(np.square(window).sum()) / config.hop)

    def add(self, spectra: Complex) -> Floats:
        added, cover = _laid(spectra, self._config)
        # What is held is shorter: it lacks the new steps' own samples.
        held = len(self._added)
        added[:held] += self._added
        cover[:held] += self._cover
        done = len(spectra) * self._config.hop
        self._owed += done
        out: Floats = np.divide(added[:done], np.maximum(cover[:done], self._least))
        self._added, self._cover = added[done:], cover[done:]
        return self._given(out)

    def rest(self) -> Floats:
        owed = self._owed
        out: Floats = np.divide(self._added, np.maximum(self._cover, self._least))
        return self._given(out)[:owed]

    def _given(self, out: Floats) -> Floats:
        drop = min(self._drop, len(out))
        self._drop -= drop
        out = out[drop:]
        self._owed -= len(out)
        return out
