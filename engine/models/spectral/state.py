"""Names and shapes of a spectral codec's arrays, and which of its codebooks codes what."""

from __future__ import annotations

from ...errors import OptionError
from ..config import SpectralConfig
from ..state import Shapes

# A shape's logarithms: their mean, the way into components, and the way back.
MEAN, INTO, BACK = "shape.mean", "shape.into", "shape.back"
LEVEL_MEAN = "levels.mean"


def book(index: int) -> str:
    return f"book.{index}"


def spectral_shapes(config: SpectralConfig) -> Shapes:
    """Every array of codec.safetensors, float32 (or float16 on disk)."""
    check_spectral(config)
    out: Shapes = {
        MEAN: (config.bands,),
        INTO: (config.bands, config.components),
        BACK: (config.components, config.bands),
        LEVEL_MEAN: (config.stacked * config.levels,),
    }
    widths = {True: config.stacked * config.levels, False: config.components}
    return out | {
        book(index): (config.cardinality, widths[index in level_books(config)])
        for index in range(config.codebooks)
    }


def level_books(config: SpectralConfig) -> range:
    """Indices of the books that code levels: the first book is the shape's, which lasts longest."""
    return range(1, 1 + config.level_books)


def shape_books(config: SpectralConfig) -> tuple[int, ...]:
    return tuple(index for index in range(config.codebooks) if index not in level_books(config))


def check_spectral(config: SpectralConfig) -> None:
    """OptionError for sizes of which no codec can be made."""
    if not 1 <= config.level_books < config.codebooks:
        raise OptionError(
            f"of {config.codebooks} codebooks {config.level_books} cannot code levels: one or more must, and "
            "one or more must be left"
        )
    if config.stacked < 1 or config.fft < 2 * config.hop or config.fft % 2:
        raise OptionError(f"a window of {config.fft} samples is odd, or too short for steps of {config.hop}")
    if not 2 <= config.components <= config.bands or config.levels < 2:
        raise OptionError(
            f"{config.components} components of {config.bands} bands and {config.levels} levels make no codec"
        )
