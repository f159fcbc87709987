"""Every system's row: what each film gives, the mean and its interval, and which systems differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...progress import Cancel, Progress, Step
from ...spread import spread
from ..curves import shuffled_curve_corr
from ..energy import between, within
from ..judge.features import mel
from ..judge.judge import Judge, Pair, equal_length
from ..judge.scores import cmr2
from ..statistics import paired_permutation
from .films import HeldOutFilm
from .measures import Heard, Sound, measured
from .others import other_measures, reference
from .systems import CODEC, MISGUIDED, OURS, PUBLISHED, SKETCH, SYSTEMS, UNGUIDED, Sounds
from .table import Row, cell, correlated

Floats = npt.NDArray[np.float64]

_SEED = 1
# What is compared film by film: two systems, and by what.
_COMPARED = (
    (OURS, UNGUIDED, "retrieval"),
    (OURS, MISGUIDED, "retrieval"),
    (OURS, PUBLISHED, "retrieval"),
    (OURS, SKETCH, "retrieval"),
    (OURS, CODEC, "retrieval"),
    (OURS, MISGUIDED, "downbeats_met"),
    (OURS, UNGUIDED, "strong_met"),
)


@dataclass(frozen=True, slots=True)
class _Job:
    film: HeldOutFilm
    sound: Sound
    rate: int
    seed: int


@dataclass(frozen=True, slots=True)
class _Found:
    heard: Heard
    others: Mapping[str, float]
    # Change curves of the film and of the music.
    seen: Floats
    played: Floats
    mel: npt.NDArray[np.float32]


def all_rows(
    films: Sequence[HeldOutFilm],
    sounds: Mapping[str, Sounds],
    judge: Judge,
    rate: int,
    *,
    processes: int,
    progress: Progress,
    cancel: Cancel,
) -> dict[str, Row]:
    total = len(SYSTEMS) * len(films)

    def told(done: int) -> None:
        progress(Step("measures", done, total, "listening"))
        cancel.check()

    jobs = (
        _Job(film, sound, rate, index)
        for name in SYSTEMS
        for index, (film, sound) in enumerate(zip(films, sounds[name], strict=True))
    )
    found = spread(_measure, jobs, processes=processes, told=told)
    count = len(films)
    return {
        name: _row(films, found[index * count : (index + 1) * count], judge)
        for index, name in enumerate(SYSTEMS)
    }


def _measure(job: _Job) -> _Found:
    own = reference(job.film, job.rate)
    heard = measured(job.film, job.sound, job.rate, seed=job.seed)
    others, curve = other_measures(job.film, own, job.sound, job.rate)
    return _Found(heard, others, own.curve, curve, mel(job.sound))


def _row(films: Sequence[HeldOutFilm], found: Sequence[_Found], judge: Judge) -> Row:
    values: dict[str, list[float]] = {
        key: [one.heard.values[key] for one in found] for key in found[0].heard.values
    }
    values |= {key: [one.others[key] for one in found] for key in found[0].others}
    by_chance = shuffled_curve_corr([one.seen for one in found], [one.played for one in found], seed=_SEED)
    values["curve_shuffled"] = [float(value) for value in by_chance]
    values["retrieval"] = _retrieved(films, [one.mel for one in found], judge)
    cells = {key: cell(known) for key, known in values.items()}
    motions = [film.motion for film in films]
    curves = {
        "energy": [one.heard.loudness for one in found],
        "onsets": [one.heard.onsets for one in found],
    }
    for key, curve in curves.items():
        for where, correlate in (("between", between), ("within", within)):
            r, shuffled = correlated(correlate(curve, motions, seed=_SEED))
            cells[f"{key}_{where}"], cells[f"{key}_{where}_shuffled"] = r, shuffled
    return Row(values, cells)


def compared(rows: Mapping[str, Row]) -> list[str]:
    """Paired tests in words: which systems, by what, how far apart, and the two-sided p."""
    out = []
    for first, second, key in _COMPARED:
        ours, theirs = (rows[name].values[key] for name in (first, second))
        p = paired_permutation(ours, theirs, seed=_SEED)
        by = rows[first].cells[key].mean, rows[second].cells[key].mean
        assert by[0] is not None and by[1] is not None
        out.append(f"{first} against {second} by {key}: {by[0]:.2f} and {by[1]:.2f}, p = {p:.4f}")
    return out


def _retrieved(
    films: Sequence[HeldOutFilm], mels: Sequence[npt.NDArray[np.float32]], judge: Judge
) -> list[float]:
    """Share of the galleries of 16 films in which the music's own film comes first, for each music."""
    both = enumerate(zip(films, mels, strict=True))
    pairs = equal_length([Pair(film.seen, music, str(index)) for index, (film, music) in both])
    sources = [pair.source for pair in pairs]
    seen = judge.see([pair.video for pair in pairs]).clips
    heard = judge.hear([pair.music for pair in pairs]).clips
    return [float(value) for value in cmr2(heard, seen, sources, judge.temperature, seed=_SEED).top1]
