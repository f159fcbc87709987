"""GVMGen's published measures leak; the towers, taught on the same data, do not."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hitpoint.engine.evaluate.judge.checks import Measure, noise_checks  # noqa: E402
from hitpoint.engine.evaluate.judge.config import JudgeConfig  # noqa: E402
from hitpoint.engine.evaluate.judge.published import PublishedNetwork, leak  # noqa: E402


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize(("kind", "count"), [("ta", 13_079_552), ("cmr", 13_079_615)])
def test_the_published_networks_have_the_published_sizes(kind: str, count: int) -> None:
    network = PublishedNetwork("ta" if kind == "ta" else "cmr")
    assert sum(parameter.numel() for parameter in network.parameters()) == count


def test_untrained_networks_are_at_chance() -> None:
    video, music = (
        torch.randn(32, 30, 768, generator=torch.Generator().manual_seed(1)),
        torch.zeros(32, 30, 128),
    )
    assert PublishedNetwork("cmr", hidden=64).score(video, music) == pytest.approx(1 / 16, abs=0.01)
    assert PublishedNetwork("ta", hidden=64).score(video, music) == pytest.approx(1 / 30, abs=0.002)


def test_attention_rows_sum_to_one() -> None:
    rows = PublishedNetwork("ta", hidden=64)(torch.randn(2, 30, 768), torch.randn(2, 30, 128))
    torch.testing.assert_close(rows.sum(-1), torch.ones(2, 30))


def test_published_cmr_finds_the_right_one_of_unrelated_pairs() -> None:
    found = leak("cmr", (0, 60), hidden=64, batch=32, held_out=64, learning_rate=2e-3)
    assert found.scores[0] < 0.1
    assert found.scores[1] > 0.5
    # The check that our towers must pass fails here: the test of the test.
    assert not Measure("cmr2", found.scores[1], 0.0425, 0.0825).passed


def test_the_towers_taught_on_unrelated_pairs_stay_at_chance() -> None:
    config = JudgeConfig(hidden=32, width=32, crop=80, batch=32, learning_rate=2e-3, dropout=0.0, warm_up=10)
    unrelated, clock = noise_checks(config, seed=0, steps=60)
    assert unrelated.passed and clock.passed
    (cmr2,) = [measure.value for measure in unrelated.measures if measure.name == "cmr2"]
    assert cmr2 < 0.12
