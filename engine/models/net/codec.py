"""EnCodec (Defossez et al. 2022) as published for MusicGen: SEANet, an LSTM, a residual quantiser.

Parameter names are those of Hugging Face's `EncodecModel`, weight norm folded: facebook/encodec_32khz.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ..codec_state import (
    ConvLayer,
    Elu,
    Layer,
    LstmLayers,
    ResidualBlock,
    decoder_layers,
    encoder_layers,
    fold_weight_norm,
)
from ..config import CodecConfig
from ..state import State


class CodecNetwork(nn.Module):
    """Sound to codes and back, the whole at once. Stereo: both sides through the same network."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = _Stack(encoder_layers(config))
        self.decoder = _Stack(decoder_layers(config))
        self.quantizer = _Quantizer(config)

    def encode(self, audio: Tensor) -> Tensor:
        """float [B, channels, n] -> codes, int64 [B, K * channels, ceil(n / hop)]."""
        batch, channels, samples = audio.shape
        codes: Tensor = self.quantizer.encode(self.encoder(audio.reshape(batch * channels, 1, samples)))
        sides = codes.reshape(batch, channels, *codes.shape[1:])
        return sides.transpose(1, 2).flatten(1, 2)

    def decode(self, codes: Tensor) -> Tensor:
        """int64 [B, K * channels, T] -> float [B, channels, hop * T]."""
        batch, books, steps = codes.shape
        channels = self.config.channels
        sides = codes.reshape(batch, books // channels, channels, steps).transpose(1, 2).flatten(0, 1)
        audio: Tensor = self.decoder(self.quantizer.decode(sides))
        return audio.reshape(batch, channels, -1)


def load_codec(config: CodecConfig, state: State) -> CodecNetwork:
    """The network in evaluation mode. state: names and shapes of `codec_shapes`, every one of them."""
    network = CodecNetwork(config)
    folded = fold_weight_norm(state)
    # What training counted is of no use to a network that only runs.
    unused = (".embed_avg", ".cluster_size", ".inited")
    tensors = {
        key: torch.from_numpy(np.array(value)) for key, value in folded.items() if not key.endswith(unused)
    }
    network.load_state_dict(tensors, strict=True, assign=True)
    return network.eval().requires_grad_(False)


class _Stack(nn.Module):
    def __init__(self, layers: list[Layer]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_module(layer) for layer in layers)

    def forward(self, value: Tensor) -> Tensor:
        for layer in self.layers:
            value = layer(value)
        return value


def _module(layer: Layer) -> nn.Module:
    if isinstance(layer, ConvLayer):
        return _Upsampling(layer) if layer.transposed else _Convolution(layer)
    if isinstance(layer, ResidualBlock):
        return _Residual(layer)
    if isinstance(layer, LstmLayers):
        return _Lstm(layer)
    assert isinstance(layer, Elu)
    return nn.ELU()


class _Convolution(nn.Module):
    """Mirrored at the ends so that n samples give ceil(n / stride)."""

    def __init__(self, layer: ConvLayer) -> None:
        super().__init__()
        self.conv = nn.Conv1d(
            layer.inputs, layer.outputs, layer.kernel, stride=layer.stride, dilation=layer.dilation
        )
        self._stride = layer.stride
        self._total = (layer.kernel - 1) * layer.dilation + 1 - layer.stride

    def forward(self, value: Tensor) -> Tensor:
        after = self._total // 2
        before = self._total - after
        after += -value.shape[2] % self._stride
        # As published: what is too short to mirror is filled with zeros, and as much is cut off again.
        missing = max(0, max(before, after) - value.shape[2] + 1)
        if missing:
            value = nn.functional.pad(value, (0, missing))
        value = nn.functional.pad(value, (before, after), mode="reflect")
        out: Tensor = self.conv(value[..., : value.shape[2] - missing])
        return out


class _Upsampling(nn.Module):
    def __init__(self, layer: ConvLayer) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose1d(layer.inputs, layer.outputs, layer.kernel, stride=layer.stride)
        self._after = (layer.kernel - layer.stride) // 2
        self._before = layer.kernel - layer.stride - self._after

    def forward(self, value: Tensor) -> Tensor:
        out: Tensor = self.conv(value)
        return out[..., self._before : out.shape[2] - self._after]


class _Residual(nn.Module):
    def __init__(self, layer: ResidualBlock) -> None:
        super().__init__()
        self.block = nn.ModuleList(
            [nn.ELU(), _Convolution(layer.first), nn.ELU(), _Convolution(layer.second)]
        )

    def forward(self, value: Tensor) -> Tensor:
        inner = value
        for layer in self.block:
            inner = layer(inner)
        return value + inner


class _Lstm(nn.Module):
    def __init__(self, layer: LstmLayers) -> None:
        super().__init__()
        self.lstm = nn.LSTM(layer.width, layer.width, layer.layers)

    def forward(self, value: Tensor) -> Tensor:
        steps = value.permute(2, 0, 1)
        answer: Tensor = self.lstm(steps)[0]
        return (answer + steps).permute(1, 2, 0)


class _Codebook(nn.Module):
    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self.embed = nn.Buffer(torch.zeros(config.cardinality, config.hidden))

    def nearest(self, vectors: Tensor) -> Tensor:
        """[B, n, hidden] -> [B, n]; the squared distance, less what does not depend on the code."""
        distance = self.embed.square().sum(1) - 2 * vectors @ self.embed.T
        nearest: Tensor = distance.argmin(dim=2)
        return nearest


class _Level(nn.Module):
    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self.codebook = _Codebook(config)


class _Quantizer(nn.Module):
    """Each level takes the vector nearest to what the levels before left."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_Level(config) for _ in range(config.codebooks))

    def encode(self, value: Tensor) -> Tensor:
        """[B, hidden, n] -> int64 [B, K, n]."""
        left = value.transpose(1, 2)
        codes = []
        for book in self._books():
            codes.append(book.nearest(left))
            left = left - nn.functional.embedding(codes[-1], book.embed)
        return torch.stack(codes, dim=1)

    def decode(self, codes: Tensor) -> Tensor:
        """int64 [B, K, n] -> [B, hidden, n]."""
        total = codes.new_zeros(1, dtype=torch.float32)
        for index, book in enumerate(self._books()):
            total = total + nn.functional.embedding(codes[:, index], book.embed)
        return total.transpose(1, 2)

    def _books(self) -> list[_Codebook]:
        return [layer.codebook for layer in self.layers]  # type: ignore[misc]
