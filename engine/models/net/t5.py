"""T5's encoder (Raffel et al. 2020), parameter names as in Hugging Face's `T5EncoderModel`."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from ..config import TextConfig
from ..state import State

EPSILON = 1e-6


class T5Encoder(nn.Module):
    """Token ids to hidden states; a masked token is attended to by none."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        self.shared = nn.Embedding(config.vocabulary, config.dim)
        self.encoder = _Encoder(config)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """ids int64 [B, N], mask [B, N] (1 where a token is real) -> float [B, N, dim]."""
        hidden: Tensor = self.encoder(self.shared(ids), mask)
        return hidden


def load_text(config: TextConfig, state: State) -> T5Encoder:
    """The network in evaluation mode. state: names and shapes of `text_shapes`, every one of them."""
    network = T5Encoder(config)
    tensors = {key: torch.from_numpy(np.array(value, np.float32)) for key, value in state.items()}
    network.load_state_dict(tensors, strict=True, assign=True)
    return network.eval().requires_grad_(False)


def relative_buckets(config: TextConfig, farthest: int) -> Tensor:
    """Which row of the bias table each distance reads, int64 [2 * farthest + 1], from -farthest on.

    Distance is that of the key from the query. Near ones have a row each, far ones share rows of growing
    width, all from `longest_distance` on the last (Mesh TensorFlow's `_relative_position_bucket`).
    """
    distance = torch.arange(-farthest, farthest + 1)
    half = config.buckets // 2
    single = half // 2
    far = distance.abs()
    # float32 as in the published code: what lies on a border of two rows must fall on the same side.
    grown = torch.log(far.float() / single) / math.log(config.longest_distance / single) * (half - single)
    shared = (single + grown.clamp(min=0).to(torch.int64)).clamp(max=half - 1)
    return torch.where(far < single, far, shared) + half * (distance > 0)


class _Encoder(nn.Module):
    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.block = nn.ModuleList(_Block(config, first=index == 0) for index in range(config.layers))
        self.final_layer_norm = _Norm(config.dim)
        self._config = config

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        bias = self._bias(hidden.shape[1]) + self._hidden_keys(mask, hidden.dtype)
        for block in self.block:
            hidden = block(hidden, bias)
        out: Tensor = self.final_layer_norm(hidden)
        return out

    def _bias(self, tokens: int) -> Tensor:
        """Every layer adds the first one's bias by distance: [1, H, N, N]."""
        table: Tensor = self.block[0].layer[0].SelfAttention.relative_attention_bias.weight  # type: ignore[union-attr, index]
        buckets = relative_buckets(self._config, tokens - 1).to(table.device)
        at = torch.arange(tokens, device=table.device)
        distance = at[None, :] - at[:, None] + tokens - 1
        return table[buckets[distance]].permute(2, 0, 1)[None]

    @staticmethod
    def _hidden_keys(mask: Tensor, dtype: torch.dtype) -> Tensor:
        # Finite, so that a prompt of nothing but masked tokens still has an (unused) answer.
        return (mask[:, None, None] == 0).to(dtype) * torch.finfo(dtype).min


class _Block(nn.Module):
    def __init__(self, config: TextConfig, *, first: bool) -> None:
        super().__init__()
        self.layer = nn.ModuleList([_AttentionLayer(config, first), _DenseLayer(config)])

    def forward(self, hidden: Tensor, bias: Tensor) -> Tensor:
        attention, dense = self.layer
        out: Tensor = dense(attention(hidden, bias))
        return out


class _AttentionLayer(nn.Module):
    def __init__(self, config: TextConfig, first: bool) -> None:
        super().__init__()
        self.SelfAttention = _Attention(config, first)
        self.layer_norm = _Norm(config.dim)

    def forward(self, hidden: Tensor, bias: Tensor) -> Tensor:
        out: Tensor = hidden + self.SelfAttention(self.layer_norm(hidden), bias)
        return out


class _Attention(nn.Module):
    def __init__(self, config: TextConfig, first: bool) -> None:
        super().__init__()
        inner = config.heads * config.head_dim
        self.q = nn.Linear(config.dim, inner, bias=False)
        self.k = nn.Linear(config.dim, inner, bias=False)
        self.v = nn.Linear(config.dim, inner, bias=False)
        self.o = nn.Linear(inner, config.dim, bias=False)
        if first:
            self.relative_attention_bias = nn.Embedding(config.buckets, config.heads)
        self._heads = config.heads

    def forward(self, hidden: Tensor, bias: Tensor) -> Tensor:
        q, k, v = (
            layer(hidden).unflatten(2, (self._heads, -1)).transpose(1, 2)
            for layer in (self.q, self.k, self.v)
        )
        # T5 does not scale: its initialisation did.
        weights = (q @ k.transpose(2, 3) + bias).softmax(dim=3)
        out: Tensor = self.o((weights @ v).transpose(1, 2).flatten(2))
        return out


class _DenseLayer(nn.Module):
    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.DenseReluDense = _Dense(config)
        self.layer_norm = _Norm(config.dim)

    def forward(self, hidden: Tensor) -> Tensor:
        out: Tensor = hidden + self.DenseReluDense(self.layer_norm(hidden))
        return out


class _Dense(nn.Module):
    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.wi = nn.Linear(config.dim, config.feed_forward, bias=False)
        self.wo = nn.Linear(config.feed_forward, config.dim, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        out: Tensor = self.wo(self.wi(hidden).relu())
        return out


class _Norm(nn.Module):
    """Scaled to a root mean square of one: no mean taken off, no bias."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, hidden: Tensor) -> Tensor:
        return self.weight * hidden * torch.rsqrt(hidden.square().mean(-1, keepdim=True) + EPSILON)
