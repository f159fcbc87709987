"""The second table: a film's own music is as good as can be by every measure that compares with it."""

from __future__ import annotations

import numpy as np
import pytest

from hitpoint.engine.evaluate.nano.films import HeldOutFilm, seen
from hitpoint.engine.evaluate.nano.others import COLUMNS, other_measures, reference
from hitpoint.engine.train.corpus.pairs import make_pair

RATE = 32_000
# Those that compare with the film's own music, and are 1 at best.
OF_TRUTH = ("onset_f", "beat_f", "beat_iou", "bcs_d2m", "bhs_d2m", "bcs_loris", "bhs_loris", "key")


@pytest.fixture(scope="module")
def films() -> list[HeldOutFilm]:
    pairs = [make_pair("test", seed) for seed in range(2)]
    return [HeldOutFilm(pair, seen(pair.scenario)) for pair in pairs]


def test_own_music_is_perfect_and_noise_is_not(films: list[HeldOutFilm]) -> None:
    random = np.random.Generator(np.random.PCG64(1))
    for film in films:
        known = reference(film, RATE)
        own, _ = other_measures(film, known, film.pair.sound, RATE)
        assert {*own, "curve_shuffled"} == {key for key, _, _ in COLUMNS}
        assert [own[key] for key in OF_TRUTH] == [1.0] * len(OF_TRUTH)
        noise = 0.1 * random.standard_normal(len(film.pair.sound), np.float32)
        other, _ = other_measures(film, known, noise, RATE)
        assert other["onset_f"] < 0.6 and other["curve"] < own["curve"]
        assert own["clipped"] == 0
