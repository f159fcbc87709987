"""The neural generator: what a model attends to, window by window, becomes tokens, and tokens become sound.

The same for every system that drives a MusicGen decoder; what differs is a `Conditioner`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..audio.wav import WorkWriter
from ..errors import Problem
from ..generator import Mode, TakeRequest
from ..manifest import version
from ..progress import Cancel, Progress, Step
from ..timebase import SAMPLE_RATE
from ..types import Provenance, Stem, Take
from .backends import Backend, choose_backend
from .config import FRAME_RATE, ModelConfig
from .generate.loop import generate_long
from .generate.sampling import Sampling
from .generate.windows import (
    Window,
    default_steps,
    default_windowing,
    published_steps,
    published_windowing,
)
from .library import Installed
from .sound import SoundCodec, open_codec
from .step import Condition
from .tokens import store_tokens
from .visual.frames import legacy_frames

MUSIC = "music"
# Of sound beyond the cue and its handles, so that the fit may push music together by 4 %.
_SPARE = Fraction(1, 20)
# A paper's music is the first that comes.
_USUAL_CANDIDATES: dict[Mode, int] = {"default": 2, "published": 1}

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Told:
    """What a conditioner has to say when the music is made."""

    prompt: str = ""
    problems: tuple[Problem, ...] = ()
    facts: tuple[tuple[str, Any], ...] = ()


class Conditioner(Protocol):
    """Gives the decoder what it attends to in one window; times count from the music's first sample."""

    def condition(self, window: Window) -> Condition: ...

    def told(self) -> Told: ...


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the music lies: `head_s` of handle before the cue, `steps` tokens in all, windows over them."""

    head_s: float
    steps: int
    windows: tuple[Window, ...]

    @classmethod
    def of(cls, request: TakeRequest, config: ModelConfig) -> Timing:
        head, tail = request.handle_samples
        seconds = Fraction(head + request.cue.samples + tail, SAMPLE_RATE)
        if request.neural.mode == "published":
            if config.visual is not None:
                # The paper's seconds are the frames it kept.
                kept = len(legacy_frames(request.cue, config.frame_rate))
                seconds = Fraction(kept) / Fraction(config.frame_rate)
            windowing, steps = published_windowing(config.max_duration_s), published_steps(seconds)
        else:
            windowing, steps = default_windowing(config.max_duration_s), default_steps(seconds * (1 + _SPARE))
        return cls(head / SAMPLE_RATE, steps, windowing.plan(steps))


# Makes a model's conditioner; the heavy sessions it opens are closed before the decoder is loaded.
MakeConditioner = Callable[[Installed, TakeRequest, Timing, Backend, Path, Progress, Cancel], Conditioner]


class NeuralGenerator:
    """A model on this machine as a generator. Work files go to `folder`; `make` gives its conditioner."""

    def __init__(self, installed: Installed, folder: Path, make: MakeConditioner) -> None:
        self.name = installed.card.name
        self._installed = installed
        self._folder = folder
        self._make = make

    def generate(self, request: TakeRequest, *, progress: Progress, cancel: Cancel) -> Take:
        """One take with the stem `music`, unstretched: cue, handles and 5 % spare (none in published mode).

        The same request gives the same tokens on one device. Cancelled within one step, no file is left.
        """
        from ..fit.choose import choose

        card = self._installed.card
        backend = choose_backend(self._installed, request.neural)
        timing = Timing.of(request, card.config)
        cancel.check()
        conditioner = self._make(self._installed, request, timing, backend, self._folder, progress, cancel)
        tokens = self._tokens(request, timing, backend, conditioner, progress, cancel)
        codec = open_codec(self._installed.folder, card.config)
        decoded = [_decoded(codec, row, cancel) for row in tokens]
        choice = choose(decoded, codec.sample_rate, request, cancel=cancel)
        stem = self._stem(decoded[choice.index], codec.sample_rate, request)
        told = conditioner.told()
        return Take(
            cue=request.cue.name,
            stems=(stem,),
            plan=request.plan,
            provenance=Provenance(
                generator=card.config.kind,
                version=version(),
                seed=request.score.seed,
                style=request.score.style,
                prompt=told.prompt,
                model=card.name,
                weights_sha256=card.weights_sha256,
                weights_licence=card.weights_licence,
            ),
            problems=told.problems,
            beats="plan" if request.neural.mode == "published" else "own",
            extra={
                "tokens": store_tokens(self._folder, tokens[choice.index]),
                "candidates": choice.table,
                "backend": backend.told,
                **dict(told.facts),
            },
        )

    def _tokens(
        self,
        request: TakeRequest,
        timing: Timing,
        backend: Backend,
        conditioner: Conditioner,
        progress: Progress,
        cancel: Cancel,
    ) -> Ints:
        """int64 [candidates, K, steps]."""
        asked = request.neural
        total = timing.steps

        def told(done: int) -> None:
            progress(Step("generate", done / FRAME_RATE, total / FRAME_RATE, f"{self.name}: music"))

        told(0)
        usual = self._installed.card.config
        guidance = usual.guidance if asked.guidance is None else asked.guidance
        top_k = usual.top_k if asked.top_k is None else asked.top_k
        with closing(backend.open(self._installed)) as decoder:
            return generate_long(
                decoder,
                conditioner.condition,
                timing.windows,
                sampling=Sampling(asked.temperature, top_k, asked.top_p, guidance),
                seed=request.score.seed,
                candidates=asked.candidates or _USUAL_CANDIDATES[asked.mode],
                told=told,
                cancel=cancel,
            )

    def _stem(self, sound: Floats, rate: int, request: TakeRequest) -> Stem:
        path = self._folder / f"{MUSIC}.wav"
        with WorkWriter(path, len(sound), channels=sound.shape[1], sample_rate=rate) as out:
            for at in range(0, len(sound), rate):
                out.write(sound[at : at + rate])
        return Stem(MUSIC, str(path), out.sha256, len(sound), request.handle_samples, rate)


def _decoded(codec: SoundCodec, codes: Ints, cancel: Cancel) -> Floats:
    blocks = []
    for block in codec.decode(codes):
        cancel.check()
        blocks.append(block)
    return np.concatenate(blocks)
