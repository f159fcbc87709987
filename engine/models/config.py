"""Sizes of the neural systems as values, before any weight is read. Standard library only.

A configuration is data; networks and graphs read it and never ask for a model's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

Kind = Literal["gvmgen", "musicgen"]
Precision = Literal["fp32", "fp16", "int8"]
PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16", "int8")
FRAME_RATE = 50  # token steps a second of every codec we speak


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """MusicGen's transformer (audiocraft `LMModel`): D = dim, H = heads, L = layers, K = codebooks."""

    dim: int
    heads: int
    layers: int
    codebooks: int = 4
    # Tokens of one codebook; the special token is this number.
    cardinality: int = 2048
    # Melody checkpoints have none: their condition is a prefix.
    cross_attention: bool = True
    # Steps by which each codebook is late; stereo interleaves left and right: 0 0 1 1 2 2 3 3.
    delays: tuple[int, ...] = (0, 1, 2, 3)
    # Columns of the plan that is added at the input (models/channels.py); 0: the decoder takes no plan.
    plan_channels: int = 0

    @property
    def head_dim(self) -> int:
        return self.dim // self.heads

    @property
    def special(self) -> int:
        return self.cardinality


@dataclass(frozen=True, slots=True)
class VisualConfig:
    """CLIP's image tower with the Q-Former behind it."""

    width: int = 1024
    layers: int = 24
    heads: int = 16
    patch: int = 14
    image: int = 336
    # Columns of `proj`: what a frame is before `output_proj`.
    embedding: int = 768
    qformer_layers: int = 6
    queries: int = 16
    # Cross-attention in every layer whose index this divides.
    cross_every: int = 2
    pool: Literal["mean", "sum"] = "mean"

    @property
    def tokens(self) -> int:
        """Patches and the class token."""
        return (self.image // self.patch) ** 2 + 1


@dataclass(frozen=True, slots=True)
class CodecConfig:
    """EnCodec (SEANet, residual quantiser); defaults are facebook/encodec_32khz. Stereo: once a side."""

    sample_rate: int = 32_000
    filters: int = 64
    hidden: int = 128
    ratios: tuple[int, ...] = (8, 5, 4, 4)
    lstm_layers: int = 2
    residual_layers: int = 1
    kernel: int = 7
    last_kernel: int = 7
    residual_kernel: int = 3
    dilation_growth: int = 2
    compress: int = 2
    codebooks: int = 4
    cardinality: int = 2048
    # Sides of the music, not of the network: 2 interleaves the codebooks of left and right.
    channels: int = 1

    @property
    def hop(self) -> int:
        out = 1
        for ratio in self.ratios:
            out *= ratio
        return out


@dataclass(frozen=True, slots=True)
class SpectralConfig:
    """A codec that is fitted, not trained (models/spectral): shapes of spectra, levels, residual k-means."""

    sample_rate: int = 32_000
    # The long window, one spectrum a step: tells semitones apart.
    fft: int = 4096
    # Samples between two readings of the levels; `stacked` of them make one token step.
    spectrum_hop: int = 320
    stacked: int = 2
    # Bands that a spectrum's shape is told in, evenly apart up to 280 Hz, then 2.9 %.
    bands: int = 160
    # Wide bands whose levels are told apart from the shape, often enough for an attack.
    levels: int = 12
    # Principal components of the shape that are coded.
    components: int = 64
    codebooks: int = 4
    # Of the codebooks, how many after the first code levels; all others code the shape.
    level_books: int = 1
    cardinality: int = 1024
    # When sound is made: how far lines are lifted over their surroundings, and rounds that look for phases.
    sharpening: float = 0.7
    rounds: int = 8
    channels: int = 1

    @property
    def hop(self) -> int:
        return self.spectrum_hop * self.stacked


@dataclass(frozen=True, slots=True)
class TextConfig:
    """T5's encoder; defaults are t5-base."""

    dim: int = 768
    layers: int = 12
    heads: int = 12
    head_dim: int = 64
    feed_forward: int = 3072
    vocabulary: int = 32_128
    buckets: int = 32
    longest_distance: int = 128


@dataclass(frozen=True, slots=True)
class MelodyConfig:
    """Chroma of a guide (audiocraft `ChromaStemConditioner`), prepended to the decoder's input."""

    chroma: int = 12
    sample_rate: int = 32_000
    window: int = 16_384
    hop: int = 4_096
    # Seconds that the guide is cut or repeated to.
    duration_s: float = 30.0
    # One-hot of the loudest pitch class, as published.
    argmax: bool = True


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """One generating model. `visual` for gvmgen; `text` (and `melody`) for musicgen."""

    SCHEMA: ClassVar[str] = "hitpoint.model_config.1"

    kind: Kind
    decoder: DecoderConfig
    # One of `codec` and `spectral` makes sound of the tokens.
    codec: CodecConfig | None
    visual: VisualConfig | None = None
    text: TextConfig | None = None
    melody: MelodyConfig | None = None
    # The longest music the decoder was trained on.
    max_duration_s: float = 30.0
    # Frames a second that the pictures are sampled at.
    frame_rate: float = 1.0
    guidance: float = 3.0
    # Likeliest tokens that one is drawn from; MusicGen's own number.
    top_k: int = 250
    # The gated positional code (gvmgen.md 7.3): whether the checkpoint has a `time_gain`.
    timed: bool = False
    spectral: SpectralConfig | None = None

    @property
    def encodec(self) -> CodecConfig:
        """The codec of a published model: those have no other."""
        assert self.codec is not None, "this model has a spectral codec"
        return self.codec


SMALL = DecoderConfig(dim=1024, heads=16, layers=24)
MEDIUM = DecoderConfig(dim=1536, heads=24, layers=48)
LARGE = DecoderConfig(dim=2048, heads=32, layers=48)
STEREO_DELAYS = (0, 0, 1, 1, 2, 2, 3, 3)
