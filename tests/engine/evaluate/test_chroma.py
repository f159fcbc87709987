from __future__ import annotations

import numpy as np
import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.evaluate.chroma import chroma_cos

_RATE = 32_000


def _tune(semitones: list[int], gain: float = 0.3) -> np.ndarray:
    time = np.arange(_RATE) / _RATE
    return np.concatenate(
        [gain * np.sin(2 * np.pi * 440 * 2 ** (step / 12) * time) for step in semitones]
    ).astype(np.float32)


def test_music_that_moves_as_its_reference_scores_one_at_any_loudness_and_octave() -> None:
    tune = _tune([0, 3, 7, 2])
    assert chroma_cos(tune, tune) == 1
    assert chroma_cos(_tune([0, 3, 7, 2], 0.05), tune) == 1
    assert chroma_cos(_tune([12, 15, 19, 14]), tune) > 0.9


def test_half_of_the_pitches_right_scores_half() -> None:
    assert chroma_cos(_tune([0, 3, 7, 2]), _tune([0, 3, 8, 4])) == pytest.approx(0.5, abs=0.08)
    assert chroma_cos(_tune([1, 4, 8, 3]), _tune([0, 3, 7, 2])) < 0.1


def test_sounds_of_two_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="length"):
        chroma_cos(_tune([0]), _tune([0, 1]))
