"""The other measures without weights, film by film: change curves, structure, published beat scores, key."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .. import encoders
from ..alignment import d2m_scores, loris_scores, onset_bins
from ..curves import curve_corr, event_curve
from ..judge.config import RATE
from ..judge.features import PICTURE_CHANNELS_PLAIN
from ..keys import Key, key_of, key_score, mean_chroma
from ..matching import beat_f, beat_iou
from ..onsets import at_analysis_rate, beat_times, onset_strength, onset_times
from ..sound import onset_f
from ..structure import block_means, ssm_corr
from ..technical import technical
from .films import HeldOutFilm

Floats = npt.NDArray[np.float64]
Sound = npt.NDArray[np.float32]

# In the table's order: key, what the column is called, digits.
COLUMNS = (
    ("curve", "change curves r", 2),
    ("curve_shuffled", "shuffled", 2),
    ("ssm", "structure r", 2),
    ("onset_f", "onset F of truth", 2),
    ("beat_f", "beat F of truth", 2),
    ("beat_iou", "beat IoU of truth", 2),
    ("bcs_d2m", "D2M coverage", 2),
    ("bhs_d2m", "D2M hit", 2),
    ("bcs_loris", "LORIS coverage", 2),
    ("bhs_loris", "LORIS hit", 2),
    ("key", "key of truth", 2),
    ("silence", "silent share", 3),
    ("clipped", "clipped samples", 0),
)
# Nobody asks these systems for a loudness; the technical measures want one.
_LUFS = -20.0


@dataclass(frozen=True, slots=True)
class Reference:
    """Of a film and its own music: change curve of the pictures (50 Hz), beats and onsets in seconds, key."""

    curve: Floats
    blocks: Floats
    beats: Floats
    bins_d2m: npt.NDArray[np.bool_]
    bins_loris: npt.NDArray[np.bool_]
    key: Key | None


def reference(film: HeldOutFilm, rate: int) -> Reference:
    duration = film.duration_s
    shapes = film.seen[:, PICTURE_CHANNELS_PLAIN:]
    times = np.arange(len(shapes)) / RATE
    strength = onset_strength(film.pair.sound, rate)
    bins = [onset_bins(onset_times(strength, picking), duration) for picking in ("d2m", "loris")]
    return Reference(
        event_curve(shapes, times, duration_s=duration),
        block_means(shapes, times, duration),
        beat_times(strength)[0],
        bins[0],
        bins[1],
        key_of(mean_chroma(at_analysis_rate(film.pair.sound, rate))),
    )


def other_measures(
    film: HeldOutFilm, own: Reference, sound: Sound, rate: int
) -> tuple[dict[str, float], Floats]:
    """Of one film: a value for every key of COLUMNS but the shuffled one, nan where it has none; and the
    music's change curve."""
    duration = film.duration_s
    rows, times = encoders.mel(sound, rate)
    curve = event_curve(rows, times, duration_s=duration)
    strength = onset_strength(sound, rate)
    beats, _ = beat_times(strength)
    found = technical(sound, rate, wanted_lufs=_LUFS, wanted_samples=len(film.pair.sound))
    d2m = d2m_scores(onset_bins(onset_times(strength, "d2m"), duration), own.bins_d2m)
    loris = loris_scores(onset_bins(onset_times(strength, "loris"), duration), own.bins_loris)
    key = key_of(mean_chroma(at_analysis_rate(sound, rate)))
    values = {
        "curve": curve_corr(own.curve, curve).r,
        "ssm": ssm_corr(own.blocks, block_means(rows, times, duration)),
        "onset_f": onset_f(film.pair.sound, sound, rate),
        "beat_f": beat_f(own.beats, beats),
        "beat_iou": beat_iou(own.beats, beats),
        "bcs_d2m": d2m[0],
        "bhs_d2m": d2m[1],
        "bcs_loris": loris[0],
        "bhs_loris": loris[1],
        "key": float("nan") if own.key is None else key_score(own.key, key),
        "silence": found.silence,
        "clipped": float(found.clipped),
    }
    return values, curve
