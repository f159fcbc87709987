from __future__ import annotations

import numpy as np
import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.evaluate.keys import Key
from hitpoint.engine.evaluate.structure import (
    Scaling,
    Segments,
    block_means,
    coherence,
    scaling,
    segments,
    ssm_corr,
)

_RATE = 22_050


def _music(bpm: float, tonic: int, seconds: int) -> np.ndarray:
    time = np.arange(seconds * _RATE) / _RATE
    beat = (time * bpm / 60) % 1.0
    chord = sum(np.sin(2 * np.pi * 220 * 2 ** ((tonic + step) / 12) * time) for step in (0, 4, 7, 12))
    return (0.2 * chord * np.exp(-6 * beat)).astype(np.float32)


def test_a_form_that_returns_with_the_film_correlates_and_another_form_does_not() -> None:
    random = np.random.Generator(np.random.PCG64(0))
    seen, heard = random.standard_normal((2, 4, 30))
    form = [0, 0, 1, 1, 2, 2, 0, 0, 3, 3]

    def rows(looks: np.ndarray, order: list[int]) -> np.ndarray:
        return looks[order] + 0.1 * random.standard_normal((10, 30))

    assert ssm_corr(rows(seen, form), rows(heard, form)) > 0.7
    assert ssm_corr(rows(seen, form), rows(heard, [0, 1, 2, 3, 0, 1, 2, 3, 0, 1])) < 0.3


def test_form_without_variation_is_undefined_and_unequal_lengths_are_refused() -> None:
    rows = np.random.Generator(np.random.PCG64(1)).standard_normal((5, 4))
    assert np.isnan(ssm_corr(rows, np.ones((5, 4))))
    assert np.isnan(ssm_corr(rows[:2], rows[:2]))
    with pytest.raises(InputError, match="cut one"):
        ssm_corr(rows, rows[:4])


def test_blocks_are_whole_two_seconds() -> None:
    times = np.arange(110) / 10
    means = block_means(times[:, None], times, 11.0)
    assert means[:, 0] == pytest.approx([0.95, 2.95, 4.95, 6.95, 8.95])
    with pytest.raises(InputError, match="denser"):
        block_means(times[:, None], times + 4, 11.0)


def test_one_piece_is_more_coherent_than_three_pasted_together() -> None:
    steady = segments(_music(120, 0, 32), _RATE)
    mixed = segments(np.concatenate([_music(120, 0, 10), _music(93, 5, 10), _music(140, 1, 12)]), _RATE)
    assert steady.features.shape == (3, 52) and len(steady.keys) == 3
    scale = scaling([steady, mixed])
    one, three = coherence(steady, scale), coherence(mixed, scale)
    assert one.cosine > three.cosine + 0.5
    assert one.tempo_octaves < 0.02 < three.tempo_octaves
    assert one.key_changes_per_minute == 0 and three.key_changes_per_minute == 6


def test_twice_the_tempo_is_the_same_tempo() -> None:
    def piece(tempi: list[float]) -> Segments:
        return Segments(np.ones((len(tempi), 52)), np.array(tempi), (Key(0, "major"),) * len(tempi))

    scale = Scaling(np.zeros(52), np.ones(52))
    assert coherence(piece([60, 120, 240]), scale).tempo_octaves == pytest.approx(0, abs=1e-9)
    assert coherence(piece([100, 110]), scale).tempo_octaves == pytest.approx(np.log2(1.1) / 2)
    # 119 and 62 are 5 % apart once folded, though their logarithms lie at the two ends of an octave.
    assert coherence(piece([127, 65]), scale).tempo_octaves < 0.03


def test_what_is_too_short_has_no_coherence() -> None:
    short = segments(_music(120, 0, 12), _RATE)
    assert len(short.features) == 1
    found = coherence(short, Scaling(np.zeros(52), np.ones(52)))
    assert np.isnan([found.cosine, found.tempo_octaves, found.key_changes_per_minute]).all()
    with pytest.raises(InputError, match="training"):
        scaling([short])


def test_silence_has_segments_without_pulse_or_key() -> None:
    found = segments(np.zeros(20 * _RATE, np.float32), _RATE)
    assert found.keys == (None, None) and np.isnan(found.tempi_bpm).all()
    assert np.isfinite(found.features).all()
