"""Every system's row: what each film gives, the mean and its interval, and which systems differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...progress import Cancel, Progress, Step
from ..energy import between, within
from ..judge.features import mel
from ..judge.judge import Judge, Pair, equal_length
from ..judge.scores import cmr2
from ..statistics import paired_permutation
from . import measures
from .films import HeldOutFilm
from .measures import measured
from .others import other_measures, reference
from .systems import CODEC, MISGUIDED, OURS, PUBLISHED, SKETCH, SYSTEMS, UNGUIDED, Sounds
from .table import Row, cell, correlated

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


def all_rows(
    films: Sequence[HeldOutFilm],
    sounds: Mapping[str, Sounds],
    judge: Judge,
    rate: int,
    *,
    progress: Progress,
    cancel: Cancel,
) -> dict[str, Row]:
    motions = [film.motion for film in films]
    references = [reference(film, rate) for film in films]
    out: dict[str, Row] = {}
    for number, name in enumerate(SYSTEMS):
        heard = []
        for index, (film, sound) in enumerate(zip(films, sounds[name], strict=True)):
            cancel.check()
            progress(Step("measures", number * len(films) + index, len(SYSTEMS) * len(films), name))
            heard.append(measured(film, sound, rate, seed=index))
        values = {key: [one.values[key] for one in heard] for key, _, _ in measures.COLUMNS}
        values["retrieval"] = _retrieved(films, sounds[name], judge)
        values |= other_measures(films, references, sounds[name], rate, seed=_SEED)
        cells = {key: cell(found) for key, found in values.items()}
        curves = {
            "energy": [one.loudness for one in heard],
            "onsets": [one.onsets for one in heard],
        }
        for key, curve in curves.items():
            for where, correlate in (("between", between), ("within", within)):
                r, shuffled = correlated(correlate(curve, motions, seed=_SEED))
                cells[f"{key}_{where}"], cells[f"{key}_{where}_shuffled"] = r, shuffled
        out[name] = Row(values, cells)
    return out


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


def _retrieved(films: Sequence[HeldOutFilm], sounds: Sounds, judge: Judge) -> list[float]:
    """Share of the galleries of 16 films in which the music's own film comes first, for each music."""
    both = enumerate(zip(films, sounds, strict=True))
    pairs = equal_length([Pair(film.seen, mel(sound), str(index)) for index, (film, sound) in both])
    sources = [pair.source for pair in pairs]
    seen = judge.see([pair.video for pair in pairs]).clips
    heard = judge.hear([pair.music for pair in pairs]).clips
    return [float(value) for value in cmr2(heard, seen, sources, judge.temperature, seed=_SEED).top1]
