"""What every generator is asked, and the one way it is asked. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

from .progress import Cancel, Heard, Progress, nobody
from .types import Cue, Picture, Plan, Score, Take

Mode = Literal["default", "published"]
Guide = Literal["none", "plan", "score"]
DecoderName = Literal["auto", "onnx", "torch", "audiocraft"]


@dataclass(frozen=True, slots=True)
class NeuralOptions:
    """How a neural system is asked. `sketch` reads none of it, and the command line refuses it there.

    mode        published: the paper's behaviour, fp32, nothing fitted afterwards; default: the product's
    decoder     auto: torch where there is a GPU for it, else ONNX Runtime
    prompt      for text-conditioned models; empty: written from the Picture and the style
    guide       plan: beats, hits, energy and chords beside the tokens, for models trained with a plan;
                score: sketch's rendering as chroma, for melody checkpoints. None: not decided yet, as none
    candidates  how many are made at once; the one that meets the hits best is kept. None: 2, published 1
    top_k       likeliest tokens to choose from, 0 for all. None: the model's own number
    guidance    strength of classifier-free guidance; None: the model's own
    separate    drums, bass and other in place of the one stem `music`
    """

    mode: Mode = "default"
    decoder: DecoderName = "auto"
    prompt: str = ""
    guide: Guide | None = None
    candidates: int | None = None
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 0.0
    guidance: float | None = None
    separate: bool = False


USUAL = NeuralOptions()


@dataclass(frozen=True, slots=True)
class TakeRequest:
    """All that decides a take: the same request and build give the same bytes on a CPU."""

    SCHEMA: ClassVar[str] = "hitpoint.take_request.1"

    cue: Cue
    picture: Picture
    score: Score
    plan: Plan
    # Whole frames of sound before and after the cue.
    handle_frames: tuple[int, int] = (0, 0)
    neural: NeuralOptions = USUAL
    # The imported sound font that sketch plays, by its sha256; None: the bundled one.
    sounds: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def handle_samples(self) -> tuple[int, int]:
        head, tail = self.handle_frames
        cue = self.cue
        first = cue.rate.sample(cue.in_frame) - cue.rate.sample(cue.in_frame - head)
        last = cue.rate.sample(cue.out_frame_exclusive + tail) - cue.rate.sample(cue.out_frame_exclusive)
        return first, last


class Generator(Protocol):
    """Makes one take of one cue. Sound is unmastered, at the generator's own rate, cue plus handles."""

    name: str

    def made_by(self, request: TakeRequest) -> Mapping[str, str]:
        """What decides a take beside its request and the engine's build: weights, and what they run on."""
        ...

    def generate(
        self, request: TakeRequest, *, progress: Progress, cancel: Cancel, heard: Heard = nobody
    ) -> Take:
        """`heard` is told at most once, of a file beside the stems, before they are finished."""
        ...
