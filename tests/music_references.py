"""MusicGen as others compute it, on our weights: audiocraft's and transformers' own models and loops."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from hitpoint.engine.models.config import DecoderConfig
from hitpoint.engine.models.generate.audiocraft_standins import audiocraft_imports
from hitpoint.engine.models.generate.audiocraft_step import build_language_model
from hitpoint.engine.models.net.decoder import load_decoder, project_memory
from hitpoint.engine.models.state import State, decoder_shapes, random_state
from hitpoint.engine.models.step import Condition

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

# Fairseq's names, as Hugging Face's conversion of audiocraft's checkpoints has them.
_RENAMED = (
    ("transformer.layers.", "model.decoder.layers."),
    ("out_norm.", "model.decoder.layer_norm."),
    ("emb.", "model.decoder.embed_tokens."),
    ("linears.", "lm_heads."),
    (".linear1.", ".fc1."),
    (".linear2.", ".fc2."),
    (".norm1.", ".self_attn_layer_norm."),
    (".norm_cross.", ".encoder_attn_layer_norm."),
    (".norm2.", ".final_layer_norm."),
    (".cross_attention.", ".encoder_attn."),
)


def random_decoder(config: DecoderConfig, seed: int = 0) -> dict[str, Floats]:
    return random_state(decoder_shapes(config), seed)


def random_rows(shape: tuple[int, ...], seed: int = 0) -> Floats:
    random = np.random.Generator(np.random.Philox(key=seed))
    return random.standard_normal(shape).astype(np.float32)


def random_tokens(shape: tuple[int, ...], seed: int = 0) -> Ints:
    return np.random.Generator(np.random.Philox(key=seed)).integers(0, 2048, shape)


def condition_of(
    config: DecoderConfig, state: State, memory: Floats, mask: npt.NDArray[np.bool_] | None = None
) -> Condition:
    """For our decoders: `memory` [1,N,D] projected to every layer's keys and values."""
    pairs = project_memory(load_decoder(config, state), torch.from_numpy(memory)).numpy()
    return Condition(temporal_kv=pairs, memory=memory, mask=mask)


class _Given(torch.nn.Module):
    """Stands where audiocraft's conditioners do: the second half of the rows is the null branch."""

    def __init__(self, memory: torch.Tensor) -> None:
        super().__init__()
        self.memory = memory

    def tokenize(self, conditions: list[Any]) -> int:
        return len(conditions)

    def forward(self, rows: int) -> dict[str, Any]:
        real = self.memory.expand(rows // 2, -1, -1)
        both = torch.cat([real, torch.zeros_like(real)])
        return {"condition": (both, torch.ones(both.shape[:2]))}


def audiocraft_generate(config: DecoderConfig, state: State, memory: Floats, **options: Any) -> Ints:
    """`LMModel.generate` with guidance for one item; `options` are its own (max_gen_len, use_sampling)."""
    model = build_language_model(config, state, torch.device("cpu"))
    model.condition_provider = _Given(torch.from_numpy(memory))
    with audiocraft_imports(), torch.inference_mode():
        from audiocraft.modules.conditioners import ConditioningAttributes

        conditions = [ConditioningAttributes(text={"description": "any"})]
        out: Ints = model.generate(conditions=conditions, cfg_coef=3.0, **options).numpy()
    return out


def transformers_model(config: DecoderConfig, state: State) -> Any:
    """`MusicgenForCausalLM`, or `MusicgenMelodyForCausalLM` for a decoder without cross-attention."""
    from transformers import (
        MusicgenDecoderConfig,
        MusicgenForCausalLM,
        MusicgenMelodyDecoderConfig,
        MusicgenMelodyForCausalLM,
    )

    cross = config.cross_attention
    settings = (MusicgenDecoderConfig if cross else MusicgenMelodyDecoderConfig)(
        vocab_size=config.cardinality,
        hidden_size=config.dim,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        ffn_dim=4 * config.dim,
        num_codebooks=config.codebooks,
        audio_channels=2 if config.codebooks == 8 else 1,
        dropout=0.0,
    )
    weights: dict[str, torch.Tensor] = {}
    for key in decoder_shapes(config):
        renamed = key
        for old, new in _RENAMED:
            renamed = renamed.replace(old, new)
        value = torch.from_numpy(np.asarray(state[key]))
        if renamed.endswith("in_proj_weight"):
            stem = renamed.removesuffix("in_proj_weight")
            for name, rows in zip("qkv", value.chunk(3), strict=True):
                weights[f"{stem}{name}_proj.weight"] = rows
        else:
            weights[renamed] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = (MusicgenForCausalLM if cross else MusicgenMelodyForCausalLM)(settings)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert not unexpected, unexpected
    # Its table of positions is computed, not stored.
    assert all("embed_positions" in name for name in missing), missing
    return model.eval()


def transformers_generate(
    model: Any,
    memory: Floats,
    *,
    steps: int,
    prompt: Ints | None = None,
    told: Callable[[], None] | None = None,
) -> Ints:
    """Greedy tokens of its own loop with guidance 3, [K, steps]; `told` is called at every position."""
    from transformers import DynamicCache, EncoderDecoderCache

    books, special = model.config.num_codebooks, model.config.vocab_size
    real = torch.from_numpy(memory)
    late = books if model.config.audio_channels == 1 else books // 2
    given = torch.full((books, 1), special)
    if prompt is not None:
        given = torch.cat([given, torch.from_numpy(prompt)], dim=1)

    def listen(_: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        if told is not None:
            told()
        return scores

    # By itself it takes one cache for both attentions, which mixes their keys up.
    cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
    memory_rows = torch.cat([real, torch.zeros_like(real)]).to(model.dtype)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        if given.shape[1] > 1:
            # Where there is a cache its loop feeds the last position only: the others are fed here.
            delayed = model.build_delay_pattern_mask(given, special, steps + late)[0][:, :-1]
            model(
                delayed.repeat(2, 1), encoder_hidden_states=memory_rows, past_key_values=cache, use_cache=True
            )
        flat = model.generate(
            given,
            encoder_hidden_states=memory_rows,
            # Without it one is made from the special tokens, for K rows where there is one.
            attention_mask=torch.ones((1, given.shape[1]), dtype=torch.long),
            past_key_values=cache,
            logits_processor=[listen],
            guidance_scale=3.0,
            do_sample=False,
            num_return_sequences=1,
            use_cache=True,
            max_length=steps + late,
            decoder_start_token_id=special,
            bos_token_id=special,
            pad_token_id=special,
        )
    out: Ints = flat.view(books, -1).numpy()
    return out
