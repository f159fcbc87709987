from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.evaluate.sound import (
    chroma_corr,
    log_mel_l1_db,
    onset_f,
    onsets_s,
    semitone_corr,
    tonal_contrast_db,
)

RATE = 32_000
Sound = npt.NDArray[np.float32]


def _melody(pitches: list[int]) -> Sound:
    clock = np.arange(RATE // 2) / RATE
    notes = []
    for pitch in pitches:
        hertz = 440 * 2 ** ((pitch - 69) / 12)
        lines = sum(np.sin(2 * np.pi * hertz * n * clock) / n for n in range(1, 6))
        notes.append(0.2 * lines * np.exp(-4 * clock))
    return np.concatenate(notes).astype(np.float32)


TUNE = _melody([60, 64, 67, 65, 62, 59, 60, 69])


def _noise(samples: int, seed: int = 0) -> Sound:
    return np.random.Generator(np.random.PCG64(seed)).standard_normal(samples).astype(np.float32)


def test_a_sound_is_itself() -> None:
    assert chroma_corr(TUNE, TUNE, RATE) == pytest.approx(1)
    assert semitone_corr(TUNE, TUNE, RATE) == pytest.approx(1)
    assert onset_f(TUNE, TUNE, RATE) == 1
    assert log_mel_l1_db(TUNE, TUNE, RATE) == 0


def test_gain_changes_no_correlation_and_is_what_mel_distance_says() -> None:
    louder = 2 * TUNE
    assert chroma_corr(TUNE, louder, RATE) == pytest.approx(1)
    assert semitone_corr(TUNE, louder, RATE) == pytest.approx(1)
    noise = 0.1 * _noise(2 * RATE)
    assert log_mel_l1_db(noise, 2 * noise, RATE) == pytest.approx(20 * np.log10(2), abs=0.05)


def test_another_octave_keeps_pitch_classes_and_no_semitones() -> None:
    higher = _melody([72, 76, 79, 77, 74, 71, 72, 81])
    assert chroma_corr(TUNE, higher, RATE) > 0.9
    assert semitone_corr(TUNE, higher, RATE) < 0.7


def test_other_notes_are_told_from_these() -> None:
    other = _melody([66, 61, 70, 63, 68, 64, 66, 61])
    assert chroma_corr(TUNE, other, RATE) < 0.2
    assert semitone_corr(TUNE, other, RATE) < 0.5


def test_lines_have_contrast_and_noise_has_little() -> None:
    assert tonal_contrast_db(TUNE, RATE) > 20
    assert tonal_contrast_db(_noise(4 * RATE), RATE) < 8
    assert np.isnan(tonal_contrast_db(np.zeros(RATE, np.float32), RATE))


@pytest.mark.parametrize(("late_ms", "expected"), [(20, 1.0), (100, 0.0)])
def test_onsets_count_within_forty_milliseconds(late_ms: int, expected: float) -> None:
    bursts = np.zeros(6 * RATE, np.float32)
    for start in range(RATE // 2, 5 * RATE, RATE // 2):
        bursts[start : start + 1_600] = 0.3 * _noise(1_600, start) * np.exp(-np.arange(1_600) / 300)
    late = np.concatenate((np.zeros(late_ms * 32, np.float32), bursts))[: len(bursts)]
    assert len(onsets_s(bursts, RATE)) == 9
    assert onset_f(bursts, late, RATE) == expected


def test_silence_has_no_onsets() -> None:
    silence = np.zeros(RATE, np.float32)
    assert onset_f(silence, silence, RATE) == 1
    assert onset_f(TUNE[:RATE], silence, RATE) == 0


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(InputError, match="one length"):
        chroma_corr(TUNE, TUNE[:-1], RATE)
    with pytest.raises(InputError, match="mono"):
        tonal_contrast_db(np.zeros((4, 2)), RATE)
    with pytest.raises(InputError, match="numbers"):
        tonal_contrast_db(np.full(100, np.nan), RATE)
