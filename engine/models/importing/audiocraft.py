"""What a checkpoint in audiocraft's form is: sizes read from its weights, the rest from its configuration.

Shapes win over words. A word that names another computation than ours is refused, never overlooked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isqrt
from typing import Any

from ...errors import InputError
from ..config import (
    STEREO_DELAYS,
    CodecConfig,
    DecoderConfig,
    MelodyConfig,
    ModelConfig,
    TextConfig,
    VisualConfig,
)
from ..state import MELODY, TEXT, TIME_GAIN, VISUAL
from .keys import Shape, count

# Buffers of audiocraft's modules that are computed from the configuration, not learned.
COMPUTED = frozenset({f"{MELODY}chroma.spec.window"})
_CLIP = f"{VISUAL}clip.visual."

# What the decoder computes; a configuration that says otherwise is another network.
_DECODER_WORDS: Mapping[str, object] = {
    "transformer_lm.activation": "gelu",
    "transformer_lm.norm": "layer_norm",
    "transformer_lm.norm_first": True,
    "transformer_lm.causal": True,
    "transformer_lm.past_context": None,
    "transformer_lm.hidden_scale": 4,
    "transformer_lm.positional_embedding": "sin",
    "transformer_lm.positional_scale": 1,
    "transformer_lm.max_period": 10_000,
    "transformer_lm.kv_repeat": 1,
    "transformer_lm.qk_layer_norm": False,
    "codebooks_pattern.modeling": "delay",
    "interleave_stereo_codebooks.per_timestep": False,
}
_CODEC_WORDS: Mapping[str, object] = {
    "compression_model": "encodec",
    "encodec.autoencoder": "seanet",
    "encodec.quantizer": "rvq",
    "encodec.channels": 1,
    "encodec.causal": False,
    "encodec.renormalize": False,
    "seanet.channels": 1,
    "seanet.activation": "ELU",
    "seanet.norm": "weight_norm",
    "seanet.causal": False,
    "seanet.pad_mode": "reflect",
    "seanet.true_skip": True,
    "seanet.disable_norm_outer_blocks": 0,
}


def model_config(shapes: Mapping[str, Shape], facts: Mapping[str, Any], file_name: str) -> ModelConfig:
    """The configuration, the codec's still the default. InputError when this is no model of ours.

    Keys and shapes are not yet compared: `check_keys` does that with the answer.
    """
    _check_words(facts, _DECODER_WORDS, file_name)
    visual = any(name.startswith(VISUAL) for name in shapes)
    text = any(name.startswith(TEXT) for name in shapes)
    if visual == text or "emb.0.weight" not in shapes:
        raise InputError(
            f"'{file_name}' holds neither a GVMGen nor a text-conditioned MusicGen: "
            "choose the folder of one of these"
        )
    decoder = _decoder(shapes, facts)
    config = ModelConfig(
        kind="gvmgen" if visual else "musicgen",
        decoder=decoder,
        codec=CodecConfig(channels=2 if _stereo(decoder, facts) else 1),
        visual=_visual(shapes, file_name) if visual else None,
        text=_text(shapes) if text else None,
        melody=_melody(shapes, facts) if any(name.startswith(MELODY) for name in shapes) else None,
        max_duration_s=_number(facts, "dataset.segment_duration", 30.0, 1, 600),
        guidance=_number(facts, "classifier_free_guidance.inference_coef", 3.0, 0, 20),
        timed=TIME_GAIN in shapes,
    )
    return config


def codec_config(facts: Mapping[str, Any], codebooks: int, file_name: str) -> CodecConfig:
    """EnCodec's configuration from that of the checkpoint; published values where it says nothing."""
    _check_words(facts, _CODEC_WORDS, file_name)
    base = CodecConfig(codebooks=codebooks)
    said = {
        "sample_rate": facts.get("encodec.sample_rate", facts.get("sample_rate")),
        "filters": facts.get("seanet.n_filters"),
        "hidden": facts.get("seanet.dimension"),
        "lstm_layers": facts.get("seanet.lstm"),
        "residual_layers": facts.get("seanet.n_residual_layers"),
        "kernel": facts.get("seanet.kernel_size"),
        "last_kernel": facts.get("seanet.last_kernel_size"),
        "residual_kernel": facts.get("seanet.residual_kernel_size"),
        "dilation_growth": facts.get("seanet.dilation_base"),
        "compress": facts.get("seanet.compress"),
        "cardinality": facts.get("rvq.bins"),
    }
    # Text here is a reference to another place of the configuration: the weights' shapes will tell.
    known: dict[str, Any] = {name: value for name, value in said.items() if type(value) is int and value > 0}
    ratios = facts.get("seanet.ratios")
    if isinstance(ratios, list) and ratios and all(type(ratio) is int and ratio > 0 for ratio in ratios):
        known["ratios"] = tuple(ratios)
    return replace(base, **known)


def _decoder(shapes: Mapping[str, Shape], facts: Mapping[str, Any]) -> DecoderConfig:
    rows, dim = _matrix(shapes, "emb.0.weight")
    codebooks = count(shapes, "emb.")
    heads = facts.get("transformer_lm.num_heads")
    if type(heads) is not int or heads < 1 or dim % heads:
        heads = max(1, dim // 64)
    delays = facts.get("codebooks_pattern.delay.delays")
    known = (
        isinstance(delays, list)
        and len(delays) == codebooks
        and all(type(delay) is int and 0 <= delay < 64 for delay in delays)
    )
    usual = STEREO_DELAYS if codebooks == len(STEREO_DELAYS) else tuple(range(codebooks))
    return DecoderConfig(
        dim=dim,
        heads=heads,
        layers=count(shapes, "transformer.layers."),
        codebooks=codebooks,
        cardinality=rows - 1,
        cross_attention="transformer.layers.0.cross_attention.in_proj_weight" in shapes,
        delays=tuple(delays) if known and isinstance(delays, list) else usual,
    )


def _stereo(decoder: DecoderConfig, facts: Mapping[str, Any]) -> bool:
    said = facts.get("interleave_stereo_codebooks.use")
    return said if isinstance(said, bool) else decoder.delays == STEREO_DELAYS


def _visual(shapes: Mapping[str, Shape], file_name: str) -> VisualConfig:
    convolution = shapes.get(f"{_CLIP}conv1.weight", ())
    tokens = shapes.get(f"{_CLIP}positional_embedding", ())
    projection = shapes.get(f"{_CLIP}proj", ())
    queries = shapes.get(f"{_CLIP}query_tokens", ())
    if (len(convolution), len(tokens), len(projection), len(queries)) != (4, 2, 2, 3):
        raise InputError(
            f"'{file_name}' lacks a part of its picture side (conv1, positional_embedding, proj or "
            f"query_tokens under {_CLIP}): get it again from where it was published"
        )
    layer = f"{_CLIP}qformer.encoder.layer."
    layers = count(shapes, layer)
    crossed = [
        i for i in range(1, layers) if any(k.startswith(f"{layer}{i}.crossattention.") for k in shapes)
    ]
    return VisualConfig(
        width=convolution[0],
        layers=count(shapes, f"{_CLIP}transformer.resblocks."),
        heads=max(1, convolution[0] // 64),
        patch=convolution[2],
        image=isqrt(max(0, tokens[0] - 1)) * convolution[2],
        embedding=projection[1],
        qformer_layers=layers,
        queries=queries[1],
        cross_every=crossed[0] if crossed else max(1, layers),
    )


def _text(shapes: Mapping[str, Shape]) -> TextConfig:
    """T5's own weights lie elsewhere: only its width is known here."""
    projection = shapes.get(f"{TEXT}output_proj.weight", ())
    return TextConfig(dim=projection[1]) if len(projection) == 2 else TextConfig()


def _melody(shapes: Mapping[str, Shape], facts: Mapping[str, Any]) -> MelodyConfig:
    stem = "conditioners.self_wav.chroma_stem."
    projection = shapes.get(f"{MELODY}output_proj.weight", ())
    base = MelodyConfig(duration_s=_number(facts, "dataset.segment_duration", 30.0, 1, 600))
    exponent = facts.get(f"{stem}radix2_exp")
    if type(exponent) is int and 8 <= exponent <= 20:
        base = replace(base, window=1 << exponent, hop=(1 << exponent) // 4)
    argmax = facts.get(f"{stem}argmax")
    rate = facts.get(f"{stem}sample_rate")
    return replace(
        base,
        chroma=projection[1] if len(projection) == 2 else base.chroma,
        argmax=argmax if isinstance(argmax, bool) else base.argmax,
        sample_rate=rate if type(rate) is int and rate > 0 else base.sample_rate,
    )


def _check_words(facts: Mapping[str, Any], words: Mapping[str, object], file_name: str) -> None:
    for name, ours in words.items():
        said = facts.get(name, ours)
        if said != ours and not (isinstance(said, str) and said.startswith("${")):
            raise InputError(
                f"'{file_name}' was made with {name} = {said}, and only {ours} can be computed here: "
                "choose another checkpoint"
            )


def _matrix(shapes: Mapping[str, Shape], name: str) -> Shape:
    shape = shapes[name]
    if len(shape) != 2 or shape[0] < 2 or shape[1] < 2:
        raise InputError(f"'{name}' has the shape {shape} and should be a table: get the checkpoint again")
    return shape


def _number(facts: Mapping[str, Any], name: str, usual: float, low: float, high: float) -> float:
    value = facts.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        return usual
    return float(value)
