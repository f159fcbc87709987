"""T5's encoder with MusicGen's projection behind it as one ONNX graph, for prompts of any length.

text-{precision}.onnx
    ids     int64 [B, N]
    mask    int64 [B, N]   1 where a token is real
 -> memory  float32 [B, N, D]   projected; zero where the mask is

fp32  weights as they are
fp16  weights kept in half the space, computed in float32: T5's hidden states exceed what float16 can hold
int8  weights of the attention and dense layers by column, inputs by tensor at run time; embeddings as in fp16
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from onnx import TensorProto

from ..config import ModelConfig, Precision, TextConfig
from ..net.t5 import EPSILON, relative_buckets
from ..runtime.text import text_file
from ..state import TEXT, State
from .builder import GraphBuilder
from .files import quantise, save_graph

# Added to the weight of a masked token before the softmax; finite, so that all may be masked.
_NEVER = float(np.finfo(np.float32).min)


def export_text(
    config: ModelConfig, text_state: State, state: State, folder: Path, precision: Precision
) -> list[Path]:
    """Writes text-{precision}.onnx into `folder`.

    text_state: names of `text_shapes`. state: of it only the `output_proj` of the text conditioner is read.
    """
    assert config.text is not None
    graph = _TextGraph(config.text, text_state, precision)
    model = graph.build(state[f"{TEXT}output_proj.weight"], state[f"{TEXT}output_proj.bias"])
    return save_graph(model.model(), folder / text_file(precision))


class _TextGraph:
    def __init__(self, config: TextConfig, state: State, precision: Precision) -> None:
        self._config = config
        self._state = state
        self._precision = precision
        self._graph = GraphBuilder(f"text-{precision}")

    def build(self, projection: npt.NDArray[np.float32], bias: npt.NDArray[np.float32]) -> GraphBuilder:
        graph, config = self._graph, self._config
        ids = graph.input("ids", ("B", "N"), integer=True)
        mask = graph.input("mask", ("B", "N"), integer=True)
        real = graph.add("Cast", mask, to=TensorProto.FLOAT)
        hidden = self._widened(graph.add("Gather", self._narrow("shared.weight"), ids, axis=0))
        seen = graph.add("Add", self._distances(ids), self._masked(real))
        for index in range(config.layers):
            layer = f"encoder.block.{index}.layer."
            hidden = graph.add("Add", hidden, self._attention(f"{layer}0.", hidden, seen))
            inner = self._linear(
                f"{layer}1.DenseReluDense.wi.weight", self._norm(f"{layer}1.layer_norm", hidden)
            )
            dense = self._linear(f"{layer}1.DenseReluDense.wo.weight", graph.add("Relu", inner))
            hidden = graph.add("Add", hidden, dense)
        hidden = self._norm("encoder.final_layer_norm", hidden)
        memory = graph.add("MatMul", hidden, graph.weight("output_proj.weight", projection.T))
        memory = graph.add("Add", memory, graph.weight("output_proj.bias", bias))
        memory = graph.add("Mul", memory, graph.add("Unsqueeze", real, graph.integers(2)))
        graph.output(memory, "memory", ("B", "N", len(bias)))
        return graph

    def _attention(self, layer: str, hidden: str, seen: str) -> str:
        graph, config = self._graph, self._config
        normed = self._norm(f"{layer}layer_norm", hidden)
        parts: dict[str, str] = {}
        for name in "qkv":
            flat = self._linear(f"{layer}SelfAttention.{name}.weight", normed)
            split = graph.add("Reshape", flat, graph.integers(0, 0, config.heads, config.head_dim))
            # Keys are turned for the product at once.
            parts[name] = graph.add("Transpose", split, perm=[0, 2, 3, 1] if name == "k" else [0, 2, 1, 3])
        weights = graph.add(
            "Softmax", graph.add("Add", graph.add("MatMul", parts["q"], parts["k"]), seen), axis=3
        )
        heard = graph.add("Transpose", graph.add("MatMul", weights, parts["v"]), perm=[0, 2, 1, 3])
        flat = graph.add("Reshape", heard, graph.integers(0, 0, config.heads * config.head_dim))
        return self._linear(f"{layer}SelfAttention.o.weight", flat)

    def _distances(self, ids: str) -> str:
        """The bias that the first layer's table gives every pair of tokens: [1, H, N, N]."""
        graph, config = self._graph, self._config
        farthest = config.longest_distance
        table = self._state["encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
        by_distance = graph.weight("bias_by_distance", table[relative_buckets(config, farthest).numpy()])
        tokens = graph.add("Squeeze", graph.add("Shape", ids, start=1, end=2))
        at = graph.add("Range", graph.scalar(0), tokens, graph.scalar(1))
        keys, queries = (graph.add("Unsqueeze", at, graph.integers(axis)) for axis in (0, 1))
        near = graph.add(
            "Clip", graph.add("Sub", keys, queries), graph.scalar(-farthest), graph.scalar(farthest)
        )
        rows = graph.add("Gather", by_distance, graph.add("Add", near, graph.scalar(farthest)), axis=0)
        return graph.add("Unsqueeze", graph.add("Transpose", rows, perm=[2, 0, 1]), graph.integers(0))

    def _masked(self, real: str) -> str:
        graph = self._graph
        missing = graph.add("Sub", graph.scalar(1.0), real)
        return graph.add("Mul", graph.add("Unsqueeze", missing, graph.integers(1, 2)), graph.scalar(_NEVER))

    def _norm(self, name: str, value: str) -> str:
        graph = self._graph
        squares = graph.add("Mul", value, value)
        mean = graph.add("ReduceMean", squares, graph.integers(-1), keepdims=1)
        root = graph.add("Sqrt", graph.add("Add", mean, graph.scalar(EPSILON)))
        weight = graph.weight(f"{name}.weight", self._state[f"{name}.weight"])
        return graph.add("Mul", weight, graph.add("Div", value, root))

    def _linear(self, name: str, value: str) -> str:
        """value @ weight.T; no linear layer of T5 has a bias."""
        graph = self._graph
        if self._precision != "int8":
            return graph.add("MatMul", value, self._widened(self._narrow(name, transposed=True)))
        whole, steps = quantise(np.ascontiguousarray(self._state[name].T))
        number, step, zero = graph.add_many("DynamicQuantizeLinear", 3, value)
        product = graph.add("MatMulInteger", number, graph.exact(name, whole), zero)
        worth = graph.add("Mul", step, graph.weight(f"{name}.steps", steps))
        return graph.add("Mul", graph.add("Cast", product, to=TensorProto.FLOAT), worth)

    def _narrow(self, name: str, *, transposed: bool = False) -> str:
        """A weight in the bits in which it is kept."""
        array = self._state[name].T if transposed else self._state[name]
        return self._graph.exact(name, array.astype(np.float32 if self._precision == "fp32" else np.float16))

    def _widened(self, value: str) -> str:
        return value if self._precision == "fp32" else self._graph.add("Cast", value, to=TensorProto.FLOAT)
