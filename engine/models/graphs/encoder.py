"""GVMGen's encoder as one graph: pictures to memory, and memory to the decoder's keys and values.

encoder-{precision}.onnx
    frames  float32 [B, N, 3, S, S]   normalised as visual/transform.py does
    times   float32 [B, N]   seconds from the window's start; below zero: without a time
 -> memory       float32 [B, N, D]
    temporal_kv  float32 [L, 2, B, N, D]

Written from the weights, node by node: fused attention and one integer product a layer, which a traced
network would have to be searched for.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..config import ModelConfig, Precision, VisualConfig
from ..runtime.encoder import encoder_file
from ..state import VISUAL, State
from .builder import MICROSOFT
from .dense import DenseBuilder
from .files import save_graph
from .temporal import add_temporal

_CLIP = f"{VISUAL}clip.visual."
_TOWER_EPSILON = 1e-5
_QFORMER_EPSILON = 1e-12

Floats = npt.NDArray[np.float32]


def export_encoder(config: ModelConfig, state: State, folder: Path, precision: Precision) -> list[Path]:
    """Writes encoder-{precision}.onnx (and its weights when they are large) into `folder`."""
    graph = DenseBuilder("encoder", precision)
    visual = config.visual
    assert visual is not None, "this model does not look at pictures"
    frames = graph.input("frames", ("B", "N", 3, visual.image, visual.image))
    times = graph.input("times", ("B", "N"))
    part = _Part(graph, state, visual)
    flat = graph.add("Reshape", frames, graph.integers(-1, 3, visual.image, visual.image))
    embedding = part.read(part.tower(graph.enter(flat)))
    projection = VISUAL + "output_proj"
    rows = graph.leave(part.linear(embedding, projection))
    shape = graph.add("Concat", graph.add("Shape", times), graph.integers(config.decoder.dim), axis=0)
    add_temporal(graph, config, state, graph.add("Reshape", rows, shape), times)
    return save_graph(graph.model(), folder / encoder_file(precision))


class _Part:
    """Builds the layers of one encoder from the weights' published names."""

    def __init__(self, graph: DenseBuilder, state: State, config: VisualConfig) -> None:
        self._graph = graph
        self._state = state
        self._config = config

    def tower(self, frames: str) -> str:
        """[F, tokens, C] of `frames` [F, 3, S, S]."""
        graph, config = self._graph, self._config
        kernel = graph.floats(_CLIP + "conv1.weight", self._weight(_CLIP + "conv1.weight"))
        patches = graph.add("Conv", frames, kernel, strides=[config.patch, config.patch])
        patches = graph.add("Reshape", patches, graph.integers(0, config.width, -1))
        patches = graph.add("Transpose", patches, perm=[0, 2, 1])
        first = graph.floats(
            _CLIP + "class_embedding", self._weight(_CLIP + "class_embedding").reshape(1, 1, -1)
        )
        first = graph.add("Expand", first, self._count_of(patches, 1, 1))
        places = graph.floats(_CLIP + "positional_embedding", self._weight(_CLIP + "positional_embedding"))
        hidden = graph.add("Add", graph.add("Concat", first, patches, axis=1), places)
        hidden = self._norm(hidden, _CLIP + "ln_pre", _TOWER_EPSILON)
        for index in range(config.layers):
            hidden = self._block(hidden, f"{_CLIP}transformer.resblocks.{index}.")
        return hidden

    def read(self, tokens: str) -> str:
        """[F, E]: what the Q-Former reads in `tokens`, pooled over its queries."""
        graph, config = self._graph, self._config
        queries = graph.floats(_CLIP + "query_tokens", self._weight(_CLIP + "query_tokens"))
        queries = self._norm(queries, _CLIP + "qformer.layernorm", _QFORMER_EPSILON)
        for index in range(config.qformer_layers):
            layer = f"{_CLIP}qformer.encoder.layer.{index}."
            queries = self._attend(queries, f"{layer}attention", f"{layer}self_output")
            if index % config.cross_every == 0:
                queries = self._attend(queries, f"{layer}crossattention", f"{layer}cross_output", tokens)
            wide = graph.add("Gelu", self.linear(queries, f"{layer}intermediate_query.dense"))
            narrow = self._output(wide, f"{layer}output_query")
            queries = graph.add("Add", narrow, queries)
        reduce = "ReduceMean" if config.pool == "mean" else "ReduceSum"
        pooled = graph.add(reduce, queries, graph.integers(1), keepdims=0)
        pooled = self._norm(pooled, _CLIP + "ln_post", _TOWER_EPSILON)
        return graph.dense(pooled, _CLIP + "proj", self._weight(_CLIP + "proj"))

    def linear(self, value: str, name: str) -> str:
        """A dense layer with the published names `name`.weight [outputs, inputs] and `name`.bias."""
        weight, bias = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
        return self._graph.dense(value, f"{name}.weight.T", weight.T, bias)

    def _block(self, hidden: str, name: str) -> str:
        graph = self._graph
        mixed = self._self_attention(self._norm(hidden, f"{name}ln_1", _TOWER_EPSILON), f"{name}attn")
        hidden = graph.add("Add", hidden, mixed)
        wide = self.linear(self._norm(hidden, f"{name}ln_2", _TOWER_EPSILON), f"{name}mlp.c_fc")
        wide = graph.add("QuickGelu", wide, alpha=1.702, domain=MICROSOFT)
        return graph.add("Add", hidden, self.linear(wide, f"{name}mlp.c_proj"))

    def _attend(self, queries: str, attention: str, output: str, tokens: str | None = None) -> str:
        """Attention without residual, then its dense layer and norm."""
        if tokens is None:
            mixed = self._self_attention(queries, attention)
        else:
            mixed = self._cross_attention(queries, tokens, attention)
        return self._output(mixed, output)

    def _output(self, value: str, name: str) -> str:
        return self._norm(self.linear(value, f"{name}.dense"), f"{name}.LayerNorm", _QFORMER_EPSILON)

    def _self_attention(self, hidden: str, name: str) -> str:
        weight, bias = self._weight(f"{name}.in_proj_weight"), self._weight(f"{name}.in_proj_bias")
        query, key, value = self._graph.parts(hidden, f"{name}.in_proj_weight.T", weight.T, bias, 3)
        return self._mixed(query, key, value, name)

    def _cross_attention(self, queries: str, tokens: str, name: str) -> str:
        graph, width = self._graph, self._config.width
        weight, bias = self._weight(f"{name}.in_proj_weight"), self._weight(f"{name}.in_proj_bias")
        query = graph.dense(queries, f"{name}.query.weight.T", weight[:width].T, bias[:width])
        # The first layer's queries are one row for all frames until here.
        query = graph.add("Expand", query, self._count_of(tokens, 1, 1))
        key, value = graph.parts(tokens, f"{name}.key_value.weight.T", weight[width:].T, bias[width:], 2)
        return self._mixed(query, key, value, name)

    def _mixed(self, query: str, key: str, value: str, name: str) -> str:
        heads = self._config.heads
        out = self._graph.add("MultiHeadAttention", query, key, value, num_heads=heads, domain=MICROSOFT)
        return self.linear(out, f"{name}.out_proj")

    def _norm(self, value: str, name: str, epsilon: float) -> str:
        weight, bias = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
        return self._graph.norm(value, name, weight, bias, epsilon)

    def _count_of(self, value: str, *others: int) -> str:
        """The shape [frames of `value`, *others]."""
        count = self._graph.add("Shape", value, start=0, end=1)
        return self._graph.add("Concat", count, self._graph.integers(*others), axis=0)

    def _weight(self, name: str) -> Floats:
        return np.asarray(self._state[name], np.float32)
