"""The two towers (metrics.md 5.1): no operation sees pictures and music together before the last dot product.

Valid padding and no positions: a border or a clock that both towers could see would fill the diagonal without
any correspondence.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import (
    DILATIONS,
    EDGE,
    FIRST_TEMPERATURE,
    KERNEL,
    LEAST_TEMPERATURE,
    MOST_TEMPERATURE,
    JudgeConfig,
)
from .layers import drop, initialise, seeded


class Tower(nn.Module):
    """Features [B, T, d] of one side to what is compared; T > 2 EDGE."""

    def __init__(self, channels: int, config: JudgeConfig) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.enter = nn.Linear(channels, config.hidden)
        self.blocks = nn.ModuleList(_Block(config.hidden, dilation) for dilation in DILATIONS)
        self.norm = nn.LayerNorm(config.hidden)
        self.frame_head = nn.Linear(config.hidden, config.width)
        self.global_head = nn.Linear(config.hidden, config.width)

    def forward(self, features: Tensor, noise: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """Clips [B, width] and frames [B, T - 2 EDGE, width], all of length 1; frame i stands for i + EDGE.

        `noise` draws the dropout of training; None computes without.
        """
        assert features.shape[1] > 2 * EDGE, features.shape
        hidden = drop(self.enter(features), self.dropout, noise)
        for block in self.blocks:
            hidden = block(hidden, self.dropout, noise)
        hidden = self.norm(hidden)
        clip = self.global_head(hidden).mean(1)
        return F.normalize(clip, dim=-1), F.normalize(self.frame_head(hidden), dim=-1)


class _Block(nn.Module):
    def __init__(self, hidden: int, dilation: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden)
        self.convolution = nn.Conv1d(hidden, hidden, KERNEL, dilation=dilation)
        self.lost = dilation * (KERNEL - 1) // 2

    def forward(self, x: Tensor, dropout: float, noise: torch.Generator | None) -> Tensor:
        change = F.gelu(self.convolution(self.norm(x).transpose(1, 2)).transpose(1, 2))
        return x[:, self.lost : x.shape[1] - self.lost] + drop(change, dropout, noise)


class Towers(nn.Module):
    """Both towers and the temperature that they were taught with. Every weight is drawn from `seed`."""

    def __init__(self, video_channels: int, music_channels: int, config: JudgeConfig, *, seed: int) -> None:
        super().__init__()
        with torch.device("meta"):  # drawn below, so that the global generator is left alone
            self.video = Tower(video_channels, config)
            self.music = Tower(music_channels, config)
            self.log_temperature = nn.Parameter(torch.empty(()))
        initialise(self, seeded(seed))
        with torch.no_grad():
            self.log_temperature.fill_(FIRST_TEMPERATURE).log_()

    @property
    def temperature(self) -> Tensor:
        return self.log_temperature.exp()

    def clamp_temperature(self) -> None:
        """After every step of the optimiser."""
        low, high = torch.tensor([LEAST_TEMPERATURE, MOST_TEMPERATURE]).log()
        with torch.no_grad():
            self.log_temperature.clamp_(low, high)
