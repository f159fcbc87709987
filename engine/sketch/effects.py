"""Made effects for hit points: riser, impact, swell, downer.

Synthesised, so that they begin or end on the very sample.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfilt

from ..errors import EngineFault

FloatArray = npt.NDArray[np.float32]
_Doubles = npt.NDArray[np.float64]

RATE = 48_000
# Ends that are cut on the hit fade over this, short enough to stay under the hit itself.
_CUT = 240
# What begins on the hit rises over this, so that it is no click of the cutter's.
_RISE = 48
_SHORTEST = 4_800


def make_effect(name: str, samples: int, pitch: int, velocity: int, seed: int) -> FloatArray:
    """An effect as (frames, 2), peak near 1.0 at velocity 127. `pitch` is the key it is tuned to.

    fx:riser and fx:swell end on frame `samples`; fx:impact begins at frame 0 and rings as long as it is big;
    fx:downer falls from frame 0 and is silent at `samples`. EngineFault for any other name.
    """
    if name not in _MAKERS:
        raise EngineFault(f"there is no effect '{name}': known are {', '.join(sorted(_MAKERS))}")
    size = min(max(velocity, 1), 127) / 127
    rng = np.random.Generator(
        np.random.PCG64([seed & 0xFFFF_FFFF_FFFF_FFFF, zlib.crc32(name.encode()), pitch, samples])
    )
    sound = _MAKERS[name](max(samples, 1), _hertz(pitch), size, rng)
    effect: FloatArray = (sound * size**1.5).astype(np.float32)
    return effect


def _riser(samples: int, hertz: float, size: float, rng: np.random.Generator) -> _Doubles:
    length = max(samples, _SHORTEST)
    x = np.arange(length) / length
    # A band of air that climbs four octaves, wider as it climbs.
    bands = ((300, 700), (600, 1400), (1200, 2800), (2400, 5200))
    air = np.zeros((length, 2))
    for number, band in enumerate(bands):
        weight = np.clip(1.6 - abs(x * len(bands) - number - 0.6), 0, 1) * (1.0, 0.8, 0.6, 0.4)[number]
        air += _noise(length, band, rng) * weight[:, None]
    # A tone that climbs an octave into the hit, two voices a little apart.
    low = _fold(hertz, 110, 220)
    tone = np.stack([_tone(low * detune * 2**x) for detune in (0.997, 1.003)], axis=1)
    swell = x ** (3.0 - size)
    sound = (0.9 * air + 0.35 * tone) * swell[:, None]
    sound[-_CUT:] *= np.linspace(1, 0, _CUT)[:, None]
    return sound[-samples:]


def _impact(samples: int, hertz: float, size: float, rng: np.random.Generator) -> _Doubles:
    length = int(RATE * (1.2 + 1.8 * size))
    t = np.arange(length) / RATE
    low = _fold(hertz, 36, 72)
    # The boom drops more than an octave in its first 60 ms; its phase starts at the crest: it speaks at once.
    phase = 2 * np.pi * np.cumsum(low * (1 + 1.6 * np.exp(-t / 0.03))) / RATE
    boom = np.cos(phase) * np.exp(-t / (0.25 + 0.35 * size))
    body = np.cos(2 * np.pi * np.cumsum(2.9 * low * (1 + 0.5 * np.exp(-t / 0.02))) / RATE) * np.exp(-t / 0.09)
    click = _noise(length, (900, 5000), rng) * np.exp(-t / 0.007)[:, None]
    thud = _noise(length, (120, 700), rng) * np.exp(-t / 0.05)[:, None]
    rumble = _noise(length, (45, 180), rng) * (np.exp(-t / (0.3 + 0.4 * size)) - np.exp(-t / 0.04))[:, None]
    sound = 0.6 * boom[:, None] + 0.2 * body[:, None] + 0.5 * click + 0.45 * thud + 0.2 * rumble
    sound[:_RISE] *= np.linspace(0, 1, _RISE)[:, None]
    tail = length // 4
    sound[-tail:] *= (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, tail)))[:, None]
    return np.asarray(sound)


def _swell(samples: int, hertz: float, size: float, rng: np.random.Generator) -> _Doubles:
    length = max(samples, _SHORTEST)
    before_end = (length - np.arange(length)) / RATE
    # A cymbal played backwards: dense partials over noise, the treble coming last as it would go first.
    body = _noise(length, (2200, 9000), rng) * np.exp(-before_end / 0.28)[:, None]
    wash = _noise(length, (700, 3500), rng) * np.exp(-before_end / (0.45 + 0.3 * size))[:, None]
    partials = np.zeros(length)
    for ratio in (1.0, 1.47, 2.09, 2.56, 3.39, 4.08):
        partials += np.sin(2 * np.pi * 523 * ratio * before_end + rng.uniform(0, 2 * np.pi))
    ring = partials / 6 * np.exp(-before_end / 0.4)
    sound = 0.4 * body + 0.5 * wash + 0.12 * ring[:, None]
    start = min(length // 4, RATE // 2)
    sound[:start] *= (np.arange(start) / start)[:, None]
    sound[-_CUT:] *= np.linspace(1, 0, _CUT)[:, None]
    return sound[-samples:]


def _downer(length: int, hertz: float, size: float, rng: np.random.Generator) -> _Doubles:
    x = np.arange(length) / length
    low = _fold(hertz, 110, 220)
    tone = np.stack([_tone(low * detune * 2 ** (-1.5 * x)) for detune in (0.996, 1.004)], axis=1)
    bands = ((1800, 3600), (800, 1700), (250, 800))
    air = np.zeros((length, 2))
    for number, band in enumerate(bands):
        air += _noise(length, band, rng) * np.clip(1.5 - abs(x * len(bands) - number - 0.4), 0, 1)[:, None]
    fall = (1 - x) ** (2.4 - size)
    sound = (0.4 * tone + 0.3 * air) * fall[:, None]
    rise = min(480, length)
    sound[:rise] *= np.linspace(0, 1, rise)[:, None]
    return np.asarray(sound)


_MAKERS: dict[str, Callable[[int, float, float, np.random.Generator], _Doubles]] = {
    "fx:riser": _riser,
    "fx:impact": _impact,
    "fx:swell": _swell,
    "fx:downer": _downer,
}


def _noise(length: int, band: tuple[float, float], rng: np.random.Generator) -> _Doubles:
    """Noise of a band in Hz, (length, 2), RMS 0.3: most of it in both channels, so that mono keeps it."""
    sections = butter(2, band, "bandpass", fs=RATE, output="sos")
    warm = 2_000  # the filter's own start is not heard
    both = sosfilt(sections, rng.standard_normal((2, length + warm), np.float32), axis=1)[:, warm:]
    both *= 0.3 / np.sqrt(2 * (band[1] - band[0]) / RATE)
    middle, side = both[0] * np.sqrt(0.75), both[1] * np.sqrt(0.25)
    return np.stack([middle + side, middle - side], axis=1)


def _tone(hertz: _Doubles) -> _Doubles:
    """A soft saw: five harmonics."""
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    return np.asarray(sum(np.sin(n * phase) / n**1.3 for n in range(1, 6)) * 0.5)


def _fold(hertz: float, low: float, high: float) -> float:
    """The same tone in another octave, inside `low`..`high` (an octave wide)."""
    while hertz >= high:
        hertz /= 2
    while hertz < low:
        hertz *= 2
    return hertz


def _hertz(key: int) -> float:
    return float(440 * 2 ** ((key - 69) / 12))
