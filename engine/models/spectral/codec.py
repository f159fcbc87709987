"""The spectral codec: tokens to sound and back without a network, in NumPy and SciPy only."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import EngineFault, InputError
from ..config import SpectralConfig
from ..state import State
from ..weights import Tensors
from .analysis import analyse
from .levels import context_steps, magnitudes, shaped, steadied
from .phases import sound_of
from .quantise import decode, encode
from .state import BACK, INTO, LEVEL_MEAN, MEAN, book, level_books, shape_books, spectral_shapes

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

FILE = "codec.safetensors"
# Steps whose magnitudes are made together.
_STEPS = 50


class SpectralCodec:
    """A fitted codec, from a model's folder or from its arrays. Stereo interleaves the sides, left first.

    InputError when the folder has no such file; EngineFault for arrays that are not this configuration's.
    """

    def __init__(self, source: Path | State, config: SpectralConfig) -> None:
        self._source = source
        self._config = config
        if not isinstance(source, Path):
            self._checked(source)
        elif not (source / FILE).is_file():
            raise InputError(f"the model in '{source.name}' has no {FILE}: fetch or train it again")

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
        for blocks in zip(*(self._side(side) for side in sides), strict=True):
            if len(blocks[0]):
                yield np.stack(blocks, axis=1)

    def encode(self, audio: Floats) -> Ints:
        """Codes, int64 [K, ceil(n / hop)], of sound, float32 [n, channels] at `sample_rate`.

        EngineFault for another number of channels, InputError for no sound at all.
        """
        if audio.ndim != 2 or audio.shape[1] != self.channels:
            raise EngineFault(
                f"sound of shape {audio.shape} was given to a codec of {self.channels} channels"
            )
        if not len(audio):
            raise InputError("0 samples are too short to encode: give one step or more")
        sides = []
        for channel in range(self.channels):
            parts = [self.codes_of(*piece) for piece in analyse(audio[:, channel], self._config)]
            sides.append(np.concatenate(parts, axis=1))
        # [sides, K, T] -> [K, sides, T]: codebook by codebook, left before right.
        return np.ascontiguousarray(np.stack(sides, axis=1).reshape(-1, sides[0].shape[1]), np.int64)

    def close(self) -> None:
        """Frees the arrays that were read from a folder; the next call reads them again."""
        if isinstance(self._source, Path):
            self.__dict__.pop("_arrays", None)

    def codes_of(self, levels: Floats, shapes: Floats) -> Ints:
        """Codes [K, n] of one side's levels and shapes (`analysis.analyse`)."""
        arrays, config = self._arrays, self._config
        out = np.empty((config.codebooks, len(levels)), np.int64)
        coded = (
            (level_books(config), levels - arrays[LEVEL_MEAN]),
            (shape_books(config), (shapes - arrays[MEAN]) @ arrays[INTO]),
        )
        for indices, vectors in coded:
            out[list(indices)] = encode(vectors, [arrays[book(index)] for index in indices])
        return out

    def told_by(self, codes: Ints) -> tuple[Floats, Floats]:
        """Levels and shapes that one side's codes [K, n] stand for."""
        arrays, config = self._arrays, self._config
        coded, drawn = list(level_books(config)), list(shape_books(config))
        levels = decode(codes[coded], [arrays[book(index)] for index in coded]) + arrays[LEVEL_MEAN]
        latent = decode(codes[drawn], [arrays[book(index)] for index in drawn])
        return levels, latent @ arrays[BACK] + arrays[MEAN]

    @cached_property
    def _arrays(self) -> State:
        if isinstance(self._source, Path):
            return self._checked(Tensors(self._source / FILE))
        return self._checked(self._source)

    def _checked(self, source: State) -> State:
        wanted = spectral_shapes(self._config)
        found = {name: tuple(source[name].shape) for name in source}
        if found != wanted:
            odd = sorted(set(found.items()) ^ set(wanted.items()))[0][0]
            raise EngineFault(f"the codec's array '{odd}' is not the one its configuration describes")
        return {name: np.asarray(source[name], np.float32) for name in wanted}

    def _side(self, codes: Ints) -> Iterator[Floats]:
        """Mono blocks of one side's codes [K, T]."""
        config = self._config
        raw = sound_of(self._magnitudes(codes), config)
        levels = (self.told_by(codes[:, at : at + _STEPS])[0] for at in range(0, codes.shape[1], _STEPS))
        return shaped(raw, levels, config)

    def _magnitudes(self, codes: Ints) -> Iterator[Floats]:
        context = context_steps(self._config)
        total = codes.shape[1]
        for start, stop in itertools.pairwise([*range(0, total, _STEPS), total]):
            first = max(0, start - context)
            levels, shapes = self.told_by(codes[:, first : stop + context])
            own = slice(start - first, stop - first)
            yield magnitudes(
                levels[own],
                steadied(shapes)[own],
                self._config,
                before=levels[: start - first],
                after=levels[stop - first :],
            )

    def _sides(self, codes: Ints) -> Ints:
        config = self._config
        if codes.ndim != 2 or len(codes) != config.codebooks * config.channels or not codes.shape[1]:
            wanted = config.codebooks * config.channels
            raise EngineFault(f"codes of shape {codes.shape} were given to a codec of {wanted} codebooks")
        if codes.min() < 0 or codes.max() >= config.cardinality:
            raise EngineFault(f"a code lies outside 0 to {config.cardinality - 1}: the music is not whole")
        split = codes.reshape(config.codebooks, config.channels, -1).transpose(1, 0, 2)
        return np.ascontiguousarray(split, np.int64)
