"""What a judge looks at ten times a second, without weights: `pixels` of the film, `mel` of the music.

Both keep the mean beside the detail: a judge must see mood and motion, not shapes alone. NumPy only.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from ...audio.onset import mel_filters
from ...errors import InputError
from ..lab import lab
from .config import RATE

Floats = npt.NDArray[np.float32]
Pictures = npt.NDArray[np.uint8]

GRID = 16  # cells a side
_COARSE = 4  # cells a side for where things move
# Lightness, a, b; spread of lightness; chroma; gradient; change of all three; its largest cell; where (16).
PICTURE_CHANNELS_PLAIN = 10 + _COARSE**2
_CHANGES = slice(6, PICTURE_CHANNELS_PLAIN)
PICTURE_CHANNELS = PICTURE_CHANNELS_PLAIN + 4 * GRID**2

SOUND_RATE = 32_000
SOUND_BANDS = 96
_HOP = 640  # a token's step, 50 Hz
_STEPS = SOUND_RATE // (_HOP * RATE)
_WINDOW = 2048
_CHROMA_WINDOW = 8192
_CHROMA_HZ = (55.0, 2_000.0)
_FLOOR_DB = -80.0
# A peak below this power is none: some -100 dB of full scale.
_SILENT = 1e-7
# Key profiles are taken over this long: a mode is not heard in one chord.
_MODE_FRAMES = 61
# Bands' mean level, bands' flux, whole flux, chroma, best major and minor triad, best major and minor key.
SOUND_CHANNELS = 2 * SOUND_BANDS + 1 + 12 + 4

# Krumhansl and Kessler 1982, tonic first.
_MAJOR_KEY = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR_KEY = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_MAJOR_TRIAD, _MINOR_TRIAD = (0, 4, 7), (0, 3, 7)


def pixels(pictures: Pictures) -> Floats:
    """uint8 RGB [n, h, w, 3], ten a second, h and w at least 16 -> float32 [n, 1050].

    First 26 plain channels in CIE L*a*b* units: means of L*, a*, b*; spread of L*; mean chroma; mean gradient
    of L*; mean change of the cells' L*, a*, b* since the picture before and the largest change of L*; the
    change of L* on a grid of 4 x 4. Then grids of 16 x 16: L*, a*, b* less their means, gradient. The first
    picture's changes are the second's, since a mark of the start would be a clock.
    InputError for another shape or type.
    """
    if pictures.ndim != 4 or pictures.shape[3] != 3 or pictures.dtype != np.uint8:
        raise InputError(f"pictures of shape {pictures.shape} are no RGB of 8 bits: give [n, h, w, 3]")
    count, height, width, _ = pictures.shape
    if not count or height < GRID or width < GRID:
        raise InputError(f"pictures of {width} x {height} are too few or too small: {GRID} x {GRID} at least")
    rows, columns = _areas(height), _areas(width)
    out = np.empty((count, PICTURE_CHANNELS), np.float32)
    before: Floats = np.zeros((3, GRID, GRID), np.float32)
    for at, picture in enumerate(pictures):
        colours = lab(picture).transpose(2, 0, 1)
        cells = np.asarray(rows @ colours @ columns.T, np.float32)
        light = colours[0]
        # Differences of neighbours, the last row and column against themselves.
        gradient = np.zeros_like(light)
        gradient[:, :-1] += np.abs(light[:, 1:] - light[:, :-1])
        gradient[:-1] += np.abs(light[1:] - light[:-1])
        edges = rows @ gradient @ columns.T
        means = cells.mean((1, 2))
        change = np.abs(cells - (before if at else cells))
        coarse = change[0].reshape(_COARSE, GRID // _COARSE, _COARSE, -1).mean((1, 3))
        out[at, :PICTURE_CHANNELS_PLAIN] = (
            *means,
            light.std(),
            np.hypot(cells[1], cells[2]).mean(),
            edges.mean(),
            *change.mean((1, 2)),
            change[0].max(),
            *coarse.ravel(),
        )
        detail = np.concatenate([cells - means[:, None, None], edges[None]])
        out[at, PICTURE_CHANNELS_PLAIN:] = detail.ravel()
        before = cells
    if count > 1:
        out[0, _CHANGES] = out[1, _CHANGES]
    return out


def mel(sound: Floats) -> Floats:
    """Mono float32 [n] at 32 kHz -> float32 [n // 3200, 209]; row i is centred on i / 10 s.

    96 bands in dB (floor -80), their rises since the step of 20 ms before (largest of the row's five), the
    sum of rises, 12 chroma (sum 1, 0 in silence), likeness of the chroma to its best major and minor triad
    and, over 6 s, to its best major and minor key: the last four do not change with transposition.
    InputError for another shape, or less than a tenth of a second.
    """
    if sound.ndim != 1 or len(sound) < SOUND_RATE // RATE:
        raise InputError(f"sound of shape {sound.shape} is no mono of 0.1 s or more: mix it down")
    frames = len(sound) // (_HOP * _STEPS)
    # Row i takes the steps i * 5 - 2 .. i * 5 + 2; one more before them for the first rise.
    power = _power(sound, _WINDOW, _HOP, -(_STEPS // 2) - 1, frames * _STEPS + 1)
    bands = mel_filters(SOUND_RATE, _WINDOW, SOUND_BANDS) @ power.T
    level = np.maximum(_FLOOR_DB, 10 * np.log10(np.maximum(bands.T, 1e-12))).astype(np.float32)
    rises = np.maximum(0, np.diff(level, axis=0)).reshape(frames, _STEPS, SOUND_BANDS)
    level = level[1:].reshape(frames, _STEPS, SOUND_BANDS).mean(1)
    chroma = _chroma(sound, frames)
    return np.concatenate(
        [level, rises.max(1), rises.mean(2).max(1)[:, None], chroma, _modes(chroma)], 1
    ).astype(np.float32)


@cache
def _areas(length: int) -> Floats:
    """[16, length]: what share of each cell each row (or column) of pixels is; rows sum to 1."""
    edges = np.arange(GRID + 1) * length / GRID
    at = np.arange(length)
    overlap = np.minimum(edges[1:, None], at + 1) - np.maximum(edges[:-1, None], at)
    return np.asarray(np.maximum(0, overlap) * GRID / length, np.float32)


def _power(sound: Floats, window: int, hop: int, first: int, count: int) -> Floats:
    """Power spectra [count, window // 2 + 1] of windows centred on (first + i) * hop, zeros beyond."""
    shape = np.hanning(window + 1)[:-1].astype(np.float32)
    start = first * hop - window // 2
    stop = start + (count - 1) * hop + window
    padded = np.concatenate(
        [
            np.zeros(max(0, -start), np.float32),
            sound[max(0, start) : max(0, stop)],
            np.zeros(max(0, stop - len(sound)), np.float32),
        ]
    )
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][:count]
    spectrum = np.fft.rfft(frames * (shape / shape.sum()), axis=1)
    return np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32) * np.float32(window)


def _chroma(sound: Floats, frames: int) -> Floats:
    """[frames, 12], sum 1 or 0: the peaks of each spectrum by magnitude (Gomez 2006). Whole spectra would
    smear low notes over their neighbours.
    """
    power = _power(sound, _CHROMA_WINDOW, _HOP * _STEPS, 0, frames)
    low, high = (round(hertz * _CHROMA_WINDOW / SOUND_RATE) for hertz in _CHROMA_HZ)
    before, here, after = (np.log(power[:, low + d : high + d] + 1e-12) for d in (-1, 0, 1))
    row, at = np.nonzero((here > before) & (here >= after) & (here > np.log(_SILENT)))
    # The top of the parabola through the three bins' logarithms.
    left, top, right = (x[row, at] for x in (before, here, after))
    bins = low + at + 0.5 * (left - right) / (left - 2 * top + right)
    semitone = 69 + 12 * np.log2(bins * SOUND_RATE / _CHROMA_WINDOW / 440)
    lower = np.floor(semitone)
    share = semitone - lower
    found = np.zeros((frames, 12))
    # Magnitudes rather than powers: the loudest note is not the whole chord.
    np.add.at(found, (row, lower.astype(int) % 12), (1 - share) * np.exp(top / 2))
    np.add.at(found, (row, (lower.astype(int) + 1) % 12), share * np.exp(top / 2))
    total = found.sum(1, keepdims=True)
    return np.asarray(found / np.where(total > 0, total, 1), np.float32)


def _modes(chroma: Floats) -> Floats:
    """[n, 4]: best major and minor triad (shares of the chroma), best major and minor key (correlations)."""
    triads = [_best(chroma, np.isin(np.arange(12), tones)) for tones in (_MAJOR_TRIAD, _MINOR_TRIAD)]
    sums = np.concatenate([np.zeros((1, 12)), np.cumsum(chroma, 0, np.float64)])
    at = np.arange(len(chroma))
    low, high = np.maximum(0, at - _MODE_FRAMES // 2), np.minimum(len(chroma), at + _MODE_FRAMES // 2 + 1)
    long = (sums[high] - sums[low]) / (high - low)[:, None]
    long = long - long.mean(1, keepdims=True)
    long /= np.maximum(np.linalg.norm(long, axis=1, keepdims=True), 1e-6)
    keys = []
    for profile in (_MAJOR_KEY, _MINOR_KEY):
        even = np.array(profile) - np.mean(profile)
        keys.append(_best(long, even / np.linalg.norm(even)))
    return np.stack([*triads, *keys], 1).astype(np.float32)


def _best(chroma: npt.NDArray[np.floating], profile: npt.NDArray[np.generic]) -> npt.NDArray[np.floating]:
    turned = np.stack([np.roll(profile.astype(np.float64), tonic) for tonic in range(12)])
    return np.asarray((chroma @ turned.T).max(1))
