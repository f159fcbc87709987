"""The temporal cross-attention's keys and values of every decoder layer, for all backends of the decoder.

temporal-{precision}.onnx
    rows    float32 [B, N, D]   memory as `PictureEncoder` or `TextEncoder` gives it
    times   float32 [B, N]   seconds from the window's start; below zero: without a time
 -> memory       float32 [B, N, D]   with the times in it, for models trained with them (gvmgen.md 7.3)
    temporal_kv  float32 [L, 2, B, N, D]   keys (0) and values (1)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..config import FRAME_RATE, DecoderConfig, ModelConfig, Precision
from ..runtime.encoder import temporal_file
from ..state import TIME_GAIN, State
from .dense import DenseBuilder
from .files import save_graph

# Base of the sinusoids' wavelengths (audiocraft `create_sin_embedding`).
_PERIOD = 10_000.0


def export_temporal(config: ModelConfig, state: State, folder: Path, precision: Precision) -> list[Path]:
    """Writes temporal-{precision}.onnx (and its weights when they are large) into `folder`."""
    graph = DenseBuilder("temporal", precision)
    rows = graph.input("rows", ("B", "N", config.decoder.dim))
    times = graph.input("times", ("B", "N"))
    add_temporal(graph, config, state, rows, times)
    return save_graph(graph.model(), folder / temporal_file(precision))


def add_temporal(graph: DenseBuilder, config: ModelConfig, state: State, memory: str, times: str) -> None:
    """The outputs `memory` and `temporal_kv` from `memory` [B,N,D] and `times` [B,N], both float32."""
    decoder = config.decoder
    assert decoder.cross_attention, "a decoder without cross-attention attends to no memory"
    timed = _timed(graph, state, memory, times, decoder.dim) if config.timed else memory
    graph.output(timed, "memory", ("B", "N", decoder.dim))
    # One product for all layers: its columns are layer, key or value, width.
    projected = graph.leave(graph.dense(graph.enter(timed), "temporal_kv.weight", _columns(decoder, state)))
    shape = graph.add("Concat", graph.add("Shape", times), _split_of(graph, decoder), axis=0)
    split = graph.add("Reshape", projected, shape)
    split = graph.add("Transpose", split, perm=[2, 3, 0, 1, 4])
    graph.output(split, "temporal_kv", (decoder.layers, 2, "B", "N", decoder.dim))


def _split_of(graph: DenseBuilder, decoder: DecoderConfig) -> str:
    return graph.integers(decoder.layers, 2, decoder.dim)


def _columns(decoder: DecoderConfig, state: State) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """[D, L * 2 * D]: the key and value rows of every layer's projection, as columns."""
    dim = decoder.dim
    out = np.empty((dim, decoder.layers * 2 * dim), np.float32)
    for layer in range(decoder.layers):
        rows = state[f"transformer.layers.{layer}.cross_attention.in_proj_weight"][dim:]
        out[:, layer * 2 * dim : (layer + 1) * 2 * dim] = rows.T
    return out


def _timed(graph: DenseBuilder, state: State, memory: str, times: str, dim: int) -> str:
    """memory + time_gain * code(times), where a frame has a time. Float32 in every precision."""
    half = dim // 2
    powers = np.arange(half, dtype=np.float32) / np.float32(half - 1)
    wavelengths = (np.float32(_PERIOD) ** powers).astype(np.float32)
    steps = graph.add("Mul", times, graph.scalar(float(FRAME_RATE)))
    column = graph.add("Unsqueeze", steps, graph.integers(-1))
    phase = graph.add("Div", column, graph.weight("time_wavelengths", wavelengths))
    code = graph.add("Concat", graph.add("Cos", phase), graph.add("Sin", phase), axis=-1)
    code = graph.add("Mul", code, graph.weight("time_gain", np.asarray(state[TIME_GAIN], np.float32)))
    known = graph.add("GreaterOrEqual", times, graph.scalar(0.0))
    known = graph.add("Unsqueeze", known, graph.integers(-1))
    return graph.add("Where", known, graph.add("Add", memory, code), memory)
