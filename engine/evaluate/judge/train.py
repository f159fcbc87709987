"""Teaching a judge (metrics.md 5.2): batches without two clips of one source, crops of one length for all."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...errors import EngineFault, InputError
from ...progress import Cancel, Progress, Step, silent
from .config import GALLERY, JudgeConfig
from .judge import Judge, Pair
from .layers import seeded
from .losses import global_loss, time_loss
from .prepare import Floats, fit
from .towers import Towers

_LEAST_SOURCES = 8


@dataclass(frozen=True, slots=True)
class Trained:
    """The judge with its best weights, and (step, training loss, validation loss) at every check."""

    judge: Judge
    history: tuple[tuple[int, float, float], ...]
    best_step: int


def train_judge(
    pairs: Sequence[Pair],
    config: JudgeConfig,
    *,
    seed: int,
    steps: int,
    progress: Progress = silent,
    cancel: Cancel | None = None,
) -> Trained:
    """Two towers taught on `pairs` for at most `steps`; same arguments, same weights on one machine.

    A share of the sources is kept for validation; training ends when its loss has not fallen for
    `config.patience` checks. InputError for fewer than 8 sources or a pair shorter than a crop.
    """
    sources = sorted({pair.source for pair in pairs})
    if len(sources) < _LEAST_SOURCES:
        raise InputError(f"{len(sources)} sources do not teach a judge: give {_LEAST_SOURCES} or more")
    for pair in pairs:
        if pair.frames < config.crop:
            raise InputError(
                f"'{pair.source}' has {pair.frames} frames, fewer than a crop of {config.crop}: leave it out"
            )
    order = np.random.Generator(np.random.PCG64(seed))
    kept = max(2, round(config.validation * len(sources)))
    held = {sources[i] for i in order.permutation(len(sources))[:kept]}
    learning = [pair for pair in pairs if pair.source not in held]
    video = fit(
        _distinct([p.video for p in learning]), components=config.video_components, plain=config.video_plain
    )
    music = fit(_distinct([p.music for p in learning]))
    towers = Towers(video.channels, music.channels, config, seed=seed)
    judge = Judge(config, video, music, towers)
    lesson = _Lesson(judge, learning, seed)
    test = _held_out(judge, [pair for pair in pairs if pair.source in held])
    optimizer = torch.optim.AdamW(
        towers.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    history: list[tuple[int, float, float]] = []
    best, best_step, best_state = math.inf, 0, copy.deepcopy(towers.state_dict())
    since = 0.0
    for step in range(1, steps + 1):
        if cancel is not None:
            cancel.check()
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * _pace(step, steps, config.warm_up)
        loss = lesson.loss()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(towers.parameters(), 1.0)
        optimizer.step()
        towers.clamp_temperature()
        if not math.isfinite(found := loss.item()):
            raise EngineFault(f"the judge's training broke down at step {step}: its loss is no number")
        since += found
        if step % config.check_every and step != steps:
            continue
        checked = _validate(towers, *test, seed)
        history.append((step, since / (step - (history[-1][0] if history else 0)), checked))
        since = 0.0
        if checked < best:
            best, best_step, best_state = checked, step, copy.deepcopy(towers.state_dict())
        progress(Step("train judge", step, steps, f"validation {checked:.3f}, best {best:.3f}"))
        if step - best_step >= config.patience * config.check_every:
            break
    towers.load_state_dict(best_state)
    return Trained(judge, tuple(history), best_step)


class _Lesson:
    """Draws batches: one clip a source, one crop a clip, moved in brightness and gain, with some noise."""

    def __init__(self, judge: Judge, pairs: Sequence[Pair], seed: int) -> None:
        self.judge = judge
        self.config = judge.config
        self.video = [torch.from_numpy(judge.video.apply(pair.video)) for pair in pairs]
        self.music = [torch.from_numpy(judge.music.apply(pair.music)) for pair in pairs]
        names = sorted({pair.source for pair in pairs})
        self.clips = [[i for i, pair in enumerate(pairs) if pair.source == name] for name in names]
        self.brighter = _direction(judge.video.direction(self.config.video_shifted))
        self.louder = _direction(judge.music.direction(self.config.music_shifted))
        self.generator = seeded(seed + 1)
        self.order = np.random.Generator(np.random.PCG64([seed, 1]))

    def loss(self) -> Tensor:
        video, music = self._batch()
        towers = self.judge.towers
        v_clip, v_frames = towers.video(video, self.generator)
        m_clip, m_frames = towers.music(music, self.generator)
        whole = global_loss(v_clip, m_clip, towers.temperature)
        return whole + time_loss(v_frames, m_frames, towers.temperature, self.generator)

    def _batch(self) -> tuple[Tensor, Tensor]:
        config, order = self.config, self.order
        drawn = order.permutation(len(self.clips))[: config.batch]
        video, music = [], []
        for source in drawn:
            clips = self.clips[source]
            clip = clips[order.integers(len(clips))]
            last = min(len(self.video[clip]), len(self.music[clip])) - config.crop
            at = int(order.integers(last + 1))
            video.append(self.video[clip][at : at + config.crop])
            music.append(self.music[clip][at : at + config.crop])
        return (
            self._shaken(torch.stack(video), self.brighter, config.video_shift),
            self._shaken(torch.stack(music), self.louder, config.music_shift),
        )

    def _shaken(self, features: Tensor, direction: Tensor, shift: float) -> Tensor:
        by = shift * (2 * torch.rand(len(features), 1, 1, generator=self.generator) - 1)
        noise = torch.randn(features.shape, generator=self.generator)
        return features + by * direction + self.config.feature_noise * noise


def _direction(moved: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Tensor:
    return torch.from_numpy(moved)


def _distinct(items: Sequence[Floats]) -> list[Floats]:
    """Each array once, however many pairs hold it."""
    return list({id(item): item for item in items}.values())


def _held_out(judge: Judge, pairs: Sequence[Pair]) -> tuple[list[Tensor], list[Tensor]]:
    """The middle crop of every clip in batches of one clip a source; the same crops at every check."""
    crop = judge.config.crop
    rounds: list[list[Pair]] = []
    for pair in pairs:
        fitting = next((r for r in rounds if pair.source not in {p.source for p in r}), None)
        if fitting is None or len(fitting) >= max(GALLERY, judge.config.batch):
            rounds.append([pair])
        else:
            fitting.append(pair)
    videos, musics = [], []
    for members in (r for r in rounds if len(r) > 1):
        starts = [(pair.frames - crop) // 2 for pair in members]
        cut = [p.cropped(at, crop) for p, at in zip(members, starts, strict=True)]
        videos.append(torch.stack([torch.from_numpy(judge.video.apply(p.video)) for p in cut]))
        musics.append(torch.stack([torch.from_numpy(judge.music.apply(p.music)) for p in cut]))
    return videos, musics


@torch.no_grad()
def _validate(towers: Towers, videos: list[Tensor], musics: list[Tensor], seed: int) -> float:
    losses = []
    generator = seeded(seed + 2)  # the same foreign times at every check
    for video, music in zip(videos, musics, strict=True):
        v_clip, v_frames = towers.video(video)
        m_clip, m_frames = towers.music(music)
        whole = global_loss(v_clip, m_clip, towers.temperature)
        losses.append(float(whole + time_loss(v_frames, m_frames, towers.temperature, generator)))
    return float(np.mean(losses))


def _pace(step: int, steps: int, warm_up: int) -> float:
    """Of the learning rate: up over `warm_up` steps, then down a cosine to a tenth."""
    if step <= warm_up:
        return step / warm_up
    return 0.1 + 0.45 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))
