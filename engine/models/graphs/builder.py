"""ONNX graphs written node by node, where a network is plain enough that tracing it would only add noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

# Old enough for every ONNX Runtime that we accept, recent enough for the operators we use.
OPSET = 20
IR_VERSION = 10
# ONNX Runtime's own operators: fused attention and the integer matrix product (its ContribOperators.md).
MICROSOFT = "com.microsoft"

Dimensions = Sequence[int | str]


class GraphBuilder:
    """Collects nodes; values are named by what made them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, dimensions: Dimensions, *, integer: bool = False) -> str:
        kind = TensorProto.INT64 if integer else TensorProto.FLOAT
        self._inputs.append(helper.make_tensor_value_info(name, kind, list(dimensions)))
        return name

    def output(self, value: str, name: str, dimensions: Dimensions, *, integer: bool = False) -> None:
        kind = TensorProto.INT64 if integer else TensorProto.FLOAT
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"out_{name}"))
        self._outputs.append(helper.make_tensor_value_info(name, kind, list(dimensions)))

    def weight(self, name: str, array: npt.NDArray[Any]) -> str:
        """A float32 initialiser under its own name; the same name twice is the same value."""
        return self.exact(name, array.astype(np.float32, copy=False))

    def exact(self, name: str, array: npt.NDArray[Any]) -> str:
        """An initialiser in its own type."""
        if name not in self._constants:
            kept = np.ascontiguousarray(array).reshape(array.shape)  # a scalar stays one
            self._constants[name] = numpy_helper.from_array(kept, name)
        return name

    def integers(self, *values: int) -> str:
        return self.exact("int_" + "_".join(map(str, values)), np.array(values, np.int64))

    def scalar(self, value: float | int) -> str:
        kind = np.float32 if isinstance(value, float) else np.int64
        return self.exact(f"scalar_{kind.__name__}_{value}", np.array(value, kind))

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """A node with one output, whose name comes back."""
        return self.add_many(operator, 1, *inputs, **attributes)[0]

    def add_many(self, operator: str, outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        label = f"{operator.lower()}_{len(self._nodes)}"
        names = [label if outputs == 1 else f"{label}_{index}" for index in range(outputs)]
        self._nodes.append(helper.make_node(operator, list(inputs), names, name=label, **attributes))
        return names

    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(
            self._nodes, self._name, self._inputs, self._outputs, list(self._constants.values())
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="hitpoint")
