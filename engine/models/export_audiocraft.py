"""A model as audiocraft keeps it: `state_dict.bin` and `compression_state_dict.bin`. Needs torch.

`MusicGen.get_pretrained(DIR)` of audiocraft 1.3.0 loads what is written for a MusicGen; a GVMGen goes out in
the form of its own publication. Weights are float32, the words of the configuration those that
`audiocraft.models.builders` asks for.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError, OptionError, OutputError
from ..manifest import version
from ..progress import Cancel, Progress, Step, silent
from ..store.durable import durable_file
from ..store.identity import sha256_file
from .card import FileFact
from .codec_state import to_audiocraft
from .config import CodecConfig, MelodyConfig, ModelConfig
from .importing.codec import FILE as CODEC_FILE
from .importing.install import CODEC, WEIGHTS
from .importing.model import FILE
from .library import Installed
from .state import MELODY
from .weights import Array, Tensors

# audiocraft knows T5 by these names alone, and their width is all that it checks.
_T5_BY_WIDTH = {512: "t5-small", 768: "t5-base", 1024: "t5-large"}
_T5_NAMES = (*_T5_BY_WIDTH.values(), "t5-3b", "t5-11b")


def export_audiocraft(
    found: Installed, folder: Path, *, progress: Progress = silent, cancel: Cancel | None = None
) -> dict[str, FileFact]:
    """Write both files to `folder`; returns their sums. Nothing is ever overwritten.

    OptionError when torch is missing, when audiocraft has no name for the text encoder or no place for the
    plan or codec of the model, OutputError when the files are there already or the disk refuses.
    """
    cancel = cancel or Cancel()
    config = found.card.config
    if config.decoder.plan_channels:
        raise OptionError(
            f"'{found.card.name}' takes a plan at its decoder's input, and audiocraft's decoder does not: "
            "it cannot be exported to it"
        )
    if config.codec is None:
        raise OptionError(
            f"'{found.card.name}' has a codec that audiocraft does not know: it cannot be exported to it"
        )
    if importlib.util.find_spec("torch") is None:
        raise OptionError("exporting to audiocraft needs torch: run pip install 'hitpoint[neural]'")
    for name in (FILE, CODEC_FILE):
        if (folder / name).exists():
            raise OutputError(f"'{folder / name}' is there already: choose another folder")
    if not (found.folder / WEIGHTS).is_file():
        raise InputError(f"the model '{found.card.name}' has no {WEIGHTS}: import it again")
    state: dict[str, Array] = dict(Tensors(found.folder / WEIGHTS))
    if config.melody is not None:
        state[f"{MELODY}chroma.spec.window"] = _window(config.melody)
    described = model_words(config, found.card.extra.get("text_encoder"))
    facts = {}
    works = (
        (FILE, state, described),
        (
            CODEC_FILE,
            to_audiocraft(Tensors(found.folder / CODEC), config.encodec),
            codec_words(config.encodec),
        ),
    )
    for index, (name, weights, words) in enumerate(works):
        cancel.check()
        progress(Step("export", index, len(works), name))
        _save(folder / name, weights, words)
        facts[name] = FileFact(sha256_file(folder / name, cancel=cancel), (folder / name).stat().st_size)
    progress(Step("export", len(works), len(works), found.card.name))
    return facts


def model_words(config: ModelConfig, text_encoder: object = None) -> dict[str, Any]:
    """The configuration that audiocraft builds the language model from (`xp.cfg`)."""
    decoder = config.decoder
    cross, prepend = _conditions(config)
    return {
        "lm_model": "transformer_lm",
        "dtype": "float32",
        "device": "cpu",
        "sample_rate": config.encodec.sample_rate,
        "channels": config.encodec.channels,
        "dataset": {"segment_duration": config.max_duration_s},
        "transformer_lm": {
            "n_q": decoder.codebooks,
            "card": decoder.cardinality,
            "dim": decoder.dim,
            "num_heads": decoder.heads,
            "num_layers": decoder.layers,
            "hidden_scale": 4,
            "norm": "layer_norm",
            "norm_first": True,
            "activation": "gelu",
            "dropout": 0.1,
            "bias_proj": False,
            "bias_ff": False,
            "bias_attn": False,
            "causal": True,
            "custom": False,
            "memory_efficient": True,
            "attention_as_float32": False,
            "positional_embedding": "sin",
            "xpos": False,
            "checkpointing": "none",
            "cross_attention": decoder.cross_attention,
            "qk_layer_norm": False,
            "kv_repeat": 1,
        },
        "codebooks_pattern": {
            "modeling": "delay",
            "delay": {"delays": list(decoder.delays), "flatten_first": 0, "empty_initial": 0},
        },
        "classifier_free_guidance": {"training_dropout": 0.3, "inference_coef": config.guidance},
        "attribute_dropout": {},
        "fuser": {
            "cross_attention_pos_emb": False,
            "cross_attention_pos_emb_scale": 1,
            "sum": [],
            "prepend": prepend,
            "cross": cross,
            "input_interpolate": [],
        },
        "conditioners": _conditioners(config, text_encoder),
        "interleave_stereo_codebooks": {"use": config.encodec.channels == 2, "per_timestep": False},
    }


def codec_words(config: CodecConfig) -> dict[str, Any]:
    """The configuration that audiocraft builds one side's codec from."""
    return {
        "compression_model": "encodec",
        "sample_rate": config.sample_rate,
        "channels": 1,
        "encodec": {
            "autoencoder": "seanet",
            "quantizer": "rvq",
            "sample_rate": config.sample_rate,
            "channels": 1,
            "causal": False,
            "renormalize": False,
        },
        "seanet": {
            "dimension": config.hidden,
            "channels": 1,
            "causal": False,
            "n_filters": config.filters,
            "n_residual_layers": config.residual_layers,
            "ratios": list(config.ratios),
            "activation": "ELU",
            "activation_params": {"alpha": 1.0},
            "norm": "weight_norm",
            "norm_params": {},
            "kernel_size": config.kernel,
            "residual_kernel_size": config.residual_kernel,
            "last_kernel_size": config.last_kernel,
            "dilation_base": config.dilation_growth,
            "pad_mode": "reflect",
            "true_skip": True,
            "compress": config.compress,
            "lstm": config.lstm_layers,
            "disable_norm_outer_blocks": 0,
            "encoder": {},
            "decoder": {"trim_right_ratio": 1.0},
        },
        "rvq": {"n_q": config.codebooks, "bins": config.cardinality, "q_dropout": False},
    }


def _conditions(config: ModelConfig) -> tuple[list[str], list[str]]:
    """Which conditions go to the cross-attention, and which before the first token."""
    if config.visual is not None:
        return ["visual_content"], []
    if config.melody is not None:
        return [], ["self_wav", "description"]
    return ["description"], []


def _conditioners(config: ModelConfig, text_encoder: object) -> dict[str, Any]:
    if config.visual is not None:
        return {"visual_content": {"model": "video", "video": {}}}
    assert config.text is not None
    out: dict[str, Any] = {
        "description": {
            "model": "t5",
            "t5": {
                "name": _t5_name(config.text.dim, text_encoder),
                "finetune": False,
                "word_dropout": 0.0,
                "normalize_text": False,
            },
        }
    }
    melody = config.melody
    if melody is not None:
        out["self_wav"] = {
            "model": "chroma_stem",
            "chroma_stem": {
                "sample_rate": melody.sample_rate,
                "n_chroma": melody.chroma,
                "radix2_exp": melody.window.bit_length() - 1,
                "argmax": melody.argmax,
                "match_len_on_eval": True,
            },
        }
    return out


def _t5_name(width: int, said: object) -> str:
    name = str(said).rsplit("/", 1)[-1]
    if name in _T5_NAMES:
        return name
    if width not in _T5_BY_WIDTH:
        raise OptionError(
            f"audiocraft has no name for a text encoder {width} wide: only models with a published T5 "
            f"({', '.join(_T5_BY_WIDTH.values())}) can be exported"
        )
    return _T5_BY_WIDTH[width]


def _window(config: MelodyConfig) -> Array:
    """Of torchaudio's spectrogram: a buffer that audiocraft's checkpoints hold."""
    import torch

    window: Array = torch.hann_window(config.window).numpy()
    return window


def _save(path: Path, weights: Mapping[str, Array], words: Mapping[str, Any]) -> None:
    import torch
    import yaml

    package = {
        "best_state": {name: torch.from_numpy(array) for name, array in weights.items()},
        "xp.cfg": yaml.safe_dump(dict(words), sort_keys=False),
        "version": "1.3.0",
        "exported": True,
        "made_by": f"hitpoint {version()}",
    }
    with durable_file(path) as file:
        torch.save(package, file)
