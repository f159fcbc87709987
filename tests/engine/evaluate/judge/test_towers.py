"""The towers, their losses and their training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hitpoint.engine.errors import InputError, OptionError  # noqa: E402
from hitpoint.engine.evaluate.judge.checks import scores_of  # noqa: E402
from hitpoint.engine.evaluate.judge.config import EDGE, JudgeConfig, nano_config  # noqa: E402
from hitpoint.engine.evaluate.judge.judge import Judge, Pair, equal_length  # noqa: E402
from hitpoint.engine.evaluate.judge.layers import drop, seeded  # noqa: E402
from hitpoint.engine.evaluate.judge.losses import global_loss, time_loss  # noqa: E402
from hitpoint.engine.evaluate.judge.prepare import fit  # noqa: E402
from hitpoint.engine.evaluate.judge.towers import Tower, Towers  # noqa: E402
from hitpoint.engine.evaluate.judge.train import _Lesson, train_judge  # noqa: E402
from hitpoint.engine.progress import Step  # noqa: E402

Related = Callable[..., list[Pair]]

SMALL = JudgeConfig(
    hidden=32,
    width=32,
    crop=100,
    batch=16,
    learning_rate=3e-3,
    dropout=0.0,
    warm_up=10,
    validation=0.1,
    check_every=40,
    patience=5,
)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


def test_a_tower_gives_rows_of_length_one_and_loses_the_edges() -> None:
    tower = Towers(7, 5, SMALL, seed=0).video
    clip, frames = tower(torch.randn(3, 80, 7))
    assert clip.shape == (3, 32) and frames.shape == (3, 80 - 2 * EDGE, 32)
    torch.testing.assert_close(clip.norm(dim=-1), torch.ones(3))
    torch.testing.assert_close(frames.norm(dim=-1), torch.ones(3, 20))


def test_a_frame_sees_exactly_61_frames() -> None:
    features = torch.randn(1, 121, 4, requires_grad=True)
    _, frames = Towers(4, 4, SMALL, seed=0).video(features)
    frames[0, 30].sum().backward()
    assert features.grad is not None
    seen = torch.nonzero(features.grad[0].abs().sum(-1))[:, 0]
    assert (int(seen.min()), int(seen.max())) == (30, 90)


def test_a_tower_has_no_clock() -> None:
    frames = Towers(4, 4, SMALL, seed=0).video(torch.ones(1, 90, 4))[1][0]
    torch.testing.assert_close(frames, frames[:1].expand_as(frames))


def test_neither_tower_sees_the_other_side() -> None:
    towers = Towers(4, 6, SMALL, seed=0)
    video, music = torch.randn(2, 70, 4, requires_grad=True), torch.randn(2, 70, 6, requires_grad=True)
    (clip, frames), _ = towers.video(video), towers.music(music)
    (clip.sum() + frames.sum()).backward()
    assert video.grad is not None and music.grad is None
    assert all(parameter.grad is None for parameter in towers.music.parameters())
    assert not {id(p) for p in towers.video.parameters()} & {id(p) for p in towers.music.parameters()}


def test_weights_come_from_the_seed_and_leave_torchs_own_generator_alone() -> None:
    before = torch.get_rng_state()
    one, two, other = (Towers(4, 6, SMALL, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(one.video.enter.weight, two.video.enter.weight)
    assert not torch.equal(one.video.enter.weight, other.video.enter.weight)


def test_the_specified_towers_have_the_specified_sizes() -> None:
    tower = Tower(10, JudgeConfig())
    assert tower.enter.out_features == 512 and tower.frame_head.out_features == 256
    assert [block.convolution.dilation for block in tower.blocks] == [(1,), (2,), (4,), (8,)]
    assert Towers(2, 2, SMALL, seed=0).temperature.item() == pytest.approx(0.07)


@pytest.mark.parametrize(("set_to", "becomes"), [(1e-5, 0.01), (3.0, 0.5), (0.2, 0.2)])
def test_the_temperature_stays_within_its_bounds(set_to: float, becomes: float) -> None:
    towers = Towers(2, 2, SMALL, seed=0)
    with torch.no_grad():
        towers.log_temperature.fill_(set_to).log_()
    towers.clamp_temperature()
    assert towers.temperature.item() == pytest.approx(becomes)


def test_dropout_keeps_the_mean() -> None:
    dropped = drop(torch.ones(100_000), 0.3, seeded(0))
    assert dropped.mean().item() == pytest.approx(1, abs=0.01)
    assert (dropped == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)


def test_the_losses_of_perfect_and_of_blind_towers() -> None:
    temperature = torch.tensor(0.05)
    own = torch.eye(8)
    assert global_loss(own, own, temperature).item() < 1e-6
    same = torch.ones(8, 4) / 2
    assert global_loss(same, same, temperature).item() == pytest.approx(np.log(8), abs=1e-5)
    frames = torch.ones(3, 40, 4) / 2
    blind = time_loss(frames, frames, temperature, seeded(0)).item()
    # Own 40 times less the 5 on each side that do not count (fewer at the ends), and 8 foreign ones.
    counted = [48 - min(5, t) - min(5, 39 - t) for t in range(40)]
    assert blind == pytest.approx(np.log(counted).mean(), abs=1e-5)


def test_every_weight_and_the_temperature_learn_from_both_losses() -> None:
    towers = Towers(4, 6, SMALL, seed=0)
    clips, times = zip(towers.video(torch.randn(3, 90, 4)), towers.music(torch.randn(3, 90, 6)), strict=True)
    loss = global_loss(*clips, towers.temperature) + time_loss(*times, towers.temperature, seeded(0))
    loss.backward()
    for name, parameter in towers.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all() and parameter.grad.any(), name


def test_times_near_the_right_one_do_not_count() -> None:
    frames = torch.eye(40)[None].repeat(2, 1, 1)
    near = frames.clone()
    near[:, 20] = near[:, 23]  # a twin .3 s away is no mistake; one 1 s away is
    far = frames.clone()
    far[:, 20] = far[:, 30]
    temperature = torch.tensor(0.05)

    def worst(video: torch.Tensor) -> float:
        return float(time_loss(video, video, temperature, seeded(0)))

    assert worst(near) < worst(far)


def test_related_pairs_are_found_after_a_short_training_and_unrelated_ones_are_not(related: Related) -> None:
    judge = train_judge(related(96, 140, 1), SMALL, seed=3, steps=200).judge
    clips, times = scores_of(judge, related(48, 140, 2, "unseen"))
    assert clips.top1.mean() > 0.6
    assert clips.auc.mean() > 0.9
    assert times.gap.mean() > 0.05
    assert np.median(np.abs(times.offset_s)) <= 0.2
    apart = related(48, 140, 4)
    crossed = [Pair(p.video, apart[i - 1].music, p.source) for i, p in enumerate(apart)]
    assert scores_of(judge, crossed)[0].probability.mean() < 0.12


def test_one_seed_gives_the_same_weights(related: Related) -> None:
    pairs = related(24, 120, 5)
    config = replace(SMALL, dropout=0.2, feature_noise=0.1, video_shift=1.0, video_shifted=3)
    steps: list[Step] = []
    one = train_judge(pairs, config, seed=7, steps=12, progress=steps.append)
    two = train_judge(pairs, config, seed=7, steps=12)
    other = train_judge(pairs, config, seed=8, steps=12)
    weights = [t.judge.towers.state_dict() for t in (one, two, other)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert not torch.equal(weights[0]["video.enter.weight"], weights[2]["video.enter.weight"])
    assert one.history == two.history and steps[-1].done == 12


def test_training_ends_when_validation_no_longer_improves() -> None:
    random = np.random.Generator(np.random.PCG64(0))
    noise = [Pair(*random.standard_normal((2, 110, 6), np.float32), f"noise {i}") for i in range(16)]
    config = replace(SMALL, check_every=10, patience=2)
    trained = train_judge(noise, config, seed=0, steps=400)
    assert trained.history[-1][0] < 400
    assert trained.history[-1][0] - trained.best_step == 20


def test_a_batch_holds_crops_of_one_length_and_one_clip_a_source() -> None:
    lengths = np.random.Generator(np.random.PCG64(0)).integers(100, 140, 20)
    clips = [
        Pair(np.full((n, 2), i // 2, np.float32), np.full((n + 3, 2), i // 2, np.float32), f"{i // 2}")
        for i, n in enumerate(lengths)
    ]
    side = fit([clip.video for clip in clips])
    config = replace(SMALL, feature_noise=0.0)
    lesson = _Lesson(Judge(config, side, side, Towers(2, 2, config, seed=0)), clips, 0)
    video, music = lesson._batch()
    assert video.shape == music.shape == (10, SMALL.crop, 2)
    assert len(set(video[:, 0, 0].tolist())) == 10
    assert torch.equal(video, music)


def test_gain_moves_the_channels_it_belongs_to_and_no_others() -> None:
    random = np.random.Generator(np.random.PCG64(0))
    items = [(random.standard_normal((50, 6)) * [1, 2, 3, 4, 5, 6]).astype(np.float32) for _ in range(4)]
    np.testing.assert_allclose(fit(items).direction(2) * fit(items).spread, [1, 1, 0, 0, 0, 0], atol=1e-5)
    projected = fit(items, components=2, plain=3)
    assert projected.channels == 5 and not projected.direction(3)[3:].any()
    rows = np.concatenate([projected.apply(item) for item in items])
    np.testing.assert_allclose(rows.std(0), 1, atol=1e-3)


def test_what_cannot_be_taught_or_judged_is_said(related: Related) -> None:
    pairs = related(10, 110, 0)
    with pytest.raises(InputError, match="sources"):
        train_judge(pairs[:5], SMALL, seed=0, steps=1)
    with pytest.raises(InputError, match="fewer than a crop"):
        train_judge([*pairs, pairs[0].cropped(0, 99)], SMALL, seed=0, steps=1)
    with pytest.raises(OptionError, match="leaves no time"):
        JudgeConfig(crop=60)
    with pytest.raises(InputError, match="are asked for"):
        equal_length(pairs, 111)
    with pytest.raises(InputError, match="components"):
        fit([np.zeros((4, 6), np.float32)], components=5)
    side = fit([pair.video for pair in pairs])
    judge = Judge(SMALL, side, side, Towers(12, 12, SMALL, seed=0))
    with pytest.raises(InputError, match="crop all to one length"):
        judge.see([pairs[0].video, pairs[1].video[:-1]])
    with pytest.raises(InputError, match="12 channels"):
        judge.see([pairs[0].video[:, :5]])


def test_the_nano_judge_is_small() -> None:
    config = nano_config()
    towers = Towers(26 + 48, 209, config, seed=0)
    assert sum(parameter.numel() for parameter in towers.parameters()) < 500_000
