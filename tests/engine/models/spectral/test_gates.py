"""What a fitted codec keeps of a tune that it was not fitted on."""

from __future__ import annotations

import numpy as np

from hitpoint.engine.evaluate.sound import chroma_corr, onset_f, semitone_corr, tonal_contrast_db
from hitpoint.engine.models.config import SpectralConfig
from hitpoint.engine.models.spectral.codec import SpectralCodec
from hitpoint.engine.train.codec import fit_codec

RATE = 32_000
CONFIG = SpectralConfig(cardinality=128, components=32)


def _tune(seed: int) -> np.ndarray:
    """Chords of a major scale, struck twice a second."""
    random = np.random.Generator(np.random.PCG64(seed))
    out = np.zeros(21 * RATE, np.float32)
    clock = np.arange(RATE) / RATE
    for start in range(0, 20 * RATE, RATE // 2):
        for pitch in random.choice([48, 52, 55, 60, 64, 67, 72], 3, replace=False):
            hertz = 440 * 2 ** ((pitch - 69) / 12)
            lines = sum(np.sin(2 * np.pi * hertz * n * clock) / n for n in range(1, 6))
            out[start : start + RATE] += (0.1 * lines * np.exp(-6 * clock)).astype(np.float32)
    return out[: 20 * RATE]


def test_harmony_lines_and_attacks_of_another_tune_survive() -> None:
    codec = SpectralCodec(fit_codec([_tune(seed) for seed in range(3)], CONFIG, seed=1), CONFIG)
    tune = _tune(9)
    sound = np.concatenate(list(codec.decode(codec.encode(tune[:, None]))))[:, 0]
    assert chroma_corr(tune, sound, RATE) > 0.95
    assert semitone_corr(tune, sound, RATE) > 0.85
    assert onset_f(tune, sound, RATE) > 0.88
    # Bare sines stand 37 dB above nothing, which is more than music has and more than codewords can say.
    assert tonal_contrast_db(tune, RATE) - tonal_contrast_db(sound, RATE) < 8
