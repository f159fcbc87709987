"""Features of pictures and of sound that need no weights: `pixels` and `mel`, for `event_curve`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.signal

from ..audio.onset import mel_filters
from ..errors import InputError
from .lab import lab

Pictures = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

GRID = 16
BANDS = 128
MEL_RATE = 100  # rows a second
_WINDOW_S = 0.025
_FOURIER_S = 0.064  # padded with zeros, so that the lowest bands are not empty
_DYNAMIC = 1e-8  # 80 dB below the loudest
_AT_ONCE = 1000  # rows


def pixels(pictures: Pictures) -> Floats:
    """float32 [n, 1024] of uint8 RGB [n, h, w, 3], small ones of 16 by 16 or more: mean Lab colour and mean
    gradient energy of L in each of 16 x 16 cells, less the row's mean.

    Energy is given as its root, in steps of L from one picture element to the next, so that it is of the
    size of the colours. InputError for what is not such pictures.
    """
    if pictures.ndim != 4 or pictures.shape[3] != 3 or min(pictures.shape[1:3]) < GRID:
        raise InputError(f"pictures {pictures.shape} cannot be compared: give RGB of at least 16 by 16")
    rows = (
        np.stack([_cells(picture) for picture in pictures]) if len(pictures) else np.zeros((0, 4 * GRID**2))
    )
    centred: Floats = (rows - rows.mean(axis=1, keepdims=True)).astype(np.float32)
    return centred


def _cells(picture: Pictures) -> npt.NDArray[np.float64]:
    colours = lab(picture)
    energy = np.zeros(colours.shape[:2], np.float32)
    energy[1:] += np.square(np.diff(colours[:, :, 0], axis=0))
    energy[:, 1:] += np.square(np.diff(colours[:, :, 0], axis=1))
    means = _cell_means(np.concatenate((colours, energy[:, :, None]), axis=2))
    means[:, :, 3] = np.sqrt(means[:, :, 3])
    return means.reshape(-1)


def _cell_means(image: Floats) -> npt.NDArray[np.float64]:
    """float64 [16, 16, channels]: cells differ by at most one row or column."""
    height, width = image.shape[:2]
    rows, columns = np.arange(GRID) * height // GRID, np.arange(GRID) * width // GRID
    sums = np.add.reduceat(np.add.reduceat(image, rows, axis=0), columns, axis=1).astype(np.float64)
    sizes = np.outer(np.diff(rows, append=height), np.diff(columns, append=width))
    return np.asarray(sums / sizes[:, :, None])


def log_mel(sound: npt.NDArray[np.floating], rate: int) -> Floats:
    """float32 [1 + n * 100 // rate, 128]: natural log of mel power of mono [n], row i around i / 100 s.

    Windows of 25 ms; nothing lies more than 80 dB below the loudest. InputError for sound that is not mono
    numbers.
    """
    if sound.ndim != 1 or not len(sound) or not np.isfinite(sound).all():
        raise InputError(
            f"sound of shape {sound.shape} cannot be judged: give mono samples, all of them numbers"
        )
    size, fourier = round(_WINDOW_S * rate), scipy.fft.next_fast_len(round(_FOURIER_S * rate), real=True)
    window = scipy.signal.get_window("hann", size).astype(np.float32)
    bank = mel_filters(rate, fourier, BANDS)
    padded = np.pad(sound.astype(np.float32, copy=False), size)
    rows = 1 + len(sound) * MEL_RATE // rate
    starts = np.round(np.arange(rows) * (rate / MEL_RATE)).astype(np.int64) + size - size // 2
    power = np.empty((rows, BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)
    for first in range(0, rows, _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        spectrum = scipy.fft.rfft(frames[starts[some]] * window, fourier, axis=1)
        power[some] = (bank @ (np.square(spectrum.real) + np.square(spectrum.imag)).T).T
    floor = max(float(power.max()) * _DYNAMIC, 1e-20)
    logarithm: Floats = np.log(np.maximum(power, np.float32(floor)))
    return logarithm


def mel(sound: npt.NDArray[np.floating], rate: int) -> tuple[Floats, npt.NDArray[np.float64]]:
    """Log-mel less each row's mean, float32 [rows, 128], and the rows' times in seconds.

    A row of silence is zeros: it says nothing. Noise never stands still: where it is loudest of what sounds
    it reads as one long change, so hiss under sparse music hides its onsets.
    """
    rows = log_mel(sound, rate)
    level = np.ptp(rows, axis=1) == 0
    centred = rows - rows.mean(axis=1, keepdims=True)
    centred[level] = 0
    return centred, np.arange(len(rows)) / MEL_RATE
