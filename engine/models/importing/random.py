"""Puts models of random weights among the others: they make noise, and every path runs on them in seconds."""

from __future__ import annotations

import hashlib
import json

from ...progress import Cancel, Progress, silent
from ...serial import canonical
from ..card import ModelCard
from ..config import PRECISIONS, ModelConfig, Precision
from ..library import models_dir
from ..state import State, model_shapes, random_state, text_shapes
from .install import Origin, Parts, install, sound_shapes


def install_random(
    config: ModelConfig,
    name: str,
    *,
    state: State | None = None,
    seed: int = 0,
    tokenizer: bytes | None = None,
    precisions: tuple[Precision, ...] = PRECISIONS,
    progress: Progress = silent,
    cancel: Cancel | None = None,
) -> ModelCard:
    """A model of `config` with `state`, or with weights drawn from `seed`: asked for by name only."""
    text = None
    if config.text is not None:
        text = random_state(text_shapes(config.text), seed)
        tokenizer = tokenizer or word_tokenizer(config.text.vocabulary)
    parts = Parts(
        config,
        state if state is not None else random_state(model_shapes(config), seed),
        random_state(sound_shapes(config), seed),
        text,
        tokenizer,
    )
    origin = Origin(
        source="random weights",
        code_licence="GPL-3.0-or-later",
        weights_licence="none: random numbers",
        commercial=True,
        weights_sha256=hashlib.sha256(canonical(config) + str(seed).encode()).hexdigest(),
        origin="random",
        by_name_only=True,
    )
    return install(
        parts,
        origin,
        name,
        models_dir() / name,
        precisions=precisions,
        progress=progress,
        cancel=cancel or Cancel(),
    )


def word_tokenizer(vocabulary: int) -> bytes:
    """A `tokenizer.json` whose words are single letters: for text encoders of random weights."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789,.-"
    pieces = [["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], ["▁", -2.0]]
    pieces += [[letter, -3.0] for letter in letters]
    table = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": index,
                "content": str(piece),
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for index, (piece, _) in enumerate(pieces[:3])
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}},
            ],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}},
        },
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "model": {"type": "Unigram", "unk_id": 2, "vocab": pieces[:vocabulary], "byte_fallback": False},
    }
    return json.dumps(table, ensure_ascii=False).encode()
