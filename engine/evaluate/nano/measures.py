"""What is measured of one film with one system's music; every value that can be undefined may be nan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..energy import loudness_per_second, onsets_per_second
from ..hits import accent_z, downbeat_hit, hit_rate
from ..onsets import onset_strength, onset_times
from ..sound import chroma_corr, log_mel_l1_db, semitone_corr, tonal_contrast_db
from .films import HeldOutFilm

Floats = npt.NDArray[np.float64]
Sound = npt.NDArray[np.float32]

TOLERANCE_S = 0.04
# In the table's order: key, what the column is called, digits.
COLUMNS = (
    ("strong_met", "strong hits met, 40 ms", 2),
    ("cut_hit", "above chance", 2),
    ("downbeats_met", "planned downbeats met", 2),
    ("downbeats_chance", "by chance", 2),
    ("accent_z", "accent z", 2),
    ("chroma", "chroma r", 2),
    ("semitone", "semitone r", 2),
    ("contrast_db", "tonal contrast, dB", 1),
    ("log_mel_db", "log-mel distance, dB", 1),
)


@dataclass(frozen=True, slots=True)
class Heard:
    """`values` by key; curves with one value a second."""

    values: Mapping[str, float]
    loudness: Floats
    onsets: Floats


def measured(film: HeldOutFilm, sound: Sound, rate: int, seed: int) -> Heard:
    """All of one film. `sound` is as long as ground truth, with which it is compared."""
    # The published ears hear 40 ms late, which is the whole tolerance.
    onsets = onset_times(onset_strength(sound, rate, fine=True))
    strength = onset_strength(sound, rate)
    strong = hit_rate(film.strong_s, onsets, film.duration_s, tolerance_s=TOLERANCE_S, seed=seed)
    planned = downbeat_hit(film.downbeats_s, onsets, film.duration_s, seed=seed)
    truth = film.pair.sound
    values = {
        "strong_met": strong.share,
        "cut_hit": strong.above,
        "downbeats_met": planned.share,
        "downbeats_chance": planned.chance,
        "accent_z": accent_z(film.strong_s, strength, seed=seed).z,
        "chroma": chroma_corr(truth, sound, rate),
        "semitone": semitone_corr(truth, sound, rate),
        "contrast_db": tonal_contrast_db(sound, rate),
        "log_mel_db": log_mel_l1_db(truth, sound, rate),
    }
    return Heard(values, loudness_per_second(sound, rate), onsets_per_second(strength))
