"""Weights and dropout drawn from a generator that is handed in: the global one is neither used nor moved."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Give memory and first values to a network made on the device "meta": torch's own laws for Linear and
    Conv1d (uniform within 1/sqrt(fan in)), ones and zeros for LayerNorm.
    """
    network.to_empty(device="cpu")
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Linear | nn.Conv1d):
                bound = 1 / math.sqrt(module.weight[0].numel())
                module.weight.uniform_(-bound, bound, generator=generator)
                if module.bias is not None:
                    module.bias.uniform_(-bound, bound, generator=generator)
            elif isinstance(module, nn.LayerNorm):
                module.weight.fill_(1)
                module.bias.fill_(0)


def normal(linear: nn.Linear, std: float, generator: torch.Generator) -> None:
    """Weights N(0, std^2), bias 0."""
    with torch.no_grad():
        linear.weight.normal_(0, std, generator=generator)
        linear.bias.fill_(0)


def drop(x: Tensor, share: float, generator: torch.Generator | None) -> Tensor:
    """Dropout; None leaves `x` alone."""
    if generator is None or not share:
        return x
    kept = torch.rand(x.shape, generator=generator) >= share
    return x * kept / (1 - share)
