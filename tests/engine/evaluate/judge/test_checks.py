"""The sanity checks on a judge that hears and on one that does not, and the checkpoint that carries them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hitpoint.engine.errors import InputError  # noqa: E402
from hitpoint.engine.evaluate.judge.checkpoint import RECORD, WEIGHTS, load_judge, write_judge  # noqa: E402
from hitpoint.engine.evaluate.judge.checks import (  # noqa: E402
    REQUIRED,
    Check,
    Measure,
    above_ceiling,
    derangement,
    dose_response,
    shuffled_test,
    shuffled_training,
)
from hitpoint.engine.evaluate.judge.config import JudgeConfig  # noqa: E402
from hitpoint.engine.evaluate.judge.judge import Judge, Pair  # noqa: E402
from hitpoint.engine.evaluate.judge.towers import Towers  # noqa: E402
from hitpoint.engine.evaluate.judge.train import train_judge  # noqa: E402

Related = Callable[..., list[Pair]]

CONFIG = JudgeConfig(
    hidden=32,
    width=32,
    video_components=4,
    video_plain=4,
    crop=100,
    batch=16,
    learning_rate=3e-3,
    dropout=0.0,
    warm_up=10,
    check_every=40,
)
PASSED = tuple(Check(key, (Measure("x", 0.0, -1.0, 1.0),)) for key in REQUIRED)


@pytest.fixture(scope="module")
def judge(related: Related) -> Judge:
    torch.set_num_threads(1)
    return train_judge(related(96, 140, 1), CONFIG, seed=3, steps=200).judge


@pytest.fixture(scope="module")
def unseen(related: Related) -> list[Pair]:
    return related(40, 160, 2, "unseen")


def values(check: Check) -> dict[str, float]:
    return {measure.name: measure.value for measure in check.measures}


def test_a_judge_that_hears_passes_the_shuffled_test(judge: Judge, unseen: list[Pair]) -> None:
    check = shuffled_test(judge, unseen, seed=0)
    assert check.key == "S3" and check.passed, check
    assert values(check)["right less wrong"] > 0.3


def test_a_judge_that_hears_falls_with_the_dose(judge: Judge, unseen: list[Pair]) -> None:
    check = dose_response(judge, unseen, seed=0)
    assert check.key == "S4" and check.passed, check


def test_a_judge_that_was_never_taught_fails_both(judge: Judge, unseen: list[Pair]) -> None:
    untaught = replace(judge, towers=Towers(judge.video.channels, judge.music.channels, CONFIG, seed=9))
    assert not shuffled_test(untaught, unseen, seed=0).passed
    assert not dose_response(untaught, unseen, seed=0).passed


def test_shuffled_training_teaches_nothing(related: Related, unseen: list[Pair]) -> None:
    check = shuffled_training(related(96, 140, 1), unseen, CONFIG, seed=0, steps=40)
    assert check.key == "S2"
    assert abs(values(check)["cmr2"] - 1 / 16) < 0.03 and abs(values(check)["ta2 gap"]) < 0.03


def test_a_derangement_exchanges_every_source() -> None:
    random = np.random.Generator(np.random.PCG64(0))
    sources = ["a", "a", "b", "c", "c", "c"]
    for _ in range(50):
        assert all(sources[j] != sources[i] for i, j in enumerate(derangement(sources, random)))
    assert sorted(derangement(list("abcdef"), random)) == list(range(6))
    with pytest.raises(InputError, match="one source"):
        derangement(["a", "a"], random)


def test_systems_above_the_true_music_are_flagged() -> None:
    assert above_ceiling(0.4, {"ours": 0.3, "odd": 0.5, "level": 0.4}) == ("odd",)


def test_a_checkpoint_comes_back_as_it_was(judge: Judge, unseen: list[Pair], tmp_path: Path) -> None:
    written = write_judge(tmp_path, judge, seed=3, steps=200, data="curves", checks=PASSED)
    back, record = load_judge(tmp_path)
    assert record == written and back.config == CONFIG
    musics, videos = [p.music for p in unseen[:3]], [p.video for p in unseen[:3]]
    assert np.array_equal(judge.hear(musics).frames, back.hear(musics).frames)
    assert np.array_equal(judge.see(videos).clips, back.see(videos).clips)
    assert back.temperature == judge.temperature


@pytest.mark.parametrize(
    ("checks", "named"),
    [
        (PASSED[1:], "S1"),
        ((*PASSED[:3], Check("S4", (Measure("x", 2.0, -1.0, 1.0),)), PASSED[4]), "S4"),
        ((*PASSED, Check("S2", ())), "S2"),
        ((), "S1, S2, S3, S4, S5"),
    ],
)
def test_a_checkpoint_without_all_checks_passed_is_refused(
    judge: Judge, tmp_path: Path, checks: tuple[Check, ...], named: str
) -> None:
    write_judge(tmp_path, judge, seed=3, steps=200, data="curves", checks=checks)
    with pytest.raises(InputError, match=f"did not pass {named}: "):
        load_judge(tmp_path)


def test_a_checkpoint_that_was_altered_is_refused(judge: Judge, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no judge"):
        load_judge(tmp_path)
    write_judge(tmp_path, judge, seed=3, steps=200, data="curves", checks=PASSED)
    altered = bytearray((tmp_path / WEIGHTS).read_bytes())
    altered[-1] ^= 1
    (tmp_path / WEIGHTS).write_bytes(altered)
    with pytest.raises(InputError, match="not the file that was checked"):
        load_judge(tmp_path)
    (tmp_path / RECORD).write_text("{")
    with pytest.raises(InputError, match="no JSON"):
        load_judge(tmp_path)
