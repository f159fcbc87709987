"""MusicGen's transformer as one ONNX graph a precision, for ONNX Runtime on a CPU: written, not traced.

One run appends n positions to caches that lie outside the graph. Self-attention is ONNX Runtime's
`GroupQueryAttention`: given the same memory as past and as present it writes the new keys and values in place
and reads no more than what is filled, so nothing is copied and a step costs what its length costs.

inputs   tokens int64 [R,K,n]; prefix float32 [R,P,D], P = 0 where there is none; places float32 [P+n,D], the
         positional code; last int32 [R] and total int32 [1], filled positions after the run, less one and as
         they are; past_key.L, past_value.L [R,H,T,64]; with cross-attention also conditioned float32 [R,1,1],
         1 where a row attends to the memory and 0 where not, and cross_key.L, cross_value.L [1,H,N,64];
         with plan channels also plan float32 [R,n,C], zeros where nothing is to be added
outputs  logits float32 [R,K,cardinality] after the last position; present_key.L, present_value.L

fp32: all in float32. int8: weights in 8 bits, a scale for every 128 of a row (`MatMulNBits`), inputs of each
product in 8 bits likewise, row by row: what a row computes does not depend on the others. Caches in 16 bits.
Norms, softmax, embeddings, the plan's projection and the residual stream stay float32.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper

from ...errors import InputError, OptionError
from ..config import DecoderConfig, Precision
from ..state import PLAN, State, decoder_shapes
from .builder import MICROSOFT, Dimensions, GraphBuilder
from .files import save_graph

# 16 bits in the weights bring a CPU nothing: it computes in 32, and converts on the way.
DECODER_PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")

_EPSILON = 1e-5
# Weights that share a scale, the largest that divides a row; ONNX Runtime knows these.
_BLOCKS = (128, 64, 32, 16)
_INT8_LEVEL = 4
_END = 2**62

Weight = npt.NDArray[np.float32]


def export_decoder(config: DecoderConfig, state: State, folder: Path, precision: Precision) -> list[Path]:
    """Write decoder-{precision}.onnx (and its weights beside it above 2 GB); the files written.

    OptionError for a precision that is not one of DECODER_PRECISIONS; InputError when a weight is missing or
    has another shape, or when heads do not divide the width.
    """
    if precision not in DECODER_PRECISIONS:
        raise OptionError(
            f"the ONNX decoder runs on a CPU, where {precision} brings nothing: export it as "
            f"{' or '.join(DECODER_PRECISIONS)}"
        )
    check_weights(config, state)
    model = _Decoder(config, state, precision).model()
    return save_graph(model, folder / f"decoder-{precision}.onnx")


def check_weights(config: DecoderConfig, state: State) -> None:
    """InputError names the first weight that is missing or misshapen; other keys are left alone."""
    if config.dim % config.heads or config.head_dim % 8:
        raise InputError(
            f"{config.heads} heads do not divide a decoder of width {config.dim} into parts of eight: "
            "check the model's configuration"
        )
    for key, shape in decoder_shapes(config).items():
        if key not in state:
            raise InputError(f"the decoder's weight {key} is missing: import the model again")
        if state[key].shape != shape:
            raise InputError(
                f"the decoder's weight {key} has shape {state[key].shape} where {shape} is needed: "
                "import the model again"
            )


def quantise_blocks(weight: Weight) -> tuple[npt.NDArray[np.uint8], Weight]:
    """A matrix [outputs, inputs] for `MatMulNBits`: uint8 [outputs, blocks, block] around 128, and scales.

    Symmetric, -127 to 127. A width that none of the possible blocks divides is filled with zeros.
    """
    outputs, inputs = weight.shape
    block = next((size for size in _BLOCKS if inputs % size == 0), _BLOCKS[-1])
    count = -(-inputs // block)
    codes = np.empty((outputs, count, block), np.uint8)
    scales = np.empty((outputs, count), np.float32)
    # A slice of rows at a time: temporary arrays of a large matrix would triple its memory.
    for at in range(0, outputs, 1024):
        rows = weight[at : at + 1024]
        padded = np.pad(rows, ((0, 0), (0, count * block - inputs))).reshape(len(rows), count, block)
        largest = np.abs(padded).max(axis=2)
        scale = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
        codes[at : at + 1024] = np.rint(padded / scale[..., None]) + 128
        scales[at : at + 1024] = scale
    return codes, scales


class _Decoder(GraphBuilder):
    def __init__(self, config: DecoderConfig, state: State, precision: Precision) -> None:
        super().__init__("decoder")
        self._config = config
        self._state = state
        self._eight_bits = precision == "int8"
        self._cache = TensorProto.FLOAT16 if self._eight_bits else TensorProto.FLOAT
        stream, pending = self._embedded(), ""
        for index in range(config.layers):
            stream, pending = self._layer(index, stream, pending)
        normed, _ = self._norm("out_norm", stream, pending)
        self._logits(normed)

    def _embedded(self) -> str:
        """Sum of the codebooks' embeddings behind the prefix, and where they stand: [R, P+n, D]."""
        config = self._config
        tokens = self._declare("tokens", TensorProto.INT64, ["rows", config.codebooks, "n"])
        self._declare("prefix", TensorProto.FLOAT, ["rows", "p", config.dim])
        self._declare("places", TensorProto.FLOAT, ["length", config.dim])
        self._declare("last", TensorProto.INT32, ["rows"])
        self._declare("total", TensorProto.INT32, [1])
        tables = [self._weight_of(f"emb.{k}.weight") for k in range(config.codebooks)]
        columns = self.add_many("Split", config.codebooks, tokens, axis=1, num_outputs=config.codebooks)
        found = [
            self.add(
                "Gather",
                self.weight(f"emb.{k}.weight", tables[k]),
                self.add("Squeeze", columns[k], self.integers(1)),
            )
            for k in range(config.codebooks)
        ]
        summed = self.add("Sum", *found) if len(found) > 1 else found[0]
        if config.plan_channels:
            plan = self._declare("plan", TensorProto.FLOAT, ["rows", "n", config.plan_channels])
            added = self.add("MatMul", plan, self.weight(PLAN, self._weight_of(PLAN).T))
            summed = self.add("Add", summed, added)
        return self.add("Add", self.add("Concat", "prefix", summed, axis=1), "places")

    def _layer(self, index: int, stream: str, pending: str) -> tuple[str, str]:
        """The residual stream and what is still to be added to it, so that a norm does both at once."""
        config, name = self._config, f"transformer.layers.{index}."
        normed, stream = self._norm(f"{name}norm1", stream, pending)
        pending = self._linear(
            f"{name}self_attn.out_proj",
            self._weight_of(f"{name}self_attn.out_proj.weight"),
            self._self_attention(index, normed),
        )
        if config.cross_attention:
            normed, stream = self._norm(f"{name}norm_cross", stream, pending)
            pending = self._cross_attention(index, normed)
        normed, stream = self._norm(f"{name}norm2", stream, pending)
        inner = self._linear(f"{name}linear1", self._weight_of(f"{name}linear1.weight"), normed)
        inner = self.add("Gelu", inner, approximate="none")
        return stream, self._linear(f"{name}linear2", self._weight_of(f"{name}linear2.weight"), inner)

    def _self_attention(self, index: int, normed: str) -> str:
        config, name = self._config, f"transformer.layers.{index}.self_attn."
        packed = self._linear(f"{name}in_proj", self._weight_of(f"{name}in_proj_weight"), normed)
        if self._eight_bits:
            packed = self.add("Cast", packed, to=TensorProto.FLOAT16)
        held: Dimensions = ["rows", config.heads, "capacity", config.head_dim]
        key = self._declare(f"past_key.{index}", self._cache, held)
        value = self._declare(f"past_value.{index}", self._cache, held)
        mixed = f"attention.{index}"
        presents = [f"present_key.{index}", f"present_value.{index}"]
        self._nodes.append(
            helper.make_node(
                "GroupQueryAttention",
                [packed, "", "", key, value, "last", "total"],
                [mixed, *presents],
                name=mixed,
                domain=MICROSOFT,
                num_heads=config.heads,
                kv_num_heads=config.heads,
            )
        )
        self._outputs += [helper.make_tensor_value_info(present, self._cache, held) for present in presents]
        return self.add("Cast", mixed, to=TensorProto.FLOAT) if self._eight_bits else mixed

    def _cross_attention(self, index: int, normed: str) -> str:
        """Rows share one memory, so they are so many queries of one sequence; null rows come out as zero.

        They are computed and multiplied by zero: the weights are read either way, and it saves the cutting
        apart and joining of the stream in every layer.
        """
        config, name = self._config, f"transformer.layers.{index}.cross_attention."
        if index == 0:
            self._declare("conditioned", TensorProto.FLOAT, ["rows", 1, 1])
        weight = self._weight_of(f"{name}in_proj_weight")[: config.dim]
        query = self._linear(f"{name}in_proj", weight, normed)
        shape = self.add("Shape", query)
        given: Dimensions = [1, config.heads, "frames", config.head_dim]
        mixed = self.add(
            "MultiHeadAttention",
            self.add("Reshape", query, self.integers(1, -1, config.dim)),
            self._declare(f"cross_key.{index}", TensorProto.FLOAT, given),
            self._declare(f"cross_value.{index}", TensorProto.FLOAT, given),
            domain=MICROSOFT,
            num_heads=config.heads,
        )
        mixed = self.add("Reshape", mixed, shape)
        out = self._linear(f"{name}out_proj", self._weight_of(f"{name}out_proj.weight"), mixed)
        return self.add("Mul", out, "conditioned")

    def _logits(self, normed: str) -> None:
        config = self._config
        last = self.add("Slice", normed, self.integers(-1), self.integers(_END), self.integers(1))
        heads = np.concatenate([self._weight_of(f"linears.{k}.weight") for k in range(config.codebooks)])
        flat = self._linear("linears", heads, last)
        shape = self.integers(-1, config.codebooks, config.cardinality)
        out = self.add("Reshape", flat, shape)
        self.output(out, "logits", ["rows", config.codebooks, config.cardinality])

    def _linear(self, name: str, weight: Weight, rows: str) -> str:
        outputs, inputs = weight.shape
        if not self._eight_bits:
            return self.add("MatMul", rows, self.weight(name, weight.T))
        codes, scales = quantise_blocks(weight)
        return self.add(
            "MatMulNBits",
            rows,
            self.exact(f"{name}.codes", codes),
            self.exact(f"{name}.scales", scales),
            domain=MICROSOFT,
            K=inputs,
            N=outputs,
            bits=8,
            block_size=codes.shape[2],
            accuracy_level=_INT8_LEVEL,
        )

    def _norm(self, name: str, stream: str, pending: str) -> tuple[str, str]:
        """Layer norm of `stream` with `pending` added, and that sum."""
        scale = self.weight(f"{name}.weight", self._weight_of(f"{name}.weight"))
        bias = self.weight(f"{name}.bias", self._weight_of(f"{name}.bias"))
        if not pending:
            return self.add("LayerNormalization", stream, scale, bias, axis=-1, epsilon=_EPSILON), stream
        # The operator's second and third outputs are for training.
        outputs = [f"{name}.out", "", "", f"{name}.sum"]
        self._nodes.append(
            helper.make_node(
                "SkipLayerNormalization",
                [stream, pending, scale, bias],
                outputs,
                name=name,
                domain=MICROSOFT,
                epsilon=_EPSILON,
            )
        )
        return outputs[0], outputs[3]

    def _declare(self, name: str, kind: int, dimensions: Dimensions) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, kind, list(dimensions)))
        return name

    def _weight_of(self, key: str) -> Weight:
        array: npt.NDArray[Any] = self._state[key]
        return np.asarray(array, np.float32)
