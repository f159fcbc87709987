"""The room the players sit in: one impulse response a seed, and its streaming convolution.

The response is early reflections and band-wise decaying noise (J. A. Moorer, "About this reverberation
business", 1979). Both channels share a part of it, under 200 Hz all of it, so that mono keeps the room and
no bass note leans to the side where the room happens to ring with it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.signal import butter, sosfilt

FloatArray = npt.NDArray[np.float32]
_Doubles = npt.NDArray[np.float64]

RATE = 48_000
# Upper edge in Hz of a band of noise, and its decay time over that of the middle.
_BANDS = ((250.0, 1.1), (800.0, 1.05), (2500.0, 1.0), (6000.0, 0.7), (20_000.0, 0.4))
_MONO_BELOW_HZ = 200.0
_RUMBLE_HZ = 60.0
_DECAY_S = (1.4, 1.9)
_EARLY_S = (0.009, 0.065)
_EARLY_COUNT = 9
_EARLY_FROM_HZ = 240.0
_LATE_FROM_S = 0.018
# Of the late energy, what both channels share.
_SHARED = 0.35


def impulse_response(seed: int) -> FloatArray:
    """(2, frames) at 48 kHz, each channel of energy 1; frame 0 is the moment of the dry sound."""
    rng = np.random.Generator(np.random.PCG64([seed & 0xFFFF_FFFF_FFFF_FFFF, 0x524F4F4D]))
    decay_s = rng.uniform(*_DECAY_S)
    length = round(decay_s * RATE)
    padded = fft.next_fast_len(length, real=True)
    t = np.arange(length) / RATE
    hertz: _Doubles = np.fft.rfftfreq(padded, 1 / RATE).astype(np.float64)
    shared, left, right = np.fft.rfft(rng.standard_normal((3, padded)), axis=1)
    spread = _above(hertz, _MONO_BELOW_HZ)
    late = np.zeros((2, length))
    low = 0.0
    for high, ratio in _BANDS:
        mask = (_above(hertz, low) - _above(hertz, high)) if low else 1 - _above(hertz, high)
        # 60 dB in the band's decay time.
        fall = np.exp(-np.log(1000) * t / (decay_s * ratio))
        for channel, own in enumerate((left, right)):
            # Where channels may not differ the shared noise fills in, so that the level stays.
            part = shared * np.sqrt(1 - (1 - _SHARED) * spread**2) + own * np.sqrt(1 - _SHARED) * spread
            late[channel] += np.fft.irfft(part * mask * _above(hertz, _RUMBLE_HZ), padded)[:length] * fall
        low = high
    late *= np.clip((t - _LATE_FROM_S) / 0.03, 0, 1) ** 2
    late /= np.sqrt(np.mean(np.sum(late**2, axis=1)))

    early = np.zeros((2, length))
    times = np.sort(rng.uniform(*_EARLY_S, _EARLY_COUNT))
    for number, at_s in enumerate(times):
        side = 0.75 if number % 2 else 0.25
        level = 0.5 * np.exp(-at_s / 0.05)
        early[0, round(at_s * RATE)] += level * np.sqrt(side)
        early[1, round(at_s * RATE)] += level * np.sqrt(1 - side)
    # Walls swallow treble; bass stays in the middle.
    early = sosfilt(butter(1, (_EARLY_FROM_HZ, 5000), "bandpass", fs=RATE, output="sos"), early, axis=1)

    both = late + early
    fade = length // 8
    both[:, -fade:] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, fade))
    both /= np.sqrt(np.sum(both**2, axis=1, keepdims=True))
    response: FloatArray = both.astype(np.float32)
    return response


def _above(hertz: _Doubles, edge: float) -> _Doubles:
    """0 below, 1 above `edge`, crossing over one octave."""
    octaves = np.log2(np.maximum(hertz, 1e-3) / edge)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(octaves + 0.5, 0, 1)))


class Room:
    """Convolves mono sends block by block; what rings over a block's end is carried into the next."""

    def __init__(self, response: FloatArray, block: int) -> None:
        self._block = block
        self._size = _transform_length(block + response.shape[1] - 1)
        self._spectrum = fft.rfft(response, self._size)
        self._tails: dict[str, FloatArray] = {}
        self._arrays: tuple[FloatArray, npt.NDArray[np.complex64]] | None = None

    def add(self, sends: Mapping[str, FloatArray], outs: Mapping[str, FloatArray]) -> None:
        """Add the room's answers to `outs` (frames, 2); `sends` (frames) has those that are not silent.

        All are at most one block long, and shorter ones are the last. Names tie a block to the ones before.
        """
        if sends:
            padded, product = self._work(len(sends))
            for row, send in zip(padded, sends.values(), strict=True):
                row[: len(send)] = send
                row[len(send) :] = 0
            # One call for all: several rows at once go through the processor's wide registers.
            np.multiply(fft.rfft(padded)[:, None], self._spectrum, out=product)
            wet = fft.irfft(product, self._size, overwrite_x=True)
            for name, answer in zip(sends, wet, strict=True):
                self._overlap(name, answer, outs[name])
        for name in [name for name in self._tails if name not in sends]:
            self._overlap(name, np.zeros((2, self._size), np.float32), outs[name])

    def _work(self, rows: int) -> tuple[FloatArray, npt.NDArray[np.complex64]]:
        """The same memory for each block: fresh pages cost as much as the transform."""
        if self._arrays is None or len(self._arrays[0]) != rows:
            self._arrays = (
                np.zeros((rows, self._size), np.float32),
                np.zeros((rows, 2, self._size // 2 + 1), np.complex64),
            )
        return self._arrays

    def _overlap(self, name: str, answer: FloatArray, out: FloatArray) -> None:
        before = self._tails.pop(name, None)
        if before is not None:
            answer[:, : before.shape[1]] += before
        out += answer[:, : len(out)].T
        rest = answer[:, self._block :]
        if np.any(rest):
            self._tails[name] = rest.copy()


def _transform_length(least: int) -> int:
    """The next power of two where it is near: those run fastest."""
    power = 1 << (least - 1).bit_length()
    return power if power <= 1.25 * least else int(fft.next_fast_len(least, real=True))
