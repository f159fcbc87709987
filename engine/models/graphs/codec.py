"""The codec as two ONNX graphs that are fed piece by piece: chunks of any length give what the whole gives.

SEANet is a stack of convolutions around an LSTM that runs forward. The graphs cut it there:

codec-decode.onnx
    codes   int64 [B, K, n + 2p]   p = (kernel - 1) / 2 codes more on either side, mirrored at the ends;
                                   `cardinality` stands for no sound
    state   float32 [2 * layers, B, D]   h and c of every LSTM layer; zero at the start
    tail    float32 [B, D, m]   what the LSTM gave for the m steps before
 -> audio   float32 [B, 1, hop * (m + n)]   of tail and chunk; right but for the steps near an inner border
    hidden  float32 [B, D, m + n]   the next tail is its end
    next_state

codec-encode.onnx
    audio   float32 [B, 1, samples]   the chunk with its surroundings
    keep    int64 [2]   first step, and the one after the last, that go on to the LSTM
    state, tail   as above
    mirror  int64 [2]   steps to mirror before and after (p at the ends of the music, else 0)
 -> codes   int64 [B, K, m + n + sum(mirror) - 2p]
    hidden  float32 [B, D, m + n]
    next_state

B is 1, or 2 for stereo: the sides are rows of one batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..codec_state import (
    ConvLayer,
    Elu,
    Layer,
    LstmLayers,
    ResidualBlock,
    codec_shapes,
    decoder_layers,
    encoder_layers,
    fold_weight_norm,
    split_at_lstm,
)
from ..config import CodecConfig
from ..runtime.codec import DECODE_FILE, ENCODE_FILE
from ..state import State
from .builder import GraphBuilder
from .files import save_graph

# Where a slice goes to the end.
_END = 2**63 - 1
# torch keeps the gates of an LSTM as input, forget, cell, output; ONNX as input, output, forget, cell.
_ONNX_GATES = (0, 3, 1, 2)


def export_codec(config: CodecConfig, state: State, folder: Path) -> list[Path]:
    """Writes both graphs into `folder`. state: names of `codec_shapes`, weight norm not yet folded."""
    assert set(codec_shapes(config)) == set(state)
    folded = fold_weight_norm(state)
    paths = [folder / DECODE_FILE, folder / ENCODE_FILE]
    out: list[Path] = []
    for path, graph in zip(
        paths, (_decode_graph(config, folded), _encode_graph(config, folded)), strict=True
    ):
        out += save_graph(graph.model(), path)
    return out


def _decode_graph(config: CodecConfig, state: State) -> GraphBuilder:
    graph = GraphBuilder("codec-decode")
    before, lstm, after = split_at_lstm(decoder_layers(config))
    first = before[0]
    assert isinstance(first, ConvLayer) and len(before) == 1
    codes = graph.input("codes", ("B", config.codebooks, "n + 2p"), integer=True)
    carried = graph.input("state", (2 * lstm.layers, "B", lstm.width))
    tail = graph.input("tail", ("B", lstm.width, "m"))
    embedded = _embed(graph, codes, config, state)
    hidden = _convolve(graph, first, embedded, state)
    hidden, carried = _lstm(graph, lstm, hidden, carried, state)
    hidden = graph.add("Concat", tail, hidden, axis=2)
    audio = _layers(graph, after, hidden, state)
    graph.output(audio, "audio", ("B", 1, "samples"))
    graph.output(hidden, "hidden", ("B", lstm.width, "m + n"))
    graph.output(carried, "next_state", (2 * lstm.layers, "B", lstm.width))
    return graph


def _encode_graph(config: CodecConfig, state: State) -> GraphBuilder:
    graph = GraphBuilder("codec-encode")
    before, lstm, after = split_at_lstm(encoder_layers(config))
    last = after[-1]
    assert isinstance(last, ConvLayer) and isinstance(after[0], Elu) and len(after) == 2
    audio = graph.input("audio", ("B", 1, "samples"))
    keep = graph.input("keep", (2,), integer=True)
    carried = graph.input("state", (2 * lstm.layers, "B", lstm.width))
    tail = graph.input("tail", ("B", lstm.width, "m"))
    mirror = graph.input("mirror", (2,), integer=True)
    heard = _layers(graph, before, audio, state)
    bounds = graph.add_many("Split", 2, keep, axis=0, num_outputs=2)
    heard = graph.add("Slice", heard, bounds[0], bounds[1], graph.integers(2))
    heard, carried = _lstm(graph, lstm, heard, carried, state)
    hidden = graph.add("Concat", tail, heard, axis=2)
    sides = graph.add_many("Split", 2, mirror, axis=0, num_outputs=2)
    pads = graph.add("Concat", graph.integers(0, 0), sides[0], graph.integers(0, 0), sides[1], axis=0)
    padded = graph.add("Pad", graph.add("Elu", hidden), pads, mode="reflect")
    codes = _quantise(graph, _convolve(graph, last, padded, state), config, state)
    graph.output(codes, "codes", ("B", config.codebooks, "steps"), integer=True)
    graph.output(hidden, "hidden", ("B", lstm.width, "m + n"))
    graph.output(carried, "next_state", (2 * lstm.layers, "B", lstm.width))
    return graph


def _layers(graph: GraphBuilder, layers: Sequence[Layer], value: str, state: State) -> str:
    for layer in layers:
        if isinstance(layer, Elu):
            value = graph.add("Elu", value)
        elif isinstance(layer, ResidualBlock):
            inner = graph.add("Elu", value)
            inner = graph.add("Elu", _padded(graph, layer.first, inner, state))
            value = graph.add("Add", value, _convolve(graph, layer.second, inner, state))
        elif isinstance(layer, ConvLayer):
            value = (_upsample if layer.transposed else _padded)(graph, layer, value, state)
    return value


def _convolve(graph: GraphBuilder, layer: ConvLayer, value: str, state: State) -> str:
    """The convolution alone, no padding."""
    weight = graph.weight(f"{layer.name}.weight", state[f"{layer.name}.weight"])
    bias = graph.weight(f"{layer.name}.bias", state[f"{layer.name}.bias"])
    return graph.add(
        "Conv",
        value,
        weight,
        bias,
        dilations=[layer.dilation],
        strides=[layer.stride],
        kernel_shape=[layer.kernel],
    )


def _padded(graph: GraphBuilder, layer: ConvLayer, value: str, state: State) -> str:
    """Mirrored at the ends so that n samples give ceil(n / stride); more goes before than after."""
    total = (layer.kernel - 1) * layer.dilation + 1 - layer.stride
    # A dilated convolution may reach as far as the shortest music is long, nothing left between its ends.
    if layer.stride == layer.dilation == 1:
        return _mirrored(graph, layer, value, total // 2, state)
    after = total // 2
    length = graph.add("Shape", value, start=2, end=3)
    missing = graph.add("Mod", graph.add("Neg", length), graph.integers(layer.stride))
    extra = graph.add("Concat", graph.integers(0, 0, 0, 0, 0), missing, axis=0)
    pads = graph.add("Add", graph.integers(0, 0, total - after, 0, 0, after), extra)
    return _convolve(graph, layer, graph.add("Pad", value, pads, mode="reflect"), state)


def _mirrored(graph: GraphBuilder, layer: ConvLayer, value: str, reach: int, state: State) -> str:
    """Only the ends are padded, and convolved apart: to pad the whole would copy it, at its widest."""
    ends = []
    for start, stop, pads in (
        (0, 2 * reach, (0, 0, reach, 0, 0, 0)),
        (-2 * reach, _END, (0, 0, 0, 0, 0, reach)),
    ):
        end = graph.add("Slice", value, graph.integers(start), graph.integers(stop), graph.integers(2))
        padded = graph.add("Pad", end, graph.integers(*pads), mode="reflect")
        ends.append(_convolve(graph, layer, padded, state))
    return graph.add("Concat", ends[0], _convolve(graph, layer, value, state), ends[1], axis=2)


def _upsample(graph: GraphBuilder, layer: ConvLayer, value: str, state: State) -> str:
    """A transposed convolution as a plain one of two taps whose channels are the places between two inputs.

    The same sums; ONNX Runtime's own ConvTranspose takes longer on a CPU.
    """
    stride = layer.stride
    assert layer.kernel == 2 * stride
    after = stride // 2
    # [in, out, 2 * stride] -> [out * stride, in, 2]: the input before meets the kernel's second half.
    halves = state[f"{layer.name}.weight"].reshape(layer.inputs, layer.outputs, 2, stride)
    taps = halves[:, :, ::-1].transpose(1, 3, 0, 2).reshape(layer.outputs * stride, layer.inputs, 2)
    weight = graph.weight(f"{layer.name}.taps", taps)
    bias = graph.weight(f"{layer.name}.bias", np.repeat(state[f"{layer.name}.bias"], stride))
    places = graph.add("Conv", value, weight, bias, kernel_shape=[2], pads=[1, 1])
    places = graph.add("Reshape", places, graph.integers(0, layer.outputs, stride, -1))
    places = graph.add("Transpose", places, perm=[0, 1, 3, 2])
    whole = graph.add("Reshape", places, graph.integers(0, layer.outputs, -1))
    return graph.add(
        "Slice", whole, graph.integers(stride - after), graph.integers(-after), graph.integers(2)
    )


def _lstm(graph: GraphBuilder, lstm: LstmLayers, value: str, carried: str, state: State) -> tuple[str, str]:
    """value [B, D, n] -> the same with the LSTM's answer added, and the state it ends in."""
    rows = graph.add_many("Split", 2 * lstm.layers, carried, axis=0, num_outputs=2 * lstm.layers)
    steps = graph.add("Transpose", value, perm=[2, 0, 1])
    current = steps
    ends: list[str] = []
    for index in range(lstm.layers):
        inputs = [current, *_gates(graph, lstm, index, state), "", rows[2 * index], rows[2 * index + 1]]
        answer, *end = graph.add_many("LSTM", 3, *inputs, hidden_size=lstm.width)
        current = graph.add("Squeeze", answer, graph.integers(1))
        ends += end
    value = graph.add("Transpose", graph.add("Add", current, steps), perm=[1, 2, 0])
    return value, graph.add("Concat", *ends, axis=0)


def _gates(graph: GraphBuilder, lstm: LstmLayers, index: int, state: State) -> list[str]:
    def reordered(kind: str) -> npt.NDArray[np.float32]:
        array = state[f"{lstm.name}.{kind}_l{index}"]
        return array.reshape(4, lstm.width, -1)[list(_ONNX_GATES)].reshape(array.shape)[None]

    bias = np.concatenate([reordered("bias_ih"), reordered("bias_hh")], axis=1)
    return [
        graph.weight(f"{lstm.name}.w{index}", reordered("weight_ih")),
        graph.weight(f"{lstm.name}.r{index}", reordered("weight_hh")),
        graph.weight(f"{lstm.name}.b{index}", bias),
    ]


def _embed(graph: GraphBuilder, codes: str, config: CodecConfig, state: State) -> str:
    """Sum of the codebooks' vectors: codes [B, K, n] -> [B, hidden, n]."""
    total = ""
    for index, code in enumerate(
        graph.add_many("Split", config.codebooks, codes, axis=1, num_outputs=config.codebooks)
    ):
        book = _codebook(graph, index, state)
        vectors = graph.add("Gather", book, graph.add("Squeeze", code, graph.integers(1)), axis=0)
        total = graph.add("Add", total, vectors) if total else vectors
    return graph.add("Transpose", total, perm=[0, 2, 1])


def _quantise(graph: GraphBuilder, value: str, config: CodecConfig, state: State) -> str:
    """Residual quantiser: value [B, hidden, n] -> codes [B, K, n]; the nearest vector, then what is left."""
    residual = graph.add("Transpose", value, perm=[0, 2, 1])
    codes = []
    for index in range(config.codebooks):
        book = _codebook(graph, index, state)
        vectors = state[f"quantizer.layers.{index}.codebook.embed"]
        lengths = graph.weight(f"codebook{index}.squared", (vectors**2).sum(axis=1))
        twice = graph.weight(f"codebook{index}.twice", 2 * vectors.T)
        distance = graph.add("Sub", lengths, graph.add("MatMul", residual, twice))
        code = graph.add("ArgMin", distance, axis=2, keepdims=0)
        codes.append(graph.add("Unsqueeze", code, graph.integers(1)))
        if index + 1 < config.codebooks:
            residual = graph.add("Sub", residual, graph.add("Gather", book, code, axis=0))
    return graph.add("Concat", *codes, axis=1)


def _codebook(graph: GraphBuilder, index: int, state: State) -> str:
    """The vectors of one codebook, and after them nothing: what fills an end too short to mirror."""
    vectors = state[f"quantizer.layers.{index}.codebook.embed"]
    return graph.weight(f"codebook{index}", np.concatenate([vectors, np.zeros_like(vectors[:1])]))
