"""MusicGen's transformer a step at a time: weights packed for it, and the pass over one piece of sequence.

The residual stream, norms, softmax and logits are float32 whatever the weights are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from .decoder import MusicDecoder, positions_of

_EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class Norm:
    weight: Tensor
    bias: Tensor

    def __call__(self, hidden: Tensor, dtype: torch.dtype) -> Tensor:
        return F.layer_norm(hidden, hidden.shape[-1:], self.weight, self.bias, _EPSILON).to(dtype)


@dataclass(frozen=True, slots=True)
class CrossWeights:
    """Queries and output only: keys and values come projected."""

    norm: Norm
    query: Tensor
    out: Tensor


@dataclass(frozen=True, slots=True)
class LayerWeights:
    norm1: Norm
    projections: Tensor
    out: Tensor
    cross: CrossWeights | None
    norm2: Norm
    up: Tensor
    down: Tensor


class Keys(Protocol):
    """Where self-attention's keys and values are kept; one layer at a time."""

    def attend(self, layer: int, query: Tensor, pair: Tensor) -> Tensor:
        """Store `pair` [2,R,H,n,64] and attend with `query` [R,H,n,64]: [R,H,n,64]."""


class SlicedKeys:
    """Attends to exactly what is stored. `cache` is [L,2,R,H,T,64], filled up to `at`."""

    def __init__(self, cache: Tensor, at: int) -> None:
        self._cache = cache
        self._at = at

    def attend(self, layer: int, query: Tensor, pair: Tensor) -> Tensor:
        count = query.shape[2]
        end = self._at + count
        self._cache[layer, :, :, :, self._at : end] = pair
        keys, values = self._cache[layer, :, :, :, :end]
        mask = None
        if count > 1:
            mask = torch.ones(count, end, dtype=torch.bool, device=query.device).tril(self._at)
        return F.scaled_dot_product_attention(query, keys, values, attn_mask=mask)


class StaticKeys:
    """One position, given as a tensor [1], over the cache's first `reach` positions: shapes never change."""

    def __init__(self, cache: Tensor, place: Tensor, reach: int) -> None:
        self._cache = cache
        self._place = place
        self._reach = reach
        # Made once for all layers, in the form that attention adds to its scores.
        later = torch.arange(reach, device=place.device) > place
        mask = torch.zeros(reach, dtype=cache.dtype, device=place.device)
        self._mask = mask.masked_fill(later, float("-inf")).view(1, 1, 1, reach)

    def attend(self, layer: int, query: Tensor, pair: Tensor) -> Tensor:
        self._cache[layer].index_copy_(3, self._place, pair)
        keys, values = self._cache[layer, :, :, :, : self._reach]
        return F.scaled_dot_product_attention(query, keys, values, attn_mask=self._mask)


class CachedDecoder:
    """A decoder's weights on one device in one type of number, and the pass through them.

    Where the decoder already has them so, they are shared, not copied.
    """

    def __init__(self, decoder: MusicDecoder, device: torch.device, dtype: torch.dtype) -> None:
        config = decoder.config
        self.config = config
        self.device = device
        self.dtype = dtype

        def linear(weight: Tensor) -> Tensor:
            return weight.detach().to(device, dtype)

        def norm(module: torch.nn.LayerNorm) -> Norm:
            return Norm(module.weight.detach().to(device), module.bias.detach().to(device))

        self.layers = []
        for layer in decoder.transformer.blocks():
            cross = None
            if config.cross_attention:
                cross = CrossWeights(
                    norm(layer.norm_cross),
                    linear(layer.cross_attention.in_proj_weight[: config.dim]),
                    linear(layer.cross_attention.out_proj.weight),
                )
            self.layers.append(
                LayerWeights(
                    norm(layer.norm1),
                    linear(layer.self_attn.in_proj_weight),
                    linear(layer.self_attn.out_proj.weight),
                    cross,
                    norm(layer.norm2),
                    linear(layer.linear1.weight),
                    linear(layer.linear2.weight),
                )
            )
        numbers = range(config.codebooks)
        self._tables = torch.cat([linear(decoder.get_parameter(f"emb.{k}.weight")) for k in numbers])
        self._heads = torch.cat([linear(decoder.get_parameter(f"linears.{k}.weight")) for k in numbers])
        self._out_norm = norm(decoder.out_norm)
        # Float32: it is applied once a window, not once a step.
        self._plan = None
        if config.plan_channels:
            self._plan = decoder.plan_proj.weight.detach().to(device, torch.float32)
        books = torch.arange(config.codebooks, device=device)
        # Where each codebook begins in the one table.
        self._starts = (books * (config.cardinality + 1)).view(1, -1, 1)

    @property
    def bytes_a_step(self) -> int:
        """Of weights read for one step; of the embeddings only a few rows are."""
        total = self._heads.numel()
        for layer in self.layers:
            total += layer.projections.numel() + layer.out.numel() + layer.up.numel() + layer.down.numel()
            if layer.cross is not None:
                total += layer.cross.query.numel() + layer.cross.out.numel()
        return total * self._heads.element_size()

    def places(self, count: int) -> Tensor:
        """The positional code of the first `count` positions, float32 [count, D]."""
        return positions_of(count, self.config.dim).to(self.device)

    def embed(self, tokens: Tensor) -> Tensor:
        """float32 [C,n,D] of tokens int64 [C,K,n]; positions are not in it yet."""
        return F.embedding(tokens + self._starts, self._tables).float().sum(dim=1)

    def plan(self, rows: Tensor) -> Tensor:
        """float32 [n,D] of columns of the plan [n,C]: what is added at the inputs of conditioned rows."""
        assert self._plan is not None, "this decoder takes no plan"
        return F.linear(rows.to(self.device, torch.float32), self._plan)

    def run(self, hidden: Tensor, keys: Keys, cross: Tensor | None, conditioned: int) -> Tensor:
        """Through all layers: hidden float32 [R,n,D] with positions in it, changed in place.

        cross        [L,2,1,H,N,64], the same for all of the first `conditioned` rows; the others attend to
                     nothing
        """
        rows, count, dim = hidden.shape
        heads, head_dim = self.config.heads, self.config.head_dim
        for index, layer in enumerate(self.layers):
            projected = F.linear(layer.norm1(hidden, self.dtype), layer.projections)
            parts = projected.view(rows, count, 3, heads, head_dim).permute(2, 0, 3, 1, 4)
            mixed = keys.attend(index, parts[0], parts[1:])
            hidden += F.linear(mixed.transpose(1, 2).reshape(rows, count, dim), layer.out)
            if cross is not None and layer.cross is not None:
                real = hidden[:conditioned]
                query = F.linear(layer.cross.norm(real, self.dtype), layer.cross.query)
                # All candidates' queries in one row: the memory is shared.
                query = query.view(1, conditioned * count, heads, head_dim).transpose(1, 2)
                seen = F.scaled_dot_product_attention(query, cross[index, 0], cross[index, 1])
                real += F.linear(seen.transpose(1, 2).reshape(conditioned, count, dim), layer.cross.out)
            wide = F.gelu(F.linear(layer.norm2(hidden, self.dtype), layer.up))
            hidden += F.linear(wide, layer.down)
        return hidden

    def logits(self, last: Tensor) -> Tensor:
        """float32 [R,K,cardinality] of hidden [R,D]."""
        flat = F.linear(self._out_norm(last, self.dtype), self._heads)
        return flat.float().view(len(last), self.config.codebooks, self.config.cardinality)
