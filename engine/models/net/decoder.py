"""MusicGen's transformer in torch: a plain forward over whole sequences, for training, exports and tests.

Parameters carry the published names (audiocraft `LMModel`). Generation runs in generate/torch_step.py, which
keeps keys and values between steps; this forward is what it is tested against.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...errors import InputError
from ..config import DecoderConfig
from ..state import State, decoder_shapes

# Base of the sinusoids' wavelengths (audiocraft `create_sin_embedding`).
_PERIOD = 10_000.0
_EPSILON = 1e-5


def positions_of(count: int, dim: int) -> Tensor:
    """float32 [count, dim]: cosines, then sines. The power is taken in float32, as audiocraft takes it."""
    half = dim // 2
    wavelengths = torch.tensor(_PERIOD) ** (torch.arange(half, dtype=torch.float32) / (half - 1))
    phase = torch.arange(count, dtype=torch.float32)[:, None] / wavelengths
    return torch.cat([torch.cos(phase), torch.sin(phase)], dim=-1)


class Attention(nn.Module):
    """Multi-head attention without biases; rows of `in_proj_weight` are query, key, value."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * dim, dim))
        self.out_proj = _linear(dim, dim)

    def forward(self, queries: Tensor, memory: Tensor | None, mask: Tensor | None) -> Tensor:
        """Causal over `queries` [B,S,D] without `memory`, else over `memory` [B,N,D] where `mask` [B,N]."""
        if memory is None:
            query, key, value = F.linear(queries, self.in_proj_weight).chunk(3, dim=-1)
        else:
            dim = queries.shape[-1]
            query = F.linear(queries, self.in_proj_weight[:dim])
            key, value = F.linear(memory, self.in_proj_weight[dim:]).chunk(2, dim=-1)
        allowed = None if mask is None else mask[:, None, None, :]
        if allowed is not None:
            # A row that may look at nothing would be 0/0: it looks at all, and its result is dropped below.
            allowed = allowed | ~allowed.any(dim=-1, keepdim=True)
        out = F.scaled_dot_product_attention(
            self._split(query),
            self._split(key),
            self._split(value),
            attn_mask=allowed,
            is_causal=memory is None,
        )
        mixed: Tensor = self.out_proj(out.transpose(1, 2).flatten(2))
        return mixed if mask is None else mixed * mask.any(dim=-1)[:, None, None]

    def _split(self, rows: Tensor) -> Tensor:
        batch, count, dim = rows.shape
        return rows.view(batch, count, self.heads, dim // self.heads).transpose(1, 2)


class Layer(nn.Module):
    """Pre-norm block: self-attention, cross-attention where there is one, feed-forward."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        dim = config.dim
        self.norm1 = nn.LayerNorm(dim, eps=_EPSILON)
        self.self_attn = Attention(dim, config.heads)
        if config.cross_attention:
            self.norm_cross = nn.LayerNorm(dim, eps=_EPSILON)
            self.cross_attention = Attention(dim, config.heads)
        self.norm2 = nn.LayerNorm(dim, eps=_EPSILON)
        self.linear1 = _linear(dim, 4 * dim)
        self.linear2 = _linear(4 * dim, dim)

    def forward(self, hidden: Tensor, memory: Tensor | None, mask: Tensor | None) -> Tensor:
        hidden = hidden + self.self_attn(self.norm1(hidden), None, None)
        if memory is not None:
            hidden = hidden + self.cross_attention(self.norm_cross(hidden), memory, mask)
        out: Tensor = hidden + self.linear2(F.gelu(self.linear1(self.norm2(hidden))))
        return out


class Transformer(nn.Module):
    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))

    def blocks(self) -> Iterator[Layer]:
        for layer in self.layers:
            assert isinstance(layer, Layer)
            yield layer


class MusicDecoder(nn.Module):
    """Weights are unset until `initialise` or `load_decoder`."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        self.emb = nn.ModuleList(
            nn.Embedding(config.cardinality + 1, config.dim, device="meta").to_empty(device="cpu")
            for _ in range(config.codebooks)
        )
        self.transformer = Transformer(config)
        self.out_norm = nn.LayerNorm(config.dim, eps=_EPSILON)
        self.linears = nn.ModuleList(_linear(config.dim, config.cardinality) for _ in range(config.codebooks))
        if config.plan_channels:
            self.plan_proj = _linear(config.plan_channels, config.dim)

    def forward(
        self,
        codes: Tensor,
        memory: Tensor | None = None,
        mask: Tensor | None = None,
        prefix: Tensor | None = None,
        plan: Tensor | None = None,
    ) -> Tensor:
        """Logits [B,K,S,cardinality] at every position of a delayed sequence; s predicts position s + 1.

        codes   int64 [B,K,S], the special token where the delay pattern has none
        memory  [B,N,D], attended to in every layer; None leaves cross-attention out, which equals zeros
        mask    bool [B,N], False at padding; None when all of `memory` is real
        prefix  [B,P,D], inputs before position 0 (melody models); no logits are returned for them
        plan    [B,S,C], columns of the plan at every position, zeros where a sequence has no plan; None: none
                has one
        """
        assert memory is None or self.config.cross_attention, "this decoder has no cross-attention"
        hidden = torch.stack([table(codes[:, k]) for k, table in enumerate(self.emb)]).sum(0)
        if plan is not None:
            assert self.config.plan_channels, "this decoder takes no plan"
            hidden = hidden + self.plan_proj(plan)
        if prefix is not None:
            hidden = torch.cat([prefix.to(hidden.dtype), hidden], dim=1)
        places = positions_of(hidden.shape[1], self.config.dim)
        hidden = hidden + places.to(hidden.device, hidden.dtype)
        for layer in self.transformer.blocks():
            hidden = layer(hidden, memory, mask)
        hidden = self.out_norm(hidden[:, -codes.shape[-1] :])
        return torch.stack([head(hidden) for head in self.linears], dim=1)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Random weights to train from, as MusicGen's own training draws them: deeper layers smaller.

        The plan's projection is zero: untrained, a plan says nothing.
        """
        dim = self.config.dim
        if self.config.plan_channels:
            self.plan_proj.weight.zero_()
        for table in [*self.emb, *self.linears]:
            _truncated(table.weight, dim**-0.5, generator)
        for depth, layer in enumerate(self.transformer.blocks(), start=1):
            for module in layer.modules():
                if isinstance(module, nn.Linear):
                    _truncated(module.weight, (2 * depth * module.in_features) ** -0.5, generator)
                elif isinstance(module, Attention):
                    bound = dim**-0.5
                    module.in_proj_weight.uniform_(-bound, bound, generator=generator)


def load_decoder(config: DecoderConfig, state: State) -> MusicDecoder:
    """The decoder of a model's flat state (other keys are left alone), in float32 and evaluation mode.

    Arrays that can be written to are used in place, not copied. InputError when a weight is missing or has
    another shape.
    """
    weights: dict[str, Tensor] = {}
    for key, shape in decoder_shapes(config).items():
        if key not in state:
            raise InputError(f"the decoder's weight {key} is missing: import the model again")
        array = np.ascontiguousarray(state[key], np.float32)
        if array.shape != shape:
            raise InputError(
                f"the decoder's weight {key} has shape {array.shape} where {shape} is needed: "
                "import the model again"
            )
        weights[key] = torch.from_numpy(array if array.flags.writeable else array.copy())
    decoder = MusicDecoder(config)
    decoder.load_state_dict(weights, strict=True, assign=True)
    return decoder.eval()


@torch.no_grad()
def project_memory(decoder: MusicDecoder, memory: Tensor) -> Tensor:
    """Keys and values of every layer's cross-attention, [L,2,B,N,D], from `memory` [B,N,D]."""
    dim = decoder.config.dim
    return torch.stack(
        [
            torch.stack(F.linear(memory, layer.cross_attention.in_proj_weight[dim:]).chunk(2, dim=-1))
            for layer in decoder.transformer.blocks()
        ]
    )


def _linear(columns: int, rows: int) -> nn.Linear:
    """Without bias and without the draw from torch's global generator that its constructor makes."""
    return nn.Linear(columns, rows, bias=False, device="meta").to_empty(device="cpu")


def _truncated(weight: Tensor, deviation: float, generator: torch.Generator) -> None:
    nn.init.trunc_normal_(weight, std=deviation, a=-3 * deviation, b=3 * deviation, generator=generator)
