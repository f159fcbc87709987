"""GVMGen's CMR and TA networks as published (chouliuzuo/GVMGen `evaluation_model/`), which prove nothing.

Both sides of a pair attend to each other before they are compared, so a pair can recognise itself: trained on
video and music that have nothing to do with each other, the scores of held-out unrelated pairs rise to 1.
Kept for comparison and as the test that `towers` must not fail.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import drop, initialise, normal, seeded

VIDEO_WIDTH, MUSIC_WIDTH, SECONDS = 768, 128, 30
GALLERY = 16
_HEADS = 4
_BLOCKS = 4
_DROPOUT = 0.45
_FIRST_TEMPERATURE = 0.07
_INIT_STD = 0.02

Kind = Literal["cmr", "ta"]


class PublishedNetwork(nn.Module):
    """CMR (with the Linears over time and the scale) or TA (without). Every weight is drawn from `seed`."""

    def __init__(self, kind: Kind, *, hidden: int = 512, seed: int = 0) -> None:
        super().__init__()
        self.kind = kind
        with torch.device("meta"):  # drawn below, so that the global generator is left alone
            self.video = nn.Linear(VIDEO_WIDTH, hidden)
            self.music = nn.Linear(MUSIC_WIDTH, hidden)
            self.blocks = nn.ModuleList(_Block(hidden) for _ in range(_BLOCKS))
            if kind == "cmr":
                self.video_time = nn.Linear(SECONDS, 1)
                self.music_time = nn.Linear(SECONDS, 1)
                self.scale = nn.Parameter(torch.empty(()))
        generator = seeded(seed)
        initialise(self, generator)
        for linear in (self.video, self.music):
            normal(linear, _INIT_STD, generator)
        for block in self._blocks():
            block.start_attention(generator)
        if kind == "cmr":
            for linear in (self.video_time, self.music_time):
                normal(linear, _INIT_STD, generator)
            with torch.no_grad():
                self.scale.fill_(-math.log(_FIRST_TEMPERATURE))

    def forward(self, video: Tensor, music: Tensor, noise: torch.Generator | None = None) -> Tensor:
        """[B, 30, 768] and [B, 30, 128] -> cmr: logits [B, B]; ta: attention [B, 30, 30], rows sum to 1.

        `noise` draws the dropout of training; None computes without.
        """
        v, m = self.video(video), self.music(music)
        attended: Tensor = v
        for block in self._blocks():
            v, m, attended = block(v, m, noise)
        if self.kind == "ta":
            return attended
        over_video: Tensor = self.video_time(v.transpose(1, 2))[..., 0]
        over_music: Tensor = self.music_time(m.transpose(1, 2))[..., 0]
        scale: Tensor = self.scale.exp()
        logits: Tensor = scale * over_video @ over_music.T
        return logits  # not normalised, as published

    def _blocks(self) -> list[_Block]:
        return [block for block in self.blocks if isinstance(block, _Block)]

    def loss(self, video: Tensor, music: Tensor, noise: torch.Generator | None = None) -> Tensor:
        """Symmetric cross-entropy of the logits (cmr), mean (A_ii - 1)^2 (ta)."""
        out = self(video, music, noise)
        if self.kind == "ta":
            return ((_diagonal(out) - 1) ** 2).mean()
        own = torch.arange(len(out))
        return (F.cross_entropy(out, own) + F.cross_entropy(out.T, own)) / 2

    @torch.no_grad()
    def score(self, video: Tensor, music: Tensor) -> float:
        """0..1 over N pairs. cmr: mean own probability in batches of 16 in order (the last may be smaller),
        chance 1/16; ta: mean of the attention's diagonal, chance 1/30.
        """
        if self.kind == "ta":
            return float(_diagonal(self(video, music)).mean())
        own = [
            _diagonal(self(video[at : at + GALLERY], music[at : at + GALLERY]).softmax(-1))
            for at in range(0, len(video), GALLERY)
        ]
        return float(torch.cat(own).mean())


class _Block(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.norm1, self.norm2, self.norm3, self.norm4 = (nn.LayerNorm(hidden) for _ in range(4))
        self.query, self.key, self.value, self.out = (nn.Linear(hidden, hidden) for _ in range(4))
        self.video_in, self.video_out = nn.Linear(hidden, 2 * hidden), nn.Linear(2 * hidden, hidden)
        self.music_in, self.music_out = nn.Linear(hidden, 2 * hidden), nn.Linear(2 * hidden, hidden)

    def start_attention(self, generator: torch.Generator) -> None:
        """As torch's MultiheadAttention starts: Glorot over the three stacked matrices, biases 0."""
        bound = math.sqrt(6 / (4 * self.hidden))
        with torch.no_grad():
            for linear in (self.query, self.key, self.value):
                linear.weight.uniform_(-bound, bound, generator=generator)
            for linear in (self.query, self.key, self.value, self.out):
                linear.bias.fill_(0)

    def forward(
        self, video: Tensor, music: Tensor, noise: torch.Generator | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        v, m = self.norm1(video), self.norm3(music)
        # One attention used twice: the same queries and keys, so the same weights.
        query, key = _split(self.query(v)), _split(self.key(m))
        weights = (query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])).softmax(-1)
        video = video + self.out(_join(weights @ _split(self.value(m))))
        music = music + self.out(_join(weights @ _split(self.value(v))))
        # No non-linearity between the two, as published.
        video = video + self.video_out(drop(self.video_in(self.norm2(video)), _DROPOUT, noise))
        music = music + self.music_out(drop(self.music_in(self.norm4(music)), _DROPOUT, noise))
        return video, music, weights.mean(1)


@dataclass(frozen=True, slots=True)
class Leak:
    """Scores of held-out unrelated pairs after so many steps of training on unrelated pairs."""

    kind: Kind
    steps: tuple[int, ...]
    scores: tuple[float, ...]


def leak(
    kind: Kind,
    steps: Sequence[int],
    *,
    hidden: int = 128,
    batch: int = 64,
    learning_rate: float = 1e-3,
    held_out: int = 256,
    seed: int = 0,
) -> Leak:
    """Train on independent Gaussian video and music, a fresh batch a step; score `held_out` fresh pairs.

    `steps` rise; 0 is the untrained network. A sound measure stays at chance; this one does not.
    """
    network = PublishedNetwork(kind, hidden=hidden, seed=seed)
    generator = seeded(seed + 1)

    def unrelated(count: int) -> tuple[Tensor, Tensor]:
        video = torch.randn(count, SECONDS, VIDEO_WIDTH, generator=generator)
        return video, torch.randn(count, SECONDS, MUSIC_WIDTH, generator=generator)

    test = unrelated(held_out)
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate)
    scores = []
    done = 0
    for upto in steps:
        for _ in range(done, upto):
            optimizer.zero_grad()
            network.loss(*unrelated(batch), noise=generator).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        done = upto
        scores.append(network.score(*test))
    return Leak(kind, tuple(steps), tuple(scores))


def _split(x: Tensor) -> Tensor:
    return x.reshape(*x.shape[:2], _HEADS, -1).transpose(1, 2)


def _join(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)


def _diagonal(matrix: Tensor) -> Tensor:
    return matrix.diagonal(dim1=-2, dim2=-1)
