"""The neural generator: what a model attends to, window by window, becomes tokens, and tokens become sound.

The same for every system that drives a MusicGen decoder; what differs is a `Conditioner`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..audio.wav import WorkWriter
from ..errors import Problem
from ..generator import TakeRequest
from ..kept import KeptTokens, take_key
from ..manifest import version
from ..progress import Cancel, Heard, Progress, Step, nobody
from ..store.locks import held
from ..store.stages import Stages
from ..timebase import SAMPLE_RATE
from ..types import Provenance, Stem, Take
from ..wishes import heeded, unheeded, wishes_of
from .backends import Backend, candidates_of, choose_backend
from .config import FRAME_RATE, ModelConfig
from .first_window import FirstWindow
from .generate.loop import generate_long
from .generate.sampling import Sampling
from .generate.windows import (
    Window,
    default_steps,
    default_windowing,
    published_steps,
    published_windowing,
)
from .ladder import (
    Carried,
    Ladder,
    Rung,
    Where,
    card_lost,
    free_everything,
    lost,
    out_of_memory,
)
from .library import Installed
from .sound import SoundCodec
from .step import Condition
from .stepped import STEPPED_DOWN
from .tokens import store_tokens
from .visual.frames import legacy_frames
from .warm import WARM, warm_codec, warm_decoder

MUSIC = "music"
# Of sound beyond the cue and its handles, so that the fit may push music together by 4 %.
_SPARE = Fraction(1, 20)
# One at a time, over all processes of this user.
_CARD_LOCK = "gpu"

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
    """A model on this machine as a generator. Work files go to `folder`; `make` gives its conditioner.

    Windows that are finished are kept in `stages`, where there are any.
    """

    def __init__(
        self, installed: Installed, folder: Path, make: MakeConditioner, stages: Stages | None = None
    ) -> None:
        self.name = installed.card.name
        self._stages = stages
        self._installed = installed
        self._folder = folder
        self._make = make

    def made_by(self, request: TakeRequest) -> Mapping[str, str]:
        """Weights and backend. OptionError when the decoder that is asked for is not here."""
        told = choose_backend(self._installed, request.neural).told
        return {"model": self.name, "weights": self._installed.card.weights_sha256 or "", **told}

    def generate(
        self, request: TakeRequest, *, progress: Progress, cancel: Cancel, heard: Heard = nobody
    ) -> Take:
        """One take with the stem `music`, unstretched: cue, handles and 5 % spare (none in published mode).

        The same request gives the same tokens on one device. Where memory runs out, the take is made on the
        next rung of `ladder.Ladder`, and says so; OptionError when there is none. Cancelled within one step,
        no file is left.
        """
        backend = choose_backend(self._installed, request.neural)
        timing = Timing.of(request, self._installed.card.config)
        cancel.check()

        def tell(text: str) -> None:
            progress(Step("generate", 0, timing.steps / FRAME_RATE, text))

        ladder = Ladder(self._installed, request.neural, Rung(candidates_of(request.neural), backend), tell)
        first = FirstWindow(self._installed, self._folder, request, timing.windows, heard, cancel)
        carried = Carried(self._kept(request, cancel), first.tokens)
        with _card(backend, tell, cancel):
            try:
                while True:
                    attempt = _Attempt(
                        self._make, self._installed, self._folder, request, timing, ladder.rung
                    )
                    take = self._tried(request, attempt, ladder, carried, first, progress, cancel)
                    if take is not None:
                        return take
                    # What was kept open beside it goes first, and changes nothing.
                    again = WARM.holds and WARM.close_all()
                    WARM.holds = False
                    free_everything()
                    if not again:
                        ladder.step_down(attempt.where, timing.steps - attempt.done)
                        carried.stepped_down = True
            finally:
                WARM.holds = True

    def _tried(
        self,
        request: TakeRequest,
        attempt: _Attempt,
        ladder: Ladder,
        carried: Carried,
        first: FirstWindow,
        progress: Progress,
        cancel: Cancel,
    ) -> Take | None:
        """The take, or None when memory ran out: by then the error is gone, which holds what did not fit."""
        try:
            return self._take(request, attempt, ladder, carried, first, progress, cancel)
        except Exception as error:
            if card_lost(error):
                raise lost(self.name) from error
            if not out_of_memory(error):
                raise
        return None

    def _kept(self, request: TakeRequest, cancel: Cancel) -> KeptTokens | None:
        if self._stages is None:
            return None
        return KeptTokens(
            take_key(request, self.made_by(request), cancel), self._folder, self._stages, cancel
        )

    def _take(
        self,
        request: TakeRequest,
        attempt: _Attempt,
        ladder: Ladder,
        carried: Carried,
        first: FirstWindow,
        progress: Progress,
        cancel: Cancel,
    ) -> Take:
        from ..fit.choose import choose

        card = self._installed.card
        conditioner = attempt.conditioner(progress, cancel)
        tokens = attempt.tokens(conditioner, carried, progress, cancel)
        with warm_codec(self._installed) as codec:
            rate = codec.sample_rate
            decoded = []
            for row in tokens:
                start = first.clock()
                decoded.append(_decoded(codec, row, cancel))
                first.sound(
                    decoded[0], rate, rest_s=(len(tokens) - len(decoded) + 1) * (first.clock() - start)
                )
        choice = choose(decoded, rate, request, cancel=cancel)
        stem = self._stem(decoded[choice.index], rate, request)
        told = conditioner.told()
        stepped = {STEPPED_DOWN: ladder.rungs} if ladder.rungs else {}
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
            problems=(*told.problems, *ladder.problems, *_unheeded(card.name, request)),
            beats="plan" if request.neural.mode == "published" else "own",
            extra={
                "tokens": store_tokens(self._folder, tokens[choice.index]),
                "candidates": choice.table,
                "backend": ladder.rung.backend.told,
                **stepped,
                **dict(told.facts),
            },
        )

    def _stem(self, sound: Floats, rate: int, request: TakeRequest) -> Stem:
        path = self._folder / f"{MUSIC}.wav"
        with WorkWriter(path, len(sound), channels=sound.shape[1], sample_rate=rate) as out:
            for at in range(0, len(sound), rate):
                out.write(sound[at : at + rate])
        return Stem(MUSIC, str(path), out.sha256, len(sound), request.handle_samples, rate)


class _Attempt:
    """One try at a take's tokens, on one rung; knows how far it came when it fails."""

    def __init__(
        self,
        make: MakeConditioner,
        installed: Installed,
        folder: Path,
        request: TakeRequest,
        timing: Timing,
        rung: Rung,
    ) -> None:
        self._make = make
        self._installed = installed
        self._folder = folder
        self._request = request
        self._timing = timing
        self._rung = rung
        self.where: Where = "condition"
        # Steps of the music that are complete.
        self.done = 0

    def conditioner(self, progress: Progress, cancel: Cancel) -> Conditioner:
        return self._make(
            self._installed,
            self._request,
            self._timing,
            self._rung.backend,
            self._folder,
            progress,
            cancel,
        )

    def tokens(self, conditioner: Conditioner, carried: Carried, progress: Progress, cancel: Cancel) -> Ints:
        """int64 [candidates, K, steps]."""
        self.where = "music"
        asked, total = self._request.neural, self._timing.steps
        name = self._installed.card.name

        def told(done: int) -> None:
            self.done = done
            progress(Step("generate", done / FRAME_RATE, total / FRAME_RATE, f"{name}: music"))

        told(0)
        usual = self._installed.card.config
        guidance = usual.guidance if asked.guidance is None else asked.guidance
        top_k = usual.top_k if asked.top_k is None else asked.top_k
        carried.candidates = self._rung.candidates
        # While a model loads nobody listens: whoever cancels then has the process ended at once.
        progress(Step("load", 0, 1, f"{name}: decoder"))
        with warm_decoder(self._installed, self._rung.backend, self._rung.candidates) as decoder:
            progress(Step("load", 1, 1, f"{name}: decoder"))
            told(0)
            return generate_long(
                decoder,
                conditioner.condition,
                self._timing.windows,
                sampling=Sampling(asked.temperature, top_k, asked.top_p, guidance),
                seed=self._request.score.seed,
                candidates=self._rung.candidates,
                told=told,
                cancel=cancel,
                kept=carried,
            )


def _unheeded(model: str, request: TakeRequest) -> tuple[Problem, ...]:
    """What was wished of this music and does not reach it; in published mode nothing does."""
    follows = heeded(model, plan_channels=request.neural.guide == "plan")
    if request.neural.mode == "published":
        follows = frozenset()
    return unheeded(model, wishes_of(request.cue), follows)


def _card(backend: Backend, tell: Callable[[str], None], cancel: Cancel) -> AbstractContextManager[None]:
    """The card for us alone, where the music is made on one: two models at once fit on few."""
    if backend.device != "cuda":
        return nullcontext()
    waiting = "waiting for the graphics card, which another Hitpoint uses"
    return held(_CARD_LOCK, told=lambda: tell(waiting), cancel=cancel)


def _decoded(codec: SoundCodec, codes: Ints, cancel: Cancel) -> Floats:
    blocks = []
    for block in codec.decode(codes):
        cancel.check()
        blocks.append(block)
    return np.concatenate(blocks)
