"""Weights and descriptions in a folder of Hugging Face's layout: whole or sharded, safetensors or `.bin`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...progress import Cancel
from ...store.identity import sha256_file
from ..weights import Array, Tensors
from .checkpoint import read_checkpoint
from .keys import Shape

_MOST_JSON_BYTES = 16 << 20
# What is looked for, in this order: a pickle is read only where there is nothing better.
_WHOLE = ("model.safetensors", "pytorch_model.bin")


class Weights(Mapping[str, Array]):
    """Tensors of one or several files as one; where two name the same tensor, the later file has it."""

    def __init__(self, files: Iterable[Tensors]) -> None:
        self._of = {name: file for file in files for name in file}

    def __getitem__(self, name: str) -> Array:
        return self._of[name][name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)

    def shapes(self) -> dict[str, Shape]:
        return {name: file.shape(name) for name, file in self._of.items()}


def weight_files(folder: Path) -> list[Path]:
    """The files that hold the folder's weights, or none at all. InputError when a shard is missing."""
    for name in _WHOLE:
        if (folder / name).is_file():
            return [folder / name]
        index = folder / f"{name}.index.json"
        if index.is_file():
            return _shards(folder, index)
    return []


def open_weights(folder: Path, work: Path, cancel: Cancel) -> Weights:
    """The folder's weights. InputError when there are none, or a file is refused."""
    files = weight_files(folder)
    if not files:
        raise InputError(f"'{folder.name}' holds no weights ({' or '.join(_WHOLE)}): get the folder again")
    opened = []
    for path in files:
        cancel.check()
        if path.suffix == ".safetensors":
            opened.append(Tensors(path))
            continue
        tensors = read_checkpoint(path, work, cancel).tensors
        if tensors is None:
            raise InputError(f"'{path.name}' holds no weights: get the folder again")
        opened.append(tensors)
    return Weights(opened)


def read_json(path: Path) -> dict[str, Any]:
    """A description beside weights. InputError when it is missing, far too long, or not what it says."""
    try:
        if path.stat().st_size > _MOST_JSON_BYTES:
            raise InputError(f"'{path.name}' is far too long for what it should be: get the folder again")
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"'{path.parent.name}' has no readable '{path.name}': get the folder again"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{path.name}' is not JSON: get the folder again") from error
    if not isinstance(data, dict):
        raise InputError(f"'{path.name}' does not describe a model: get the folder again")
    return data


def files_sha256(files: list[Path], cancel: Cancel) -> str:
    """Of one file its own; of several, that of their sums in the order of their names."""
    sums = [sha256_file(path, cancel=cancel) for path in sorted(files)]
    return sums[0] if len(sums) == 1 else hashlib.sha256("\n".join(sums).encode()).hexdigest()


def _shards(folder: Path, index: Path) -> list[Path]:
    named = read_json(index).get("weight_map")
    if not isinstance(named, dict) or not named:
        raise InputError(f"'{index.name}' names no files: get the folder again")
    names = sorted({str(name) for name in named.values()})
    for name in names:
        # A name is data: it never leads out of the folder.
        if Path(name).name != name or not (folder / name).is_file():
            raise InputError(
                f"'{folder.name}' lacks the file '{name}' that '{index.name}' names: get it again"
            )
    return [folder / name for name in names]
