"""CLIP's image tower in torch, with the attention that the Q-Former shares.

Parameters carry OpenAI CLIP's names (`visual.*` of ViT-L-14-336px). Weights are unset until they are loaded
or `net/visual.py` initialises them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..config import VisualConfig

_EPSILON = 1e-5


class LayerNorm(nn.LayerNorm):
    """Computed in float32 whatever the weights and the input are."""

    def forward(self, hidden: Tensor) -> Tensor:
        weight, bias = self.weight.float(), self.bias.float()
        out = F.layer_norm(hidden.float(), self.normalized_shape, weight, bias, self.eps)
        return out.to(hidden.dtype)


class Attention(nn.Module):
    """Multi-head attention with biases; rows of `in_proj_weight` are query, key, value."""

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.out_proj = linear(width, width)

    def forward(self, queries: Tensor, memory: Tensor | None = None) -> Tensor:
        """Over `queries` [B,n,C] themselves, or over `memory` [B,m,C]; one row of queries serves all of B."""
        if memory is None:
            query, key, value = F.linear(queries, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=-1)
        else:
            width = queries.shape[-1]
            query = F.linear(queries, self.in_proj_weight[:width], self.in_proj_bias[:width])
            query = query.expand(len(memory), -1, -1)
            both = F.linear(memory, self.in_proj_weight[width:], self.in_proj_bias[width:])
            key, value = both.chunk(2, dim=-1)
        out = F.scaled_dot_product_attention(
            self._split(query),
            self._split(key),
            self._split(value),
            dropout_p=self.dropout if self.training else 0.0,
        )
        mixed: Tensor = self.out_proj(out.transpose(1, 2).flatten(2))
        return mixed

    def _split(self, rows: Tensor) -> Tensor:
        batch, count, width = rows.shape
        return rows.reshape(batch, count, self.heads, width // self.heads).transpose(1, 2)


class Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.c_fc = linear(width, 4 * width)
        self.c_proj = linear(4 * width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        wide = self.c_fc(hidden)
        # QuickGELU, which CLIP was trained with: a sigmoid in place of the normal distribution.
        out: Tensor = self.c_proj(wide * torch.sigmoid(1.702 * wide))
        return out


class Block(nn.Module):
    """Pre-norm: attention, then the MLP."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1 = LayerNorm(width, eps=_EPSILON)
        self.attn = Attention(width, heads)
        self.ln_2 = LayerNorm(width, eps=_EPSILON)
        self.mlp = Mlp(width)

    def forward(self, hidden: Tensor) -> Tensor:
        hidden = hidden + self.attn(self.ln_1(hidden))
        out: Tensor = hidden + self.mlp(self.ln_2(hidden))
        return out


class Blocks(nn.Module):
    def __init__(self, config: VisualConfig) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.layers))

    def forward(self, hidden: Tensor) -> Tensor:
        for block in self.resblocks:
            hidden = block(hidden)
        return hidden


class ImageTower(nn.Module):
    """Everything of CLIP before `ln_post`, which the Q-Former's side of the tower (net/qformer.py) holds."""

    def __init__(self, config: VisualConfig) -> None:
        super().__init__()
        width, patch = config.width, config.patch
        # Without the draw from torch's global generator that the constructor makes.
        self.conv1 = nn.Conv2d(3, width, kernel_size=patch, stride=patch, bias=False, device="meta").to_empty(
            device="cpu"
        )
        self.class_embedding = nn.Parameter(torch.empty(width))
        self.positional_embedding = nn.Parameter(torch.empty(config.tokens, width))
        self.ln_pre = LayerNorm(width, eps=_EPSILON)
        self.transformer = Blocks(config)

    def tokens(self, frames: Tensor) -> Tensor:
        """Class token and patches of `frames` [B,3,S,S], as the last block leaves them: [B,tokens,C]."""
        patches = self.conv1(frames).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(len(frames), 1, -1)
        hidden = torch.cat([first, patches], dim=1) + self.positional_embedding
        out: Tensor = self.transformer(self.ln_pre(hidden))
        return out


def linear(columns: int, rows: int) -> nn.Linear:
    """With bias, and without the draw from torch's global generator that its constructor makes."""
    return nn.Linear(columns, rows, device="meta").to_empty(device="cpu")
