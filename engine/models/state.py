"""Names and shapes of every weight, in the published checkpoints' own words (audiocraft, OpenAI CLIP)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .config import DecoderConfig, ModelConfig, TextConfig, VisualConfig

# Weights by name, as numpy arrays (float32 unless said otherwise).
State = Mapping[str, npt.NDArray[Any]]
Shapes = dict[str, tuple[int, ...]]

VISUAL = "condition_provider.conditioners.visual_content."
TEXT = "condition_provider.conditioners.description."
MELODY = "condition_provider.conditioners.self_wav."
TIME_GAIN = f"{VISUAL}time_gain"
# Ours: columns of the plan, projected to the decoder's input.
PLAN = "plan_proj.weight"


def model_shapes(config: ModelConfig) -> Shapes:
    """Every key of a model's flat state dict with its shape; `time_gain` only when the model is timed."""
    out: Shapes = {}
    if config.visual is not None:
        out |= visual_shapes(config.visual, config.decoder.dim)
        if config.timed:
            out[TIME_GAIN] = ()
    if config.text is not None:
        out[f"{TEXT}output_proj.weight"] = (config.decoder.dim, config.text.dim)
        out[f"{TEXT}output_proj.bias"] = (config.decoder.dim,)
    if config.melody is not None:
        out[f"{MELODY}output_proj.weight"] = (config.decoder.dim, config.melody.chroma)
        out[f"{MELODY}output_proj.bias"] = (config.decoder.dim,)
    return out | decoder_shapes(config.decoder)


def decoder_shapes(config: DecoderConfig) -> Shapes:
    dim = config.dim
    out: Shapes = {f"emb.{k}.weight": (config.cardinality + 1, dim) for k in range(config.codebooks)}
    for index in range(config.layers):
        layer = f"transformer.layers.{index}."
        attentions = ["self_attn"] + (["cross_attention"] if config.cross_attention else [])
        for name in attentions:
            out[f"{layer}{name}.in_proj_weight"] = (3 * dim, dim)
            out[f"{layer}{name}.out_proj.weight"] = (dim, dim)
        out[f"{layer}linear1.weight"] = (4 * dim, dim)
        out[f"{layer}linear2.weight"] = (dim, 4 * dim)
        norms = ["norm1", "norm2"] + (["norm_cross"] if config.cross_attention else [])
        for name in norms:
            out |= _norm(f"{layer}{name}", dim)
    out |= _norm("out_norm", dim)
    if config.plan_channels:
        out[PLAN] = (dim, config.plan_channels)
    return out | {f"linears.{k}.weight": (config.cardinality, dim) for k in range(config.codebooks)}


def visual_shapes(config: VisualConfig, dim: int) -> Shapes:
    width = config.width
    clip = f"{VISUAL}clip.visual."
    out: Shapes = {
        f"{VISUAL}output_proj.weight": (dim, config.embedding),
        f"{VISUAL}output_proj.bias": (dim,),
        f"{clip}class_embedding": (width,),
        f"{clip}positional_embedding": (config.tokens, width),
        f"{clip}query_tokens": (1, config.queries, width),
        f"{clip}proj": (width, config.embedding),
        f"{clip}conv1.weight": (width, 3, config.patch, config.patch),
        **_norm(f"{clip}ln_pre", width),
        **_norm(f"{clip}ln_post", width),
    }
    for index in range(config.layers):
        block = f"{clip}transformer.resblocks.{index}."
        out |= _attention(f"{block}attn", width)
        out |= _norm(f"{block}ln_1", width) | _norm(f"{block}ln_2", width)
        out |= _linear(f"{block}mlp.c_fc", 4 * width, width) | _linear(f"{block}mlp.c_proj", width, 4 * width)
    out |= _norm(f"{clip}qformer.layernorm", width)
    for index in range(config.qformer_layers):
        layer = f"{clip}qformer.encoder.layer.{index}."
        sides = [("attention", "self_output")]
        if index % config.cross_every == 0:
            sides.append(("crossattention", "cross_output"))
        for attention, output in sides:
            out |= _attention(f"{layer}{attention}", width)
            out |= _linear(f"{layer}{output}.dense", width, width) | _norm(
                f"{layer}{output}.LayerNorm", width
            )
        out |= _linear(f"{layer}intermediate_query.dense", 2 * width, width)
        out |= _linear(f"{layer}output_query.dense", width, 2 * width)
        out |= _norm(f"{layer}output_query.LayerNorm", width)
    return out


def text_shapes(config: TextConfig) -> Shapes:
    """T5's encoder in Hugging Face's names (`T5EncoderModel`), the tied copy of the embedding left out."""
    inner = config.heads * config.head_dim
    out: Shapes = {"shared.weight": (config.vocabulary, config.dim)}
    for index in range(config.layers):
        attention = f"encoder.block.{index}.layer.0."
        for name in "qkv":
            out[f"{attention}SelfAttention.{name}.weight"] = (inner, config.dim)
        out[f"{attention}SelfAttention.o.weight"] = (config.dim, inner)
        if index == 0:
            out[f"{attention}SelfAttention.relative_attention_bias.weight"] = (config.buckets, config.heads)
        out[f"{attention}layer_norm.weight"] = (config.dim,)
        dense = f"encoder.block.{index}.layer.1."
        out[f"{dense}DenseReluDense.wi.weight"] = (config.feed_forward, config.dim)
        out[f"{dense}DenseReluDense.wo.weight"] = (config.dim, config.feed_forward)
        out[f"{dense}layer_norm.weight"] = (config.dim,)
    return out | {"encoder.final_layer_norm.weight": (config.dim,)}


def random_state(shapes: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, npt.NDArray[np.float32]]:
    """Weights by name for tests and benchmarks: each is drawn from its own name, so order does not matter."""
    return {key: _fill(key, shape, seed) for key, shape in shapes.items()}


def parameters(shapes: Mapping[str, tuple[int, ...]]) -> int:
    return sum(int(np.prod(shape, dtype=np.int64)) for shape in shapes.values())


def frozen(shapes: Mapping[str, tuple[int, ...]]) -> Iterator[str]:
    """Keys that GVMGen never trains: the image tower up to and without the Q-Former."""
    clip = f"{VISUAL}clip.visual."
    parts = ("conv1.", "class_embedding", "positional_embedding", "ln_pre.", "transformer.")
    return (key for key in shapes if key.startswith(tuple(clip + part for part in parts)))


def _norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _linear(name: str, rows: int, columns: int) -> Shapes:
    return {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}


def _attention(name: str, width: int) -> Shapes:
    return {
        f"{name}.in_proj_weight": (3 * width, width),
        f"{name}.in_proj_bias": (3 * width,),
        f"{name}.out_proj.weight": (width, width),
        f"{name}.out_proj.bias": (width,),
    }


def _fill(key: str, shape: tuple[int, ...], seed: int) -> npt.NDArray[np.float32]:
    import zlib

    random = np.random.Generator(np.random.Philox(key=zlib.crc32(f"{seed}:{key}".encode())))
    lowered = key.lower()
    normal = any(part in lowered for part in ("norm", "ln_")) and len(shape) == 1
    if normal and key.endswith("weight"):
        return (1 + 0.2 * (2 * random.random(shape, np.float32) - 1)).astype(np.float32)
    if len(shape) <= 1:
        return (0.1 * (2 * random.random(shape, np.float32) - 1)).astype(np.float32)
    if key.startswith("emb."):
        return (2 * random.random(shape, np.float32) - 1).astype(np.float32)
    fan_in = shape[0] if key.endswith(".proj") else int(np.prod(shape[1:]))
    scale = np.float32((3 / fan_in) ** 0.5)
    return (scale * (2 * random.random(shape, np.float32) - 1)).astype(np.float32)
