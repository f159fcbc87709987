"""Takes of the built-in composer for small made films, finished and ready for the gates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from hitpoint.engine.audio.finish import DEFAULT_LUFS, FULL_SCALE, finish
from hitpoint.engine.audio.loudness import Level
from hitpoint.engine.audio.measure import HitReport, measure_hits
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.evaluate.gates.sketched import piece_of
from hitpoint.engine.generator import TakeRequest
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.plan.score import make_score
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.sketch.composer import compose
from hitpoint.engine.sketch.render import render
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Cut, Picture, Shot, Span
from hitpoint.plugin.master import under_speech

from .voice import DIALOGUE_LUFS, speaking

RATE = Rate(24)
HANDLE_FRAMES = (48, 48)
Scenes = tuple[tuple[int, float], ...]
# Seconds and speed of a film's scenes: calm, busier, its height, calm again.
SHORT: Scenes = ((6, 0.2), (6, 0.5), (7, 0.9), (5, 0.35))
LONG: Scenes = ((14, 0.2), (14, 0.55), (12, 0.3), (16, 0.95), (12, 0.3))


@dataclass(frozen=True, slots=True)
class Made:
    """A finished take, the most that the limiter took from it, dB, and what its hits are met by."""

    piece: Piece
    limited_db: float
    hits: HitReport


def film(seed: int, *, scenes: Scenes = SHORT) -> tuple[Cue, Picture]:
    """Scenes of several shots each; the first cut of a scene is strong. The seed moves the other cuts."""
    rng = np.random.Generator(np.random.PCG64([seed, 0xF11E]))
    motion: list[float] = []
    cuts: list[Cut] = []
    for seconds, speed in scenes:
        start, frames = len(motion), seconds * 24
        if start:
            cuts.append(Cut(start, 0.8))
        motion += [speed] * frames
        shots = 1 + round(3 * speed)
        places = start + np.linspace(0, frames, shots + 1)[1:-1] + rng.integers(-8, 9, shots - 1)
        cuts += [Cut(int(place), 0.3) for place in places]
    borders = [0, *(cut.frame for cut in cuts), len(motion)]
    shots_of = tuple(
        Shot(f"shot {index + 1}", first, last, "gap") for index, (first, last) in enumerate(pairwise(borders))
    )
    frames = len(motion)
    picture = Picture(
        rate=RATE,
        in_frame=0,
        motion=tuple(motion),
        luminance=(0.4,) * frames,
        warmth=(0.5,) * frames,
        saturation=(0.4,) * frames,
        change=tuple(0.2 * value for value in motion),
        cuts=tuple(cuts),
    )
    return Cue(f"film {seed}", RATE, 0, frames, shots_of), picture


def with_speech(picture: Picture) -> Picture:
    """The same film; somebody speaks in its middle third."""
    third = len(picture.motion) // 3
    span = Span(picture.in_frame + third, picture.in_frame + 2 * third)
    return replace(picture, speech=(span,), dialogue_lufs=DIALOGUE_LUFS)


def take(style: str, seed: int, *, scenes: Scenes = SHORT, spoken: bool = False) -> Made:
    """Planned, composed, rendered and finished at its loudness, with two seconds of handle on both sides.

    Where the film is `spoken` over, the piece has its dialogue: espeak-ng must be installed.
    """
    cue, picture = film(seed, scenes=scenes)
    picture = with_speech(picture) if spoken else picture
    score = make_score(seed=seed, style=style, cues=[cue])
    request = TakeRequest(cue, picture, score, make_plan(cue, picture, score), HANDLE_FRAMES)
    composition = compose(request)
    with TemporaryDirectory() as folder:
        stems = render(
            composition.notes,
            composition.voices,
            samples=cue.samples,
            handle_samples=request.handle_samples,
            seed=seed,
            folder=Path(folder),
            stems=composition.stems,
            fade_from=composition.fade_from,
            progress=silent,
            cancel=Cancel(),
        )
        kept = _Kept()
        finished = finish(
            stems,
            samples=cue.samples,
            handle_samples=request.handle_samples,
            target_lufs=DEFAULT_LUFS,
            under=under_speech(picture, request.plan, None),
            sink=kept,
            folder=Path(folder),
        )
    sounds = {name: kept.sounds[name] for name in composition.stems}
    piece = piece_of(request, composition, sounds, dialogue=_dialogue(cue, picture) if spoken else None)
    hits = measure_hits(finished.onsets, request.plan, head_samples=request.handle_samples[0])
    return Made(piece, finished.limited_db, hits)


def _dialogue(cue: Cue, picture: Picture) -> npt.NDArray[np.float32]:
    """Mono float32 of the whole cue: speech where the picture has it, else silence."""
    out = np.zeros(cue.samples, np.float32)
    for span in picture.speech:
        start, end = cue.sample(span.in_frame), cue.sample(span.out_frame_exclusive)
        out[start:end] = speaking(end - start)
    return out


def written(style: str, seed: int, *, scenes: Scenes = SHORT) -> Piece:
    """Planned and composed, not played: for the gates that read notes."""
    cue, picture = film(seed, scenes=scenes)
    score = make_score(seed=seed, style=style, cues=[cue])
    request = TakeRequest(cue, picture, score, make_plan(cue, picture, score), HANDLE_FRAMES)
    return piece_of(request, compose(request), {})


class _Kept:
    """A sink that keeps what it is given, float32 [samples, 2] by name."""

    def __init__(self) -> None:
        self.sounds: dict[str, npt.NDArray[np.float32]] = {}

    @contextmanager
    def open(
        self, name: str, samples: int, level: Level
    ) -> Iterator[Callable[[npt.NDArray[np.int32]], None]]:
        blocks: list[npt.NDArray[np.int32]] = []
        yield blocks.append
        whole = np.concatenate(blocks)
        assert len(whole) == samples
        self.sounds[name] = (whole / FULL_SCALE).astype(np.float32)
