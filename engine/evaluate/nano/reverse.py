"""Whether a model knows the order of pictures: the same film with its pictures the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...models.channels import plan_channels
from .films import TestFilm
from .voice import Voice, steps_of

_FILMS = 6
_SEED = 80_000


@dataclass(frozen=True, slots=True)
class Reversed:
    """Share of the tokens that change with the pictures' order, everything else equal."""

    ours: float
    published: float


def reverse_pictures(films: Sequence[TestFilm], ours: Voice, published: Voice) -> Reversed:
    return Reversed(*(_changed(films[:_FILMS], voice, planned=voice is ours) for voice in (ours, published)))


def _changed(films: Sequence[TestFilm], voice: Voice, *, planned: bool) -> float:
    shares = []
    for index, film in enumerate(films):
        pair = film.pair
        steps = steps_of(pair.sound, voice.sample_rate)
        plan = plan_channels(pair.plan, pair.chords, start_sample=0, steps=steps) if planned else None
        rows = voice.look(pair.frames)
        first, second = (
            voice.play(given, plan, steps, seed=_SEED + index) for given in (rows, rows[::-1].copy())
        )
        shares.append(float((first != second).mean()))
    return float(np.mean(shares))
