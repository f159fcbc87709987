"""Readers of mode and orchestration: right where the answer is known by construction."""

from __future__ import annotations

import numpy as np
import pytest

from hitpoint.engine.evaluate.nano.mood import fit_reader, major, timbre
from hitpoint.engine.sketch.composer import ChordSpan

RATE = 32_000


def triads(third: int, *, seconds: float = 4.0, roots: tuple[int, ...] = (0, 5, 7, 0)) -> np.ndarray:
    """Sustained chords in a plain timbre, one after the other."""
    at = np.arange(int(RATE * seconds / len(roots))) / RATE
    out = []
    for root in roots:
        pitches = [48 + root + step for step in (0, third, 7, 12)]
        tone = sum(
            np.sin(2 * np.pi * harmonic * 440 * 2 ** ((pitch - 69) / 12) * at) / harmonic
            for pitch in pitches
            for harmonic in (1, 2, 3)
        )
        out.append(0.1 * tone)
    return np.concatenate(out).astype(np.float32)


def spans(roots: tuple[int, ...] = (0, 5, 7, 0), seconds: float = 4.0) -> list[ChordSpan]:
    each = int(48_000 * seconds / len(roots))
    return [ChordSpan(i * each, (i + 1) * each, (root,)) for i, root in enumerate(roots)]


@pytest.mark.parametrize(("third", "sign"), [(4, 1), (3, -1)])
def test_the_mode_is_read_from_the_thirds_above_the_roots(third: int, sign: int) -> None:
    assert np.sign(major(triads(third), RATE, spans())) == sign


def test_silence_has_no_mode() -> None:
    assert np.isnan(major(np.zeros(RATE, np.float32), RATE, spans(seconds=1.0)))


def test_the_timbre_does_not_know_the_level() -> None:
    sound = triads(4)
    np.testing.assert_allclose(timbre(sound, RATE), timbre(0.1 * sound, RATE), atol=0.05)


def test_a_reader_tells_struck_from_held_sounds_that_it_never_heard() -> None:
    def piece(seed: int, *, struck: bool) -> np.ndarray:
        rng = np.random.default_rng(seed)
        roots = tuple(int(root) for root in rng.integers(12, size=8))
        sound = triads(4, roots=roots)
        decay = np.exp(-8 * (np.arange(len(sound)) % (len(sound) // 8)) / RATE)
        return (sound * decay if struck else sound).astype(np.float32)

    taught = [(timbre(piece(seed, struck=bool(seed % 2)), RATE), seed % 2) for seed in range(12)]
    reader = fit_reader([features for features, _ in taught], [label for _, label in taught], 2)
    held = [reader(timbre(piece(seed, struck=bool(seed % 2)), RATE)) == seed % 2 for seed in range(20, 28)]
    assert all(held)
