"""GVMGen's spatial cross-attention: queries that read the tower's tokens (arXiv 2501.09972, 3.2).

Follows the published code where the paper's figure differs: attention is followed by a norm without a
residual, and every second layer reads the picture.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ..config import VisualConfig
from .vit import Attention, LayerNorm, linear

_EPSILON = 1e-12
DROPOUT = 0.1


class Output(nn.Module):
    """Dense, norm, dropout; a residual, where there is one, is added after the norm."""

    def __init__(self, columns: int, width: int) -> None:
        super().__init__()
        self.dense = linear(columns, width)
        self.LayerNorm = LayerNorm(width, eps=_EPSILON)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, hidden: Tensor, residual: Tensor | None = None) -> Tensor:
        out: Tensor = self.LayerNorm(self.dense(hidden))
        if residual is not None:
            out = out + residual
        dropped: Tensor = self.dropout(out)
        return dropped


class Intermediate(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = linear(width, 2 * width)

    def forward(self, hidden: Tensor) -> Tensor:
        return F.gelu(self.dense(hidden))


class QueryLayer(nn.Module):
    def __init__(self, config: VisualConfig, *, reads: bool) -> None:
        super().__init__()
        width, heads = config.width, config.heads
        self.reads = reads
        self.attention = Attention(width, heads, DROPOUT)
        self.self_output = Output(width, width)
        if reads:
            self.crossattention = Attention(width, heads, DROPOUT)
            self.cross_output = Output(width, width)
        self.intermediate_query = Intermediate(width)
        self.output_query = Output(2 * width, width)

    def forward(self, queries: Tensor, tokens: Tensor) -> Tensor:
        queries = self.self_output(self.attention(queries))
        if self.reads:
            queries = self.cross_output(self.crossattention(queries, tokens))
        out: Tensor = self.output_query(self.intermediate_query(queries), queries)
        return out


class QueryLayers(nn.Module):
    def __init__(self, config: VisualConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList(
            QueryLayer(config, reads=index % config.cross_every == 0)
            for index in range(config.qformer_layers)
        )


class QFormer(nn.Module):
    def __init__(self, config: VisualConfig) -> None:
        super().__init__()
        self.layernorm = LayerNorm(config.width, eps=_EPSILON)
        self.dropout = nn.Dropout(DROPOUT)
        self.encoder = QueryLayers(config)

    def forward(self, queries: Tensor, tokens: Tensor) -> Tensor:
        """`queries` [1,Q,C] against the tokens [B,n,C] of B frames: [B,Q,C]."""
        if self.training:
            # Each frame has its own dropout. Otherwise one row serves all until it has read the pictures.
            queries = queries.expand(len(tokens), -1, -1)
        hidden: Tensor = self.dropout(self.layernorm(queries))
        for layer in self.encoder.layer:
            hidden = layer(hidden, tokens)
        return hidden.expand(len(tokens), -1, -1)
