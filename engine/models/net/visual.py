"""GVMGen's picture encoder in torch: CLIP's tower, Q-Former, pooling, projection to the decoder's width.

Parameter names are those of the published checkpoints, below
`condition_provider.conditioners.visual_content.`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import InputError
from ..config import FRAME_RATE, ModelConfig, VisualConfig
from ..state import VISUAL, Shapes, State, frozen, model_shapes
from .qformer import Output, QFormer
from .vit import Attention, ImageTower, LayerNorm, linear

# Base of the sinusoids' wavelengths (audiocraft `create_sin_embedding`): keys share the token clock.
PERIOD = 10_000.0


class FrameReader(ImageTower):
    """Frames [B,3,S,S], normalised, to vectors [B,E] of the tower's embedding width."""

    def __init__(self, config: VisualConfig) -> None:
        super().__init__(config)
        self.pool = config.pool
        self.query_tokens = nn.Parameter(torch.empty(1, config.queries, config.width))
        self.qformer = QFormer(config)
        self.ln_post = LayerNorm(config.width, eps=1e-5)
        self.proj = nn.Parameter(torch.empty(config.width, config.embedding))

    def forward(self, frames: Tensor) -> Tensor:
        read = self.qformer(self.query_tokens, self.tokens(frames))
        pooled = read.mean(dim=1) if self.pool == "mean" else read.sum(dim=1)
        out: Tensor = self.ln_post(pooled) @ self.proj
        return out


class Clip(nn.Module):
    """A level of the published names; its text tower is absent there too."""

    def __init__(self, config: VisualConfig) -> None:
        super().__init__()
        self.visual = FrameReader(config)


class VisualEncoder(nn.Module):
    """Pictures to what the decoder attends to. Weights are unset until `load_visual` or `initialise`.

    `time_gain`, the weight of the frames' times, exists only when `config.timed`.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        assert config.visual is not None, "this model does not look at pictures"
        self.config = config
        self.clip = Clip(config.visual)
        self.output_proj = linear(config.visual.embedding, config.decoder.dim)
        if config.timed:
            self.time_gain = nn.Parameter(torch.zeros(()))

    def forward(self, frames: Tensor, times: Tensor | None = None) -> Tensor:
        """Memory [B,N,D] of `frames` [B,N,3,S,S], normalised (visual/transform.py).

        times: [B,N], seconds from the window's start; below zero, or None, a frame carries no time.
        """
        batch, count = frames.shape[:2]
        seen = self.clip.visual(frames.flatten(0, 1))
        memory: Tensor = self.output_proj(seen).unflatten(0, (batch, count))
        return memory if times is None else self.timed(memory, times)

    def timed(self, memory: Tensor, times: Tensor) -> Tensor:
        """`memory` [B,N,D] with the frames' times [B,N] added, as far as this model was trained with them."""
        if not self.config.timed:
            return memory
        places = (self.time_gain * time_code(times, memory.shape[-1])).to(memory.dtype)
        return torch.where((times >= 0)[..., None], memory + places, memory)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Random weights to train from, as the published code draws them; its tower then comes from CLIP."""
        visual = self.config.visual
        assert visual is not None
        reader = self.clip.visual
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                _as_torch_does(module, generator)
            elif isinstance(module, Attention):
                nn.init.xavier_uniform_(module.in_proj_weight, generator=generator)
                module.in_proj_bias.zero_()
        for module in self.modules():
            # Unlike its other dense layers, an attention's projection starts without bias in torch.
            if isinstance(module, Attention):
                nn.init.zeros_(module.out_proj.bias)
        width_deviation = visual.width**-0.5
        for weight in (reader.class_embedding, reader.positional_embedding, reader.proj):
            weight.normal_(0, width_deviation, generator=generator)
        reader.query_tokens.normal_(0, 0.02, generator=generator)
        for name, module in reader.qformer.named_modules():
            if isinstance(module, Attention):
                module.in_proj_weight.normal_(0, width_deviation, generator=generator)
                projected = width_deviation * (2 * visual.layers) ** -0.5
                module.out_proj.weight.normal_(0, projected, generator=generator)
            elif isinstance(module, Output) and name.endswith(("self_output", "cross_output")):
                module.dense.weight.normal_(0, (2 * visual.width) ** -0.5, generator=generator)
        if self.config.timed:
            self.time_gain.zero_()

    def trained(self) -> Iterator[tuple[str, nn.Parameter]]:
        """The parameters that training moves: all but CLIP's tower below the Q-Former."""
        fixed = set(frozen(_shapes(self.config)))
        return ((name, weight) for name, weight in self.named_parameters() if VISUAL + name not in fixed)


def load_visual(config: ModelConfig, state: State) -> VisualEncoder:
    """The encoder of a model's flat state (other keys are left alone), in float32 and evaluation mode.

    Arrays that can be written to are used in place, not copied. InputError when a weight is missing or has
    another shape.
    """
    weights: dict[str, Tensor] = {}
    for key, shape in _shapes(config).items():
        if key not in state:
            raise InputError(f"the picture encoder's weight {key} is missing: import the model again")
        array = np.asarray(state[key], np.float32, order="C")
        if array.shape != shape:
            raise InputError(
                f"the picture encoder's weight {key} has shape {array.shape} where {shape} is needed: "
                "import the model again"
            )
        weights[key.removeprefix(VISUAL)] = torch.from_numpy(array if array.flags.writeable else array.copy())
    encoder = VisualEncoder(config)
    encoder.load_state_dict(weights, strict=True, assign=True)
    return encoder.eval()


def time_code(times: Tensor, dim: int) -> Tensor:
    """float32 [..., dim] of times in seconds: cosines, then sines, of the token position `times` falls on."""
    half = dim // 2
    powers = torch.arange(half, dtype=torch.float32, device=times.device) / (half - 1)
    phase = (FRAME_RATE * times.float())[..., None] / PERIOD**powers
    return torch.cat([torch.cos(phase), torch.sin(phase)], dim=-1)


def _shapes(config: ModelConfig) -> Shapes:
    return {key: shape for key, shape in model_shapes(config).items() if key.startswith(VISUAL)}


def _as_torch_does(module: nn.Linear | nn.Conv2d, generator: torch.Generator) -> None:
    """torch's own start of a dense or convolution layer, from `generator` instead of the global one."""
    bound = module.weight[0].numel() ** -0.5
    module.weight.uniform_(-bound, bound, generator=generator)
    if module.bias is not None:
        module.bias.uniform_(-bound, bound, generator=generator)
