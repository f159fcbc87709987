"""The child process in which a foreign `.bin` or `.pt` is opened. Needs torch.

A checkpoint of torch is a pickle in a zip: `weights_only=True` refuses one that would run code, and the child
has limits and may die. It writes the tensors as float32 safetensors, so that nothing else ever unpickles. Run
as a module, it reads one request from stdin and answers on stdout.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...killable import answer

_MOST_YAML_CHARACTERS = 1_000_000
# Under which keys of the checkpoint's own dictionary the weights lie; the file itself when none is there.
_STATES = ("best_state", "state_dict", "model")
# The words of `xp.cfg` that are read (a trailing * takes all plain values below): nothing else is looked at.
_WANTED = (
    "dataset.segment_duration",
    "transformer_lm.*",
    "classifier_free_guidance.inference_coef",
    "codebooks_pattern.modeling",
    "codebooks_pattern.delay.delays",
    "interleave_stereo_codebooks.use",
    "interleave_stereo_codebooks.per_timestep",
    "conditioners.visual_content.video.*",
    "conditioners.self_wav.chroma_stem.*",
    "conditioners.description.t5.name",
    "compression_model",
    "sample_rate",
    "channels",
    "encodec.*",
    "seanet.*",
    "rvq.*",
)

_TOO_MUCH = "it asks for more memory than its size explains"


class Refused(Exception):
    """The text goes on the sentence 'NAME could not be read: '."""


def _told(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return _read(Path(request["path"]), Path(request["out"]))
    except Refused as error:
        return {"unfit": str(error)}
    except ImportError as error:
        return {"extra": str(error)}
    except MemoryError:
        return {"unfit": _TOO_MUCH}
    except Exception as error:  # noqa: BLE001  a process border: a hostile file raises every class there is
        return {"unfit": _reason(error)}


def _read(path: Path, out: Path) -> dict[str, Any]:
    zipped = _checked_zip(path)
    import torch

    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stored = torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    if not isinstance(stored, dict):
        raise Refused("it holds no dictionary of weights")
    told: dict[str, Any] = {"facts": {}, "pretrained": None, "tensors": 0}
    if isinstance(stored.get("pretrained"), str):
        told["pretrained"] = stored["pretrained"][:200]
    if isinstance(stored.get("xp.cfg"), str):
        told["facts"] = _facts(stored["xp.cfg"])
    state = next((stored[key] for key in _STATES if isinstance(stored.get(key), dict)), stored)
    tensors = {str(name): value for name, value in state.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        if told["pretrained"] is None:
            raise Refused("it holds no weights")
        return told
    _check_claims(tensors, path.stat().st_size)
    _write(tensors, out)
    return {**told, "tensors": len(tensors)}


def _checked_zip(path: Path) -> bool:
    """Whether it is a zip as torch writes it: nothing compressed, nothing bigger than the file itself."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            if file.read(2) == b"PK":
                raise Refused("it is cut short")
        return False
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise Refused("its parts are compressed, which torch never does")
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise Refused("its parts claim to be larger than the file")
    return True


def _check_claims(tensors: Mapping[str, Any], file_bytes: int) -> None:
    """A tensor is a claim on a stretch of stored bytes: a few bytes may claim to be a terabyte."""
    total = 0
    for name, tensor in tensors.items():
        claimed = tensor.numel() * tensor.element_size()
        if tensor.is_sparse or tensor.is_quantized or tensor.layout is not _strided():
            raise Refused(f"'{name}' is not a plain tensor")
        if claimed > tensor.untyped_storage().nbytes():
            raise Refused(f"'{name}' claims to be larger than what is stored")
        total += claimed
    # Tied weights may be named twice.
    if total > 2 * file_bytes:
        raise Refused("its tensors claim to be larger than the file")


def _strided() -> Any:
    import torch

    return torch.strided


def _write(tensors: Mapping[str, Any], out: Path) -> None:
    from ..weights import write_tensors

    write_tensors(out, {name: tuple(tensor.shape) for name, tensor in tensors.items()}, _AsFloat(tensors))


class _AsFloat(Mapping[str, Any]):
    """One tensor at a time as float32."""

    def __init__(self, tensors: Mapping[str, Any]) -> None:
        self._tensors = tensors

    def __getitem__(self, name: str) -> Any:
        return self._tensors[name].detach().float().contiguous().numpy()

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)


def _facts(text: str) -> dict[str, Any]:
    """The wanted values of a configuration, by their dotted names."""
    import yaml

    if len(text) > _MOST_YAML_CHARACTERS:
        raise Refused("its configuration is far too long")
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise Refused("its configuration (xp.cfg) is not YAML") from error
    found: dict[str, Any] = {}
    for wanted in _WANTED:
        path = wanted.removesuffix(".*").split(".")
        node: Any = tree
        for part in path:
            node = node.get(part) if isinstance(node, dict) else None
        if wanted.endswith(".*"):
            _flatten(node, ".".join(path), found, depth=3)
        elif _plain(node):
            found[wanted] = node
    return found


def _flatten(node: Any, name: str, found: dict[str, Any], depth: int) -> None:
    if not isinstance(node, dict) or depth == 0:
        return
    for key, value in node.items():
        if _plain(value):
            found[f"{name}.{key}"] = value
        else:
            _flatten(value, f"{name}.{key}", found, depth - 1)


def _plain(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= 64 and all(isinstance(item, int | float | str) for item in value)
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= 200)


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    if "WeightsUnpickler" in text or "Weights only load failed" in text or "Unsupported global" in text:
        return "it holds more than weights and would run code"
    if "allocate memory" in text:
        return _TOO_MUCH
    if any(
        sign in text for sign in ("central directory", "unexpected EOF", "failed reading", "invalid header")
    ):
        return "it is damaged or cut short"
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__


if __name__ == "__main__":
    answer(_told)
