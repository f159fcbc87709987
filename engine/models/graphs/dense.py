"""Matrix products of a graph in the precision that it is built for.

fp32   as trained
fp16   weights and sums in half precision; what is cheap and delicate stays in float32
int8   weights a column at a time, inputs as they come (one scale for the whole input), sums in int32
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from onnx import TensorProto

from ..config import Precision
from .builder import MICROSOFT, GraphBuilder
from .files import quantise

Floats = npt.NDArray[np.float32]


class DenseBuilder(GraphBuilder):
    """Builds values that run in `precision`; `enter` and `leave` stand where float32 goes in and out."""

    def __init__(self, name: str, precision: Precision) -> None:
        super().__init__(name)
        self.precision = precision

    def enter(self, value: str) -> str:
        return self.add("Cast", value, to=TensorProto.FLOAT16) if self.precision == "fp16" else value

    def leave(self, value: str) -> str:
        return self.add("Cast", value, to=TensorProto.FLOAT) if self.precision == "fp16" else value

    def floats(self, name: str, array: Floats) -> str:
        """A weight that is added or convolved: never in eight bits."""
        if self.precision != "fp16":
            return self.weight(name, array)
        return self.exact(name, array.astype(np.float16))

    def dense(self, value: str, name: str, weight: Floats, bias: Floats | None = None) -> str:
        """value [..., inputs] @ weight [inputs, outputs] + bias [outputs]."""
        if self.precision != "int8":
            product = self.add("MatMul", value, self.floats(name, weight))
            return product if bias is None else self.add("Add", product, self.floats(f"{name}.bias", bias))
        columns, scale, shift = self._in_bytes(name, weight, bias)
        return self.add("DynamicQuantizeMatMul", value, columns, scale, "", shift, domain=MICROSOFT)

    def parts(self, value: str, name: str, weight: Floats, bias: Floats, count: int) -> list[str]:
        """The `count` equal parts of value @ weight + bias along its last axis, each a value of its own.

        As products of their own they need no copy; in int8 the input is made bytes once.
        """
        pairs = zip(np.split(weight, count, axis=1), np.split(bias, count), strict=True)
        named = [(f"{name}.{index}", part, shift) for index, (part, shift) in enumerate(pairs)]
        if self.precision != "int8":
            return [self.dense(value, *part) for part in named]
        data, step, zero = self.add_many("DynamicQuantizeLinear", 3, value)
        out = []
        for part in named:
            columns, scale, shift_name = self._in_bytes(*part)
            given = (data, columns, step, scale, zero, "", shift_name)
            out.append(self.add("MatMulIntegerToFloat", *given, domain=MICROSOFT))
        return out

    def norm(self, value: str, name: str, weight: Floats, bias: Floats, epsilon: float) -> str:
        """Layer norm over the last axis; its sums are float32 in every precision."""
        gain, shift = self.floats(f"{name}.weight", weight), self.floats(f"{name}.bias", bias)
        return self.add("LayerNormalization", value, gain, shift, axis=-1, epsilon=epsilon)

    def _in_bytes(self, name: str, weight: Floats, bias: Floats | None) -> tuple[str, str, str]:
        columns, scale = quantise(weight)
        shift = "" if bias is None else self.weight(f"{name}.bias", bias)
        return self.exact(name, columns), self.weight(f"{name}.scale", scale), shift
