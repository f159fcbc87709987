"""What teaches the towers (metrics.md 5.2): the right clip of the batch, the right time of the clip."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .config import FOREIGN_TIMES, IGNORED_FRAMES


def global_loss(video: Tensor, music: Tensor, temperature: Tensor) -> Tensor:
    """Symmetric InfoNCE of clips, both [B, width]; row i of one belongs to row i of the other."""
    logits = video @ music.T / temperature
    own = torch.arange(len(logits))
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


def time_loss(video: Tensor, music: Tensor, temperature: Tensor, generator: torch.Generator) -> Tensor:
    """InfoNCE over time, both [B, T, width] at 10 Hz and aligned, in both directions.

    Of a clip's own times the same one is right, those up to .5 s away do not count, the others are wrong, and
    so are 8 times of other clips, drawn anew for every clip and direction.
    """
    there = _one_way(video, music, temperature, generator)
    return (there + _one_way(music, video, temperature, generator)) / 2


def _one_way(query: Tensor, key: Tensor, temperature: Tensor, generator: torch.Generator) -> Tensor:
    batch, times, _ = query.shape
    own = query @ key.transpose(1, 2) / temperature
    at = torch.arange(times)
    apart = (at[:, None] - at).abs()
    # After the division: the temperature's gradient through minus infinity is no number.
    own = own.masked_fill((apart > 0) & (apart <= IGNORED_FRAMES), -torch.inf)
    # Any clip but this one: 1 .. batch - 1 places further on.
    onward = torch.randint(1, batch, (batch, FOREIGN_TIMES), generator=generator)
    clip = (torch.arange(batch)[:, None] + onward) % batch
    time = torch.randint(times, (batch, FOREIGN_TIMES), generator=generator)
    foreign = query @ key[clip, time].transpose(1, 2) / temperature
    logits = torch.cat([own, foreign], -1)
    return F.cross_entropy(logits.flatten(0, 1), at.repeat(batch))
