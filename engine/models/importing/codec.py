"""The codec of a checkpoint: beside it, inside it, or only named there and looked for on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import InputError, OptionError
from ...progress import Cancel
from ..codec_state import codec_shapes, huggingface_key
from ..config import CodecConfig
from ..library import find_part
from ..weights import Array, renamed
from . import audiocraft, huggingface
from .checkpoint import read_checkpoint
from .folder import Weights, open_weights, read_json
from .keys import Shape, check_keys, count

FILE = "compression_state_dict.bin"
PART = "encodec"
PUBLISHED = "facebook/encodec_32khz"
_WHOSE = "an EnCodec"
# Folders beside a checkpoint in which people keep the codec that it names.
_BESIDE = ("encodec_32khz", "encodec", "facebook--encodec_32khz")


class CodecMissing(OptionError):
    """The checkpoint only names its codec, and it is not on this machine."""


@dataclass(frozen=True, slots=True)
class CodecWeights:
    """One side's codec (`channels` is 1) and its weights in the names of `codec_state`."""

    config: CodecConfig
    weights: Mapping[str, Array]


def find_codec(source: Path, given: Path | None, work: Path, cancel: Cancel) -> CodecWeights:
    """Of the folder `given`, else of `source`, else the one that `source` names.

    CodecMissing asks for the folder; InputError when what is there is no EnCodec.
    """
    if given is not None:
        return read_codec(given, work, cancel)
    named = PUBLISHED
    if (source / FILE).is_file():
        found = _from_audiocraft(source / FILE, work, cancel)
        if isinstance(found, CodecWeights):
            return found
        named = found
    name = named.removeprefix("//pretrained/")
    beside = [source.parent / folder for folder in (name, *_BESIDE)]
    # The name is data of the checkpoint: it is compared, never followed out of the neighbourhood.
    for folder in [part for part in beside if ".." not in part.parts and name == PUBLISHED]:
        if (folder / "config.json").is_file():
            return read_codec(folder, work, cancel)
    part = find_part(PART) if name == PUBLISHED else None
    if part is not None:
        return read_codec(part, work, cancel)
    how = f"run hitpoint models get {PART}, or " if name == PUBLISHED else ""
    raise CodecMissing(f"'{source.name}' only names its codec, {name}: {how}give its folder with --codec DIR")


def read_codec(folder: Path, work: Path, cancel: Cancel) -> CodecWeights:
    """A codec's own folder: Hugging Face's layout, or audiocraft's file."""
    if (folder / FILE).is_file():
        found = _from_audiocraft(folder / FILE, work, cancel)
        if isinstance(found, CodecWeights):
            return found
        raise InputError(
            f"the codec in '{folder.name}' only names another one, {found}: give that one's folder"
        )
    described = read_json(folder / "config.json")
    if described.get("model_type") != "encodec":
        raise InputError(f"'{folder.name}' is not a codec's folder: give that of {PUBLISHED}")
    weights = open_weights(folder, work, cancel)
    return _checked(huggingface.codec_config(described), weights, weights.shapes(), folder.name)


def inside(config: CodecConfig, weights: Weights, folder_name: str) -> CodecWeights:
    """The codec among a MusicGen's own weights (Hugging Face's `audio_encoder.`)."""
    prefix = "audio_encoder."
    shapes = {name: shape for name, shape in weights.shapes().items() if name.startswith(prefix)}
    return _checked(replace(config, channels=1), weights, shapes, folder_name)


def _from_audiocraft(path: Path, work: Path, cancel: Cancel) -> CodecWeights | str:
    """The codec in audiocraft's file, or the name of the one it points to."""
    stored = read_checkpoint(path, work, cancel)
    if stored.tensors is None:
        assert stored.pretrained is not None
        return stored.pretrained
    shapes = {huggingface_key(name): shape for name, shape in stored.tensors.shapes().items()}
    config = audiocraft.codec_config(stored.facts, count(shapes, "quantizer.layers."), path.name)
    first = shapes.get("encoder.layers.0.conv.weight_v", ())
    codebook = shapes.get("quantizer.layers.0.codebook.embed", ())
    if len(first) == 3 and len(codebook) == 2:
        config = replace(
            config, filters=first[0], kernel=first[2], cardinality=codebook[0], hidden=codebook[1]
        )
    return _checked(config, stored.tensors, stored.tensors.shapes(), path.name)


def _checked(
    config: CodecConfig, tensors: Mapping[str, Array], shapes: Mapping[str, Shape], file_name: str
) -> CodecWeights:
    ours = {huggingface_key(name): name for name in shapes}
    found = {key: shapes[name] for key, name in ours.items()}
    check_keys(found, codec_shapes(config), file_name, _WHOSE)
    return CodecWeights(config, renamed(tensors, ours))
