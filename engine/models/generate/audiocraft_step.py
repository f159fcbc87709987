"""audiocraft's own language model behind the same steps: the slow reference, as MusicGen runs it."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import OptionError
from ..config import DecoderConfig
from ..net.decoder import load_decoder
from ..state import State
from ..step import Condition, Floats, Ints
from .audiocraft_standins import audiocraft_imports

# The fuser knows a condition by a name; there is one.
_CONDITION = "condition"


class AudiocraftDecoder:
    """Implements `step.Decoder` over `audiocraft.models.lm.LMModel` in its streaming mode.

    On a CPU in fp32; on CUDA as published: layers in fp16 under autocast, the rest in fp32.
    Its cache grows as it goes, so `length` is not needed. It has no place for a plan: a model that takes one
    runs without, and a condition with one is refused. OptionError when audiocraft is not installed, with the
    command that installs it.
    """

    def __init__(self, config: DecoderConfig, state: State, device: str = "cpu") -> None:
        self.config = config
        self._device = torch.device(device)
        self._model = build_language_model(config, state, self._device)
        self._open = ExitStack()
        self._condition: dict[str, Any] = {}
        self._repeats = 1

    def begin(self, condition: Condition, *, candidates: int, guided: bool, length: int) -> None:
        if condition.plan is not None:
            raise OptionError(
                "audiocraft's decoder cannot follow a plan: use --decoder onnx or torch, or leave --guide out"
            )
        self.close()
        self._repeats = 2 if guided else 1
        rows = _rows(self.config, condition, candidates, guided)
        self._condition = {}
        if rows is not None:
            rows = rows.to(self._device)
            # The mask is for conditioners; attention in audiocraft has none.
            self._condition = {_CONDITION: (rows, torch.ones(rows.shape[:2], device=self._device))}
        self._open.enter_context(self._model.streaming())

    @torch.inference_mode()
    def feed(self, tokens: Ints) -> Floats:
        given = torch.from_numpy(np.ascontiguousarray(tokens)).to(self._device)
        half = torch.autocast("cuda", torch.float16, enabled=self._device.type == "cuda")
        with audiocraft_imports(), half:
            logits = self._model(
                given.repeat(self._repeats, 1, 1), conditions=[], condition_tensors=self._condition
            )
        out: Floats = logits[:, :, -1].float().cpu().numpy()
        return out

    def close(self) -> None:
        self._open.close()
        self._condition = {}


def build_language_model(config: DecoderConfig, state: State, device: torch.device) -> Any:
    """`LMModel` with MusicGen's published settings and the weights of `state`, in evaluation mode."""
    with audiocraft_imports(), warnings.catch_warnings():
        # Of audiocraft's and its dependencies' old spellings; nothing that a user could mend.
        warnings.simplefilter("ignore")
        from audiocraft.models.lm import LMModel
        from audiocraft.modules.codebooks_patterns import DelayedPatternProvider
        from audiocraft.modules.conditioners import ConditionFuser, ConditioningProvider

        fused = [_CONDITION]
        cross = config.cross_attention
        model = LMModel(
            DelayedPatternProvider(config.codebooks, list(config.delays)),
            ConditioningProvider({}),
            ConditionFuser({"sum": [], "prepend": [] if cross else fused, "cross": fused if cross else []}),
            n_q=config.codebooks,
            card=config.cardinality,
            dim=config.dim,
            num_heads=config.heads,
            norm_first=True,
            bias_proj=False,
            num_layers=config.layers,
            dropout=0.0,
            activation="gelu",
            bias_ff=False,
            bias_attn=False,
            causal=True,
            custom=False,
            memory_efficient=True,
            cross_attention=cross,
            device=device,
            dtype=torch.float16 if device.type == "cuda" else torch.float32,
        )
    # Checked by the same door as our own decoder: names, shapes, float32.
    weights = load_decoder(replace(config, plan_channels=0), state).state_dict()
    model.load_state_dict(weights, strict=True)
    return model.to(device).eval()


def _rows(config: DecoderConfig, condition: Condition, candidates: int, guided: bool) -> Tensor | None:
    """What every row attends to or begins with, [R,N,D]; None for a melody model without a melody."""
    if not config.cross_attention:
        assert condition.memory is None and condition.temporal_kv is None, (
            "this decoder has no cross-attention"
        )
        if condition.prefix is None:
            return None
        prefix = torch.from_numpy(np.array(condition.prefix, np.float32))
        return (prefix if guided else prefix[:1]).repeat_interleave(candidates, dim=0)
    assert condition.prefix is None, "audiocraft's model has either a prefix or cross-attention"
    if condition.memory is None:
        assert condition.temporal_kv is None, "audiocraft projects the memory itself"
        # Its layers insist on something to attend to; zeros add nothing.
        memory = torch.zeros(1, 1, config.dim)
    else:
        memory = torch.from_numpy(np.array(condition.memory, np.float32))
        if condition.mask is not None:
            memory = memory[:, torch.from_numpy(condition.mask[0])]
    rows = memory.repeat(candidates, 1, 1)
    return torch.cat([rows, torch.zeros_like(rows)]) if guided else rows
