"""The codec of a model, whichever it has: tokens to sound and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from .config import ModelConfig
from .step import Floats, Ints


class SoundCodec(Protocol):
    """What EnCodec (runtime/codec.py) and the spectral codec (spectral/codec.py) have in common."""

    @property
    def sample_rate(self) -> int: ...

    @property
    def channels(self) -> int: ...

    def decode(self, codes: Ints) -> Iterator[Floats]:
        """Blocks of float32 [n, channels], one step of codes [K,T] being 1/50 s."""

    def encode(self, audio: Floats) -> Ints:
        """Codes int64 [K,T] of float32 [n, channels] at `sample_rate`."""

    def close(self) -> None: ...


def open_codec(folder: Path, config: ModelConfig) -> SoundCodec:
    """The codec whose files lie in a model's folder. InputError when they do not."""
    if config.spectral is not None:
        from .spectral.codec import SpectralCodec

        return SpectralCodec(folder, config.spectral)
    from .runtime.codec import Codec

    return Codec(folder, config.encodec)
