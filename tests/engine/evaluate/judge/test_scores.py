"""cmr2 and ta2 on embeddings that are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.evaluate.judge.scores import cmr2, ta2

Floats = npt.NDArray[np.float32]


def rows(*shape: int, seed: int = 0) -> Floats:
    x = np.random.Generator(np.random.PCG64(seed)).standard_normal(shape)
    return np.asarray(x / np.linalg.norm(x, axis=-1, keepdims=True), np.float32)


NAMES = [f"film {i}" for i in range(64)]


def test_random_embeddings_are_at_chance() -> None:
    names = [f"{i}" for i in range(600)]
    found = cmr2(rows(600, 16), rows(600, 16, seed=1), names, 0.5)
    assert found.probability.mean() == pytest.approx(1 / 16, abs=0.006)
    assert found.top1.mean() == pytest.approx(1 / 16, abs=0.02)
    assert found.auc.mean() == pytest.approx(0.5, abs=0.03)


def test_equal_embeddings_are_found() -> None:
    same = rows(64, 32)
    found = cmr2(same, same, NAMES, 0.05)
    assert found.top1.mean() == 1 and found.auc.mean() == 1 and found.probability.min() > 0.9


def test_a_judge_that_cannot_tell_is_at_chance_exactly() -> None:
    same = np.ones((64, 1), np.float32)
    found = cmr2(same, same, NAMES, 0.07)
    np.testing.assert_allclose(found.probability, 1 / 16)
    np.testing.assert_allclose(found.top1, 1 / 16)
    np.testing.assert_allclose(found.auc, 0.5)


def test_galleries_hold_no_other_clip_of_the_same_source() -> None:
    names = [f"{i // 2}" for i in range(64)]
    twins = np.repeat(rows(32, 64), 2, 0)
    # Were a twin in the gallery, it would be level with the own.
    assert cmr2(twins, twins, names, 0.05).top1.min() == 1


def test_a_wrong_own_is_not_measured_beside_the_right_one() -> None:
    same = rows(64, 64)
    wrong = cmr2(same, same, NAMES, 0.2, own=np.roll(np.arange(64), 1).tolist())
    assert wrong.probability.mean() == pytest.approx(1 / 16, abs=0.02)


def test_scores_do_not_depend_on_anything_but_the_seed() -> None:
    a, b = rows(40, 8), rows(40, 8, seed=1)
    one, two, other = (cmr2(a, b, NAMES[:40], 0.1, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.probability, two.probability)
    assert not np.array_equal(one.probability, other.probability)


def test_a_gallery_needs_fifteen_others() -> None:
    with pytest.raises(InputError, match="14 clips"):
        cmr2(rows(15, 4), rows(15, 4), NAMES[:15], 0.1)


def test_music_in_time_has_a_gap_and_no_offset() -> None:
    frames = rows(12, 100, 32)
    found = ta2(frames, frames, NAMES[:12], 0.05)
    assert found.chance == pytest.approx(0.1)
    assert found.diagonal.min() > 0.9 and found.gap.min() > 0.7
    assert not found.offset_s.any()


def test_late_music_has_a_positive_offset() -> None:
    frames = rows(4, 140, 32)
    found = ta2(frames[:, 12:112], frames[:, :100], NAMES[:4], 0.05)
    np.testing.assert_allclose(found.offset_s, 1.2)


def test_a_clock_in_both_towers_fills_the_diagonal_but_not_the_gap() -> None:
    clock = np.repeat(rows(1, 100, 32), 12, 0)
    found = ta2(clock, clock, NAMES[:12], 0.05)
    assert found.diagonal.min() > 0.9
    np.testing.assert_allclose(found.gap, 0, atol=1e-9)


def test_time_needs_two_seconds_and_another_film() -> None:
    with pytest.raises(InputError, match="too few"):
        ta2(rows(2, 19, 4), rows(2, 19, 4), NAMES[:2], 0.1)
    with pytest.raises(InputError, match="one source"):
        ta2(rows(2, 40, 4), rows(2, 40, 4), ["a", "a"], 0.1)
