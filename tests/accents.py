"""Do struck hits stand out of the music? Asked of librosa, so that our own measure is not the judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import librosa
import numpy as np
import numpy.typing as npt
import soundfile

HOP = 256
REACH_S = 0.040
SHIFTS = 200


@dataclass(frozen=True, slots=True)
class Accent:
    """Mean onset strength at struck hits against the music's beats (percentile) and against chance (z)."""

    hits: int
    percentile: float
    z: float

    @property
    def stands_out(self) -> bool:
        return self.percentile >= 90 and self.z > 3


def measure(sound: npt.NDArray[np.float32], hits_s: Sequence[float], grid_s: Sequence[float]) -> Accent:
    """`sound` is mono at 48 kHz; times count from its first sample."""
    strength = librosa.onset.onset_strength(y=sound, sr=48_000, hop_length=HOP)
    reach = round(REACH_S * 48_000 / HOP)
    padded = np.pad(strength, reach)
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)

    def at(times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(near[np.clip(np.rint(times * 48_000 / HOP).astype(int), 0, len(near) - 1)])

    hits, grid = np.asarray(hits_s), np.asarray(grid_s)
    value = float(at(hits).mean())
    length_s = len(sound) / 48_000
    rng = np.random.Generator(np.random.PCG64(1))
    chance = np.array([at((hits + shift) % length_s).mean() for shift in rng.uniform(0, length_s, SHIFTS)])
    below = float((at(grid) < value).mean() * 100)
    return Accent(len(hits), below, float((value - chance.mean()) / max(chance.std(), 1e-9)))


def mono(path: object, head: int, samples: int) -> npt.NDArray[np.float32]:
    sound, _ = soundfile.read(str(path), dtype="float32", always_2d=True)
    return np.asarray(sound[head : head + samples].mean(axis=1))


def of_report(report: dict[str, Any], folder: Any, cue_index: int = 0) -> Accent:
    """The accents of a scored cue: the hits that are struck, on the mix without effects."""
    cue = report["cues"][cue_index]
    samples = round((cue["out_s"] - cue["in_s"]) * 48_000)
    strong = [hit["time_s"] - cue["in_s"] for hit in cue["hits"] if hit["accent"]]
    grid = np.array(cue["beats_s"]) - cue["in_s"]
    stems = [
        mono(folder / stem["path"], stem["handle_samples"][0], samples)
        for stem in cue["stems"]
        if stem["name"] != "hits"
    ]
    return measure(np.sum(stems, axis=0), strong, grid)
