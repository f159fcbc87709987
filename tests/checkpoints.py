"""Checkpoints in the forms that others publish, of toy size with random weights, for tests of importing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from hitpoint.engine.models.codec_state import random_codec_state, to_audiocraft, to_parametrized
from hitpoint.engine.models.config import CodecConfig, ModelConfig, TextConfig
from hitpoint.engine.models.export_audiocraft import codec_words, model_words
from hitpoint.engine.models.importing import checkpoint, child
from hitpoint.engine.models.importing.random import word_tokenizer
from hitpoint.engine.models.state import model_shapes, random_state, text_shapes
from hitpoint.engine.models.tiny import TINY_CODEC, TINY_TEXT, tiny_gvmgen, tiny_musicgen
from hitpoint.engine.models.weights import write_tensors
from hitpoint.engine.progress import Cancel

Arrays = Mapping[str, np.ndarray]
POINTER = {"pretrained": "facebook/encodec_32khz", "exported": True, "version": "1.3.0"}
# Wide enough that audiocraft has a name for it.
T5_SMALL = TextConfig(dim=512, layers=1, heads=2, head_dim=8, feed_forward=32, vocabulary=128)


def save(path: Path, package: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(package, path)


def package(state: Arrays, words: Mapping[str, Any], dtype: torch.dtype = torch.float32) -> dict[str, Any]:
    tensors = {name: torch.from_numpy(np.array(array)).to(dtype) for name, array in state.items()}
    return {
        "best_state": tensors,
        "xp.cfg": yaml.safe_dump(dict(words)),
        "exported": True,
        "version": "1.3.0",
    }


def write_codec(folder: Path, config: CodecConfig = TINY_CODEC) -> None:
    """compression_state_dict.bin with the codec in it."""
    state = to_audiocraft(random_codec_state(config, 0), config)
    save(folder / "compression_state_dict.bin", package(state, codec_words(config)))


def write_gvmgen(
    folder: Path, *, dtype: torch.dtype = torch.float32, stereo: bool = False, pointer: bool = False
) -> tuple[ModelConfig, Arrays]:
    """A published GVMGen directory."""
    config, state = tiny_gvmgen(stereo=stereo)
    save(folder / "state_dict.bin", package(state, model_words(config), dtype))
    if pointer:
        save(folder / "compression_state_dict.bin", POINTER)
    else:
        write_codec(folder)
    return config, state


def write_musicgen(folder: Path, *, stereo: bool = False, melody: bool = False) -> tuple[ModelConfig, Arrays]:
    """An audiocraft export of a MusicGen: T5 is only named."""
    config, _ = tiny_musicgen(stereo=stereo, melody=melody)
    config = replace(config, text=T5_SMALL)
    state = dict(random_state(model_shapes(config), 0))
    if melody:
        state["condition_provider.conditioners.self_wav.chroma.spec.window"] = np.zeros(16, np.float32)
    save(folder / "state_dict.bin", package(state, model_words(config)))
    write_codec(folder)
    return config, state


def write_text(folder: Path, config: TextConfig = T5_SMALL, *, whole: bool = True) -> None:
    """A T5's own folder; `whole`: with its decoder, as t5-base is published."""
    folder.mkdir(parents=True, exist_ok=True)
    shapes = dict(text_shapes(config))
    if whole:
        shapes |= {"decoder.block.0.layer.0.SelfAttention.q.weight": (4, 4), "lm_head.weight": (4, 4)}
        shapes["encoder.embed_tokens.weight"] = shapes["shared.weight"]
    write_tensors(folder / "model.safetensors", shapes, random_state(shapes, 0))
    described = {
        "model_type": "t5",
        "architectures": ["T5ForConditionalGeneration"],
        "d_model": config.dim,
        "num_layers": config.layers,
        "num_heads": config.heads,
        "d_kv": config.head_dim,
        "d_ff": config.feed_forward,
        "vocab_size": config.vocabulary,
        "feed_forward_proj": "relu",
        "eos_token_id": 1,
        "pad_token_id": 0,
        "decoder_start_token_id": 0,
    }
    (folder / "config.json").write_text(json.dumps(described))
    (folder / "tokenizer.json").write_bytes(word_tokenizer(config.vocabulary))


def codec_description(config: CodecConfig = TINY_CODEC) -> dict[str, Any]:
    return {
        "model_type": "encodec",
        "num_filters": config.filters,
        "hidden_size": config.hidden,
        "codebook_dim": config.hidden,
        "codebook_size": config.cardinality,
        "upsampling_ratios": list(config.ratios),
        "sampling_rate": config.sample_rate,
        "target_bandwidths": [2.2],
        "norm_type": "weight_norm",
        "use_causal_conv": False,
        "use_conv_shortcut": False,
    }


def write_encodec(folder: Path, *, parametrized: bool = True) -> None:
    """facebook/encodec_32khz's own folder."""
    folder.mkdir(parents=True, exist_ok=True)
    state: Arrays = random_codec_state(TINY_CODEC, 0)
    if parametrized:
        state = to_parametrized(state)
    write_tensors(folder / "model.safetensors", {k: v.shape for k, v in state.items()}, state)
    (folder / "config.json").write_text(json.dumps(codec_description()))


def huggingface_musicgen(*, stereo: bool = False, melody: bool = False) -> Any:
    """transformers' own model, of toy size, its weights as transformers draws them."""
    from transformers import EncodecConfig, T5Config

    text = TINY_TEXT
    t5 = T5Config(
        d_model=text.dim,
        num_layers=text.layers,
        num_heads=text.heads,
        d_kv=text.head_dim,
        d_ff=text.feed_forward,
        vocab_size=text.vocabulary,
    )
    encodec = EncodecConfig(**{k: v for k, v in codec_description().items() if k != "model_type"})
    sizes = {
        "num_hidden_layers": 2,
        "ffn_dim": 256,
        "num_attention_heads": 4,
        "hidden_size": 64,
        "num_codebooks": 8 if stereo else 4,
        "audio_channels": 2 if stereo else 1,
        # transformers draws from a normal distribution of this width: wide enough that logits differ.
        "initializer_factor": 0.2,
    }
    torch.manual_seed(0)
    if melody:
        from transformers import (
            MusicgenMelodyConfig,
            MusicgenMelodyDecoderConfig,
            MusicgenMelodyForConditionalGeneration,
        )

        decoder = MusicgenMelodyDecoderConfig(**sizes)
        return MusicgenMelodyForConditionalGeneration(
            MusicgenMelodyConfig(text_encoder=t5, audio_encoder=encodec, decoder=decoder)
        ).eval()
    from transformers import MusicgenConfig, MusicgenDecoderConfig, MusicgenForConditionalGeneration

    described = MusicgenConfig(text_encoder=t5, audio_encoder=encodec, decoder=MusicgenDecoderConfig(**sizes))
    return MusicgenForConditionalGeneration(described).eval()


def read_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints are opened in this process: a child takes seconds to start, and has tests of its own."""

    def ask(path: Path, out: Path, cancel: Cancel) -> dict[str, Any]:
        cancel.check()
        try:
            return child._read(path, out)
        except child.Refused as error:
            return {"unfit": str(error)}

    monkeypatch.setattr(checkpoint, "_ask", ask)


def write_huggingface(folder: Path, model: Any, **how: Any) -> None:
    """A Hugging Face MusicGen folder."""
    model.save_pretrained(folder, **how)
    (folder / "tokenizer.json").write_bytes(word_tokenizer(TINY_TEXT.vocabulary))
