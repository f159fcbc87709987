"""MusicGen as Hugging Face's transformers keeps it: `config.json` and weights under other names.

Sources: transformers `MusicgenForConditionalGeneration`, `MusicgenMelodyForConditionalGeneration` and the
conversion from audiocraft, whose names we keep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...errors import InputError
from ..config import (
    CodecConfig,
    DecoderConfig,
    MelodyConfig,
    ModelConfig,
    TextConfig,
)
from ..state import MELODY, TEXT
from ..weights import Array, Renamed
from .keys import Shape

KINDS = ("musicgen", "musicgen_melody")
_DECODER = "decoder.model.decoder."
_NORMS = {
    "self_attn_layer_norm": "norm1",
    "encoder_attn_layer_norm": "norm_cross",
    "final_layer_norm": "norm2",
}
_PARTS = {
    "self_attn.out_proj": "self_attn.out_proj",
    "encoder_attn.out_proj": "cross_attention.out_proj",
    "fc1": "linear1",
    "fc2": "linear2",
}
_ATTENTIONS = {"self_attn": "self_attn", "encoder_attn": "cross_attention"}
# Sines that old checkpoints store: they are computed.
COMPUTED = frozenset({f"{_DECODER}embed_positions.weights"})


def model_config(described: Mapping[str, Any]) -> ModelConfig:
    """The configuration from the parsed `config.json`. InputError for what cannot be computed here."""
    kind = described.get("model_type")
    if kind not in KINDS:
        raise InputError(
            f"'config.json' describes a model of the type '{kind}': choose the folder of a MusicGen"
        )
    decoder, audio, text = (_part(described, name) for name in ("decoder", "audio_encoder", "text_encoder"))
    if str(decoder.get("activation_function", "gelu")) != "gelu" or decoder.get("scale_embedding", False):
        raise InputError("'config.json' asks for another decoder than MusicGen's: choose another checkpoint")
    dim = _count(decoder, "hidden_size", 1024)
    heads = _count(decoder, "num_attention_heads", 16)
    codebooks = _count(decoder, "num_codebooks", 4)
    if dim % heads or _count(decoder, "ffn_dim", 4 * dim) != 4 * dim:
        raise InputError("'config.json' has sizes that no MusicGen has: get the folder again")
    stereo = _count(decoder, "audio_channels", 1) == 2
    melody = kind == "musicgen_melody"
    return ModelConfig(
        kind="musicgen",
        decoder=DecoderConfig(
            dim=dim,
            heads=heads,
            layers=_count(decoder, "num_hidden_layers", 24),
            codebooks=codebooks,
            cardinality=_count(decoder, "vocab_size", 2048),
            cross_attention=not melody,
            delays=tuple(sorted([*range(codebooks // 2)] * 2)) if stereo else tuple(range(codebooks)),
        ),
        codec=codec_config(audio, channels=2 if stereo else 1),
        text=text_config(text),
        melody=_melody(described) if melody else None,
    )


def codec_config(described: Mapping[str, Any], *, channels: int = 1) -> CodecConfig:
    """EnCodec's configuration from `config.json`. InputError for a codec that is computed otherwise."""
    ours = {
        "norm_type": "weight_norm",
        "pad_mode": "reflect",
        "use_causal_conv": False,
        "use_conv_shortcut": False,
        "normalize": False,
        "audio_channels": 1,
        "chunk_length_s": None,
    }
    # The values that transformers leaves out of the file when they are its own defaults.
    theirs = {
        "norm_type": "weight_norm",
        "pad_mode": "reflect",
        "use_causal_conv": True,
        "use_conv_shortcut": True,
    }
    for name, value in ours.items():
        said = described.get(name, theirs.get(name, value))
        if said != value:
            raise InputError(
                f"the codec's 'config.json' has {name} = {said}, and only {value} can be computed here: "
                "use facebook/encodec_32khz"
            )
    ratios = described.get("upsampling_ratios", [8, 5, 4, 2])
    if not isinstance(ratios, list) or not ratios or not all(type(r) is int and 0 < r < 64 for r in ratios):
        raise InputError(f"the codec's 'config.json' has the upsampling_ratios {ratios}: get it again")
    hop = int(np.prod(ratios))
    rate = _count(described, "sampling_rate", 24_000)
    size = _count(described, "codebook_size", 1024)
    widths = described.get("target_bandwidths", [1.5, 3.0, 6.0, 12.0, 24.0])
    if not isinstance(widths, list) or not all(isinstance(width, int | float) for width in widths):
        raise InputError(f"the codec's 'config.json' has the target_bandwidths {widths}: get it again")
    # transformers' `EncodecConfig.num_quantizers`.
    bits = (size - 1).bit_length() or 1
    return CodecConfig(
        sample_rate=rate,
        filters=_count(described, "num_filters", 32),
        hidden=_count(described, "hidden_size", 128),
        ratios=tuple(ratios),
        lstm_layers=_count(described, "num_lstm_layers", 2),
        residual_layers=_count(described, "num_residual_layers", 1),
        kernel=_count(described, "kernel_size", 7),
        last_kernel=_count(described, "last_kernel_size", 7),
        residual_kernel=_count(described, "residual_kernel_size", 3),
        dilation_growth=_count(described, "dilation_growth_rate", 2),
        compress=_count(described, "compress", 2),
        codebooks=int(1000 * widths[-1] // (-(-rate // hop) * bits)) if widths else 4,
        cardinality=size,
        channels=channels,
    )


def text_config(described: Mapping[str, Any]) -> TextConfig:
    """T5's configuration. InputError for another text encoder, or the gated kind."""
    if described.get("model_type", "t5") != "t5":
        raise InputError(
            f"the text encoder is of the type '{described['model_type']}' and should be T5: use t5-base"
        )
    if str(described.get("feed_forward_proj", "relu")) != "relu":
        raise InputError("the text encoder is a gated T5 (v1.1), which no MusicGen uses: use t5-base")
    return TextConfig(
        dim=_count(described, "d_model", 512),
        layers=_count(described, "num_layers", 6),
        heads=_count(described, "num_heads", 8),
        head_dim=_count(described, "d_kv", 64),
        feed_forward=_count(described, "d_ff", 2048),
        vocabulary=_count(described, "vocab_size", 32_128),
        buckets=_count(described, "relative_attention_num_buckets", 32),
        longest_distance=_count(described, "relative_attention_max_distance", 128),
    )


def published_names(
    tensors: Mapping[str, Array], shapes: Mapping[str, Shape]
) -> tuple[Renamed, dict[str, Shape]]:
    """Decoder and projections under audiocraft's names; a key that has none keeps its own, to be refused."""
    makers: dict[str, Callable[[], Array]] = {}
    named: dict[str, Shape] = {}
    for name, shape in shapes.items():
        if name in COMPUTED or name.startswith(("text_encoder.", "audio_encoder.")):
            continue
        if _is_key_or_value(name, shapes):
            continue
        if ".q_proj." in name:
            trio = [name.replace(".q_proj.", f".{letter}_proj.") for letter in "qkv"]
            target = _published(name.replace(".q_proj.weight", ".in_proj"))
            rows = sum(shapes[part][0] for part in trio if part in shapes)
            if all(part in shapes for part in trio):
                makers[target] = _stacked(tensors, trio)
                named[target] = (rows, *shape[1:])
                continue
        target = _published(name)
        makers[target] = _one(tensors, name)
        named[target] = shape
    return Renamed(makers), named


def _published(name: str) -> str:
    if name.startswith("enc_to_dec_proj."):
        return name.replace("enc_to_dec_proj.", f"{TEXT}output_proj.")
    if name.startswith("audio_enc_to_dec_proj."):
        return name.replace("audio_enc_to_dec_proj.", f"{MELODY}output_proj.")
    if name.startswith("decoder.lm_heads."):
        return name.replace("decoder.lm_heads.", "linears.")
    if not name.startswith(_DECODER):
        return name
    rest = name.removeprefix(_DECODER)
    if rest.startswith("embed_tokens."):
        return rest.replace("embed_tokens.", "emb.")
    if rest.startswith("layer_norm."):
        return rest.replace("layer_norm.", "out_norm.")
    if not rest.startswith("layers."):
        return name
    _, number, part = rest.split(".", 2)
    for theirs, ours in (_NORMS | _PARTS).items():
        if part.startswith(f"{theirs}."):
            return f"transformer.layers.{number}.{ours}{part[len(theirs) :]}"
    for theirs, ours in _ATTENTIONS.items():
        if part == f"{theirs}.in_proj":
            return f"transformer.layers.{number}.{ours}.in_proj_weight"
    return name


def _is_key_or_value(name: str, shapes: Mapping[str, Shape]) -> bool:
    """Taken care of with its query, when the three are there."""
    return any(
        f".{letter}_proj." in name
        and all(name.replace(f".{letter}_proj.", f".{other}_proj.") in shapes for other in "qkv")
        for letter in "kv"
    )


def _stacked(tensors: Mapping[str, Array], names: list[str]) -> Callable[[], Array]:
    return lambda: np.concatenate([tensors[name] for name in names])


def _one(tensors: Mapping[str, Array], name: str) -> Callable[[], Array]:
    return lambda: tensors[name]


def _melody(described: Mapping[str, Any]) -> MelodyConfig:
    base = MelodyConfig()
    length = _count(described, "chroma_length", 235)
    published = -(-base.duration_s * base.sample_rate // base.hop)
    seconds = base.duration_s if length == published else length * base.hop / base.sample_rate
    return MelodyConfig(chroma=_count(described, "num_chroma", 12), duration_s=seconds)


def _part(described: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = described.get(name)
    if not isinstance(part, dict):
        raise InputError(f"'config.json' says nothing of the {name}: get the folder again")
    return part


def _count(described: Mapping[str, Any], name: str, usual: int) -> int:
    value = described.get(name, usual)
    if type(value) is not int or not 0 < value < 10_000_000:
        raise InputError(f"'config.json' has {name} = {value}, which cannot be: get the folder again")
    return value
