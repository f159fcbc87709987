from __future__ import annotations

import numpy as np
import pytest

from hitpoint.engine.evaluate.keys import Key, key_of, key_score, mean_chroma, tempo_correct

_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def _cadence(tonic: int, mode: str) -> np.ndarray:
    """I IV V I in triads with three partials, mono at 22,050 Hz."""
    third = 4 if mode == "major" else 3
    sound = []
    time = np.arange(22_050) / 22_050
    for root, own_third in ((0, third), (5, third), (7, 4), (0, third)):
        chord = np.zeros(22_050)
        for step in (0, own_third, 7):
            hertz = 261.626 * 2 ** ((tonic + root + step) / 12)
            chord += sum(np.sin(2 * np.pi * k * hertz * time) / k**2 for k in (1, 2, 3))
        sound.append(chord * np.exp(-time))
    return np.concatenate(sound).astype(np.float32) / 6


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12))
def test_the_key_of_a_cadence_is_found(tonic: int, mode: str) -> None:
    found = key_of(mean_chroma(_cadence(tonic, mode)))
    assert found == Key(tonic, mode)  # type: ignore[arg-type]


def test_silence_has_no_key() -> None:
    assert key_of(mean_chroma(np.zeros(22_050, np.float32))) is None
    assert key_score(Key(0, "major"), None) == 0


def test_keys_are_scored_as_mir_eval_scores_them() -> None:
    mir_eval = pytest.importorskip("mir_eval.key")
    keys = [Key(tonic, mode) for tonic in range(12) for mode in ("major", "minor")]  # type: ignore[arg-type]
    for asked in keys:
        for found in keys:
            theirs = mir_eval.weighted_score(
                f"{_NAMES[asked.tonic]} {asked.mode}", f"{_NAMES[found.tonic]} {found.mode}"
            )
            assert key_score(asked, found) == theirs, (asked, found)


def test_a_tempo_is_right_within_four_percent_and_its_levels_in_the_second_count() -> None:
    assert tempo_correct(100, 104) == (True, True)
    assert tempo_correct(100, 104.1) == (False, False)
    for level in (2, 1 / 2, 3, 1 / 3):
        assert tempo_correct(90, 90 * level * 1.039) == (False, True)
    assert tempo_correct(100, 150) == (False, False)
