"""When a sound is heard to begin: later than its first sample, the slower it rises.

The rule is that of Vos and Rasch, "The perceptual onset of musical tones" (Perception & Psychophysics 29,
1981): a tone is heard to begin when its envelope passes a level that lies a fixed way under its greatest, 6
to 15 dB in their experiments. Richer models of the ear predict such moments no better than within some 10 ms
(Collins, "Investigating computational models of perceptual attack time", ICMPC 2006).
"""

from __future__ import annotations

from math import gcd

import numpy as np
import numpy.typing as npt
import scipy.signal

from ..errors import InputError
from ..timebase import SAMPLE_RATE
from .loudness import KWeighting

Doubles = npt.NDArray[np.float64]

# The greatest level is looked for in this time: what swells later is no attack.
ATTACK_S = 0.8
# Under the greatest level; between the two ends that Vos and Rasch found.
_THRESHOLD_DB = 10.0
# The level that is passed follows the sound closely; the greatest one is as slow as the ear's loudness, so
# that the crests of noise and of beating strings do not raise it.
CLOSE_S, SLOW_S = 0.005, 0.100


def attack_s(sound: npt.NDArray[np.floating], rate: int) -> float:
    """Seconds from the first sample of one note, mono float [n] at `rate` Hz, until it is heard to begin.

    A click gives 0. InputError for silence.
    """
    if not sound.any():
        raise InputError("a silent note has no onset: give one that sounds")
    mono = sound[: round(2 * ATTACK_S * rate)].astype(np.float64)
    if rate != SAMPLE_RATE:
        common = gcd(rate, SAMPLE_RATE)
        mono = scipy.signal.resample_poly(mono, SAMPLE_RATE // common, rate // common)
    return risen_s(weighted(mono))


def risen_s(power: Doubles) -> float:
    """Seconds until a sound with this weighted power (`weighted`, at 48 kHz) is heard to begin."""
    return passage(power, 0, round(ATTACK_S * SAMPLE_RATE)) / SAMPLE_RATE


def weighted(mono: Doubles) -> Doubles:
    """Squares, weighted as they are loud (BS.1770)."""
    return KWeighting(1).squares(mono[:, None])


def passage(power: Doubles, first: int, within: int) -> int:
    """First sample from `first` on at which the level passes the threshold under the greatest of the next
    `within`.
    """
    part = slice(first, first + within)
    threshold = float(running(power, SLOW_S)[part].max()) * 10 ** (-_THRESHOLD_DB / 10)
    return first + int(np.argmax(running(power, CLOSE_S)[part] >= threshold))


def running(power: Doubles, seconds: float) -> Doubles:
    """Mean over the time that ends with each sample: nothing is heard before it sounds."""
    size = round(seconds * SAMPLE_RATE)
    sums = np.concatenate((np.zeros(size), np.cumsum(power)))
    return np.asarray(np.maximum(sums[size:] - sums[:-size], 0.0) / size)
