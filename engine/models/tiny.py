"""Models of toy size with random weights: every path runs on a CPU in seconds, in the real shapes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from .channels import CHANNELS
from .config import (
    STEREO_DELAYS,
    CodecConfig,
    DecoderConfig,
    MelodyConfig,
    ModelConfig,
    TextConfig,
    VisualConfig,
)
from .state import model_shapes, random_state

TINY_DECODER = DecoderConfig(dim=64, heads=4, layers=2)
TINY_STEREO = DecoderConfig(dim=64, heads=4, layers=2, codebooks=8, delays=STEREO_DELAYS)
TINY_VISUAL = VisualConfig(width=64, layers=2, heads=1, patch=112)
TINY_CODEC = CodecConfig(filters=4, hidden=16)
TINY_TEXT = TextConfig(dim=32, layers=2, heads=4, head_dim=8, feed_forward=64, vocabulary=128)

Weights = dict[str, npt.NDArray[np.float32]]


def tiny_gvmgen(
    seed: int = 0, *, stereo: bool = False, timed: bool = False, plan: bool = False
) -> tuple[ModelConfig, Weights]:
    """A GVMGen of 4 M parameters: its configuration and weights in the published names.

    timed and plan: with our additions to them.
    """
    decoder = TINY_STEREO if stereo else TINY_DECODER
    config = ModelConfig(
        kind="gvmgen",
        decoder=replace(decoder, plan_channels=CHANNELS) if plan else decoder,
        codec=_codec(stereo),
        visual=TINY_VISUAL,
        timed=timed,
    )
    return config, random_state(model_shapes(config), seed)


def tiny_musicgen(
    seed: int = 0, *, stereo: bool = False, melody: bool = False
) -> tuple[ModelConfig, Weights]:
    """A text-conditioned MusicGen; `melody` gives it chroma as a prefix in place of cross-attention."""
    decoder = TINY_STEREO if stereo else TINY_DECODER
    if melody:
        decoder = DecoderConfig(
            dim=64,
            heads=4,
            layers=2,
            codebooks=decoder.codebooks,
            delays=decoder.delays,
            cross_attention=False,
        )
    config = ModelConfig(
        kind="musicgen",
        decoder=decoder,
        codec=_codec(stereo),
        text=TINY_TEXT,
        melody=MelodyConfig() if melody else None,
    )
    return config, random_state(model_shapes(config), seed)


TINY_MODELS = {
    "tiny-gvmgen": tiny_gvmgen,
    "tiny-musicgen": tiny_musicgen,
    "tiny-melody": partial(tiny_musicgen, melody=True),
    "tiny-stereo": partial(tiny_gvmgen, stereo=True),
    "tiny-plan": partial(tiny_gvmgen, timed=True, plan=True),
}


def _codec(stereo: bool) -> CodecConfig:
    return CodecConfig(filters=4, hidden=16, channels=2) if stereo else TINY_CODEC
