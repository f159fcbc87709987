"""The codec's weights: every key with its shape in Hugging Face's names, and the other published spellings.

The same network is published three ways: by Hugging Face with weight norm as `weight_g`, `weight_v` or as
`parametrizations.weight.original0`, `original1`, and by audiocraft under its own module names. All are read
to the first spelling; networks and graphs run on folded weights.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .config import CodecConfig
from .state import Shapes, State

Floats = npt.NDArray[np.float32]

_WRAPPERS = ("audio_encoder.", "model.")
_PARAMETRIZED = {
    "parametrizations.weight.original0": "weight_g",
    "parametrizations.weight.original1": "weight_v",
}
# What an ELU leaves of a unit variance, made up for by random weights.
_ELU_GAIN = 1.25


@dataclass(frozen=True, slots=True)
class ConvLayer:
    """A convolution of the codec: `name` as in Hugging Face's state dict, without `.weight`."""

    name: str
    inputs: int
    outputs: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    transposed: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        first, second = (self.inputs, self.outputs) if self.transposed else (self.outputs, self.inputs)
        return first, second, self.kernel


@dataclass(frozen=True, slots=True)
class ResidualBlock:
    """ELU, convolution, ELU, convolution, added to what came in."""

    first: ConvLayer
    second: ConvLayer


@dataclass(frozen=True, slots=True)
class LstmLayers:
    """LSTM layers over time, added to what came in."""

    name: str
    width: int
    layers: int


@dataclass(frozen=True, slots=True)
class Elu:
    """The only activation."""


Layer = ConvLayer | ResidualBlock | LstmLayers | Elu


def encoder_layers(config: CodecConfig) -> list[Layer]:
    """SEANet's encoder, in the order and under the numbers of the published checkpoints."""
    layers: list[Layer] = [_conv("encoder", 0, 1, config.filters, config.kernel)]
    width = config.filters
    for ratio in reversed(config.ratios):
        for index in range(config.residual_layers):
            layers.append(_residual("encoder", len(layers), width, config, index))
        layers.append(Elu())
        layers.append(_conv("encoder", len(layers), width, 2 * width, 2 * ratio, stride=ratio))
        width *= 2
    layers.append(LstmLayers(f"encoder.layers.{len(layers)}.lstm", width, config.lstm_layers))
    layers.append(Elu())
    layers.append(_conv("encoder", len(layers), width, config.hidden, config.last_kernel))
    return layers


def decoder_layers(config: CodecConfig) -> list[Layer]:
    """SEANet's decoder, likewise."""
    width = config.filters * 2 ** len(config.ratios)
    layers: list[Layer] = [_conv("decoder", 0, config.hidden, width, config.kernel)]
    layers.append(LstmLayers("decoder.layers.1.lstm", width, config.lstm_layers))
    for ratio in config.ratios:
        layers.append(Elu())
        name = f"decoder.layers.{len(layers)}.conv"
        layers.append(ConvLayer(name, width, width // 2, 2 * ratio, ratio, transposed=True))
        width //= 2
        for index in range(config.residual_layers):
            layers.append(_residual("decoder", len(layers), width, config, index))
    layers.append(Elu())
    layers.append(_conv("decoder", len(layers), width, 1, config.last_kernel))
    return layers


def convolutions(config: CodecConfig) -> Iterator[ConvLayer]:
    """Every convolution of the codec, in order."""
    yield from _flat([*encoder_layers(config), *decoder_layers(config)])


def codec_shapes(config: CodecConfig) -> Shapes:
    """Every key of codec.safetensors (weight norm as `weight_g`, `weight_v`), one side of the music."""
    out: Shapes = {}
    for conv in convolutions(config):
        out[f"{conv.name}.bias"] = (conv.outputs,)
        out[f"{conv.name}.weight_g"] = (conv.shape[0], 1, 1)
        out[f"{conv.name}.weight_v"] = conv.shape
    for layer in [*encoder_layers(config), *decoder_layers(config)]:
        if isinstance(layer, LstmLayers):
            for index in range(layer.layers):
                for side in ("ih", "hh"):
                    out[f"{layer.name}.weight_{side}_l{index}"] = (4 * layer.width, layer.width)
                    out[f"{layer.name}.bias_{side}_l{index}"] = (4 * layer.width,)
    for index in range(config.codebooks):
        codebook = f"quantizer.layers.{index}.codebook."
        out[f"{codebook}embed"] = (config.cardinality, config.hidden)
        out[f"{codebook}embed_avg"] = (config.cardinality, config.hidden)
        out[f"{codebook}cluster_size"] = (config.cardinality,)
        out[f"{codebook}inited"] = (1,)
    return out


def huggingface_key(key: str) -> str:
    """A published key, of any spelling, in the names of `codec_shapes`; unknown ones stay as they are."""
    for wrapper in _WRAPPERS:
        key = key.removeprefix(wrapper)
    for published, ours in _PARAMETRIZED.items():
        key = key.replace(published, ours)
    key = re.sub(r"^(encoder|decoder)\.model\.", r"\1.layers.", key)
    key = key.replace(".conv.conv.", ".conv.").replace(".convtr.convtr.", ".conv.")
    return re.sub(r"^quantizer\.vq\.layers\.(\d+)\._codebook\.", r"quantizer.layers.\1.codebook.", key)


def audiocraft_key(key: str, config: CodecConfig) -> str:
    """A key of `codec_shapes` as audiocraft's `EncodecModel` spells it (a stereo wrapper adds `model.`)."""
    transposed = {conv.name for conv in convolutions(config) if conv.transposed}
    name, _, last = key.rpartition(".")
    if name in transposed:
        key = f"{name.removesuffix('.conv')}.convtr.convtr.{last}"
    elif name.endswith(".conv"):
        key = f"{name}.conv.{last}"
    key = re.sub(r"^(encoder|decoder)\.layers\.", r"\1.model.", key)
    return re.sub(r"^quantizer\.layers\.(\d+)\.codebook\.", r"quantizer.vq.layers.\1._codebook.", key)


def from_published(state: State) -> dict[str, npt.NDArray[np.generic]]:
    """A codec's state dict of any published spelling under the names of `codec_shapes`."""
    return {huggingface_key(key): value for key, value in state.items()}


def to_audiocraft(state: State, config: CodecConfig) -> dict[str, npt.NDArray[np.generic]]:
    """A state in the names of `codec_shapes` under audiocraft's."""
    return {audiocraft_key(key, config): value for key, value in state.items()}


def to_parametrized(state: State) -> dict[str, npt.NDArray[np.generic]]:
    """A state in the names of `codec_shapes` with weight norm as torch's parametrizations spell it."""
    ending = {f".{ours}": f".{published}" for published, ours in _PARAMETRIZED.items()}
    out: dict[str, npt.NDArray[np.generic]] = {}
    for key, value in state.items():
        name, dot, last = key.rpartition(".")
        out[name + ending.get(dot + last, dot + last)] = value
    return out


def fold_weight_norm(state: State) -> dict[str, Floats]:
    """float32 weights with g * v / |v| multiplied out under `.weight`, |v| over all axes but the first."""
    out: dict[str, Floats] = {}
    for key, value in state.items():
        if key.endswith(".weight_v"):
            name = key.removesuffix("_v")
            v = value.astype(np.float64)
            norm = np.sqrt((v**2).sum(axis=tuple(range(1, v.ndim)), keepdims=True))
            out[name] = (state[f"{name}_g"].astype(np.float64) * v / norm).astype(np.float32)
        elif not key.endswith(".weight_g"):
            out[key] = value.astype(np.float32, copy=False)
    return out


def random_codec_state(config: CodecConfig, seed: int) -> dict[str, Floats]:
    """Random weights by name, scaled so that sound keeps its level through the network and codes vary."""
    gains = {f"{conv.name}.weight_g": _gain(conv, config) for conv in convolutions(config)}
    return {key: _fill(key, shape, seed, gains.get(key)) for key, shape in codec_shapes(config).items()}


def _gain(conv: ConvLayer, config: CodecConfig) -> float:
    if conv.transposed:
        # Two of a kernel's taps meet at every output, and the norm is that of one input's kernel.
        return _ELU_GAIN * math.sqrt(conv.stride * conv.outputs / conv.inputs)
    if conv.outputs == 1:
        return 0.2
    return 0.5 if ".block." in conv.name else _ELU_GAIN


def _fill(key: str, shape: tuple[int, ...], seed: int, gain: float | None) -> Floats:
    import zlib

    random = np.random.Generator(np.random.Philox(key=zlib.crc32(f"{seed}:{key}".encode())))
    if gain is not None:
        return (gain * random.uniform(0.9, 1.1, shape)).astype(np.float32)
    if key.endswith("inited"):
        return np.ones(shape, np.float32)
    if key.endswith("cluster_size"):
        return random.uniform(1, 9, shape).astype(np.float32)
    if ".lstm." in key:
        # The trained forget gates are open: a state that dies at once would hide a fault in carrying it.
        bound = 2 / (shape[-1] if "weight" in key else shape[0] / 4) ** 0.5
        return random.uniform(-bound, bound, shape).astype(np.float32)
    if key.endswith(("embed", "embed_avg")):
        level = int(re.findall(r"layers\.(\d+)", key)[0])
        return (0.6 * 0.6**level * random.standard_normal(shape)).astype(np.float32)
    if key.endswith("bias"):
        return random.uniform(-0.05, 0.05, shape).astype(np.float32)
    return random.standard_normal(shape).astype(np.float32)


def context_steps(layers: Sequence[Layer], config: CodecConfig) -> int:
    """Steps to either side that `layers`' convolutions hear, rounded up: what makes a chunk exact."""
    convs = list(_flat(layers))
    # Samples that one place of the current layer spans.
    spacing = config.hop if convs[0].transposed else 1
    reach = 0.0
    for conv in convs:
        if conv.transposed:
            # An output lies between inputs: the farthest that it hears is the kernel less what is cut off.
            cut = (conv.kernel - conv.stride) // 2
            reach += spacing * (conv.kernel - cut) / conv.stride
            spacing //= conv.stride
        else:
            beyond = (conv.kernel - 1) * conv.dilation + 1 - conv.stride
            reach += spacing * (beyond - beyond // 2)
            spacing *= conv.stride
    return math.ceil(reach / config.hop)


def split_at_lstm(layers: Sequence[Layer]) -> tuple[list[Layer], LstmLayers, list[Layer]]:
    """What comes before the LSTM, the LSTM, and what comes after."""
    at = next(index for index, layer in enumerate(layers) if isinstance(layer, LstmLayers))
    lstm = layers[at]
    assert isinstance(lstm, LstmLayers)
    return list(layers[:at]), lstm, list(layers[at + 1 :])


def _flat(layers: Sequence[Layer]) -> Iterator[ConvLayer]:
    for layer in layers:
        if isinstance(layer, ConvLayer):
            yield layer
        elif isinstance(layer, ResidualBlock):
            yield layer.first
            yield layer.second


def _conv(
    part: Literal["encoder", "decoder"], index: int, inputs: int, outputs: int, kernel: int, stride: int = 1
) -> ConvLayer:
    return ConvLayer(f"{part}.layers.{index}.conv", inputs, outputs, kernel, stride)


def _residual(part: str, index: int, width: int, config: CodecConfig, depth: int) -> ResidualBlock:
    name = f"{part}.layers.{index}.block."
    hidden = width // config.compress
    dilation = config.dilation_growth**depth
    return ResidualBlock(
        ConvLayer(f"{name}1.conv", width, hidden, config.residual_kernel, dilation=dilation),
        ConvLayer(f"{name}3.conv", hidden, width, 1),
    )
