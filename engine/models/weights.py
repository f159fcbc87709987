"""Files of weights (safetensors): read a tensor at a time without a copy, written a tensor at a time.

Reading maps the file, so a model of any size costs the pages that are looked at; half precision is cast to
float32 on the way. Writing goes through the durable door and takes the sha256 as it goes. NumPy only.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..store.durable import durable_file
from .card import FileFact

Array = npt.NDArray[Any]
Shape = tuple[int, ...]

# The format's own limit on its header.
_MOST_HEADER_BYTES = 100_000_000
# The format's names of the kinds of numbers that checkpoints use; bfloat16 has no kind of its own in NumPy.
_KINDS = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "U8": "u1",
    "BOOL": "?",
}
_FLOATS = ("F64", "F32", "F16", "BF16")


class Tensors(Mapping[str, Array]):
    """The tensors of one safetensors file by name; floats come as float32, views of the file where they are.

    The arrays may be written to: the file never changes. InputError when the file is not whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                self._entries, self._start = _header(file.read(8), file.read, size, path.name)
        except OSError as error:
            raise InputError(
                f"'{path.name}' cannot be read ({error.strerror}): check that it is there"
            ) from error
        for name, (kind, shape, begin, end) in self._entries.items():
            length = int(np.prod(shape, dtype=np.object_)) * np.dtype(_KINDS[kind]).itemsize
            if end - begin != length or not 0 <= begin <= end <= size - self._start:
                raise InputError(f"'{path.name}' is damaged or cut short at '{name}': download it again")

    def __getitem__(self, name: str) -> Array:
        kind, shape, begin, end = self._entries[name]
        dtype = np.dtype(_KINDS[kind])
        if begin == end:
            return np.zeros(shape, np.float32 if kind in _FLOATS else dtype)
        # A mapping of its own: its pages are given back with the array.
        raw: Array = np.memmap(self.path, dtype, "c", self._start + begin, shape)
        if kind == "BF16":
            return np.asarray((raw.astype(np.uint32) << 16).view(np.float32).reshape(shape))
        return np.asarray(raw.astype(np.float32) if kind in ("F64", "F16") else raw)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def shape(self, name: str) -> Shape:
        """Without reading the tensor."""
        return self._entries[name][1]

    def shapes(self) -> dict[str, Shape]:
        return {name: entry[1] for name, entry in self._entries.items()}


class Renamed(Mapping[str, Array]):
    """Tensors under other names, some of them made of several: each is made when it is asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], Array]]) -> None:
        self._makers = makers

    def __getitem__(self, name: str) -> Array:
        return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def renamed(tensors: Mapping[str, Array], names: Mapping[str, str]) -> Renamed:
    """`tensors` under other names, given as other name: name."""

    def maker(name: str) -> Callable[[], Array]:
        return lambda: tensors[name]

    return Renamed({other: maker(name) for other, name in names.items()})


def write_tensors(
    path: Path,
    shapes: Mapping[str, Shape],
    tensors: Mapping[str, Array],
    *,
    half: bool = False,
    check: Callable[[], None] | None = None,
) -> FileFact:
    """Write float32 safetensors, or float16 (`half`), one tensor in memory at a time.

    `check` is called between tensors. OutputError when the disk refuses.
    """
    header: dict[str, Any] = {}
    at = 0
    kind = "F16" if half else "F32"
    for name, shape in shapes.items():
        length = np.dtype(_KINDS[kind]).itemsize * int(np.prod(shape, dtype=np.int64))
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [at, at + length]}
        at += length
    text = json.dumps(header, separators=(",", ":")).encode()
    # Padded so that every tensor lies at a multiple of eight, as the format recommends.
    text += b" " * (-len(text) % 8)
    digest = hashlib.sha256()
    written = 0
    with durable_file(path) as file:
        for part in _parts(text, shapes, tensors, _KINDS[kind], check):
            digest.update(part)
            file.write(part)
            written += len(part)
    return FileFact(digest.hexdigest(), written)


def _parts(
    text: bytes,
    shapes: Mapping[str, Shape],
    tensors: Mapping[str, Array],
    kind: str,
    check: Callable[[], None] | None,
) -> Iterator[bytes | memoryview]:
    yield struct.pack("<Q", len(text))
    yield text
    for name, shape in shapes.items():
        if check is not None:
            check()
        array = np.ascontiguousarray(tensors[name], dtype=kind)
        assert array.size == int(np.prod(shape, dtype=np.int64)), name
        if array.size:
            yield array.reshape(-1).view(np.uint8).data


_Entry = tuple[str, Shape, int, int]


def _header(
    first: bytes, read: Callable[[int], bytes], size: int, name: str
) -> tuple[dict[str, _Entry], int]:
    damaged = InputError(f"'{name}' is not a whole safetensors file: download it again")
    if len(first) < 8:
        raise damaged
    (length,) = struct.unpack("<Q", first)
    if length > min(_MOST_HEADER_BYTES, size - 8):
        raise damaged
    try:
        found = json.loads(read(length))
        entries = {
            str(key): (str(e["dtype"]), _shape(e["shape"]), *_offsets(e["data_offsets"]))
            for key, e in found.items()
            if key != "__metadata__"
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise damaged from error
    unknown = sorted({entry[0] for entry in entries.values()} - set(_KINDS))
    if unknown:
        raise InputError(
            f"'{name}' holds numbers of the kind {unknown[0]}: use weights in fp32, fp16 or bf16"
        )
    return entries, 8 + length


def _shape(values: Any) -> Shape:
    if not isinstance(values, list) or not all(type(v) is int and v >= 0 for v in values):
        raise ValueError("shape")
    return tuple(values)


def _offsets(values: Any) -> tuple[int, int]:
    begin, end = values
    if type(begin) is not int or type(end) is not int:
        raise ValueError("offsets")
    return begin, end
