"""Graphs as files, and weights in fewer bits.

A graph is one .onnx file. Above the 2 GB that protobuf can hold its weights lie beside it in one .safetensors
file of the same name, and ONNX Runtime is handed them from memory (runtime/session.py).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto

from ...store.durable import durable_file, durable_write

# Protobuf's own limit is 2^31 - 1; the graph itself needs some of it.
_MOST_BYTES = 2**31 - 2**24
# Smaller values stay in the graph: shapes and scalars, which ONNX Runtime wants to see while it optimises.
_LEAST_OUTSIDE_BYTES = 4096
# What stands in a graph where a file's name would: nothing has this name, so nothing is ever followed.
_GIVEN = "given in memory"
_KINDS: dict[int, str] = {
    TensorProto.FLOAT: "F32",
    TensorProto.FLOAT16: "F16",
    TensorProto.INT8: "I8",
    TensorProto.UINT8: "U8",
    TensorProto.INT32: "I32",
    TensorProto.INT64: "I64",
}

Floats = npt.NDArray[np.float32]


def save_graph(model: onnx.ModelProto, path: Path, *, most_bytes: int = _MOST_BYTES) -> list[Path]:
    """Write `model` to `path`, its weights beside it when they exceed `most_bytes`; returns what it wrote.

    The model is spent: its large weights are gone from it when they were written beside it. A file of weights
    of an earlier export is removed, or the session would be fed with it. OutputError when the disk refuses.
    """
    weights = path.with_suffix(".safetensors")
    stored = [tensor for tensor in model.graph.initializer if len(tensor.raw_data) >= _LEAST_OUTSIDE_BYTES]
    if sum(len(tensor.raw_data) for tensor in stored) <= most_bytes:
        durable_write(path, model.SerializeToString())
        weights.unlink(missing_ok=True)
        return [path]
    _write_tensors(stored, weights)
    for tensor in stored:
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=_GIVEN)
    durable_write(path, model.SerializeToString())
    return [path, weights]


def quantise(weight: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """A matrix [inputs, outputs] as int8 and what one step of each column is worth, float32 [outputs].

    Symmetric, -127 to 127, so that no zero point is needed; a column of zeros is worth one.
    """
    largest = np.abs(weight).max(axis=0)
    scale = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    # A block of rows at a time: the whole quotient would double the weights of a large matrix.
    out = np.empty(weight.shape, np.int8)
    for at in range(0, len(weight), 256):
        out[at : at + 256] = np.rint(weight[at : at + 256] / scale)
    return out, scale


def _write_tensors(tensors: Sequence[TensorProto], path: Path) -> None:
    """The safetensors format, one tensor in memory at a time."""
    header: dict[str, dict[str, object]] = {}
    at = 0
    for tensor in tensors:
        end = at + len(tensor.raw_data)
        header[tensor.name] = {
            "dtype": _KINDS[tensor.data_type],
            "shape": list(tensor.dims),
            "data_offsets": [at, end],
        }
        at = end
    text = json.dumps(header, separators=(",", ":")).encode()
    # Padded so that every tensor starts at a multiple of eight, as the format recommends.
    text += b" " * (-len(text) % 8)
    with durable_file(path) as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors:
            file.write(tensor.raw_data)
