"""The text encoder of a MusicGen: inside a Hugging Face folder, or the T5 that an audiocraft export names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError, OptionError
from ...progress import Cancel
from ..config import TextConfig
from ..library import find_part
from ..state import text_shapes
from ..weights import Array, renamed
from .folder import Weights, open_weights, read_json
from .huggingface import text_config
from .keys import check_keys

PART = "t5-base"
TOKENIZER = "tokenizer.json"
_WHOSE = "a T5 encoder"
_MOST_TOKENIZER_BYTES = 64 << 20
# Of a whole T5: its decoder, which nothing here runs, and second copies of the table of words.
_NOT_OURS = ("decoder.", "lm_head.", "encoder.embed_tokens.")


class TextMissing(OptionError):
    """The checkpoint holds no text encoder, and the usual one is not on this machine."""


@dataclass(frozen=True, slots=True)
class TextWeights:
    config: TextConfig
    weights: Mapping[str, Array]
    tokenizer: bytes


def find_text(source: Path, width: int, given: Path | None, work: Path, cancel: Cancel) -> TextWeights:
    """T5 of the folder `given`, else t5-base as installed; `width` is what the checkpoint projects from.

    TextMissing asks for the folder; InputError when it is of another width or no T5.
    """
    folder = given or find_part(PART)
    if folder is None:
        raise TextMissing(
            f"'{source.name}' holds no text encoder: run hitpoint models get {PART}, or give T5's folder "
            "with --text DIR"
        )
    config = text_config(read_json(folder / "config.json"))
    if config.dim != width:
        raise InputError(
            f"the text encoder in '{folder.name}' is {config.dim} wide and '{source.name}' wants {width}: "
            "give the folder of the T5 that it was trained with"
        )
    weights = open_weights(folder, work, cancel)
    return _checked(config, weights, "", folder)


def inside(config: TextConfig, weights: Weights, folder: Path) -> TextWeights:
    """The text encoder among a MusicGen's own weights (Hugging Face's `text_encoder.`)."""
    return _checked(config, weights, "text_encoder.", folder)


def _checked(config: TextConfig, weights: Weights, prefix: str, folder: Path) -> TextWeights:
    shapes = {
        name.removeprefix(prefix): shape
        for name, shape in weights.shapes().items()
        if name.startswith(prefix) and not name.removeprefix(prefix).startswith(_NOT_OURS)
    }
    if "shared.weight" not in shapes:
        # Encoders saved alone may keep only the copy.
        copy = weights.shapes().get(f"{prefix}encoder.embed_tokens.weight")
        if copy is not None:
            shapes["shared.weight"] = copy
    check_keys(shapes, text_shapes(config), folder.name, _WHOSE)

    names = {name: f"{prefix}{name}" for name in shapes}
    if names["shared.weight"] not in weights:
        names["shared.weight"] = f"{prefix}encoder.embed_tokens.weight"
    return TextWeights(config, renamed(weights, names), read_tokenizer(folder))


def read_tokenizer(folder: Path) -> bytes:
    """tokenizer.json, checked to be one. InputError says what to do where there is only spiece.model."""
    path = folder / TOKENIZER
    if not path.is_file():
        raise InputError(
            f"'{folder.name}' has no {TOKENIZER}: get it again, or make one from spiece.model with "
            "transformers (AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR))"
        )
    if path.stat().st_size > _MOST_TOKENIZER_BYTES:
        raise InputError(f"'{TOKENIZER}' in '{folder.name}' is far too long: get the folder again")
    data = path.read_bytes()
    try:
        model = json.loads(data)["model"]
        known = isinstance(model, dict)
    except (ValueError, KeyError, TypeError, RecursionError):
        known = False
    if not known:
        raise InputError(f"'{TOKENIZER}' in '{folder.name}' is not a tokenizer: get the folder again")
    return data
