"""How much a sound is like speech, every 10 ms: webrtcvad asked beside our own evidence.

webrtcvad alone takes music for speech (half of the frames of orchestral music). Speech differs from music
in how it moves: all bands swell 2 to 8 times a second (syllables; Houtgast and Steeneken 1985), pitch
glides instead of resting on notes, fine spectra do not last (no held partials), sounds fade as they came,
pauses lie between words (Scheirer and Slaney, ICASSP 1997). Twelve such numbers, each over one second, are
weighed by a very small network, whose numbers and their origin are in `voice_table.py`.
"""

from __future__ import annotations

import math
import warnings
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.ndimage
import scipy.sparse

from . import voice_table as table

Floats = npt.NDArray[np.float32]

RATE = 16_000
HOP = 160
_WINDOW = 512
_TRANSFORM = 1024
_BANDS = 24
# Of those, 320 Hz to 4.4 kHz: where syllables show.
_MIDDLE = slice(3, 19)
_LAGS = np.arange(40, 229)  # 70 to 400 Hz
_VOICED = 0.55
# Fine structure is looked for up to 4 kHz.
_FINE = slice(4, 128)
_LATER = 8
_SECOND = 101
# A mean square under this (-60 dBFS over 0.3 s) is silence whatever it looks like.
_SILENCE = 1e-6

NAMES = (
    "syllables", "syllables_everywhere", "phrases", "flicker", "attack", "bands_together", "voiced", "steady",
    "glides", "lasting", "pauses", "webrtcvad",
)  # fmt: skip


class VoiceMeter:
    """Feed float32 [n] mono at 16 kHz, any block size; then ask `probability()`.

    Memory: about 90 bytes for every 10 ms.
    """

    def __init__(self) -> None:
        self._vad = _webrtcvad()
        self._waiting: Floats = np.zeros(_WINDOW // 2, np.float32)
        self._samples = 0
        self._fine: Floats = np.zeros((0, _FINE.stop - _FINE.start), np.float32)
        self._parts: list[Floats] = []
        self._lasting: list[Floats] = []

    def feed(self, block: Floats) -> None:
        self._samples += len(block)
        data = np.concatenate((self._waiting, block))
        # Whole seconds at a time, so that the result does not hang on the caller's blocks.
        step = 100 * HOP
        while len(data) >= step + _WINDOW:
            self._second(data[: step + _WINDOW], 100)
            data = data[step:]
        self._waiting = data

    def evidence(self) -> npt.NDArray[np.float64]:
        """The numbers of NAMES for every 10 ms: [frames, 12]. Ends the stream."""
        frames = self._samples // HOP
        self.feed(np.zeros(100 * HOP + _WINDOW, np.float32))
        if not frames:
            return np.zeros((0, len(NAMES)))
        frame = np.concatenate(self._parts)[:frames]
        lasting = np.concatenate((*self._lasting, np.zeros(_LATER, np.float32)))
        # A pair of moments speaks for the time between them.
        lasting = np.concatenate((np.zeros(_LATER // 2, np.float32), lasting))[:frames]
        self._power = frame[:, 0]
        return _gathered(frame, lasting)

    def probability(self) -> Floats:
        """0..1 for every 10 ms, float32 [frames]. Ends the stream."""
        evidence = self.evidence()
        if not len(evidence):
            return np.zeros(0, np.float32)
        scaled = (evidence - np.array(table.MEANS)) / np.array(table.SPREADS)
        # einsum and not a matrix product: the order of its sums does not hang on the number of threads.
        hidden = np.tanh(np.einsum("fi,ih->fh", scaled, np.array(table.HIDDEN)) + np.array(table.HIDDEN_BIAS))
        score = np.einsum("fh,h->f", hidden, np.array(table.OUTPUT)) + table.OUTPUT_BIAS
        out = (1 / (1 + np.exp(-score))).astype(np.float32)
        out[_box(self._power, 31) < _SILENCE] = 0
        return np.asarray(_box(out, 31))

    def _second(self, data: Floats, count: int) -> None:
        pieces = np.lib.stride_tricks.sliding_window_view(data, _WINDOW)[: count * HOP : HOP]
        spectrum = scipy.fft.rfft(pieces * _hann(), _TRANSFORM, axis=1)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        correlation = scipy.fft.irfft(power, axis=1)
        clear = correlation[:, _LAGS] / ((correlation[:, :1] + 1e-7) * _window_correlation())
        best = clear.argmax(axis=1)
        clarity = np.clip(clear[np.arange(count), best], 0, 1)
        pitch = 12 * np.log2(RATE / _LAGS[best])
        power = power[:, ::2]
        bands = 10 * np.log10((_filters() @ power.T).T + np.float32(1e-5))
        fine = 10 * np.log10(power[:, _FINE] + np.float32(1e-5))
        fine -= scipy.ndimage.uniform_filter1d(fine, 9, axis=1)
        fine /= np.sqrt(np.square(fine).sum(axis=1, keepdims=True)) + 1e-3
        fine = np.concatenate((self._fine, fine.astype(np.float32)))
        self._lasting.append((fine[:-_LATER] * fine[_LATER:]).sum(axis=1))
        self._fine = fine[-_LATER:]
        heard = self._heard(data[_WINDOW // 2 : _WINDOW // 2 + count * HOP])
        loud = np.square(pieces[:, _WINDOW // 2 - HOP : _WINDOW // 2 + HOP]).mean(axis=1)
        columns = (loud, heard, clarity, pitch, *bands[:, _MIDDLE].T)
        self._parts.append(np.stack(columns, axis=1).astype(np.float32))

    def _heard(self, data: Floats) -> Floats:
        pcm = (np.clip(data, -1, 1) * 32767).astype("<i2").tobytes()
        step = 2 * HOP
        told = [self._vad.is_speech(pcm[at : at + step], RATE) for at in range(0, len(pcm), step)]
        return np.array(told, np.float32)


def _gathered(frame: Floats, lasting: Floats) -> npt.NDArray[np.float64]:
    power, heard, clarity, pitch = frame[:, :4].T
    middle = frame[:, 4:]
    quick, syllable, phrase = _box(middle, 5), _box(middle, 40), _box(middle, 200)
    swelling = _spread(quick - syllable)
    change = np.diff(quick, axis=0, prepend=quick[:1])
    shape = quick - _box(quick)
    shape /= _spread(shape) + 0.5
    voiced = clarity > _VOICED
    later = np.concatenate((pitch[4:], pitch[-1:].repeat(min(4, len(pitch)))))[: len(pitch)]
    moved = np.abs(later - pitch)
    on = voiced & np.concatenate((voiced[4:], np.zeros(min(4, len(voiced)), np.bool_)))
    return np.stack(
        (
            swelling.mean(axis=1),
            np.sort(swelling, axis=1)[:, :6].mean(axis=1),
            _spread(syllable - phrase).mean(axis=1),
            _spread(middle - quick).mean(axis=1),
            _box(np.square(np.maximum(change, 0))).mean(axis=1)
            / (_box(np.square(change)).mean(axis=1) + 1e-3),
            _box(shape[:, :6].mean(axis=1) * shape[:, 8:].mean(axis=1)),
            _box(voiced.astype(np.float32)),
            _box((on & (moved < 0.25)).astype(np.float32)) / (_box(on.astype(np.float32)) + 0.02),
            _box((on & (moved >= 0.25) & (moved < 3)).astype(np.float32)),
            _box(lasting),
            _box((power < 0.4 * _box(power)).astype(np.float32)),
            _box(heard),
        ),
        axis=1,
    ).astype(np.float64)


def _box(values: Floats, width: int = _SECOND) -> Floats:
    return np.asarray(scipy.ndimage.uniform_filter1d(values, width, axis=0, mode="nearest"))


def _spread(values: Floats) -> Floats:
    """Root mean square over a second. Running sums leave specks below zero."""
    return np.sqrt(np.maximum(_box(np.square(values)), 0))


@cache
def _hann() -> Floats:
    return np.hanning(_WINDOW + 1)[:-1].astype(np.float32)


@cache
def _window_correlation() -> Floats:
    """The window's own autocorrelation: dividing by it makes the peaks of long lags as high as those of
    short ones.
    """
    own = scipy.fft.irfft(np.square(np.abs(scipy.fft.rfft(_hann(), _TRANSFORM))))
    return np.asarray((own[_LAGS] / own[0]).astype(np.float32))


@cache
def _filters() -> scipy.sparse.csr_array:
    """Triangles on the mel scale of O'Shaughnessy, 80 Hz to 7.5 kHz: sparse float32 [24, 257].

    Sparse not for speed but because its sums run in one order on every machine.
    """
    low, high = (2595 * math.log10(1 + hertz / 700) for hertz in (80, 7500))
    mels = np.linspace(low, high, _BANDS + 2)
    edges = 700 * (10 ** (mels / 2595) - 1)
    bins = np.arange(_WINDOW // 2 + 1) * RATE / _WINDOW
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return scipy.sparse.csr_array(np.maximum(0, np.minimum(rising, falling)).astype(np.float32))


def _webrtcvad() -> Any:
    with warnings.catch_warnings():
        # Some builds of the package still ask pkg_resources for their version.
        warnings.simplefilter("ignore")
        import webrtcvad
    return webrtcvad.Vad(3)
