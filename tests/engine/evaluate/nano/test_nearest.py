"""The nearest training stretch: a copy is found at once, at any place, and another piece is far."""

from __future__ import annotations

import numpy as np

from hitpoint.engine.evaluate.nano.nearest import log_mel, nearest_of

RATE = 32_000


def piece(seed: int, seconds: float = 12.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    at = np.arange(int(RATE * seconds)) / RATE
    pitches = rng.uniform(100, 2000, int(seconds * 2))
    return (0.2 * np.sin(2 * np.pi * np.repeat(pitches, len(at) // len(pitches))[: len(at)] * at)).astype(
        np.float32
    )


def test_a_copied_stretch_has_no_distance_wherever_it_stands() -> None:
    source = log_mel(piece(1), RATE)
    assert nearest_of([source[20:90]], [log_mel(piece(2), RATE), source])[0] < 0.05


def test_another_piece_is_far_and_the_level_does_not_matter() -> None:
    one, other = piece(1), piece(2)
    (far,) = nearest_of([log_mel(one, RATE)], [log_mel(other, RATE)])
    assert far > 5
    (quiet,) = nearest_of([log_mel(0.1 * one, RATE)], [log_mel(other, RATE)])
    assert abs(quiet - far) < 0.5


def test_each_piece_is_measured_by_itself() -> None:
    taught = [log_mel(piece(seed), RATE) for seed in (1, 2, 3)]
    found = nearest_of([taught[1], log_mel(piece(9), RATE)], taught)
    assert found[0] < 0.05 < 5 < found[1]
