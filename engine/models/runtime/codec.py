"""The codec on ONNX Runtime: tokens to sound and back in pieces, whose borders cannot be heard or measured.

The LSTM's state goes from piece to piece and the convolutions see a few steps beyond each border, so the
pieces are what the whole would be (up to float rounding) while memory does not grow with the music.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...errors import EngineFault, InputError
from ..codec_state import context_steps, decoder_layers, encoder_layers, split_at_lstm
from ..config import CodecConfig
from .session import Device, graph_path, open_session

if TYPE_CHECKING:
    import onnxruntime

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

DECODE_FILE = "codec-decode.onnx"
ENCODE_FILE = "codec-encode.onnx"
# Two seconds: longer pieces take more memory and are no faster.
CHUNK_STEPS = 100


class Codec:
    """EnCodec of one model's folder. Stereo codes interleave the sides: left 0, right 0, left 1, ..."""

    def __init__(
        self,
        folder: Path,
        config: CodecConfig,
        *,
        device: Device = "auto",
        threads: int | None = None,
        chunk_steps: int = CHUNK_STEPS,
    ) -> None:
        self._folder = folder
        self._config = config
        self._device = device
        self._threads = threads
        _, self._lstm, above = split_at_lstm(decoder_layers(config))
        below, _, _ = split_at_lstm(encoder_layers(config))
        self._above = context_steps(above, config)
        # At the end one sample may follow the context, and there must be enough to mirror: two steps are.
        self._below = max(2, context_steps(below, config))
        # Fewer would ask for what lies behind the neighbouring piece.
        self._chunk = max(chunk_steps, 2 * max(self._above, self._below, config.kernel, config.last_kernel))

    @property
    def sample_rate(self) -> int:
        return self._config.sample_rate

    @property
    def channels(self) -> int:
        return self._config.channels

    def decode(self, codes: Ints) -> Iterator[Floats]:
        """Blocks of float32 [n, channels], together `hop` samples a step of codes, int64 [K, T].

        K counts both sides of stereo. EngineFault for another shape or a code that is no code.
        """
        sides = self._sides(codes)
        total = codes.shape[1]
        reach = (self._config.kernel - 1) // 2
        mirrored = _mirror(sides, reach, self._config.cardinality)
        state, tail = self._silence()
        for start in range(0, total, self._chunk):
            stop = min(start + self._chunk, total)
            feed = {"codes": mirrored[..., start : stop + 2 * reach], "state": state, "tail": tail}
            audio, hidden, state = self._decoder.run(None, feed)
            # The steps that lean on what comes after the piece wait for it; those before it are done.
            first = self._above if tail.shape[2] else 0
            last = hidden.shape[2] - (0 if stop == total else self._above)
            hop = self._config.hop
            yield np.ascontiguousarray(audio[:, 0, first * hop : last * hop].T)
            tail = hidden[..., -2 * self._above :]

    def encode(self, audio: Floats) -> Ints:
        """Codes, int64 [K, ceil(n / hop)], of sound, float32 [n, channels] at `sample_rate`.

        EngineFault for another number of channels. InputError for less than a tenth of a second or so: the
        network mirrors its ends, and so little has nothing to mirror.
        """
        if audio.ndim != 2 or audio.shape[1] != self._config.channels:
            raise EngineFault(
                f"sound of shape {audio.shape} was given to a codec of {self.channels} channels"
            )
        hop = self._config.hop
        reach = (self._config.last_kernel - 1) // 2
        total = -(-len(audio) // hop)
        if total <= reach:
            least_ms = 1000 * (reach + 1) * hop / self.sample_rate
            raise InputError(
                f"{len(audio)} samples are too short to continue from: give {least_ms:.0f} ms or more"
            )
        sides = np.ascontiguousarray(audio.T[:, None], np.float32)
        state, tail = self._silence()
        found: list[Ints] = []
        for start in range(0, total, self._chunk):
            stop = min(start + self._chunk, total)
            first = max(0, start - self._below)
            feed = {
                "audio": sides[..., first * hop : (stop + self._below) * hop],
                "keep": np.array([start - first, stop - first], np.int64),
                "state": state,
                "tail": tail,
                "mirror": np.array([0 if start else reach, reach if stop == total else 0], np.int64),
            }
            codes, hidden, state = self._encoder.run(None, feed)
            found.append(codes)
            tail = hidden[..., -2 * reach :]
        # [sides, K, T] -> [K, sides, T]: codebook by codebook, left before right.
        whole = np.concatenate(found, axis=2).transpose(1, 0, 2)
        return np.ascontiguousarray(whole.reshape(-1, total), np.int64)

    def close(self) -> None:
        """Frees the sessions; the next call opens them again."""
        self.__dict__.pop("_decoder", None)
        self.__dict__.pop("_encoder", None)

    @cached_property
    def _decoder(self) -> onnxruntime.InferenceSession:
        return open_session(graph_path(self._folder, DECODE_FILE), device=self._device, threads=self._threads)

    @cached_property
    def _encoder(self) -> onnxruntime.InferenceSession:
        return open_session(graph_path(self._folder, ENCODE_FILE), device=self._device, threads=self._threads)

    def _silence(self) -> tuple[Floats, Floats]:
        """State and tail before the first step."""
        sides, width = self.channels, self._lstm.width
        state = np.zeros((2 * self._lstm.layers, sides, width), np.float32)
        return state, np.zeros((sides, width, 0), np.float32)

    def _sides(self, codes: Ints) -> Ints:
        config = self._config
        if codes.ndim != 2 or len(codes) != config.codebooks * config.channels or not codes.shape[1]:
            wanted = config.codebooks * config.channels
            raise EngineFault(f"codes of shape {codes.shape} were given to a codec of {wanted} codebooks")
        if codes.min() < 0 or codes.max() >= config.cardinality:
            raise EngineFault(f"a code lies outside 0 to {config.cardinality - 1}: the music is not whole")
        split = codes.reshape(config.codebooks, config.channels, -1).transpose(1, 0, 2)
        return np.ascontiguousarray(split, np.int64)


def _mirror(sides: Ints, reach: int, nothing: int) -> Ints:
    """`reach` codes more on either side, mirrored; as published, what is too short is filled first."""
    missing = max(0, reach - sides.shape[2] + 1)
    filled = np.pad(sides, ((0, 0), (0, 0), (0, missing)), constant_values=nothing)
    mirrored = np.pad(filled, ((0, 0), (0, 0), (reach, reach)), mode="reflect")
    return mirrored[..., : mirrored.shape[2] - missing]
