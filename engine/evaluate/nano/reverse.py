"""Whether a model knows the order of pictures: the same film with its pictures the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...models.channels import plan_channels
from ..judge.features import mel
from ..judge.judge import Judge
from .films import HeldOutFilm
from .voice import Voice, steps_of

_FILMS = 6
_SEED = 80_000


@dataclass(frozen=True, slots=True)
class Turned:
    """tokens: share that change with the pictures' order, everything else equal. score: how far the judge's
    likeness of film and music (a cosine) moves, mean of the films, as a magnitude.
    """

    tokens: float
    score: float


@dataclass(frozen=True, slots=True)
class Reversed:
    ours: Turned
    published: Turned


def reverse_pictures(films: Sequence[HeldOutFilm], ours: Voice, published: Voice, judge: Judge) -> Reversed:
    few = films[:_FILMS]
    return Reversed(_turned(few, ours, judge, planned=True), _turned(few, published, judge, planned=False))


def _turned(films: Sequence[HeldOutFilm], voice: Voice, judge: Judge, *, planned: bool) -> Turned:
    tokens, scores = [], []
    for index, film in enumerate(films):
        pair = film.pair
        steps = steps_of(pair.sound, voice.sample_rate)
        plan = plan_channels(pair.plan, pair.chords, start_sample=0, steps=steps) if planned else None
        rows = voice.look(pair.frames)
        first, second = (
            voice.play(given, plan, steps, seed=_SEED + index) for given in (rows, rows[::-1].copy())
        )
        tokens.append(float((first != second).mean()))
        heard = [mel(voice.sound(played)) for played in (first, second)]
        shortest = min(len(film.seen), *(len(music) for music in heard))
        seen = judge.see([film.seen[:shortest]]).clips[0]
        alike = judge.hear([music[:shortest] for music in heard]).clips @ seen
        scores.append(abs(float(alike[0] - alike[1])))
    return Turned(float(np.mean(tokens)), float(np.mean(scores)))
