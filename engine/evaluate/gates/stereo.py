"""Width: a middle that holds the bass, sides that open above it, and nothing lost when both are added up.

Works on sound alone. All numbers are those of the mix without its handles, over its whole length.
"""

from __future__ import annotations

import numpy as np

from ...audio.loudness import KWeighting
from .bands import OCTAVES_HZ, Spectra, level_db, spectra
from .piece import Piece, Sound
from .verdict import Verdict

# Sides in the bass are lost in a cinema's one woofer and make a record's needle jump.
BASS_HZ = (20.0, 120.0)
LEAST_BASS_CORRELATION = 0.95
# Below .2 the music falls apart into two, above .9 it is a point.
WIDE_HZ = (200.0, 16_000.0)
CORRELATION = (0.2, 0.9)
# Two sounds that have nothing in common lose 3 dB.
MOST_LOSS_DB = 3.0
MOST_TILT_DB = 1.0
# A band so far under the whole is not heard, and neither is its width.
_SILENT_DB = 45.0


def stereo(piece: Piece) -> tuple[Verdict, ...]:
    """Correlation of the channels in the bass and above it, the loss in mono of the worst octave, and how far
    the channels' loudness lies apart. A number does not apply where the mix is silent.
    """
    mix = piece.inside(piece.mix)
    mean = spectra(mix)
    return (
        _verdict("correlation under 120 Hz", _correlation(mean, BASS_HZ), LEAST_BASS_CORRELATION, None),
        _verdict("correlation above 200 Hz", _correlation(mean, WIDE_HZ), *CORRELATION),
        _verdict("loss in mono of the worst octave", _loss_db(mean), None, MOST_LOSS_DB, "dB"),
        _verdict("difference of the channels", _tilt_db(mix), None, MOST_TILT_DB, "dB"),
    )


def _verdict(
    what: str, value: float | None, low: float | None, high: float | None, unit: str = ""
) -> Verdict:
    return Verdict("stereo", what, value, low, high, unit)


def _heard(mean: Spectra, left: float, right: float) -> bool:
    whole = float(mean.left.sum() + mean.right.sum())
    return left + right > whole * 10 ** (-_SILENT_DB / 10)


def _correlation(mean: Spectra, band_hz: tuple[float, float]) -> float | None:
    left, right, shared = mean.band(*band_hz)
    if not _heard(mean, left, right):
        return None
    # One channel alone has nothing in common with silence.
    return shared / (left * right) ** 0.5 if left > 0 and right > 0 else 0.0


def _loss_db(mean: Spectra) -> float | None:
    """What half the sum of both channels has less than their mean power, in the octave that loses most."""
    losses = []
    for middle in OCTAVES_HZ:
        left, right, shared = mean.octave(middle)
        if _heard(mean, left, right):
            folded = max((left + right + 2 * shared) / 4, 0.0)
            losses.append(level_db((left + right) / 2) - level_db(folded))
    return max(losses, default=None)


def _tilt_db(mix: Sound) -> float | None:
    """How far the channels' loudness lies apart (BS.1770 weighting, ungated)."""
    if not len(mix):
        return None
    if not len(mix):
        return None
    left, right = (float(KWeighting(1).squares(mix[:, channel : channel + 1]).mean()) for channel in (0, 1))
    if max(left, right) <= 1e-12:
        return None
    return float(np.abs(level_db(left) - level_db(right)))
