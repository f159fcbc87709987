"""Takes of the built-in composer for small made films, finished and ready for the gates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from hitpoint.engine.audio.finish import FULL_SCALE, finish
from hitpoint.engine.audio.loudness import Level
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.evaluate.gates.sketched import piece_of
from hitpoint.engine.generator import TakeRequest
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.plan.score import make_score
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.sketch.composer import compose
from hitpoint.engine.sketch.render import render
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Cut, Picture, Shot

RATE = Rate(24)
HANDLE_FRAMES = (48, 48)
Scenes = tuple[tuple[int, float], ...]
# Seconds and speed of a film's scenes: calm, busier, its height, calm again.
SHORT: Scenes = ((6, 0.2), (6, 0.5), (7, 0.9), (5, 0.35))
LONG: Scenes = ((14, 0.2), (14, 0.55), (12, 0.3), (16, 0.95), (12, 0.3))


@dataclass(frozen=True, slots=True)
class Made:
    """A finished take, and the most that the limiter took from it, dB."""

    piece: Piece
    limited_db: float


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


def take(style: str, seed: int, *, scenes: Scenes = SHORT) -> Made:
    """Planned, composed, rendered and finished at -16 LUFS, with two seconds of handle on both sides."""
    cue, picture = film(seed, scenes=scenes)
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
            target_lufs=-16.0,
            sink=kept,
            folder=Path(folder),
        )
    sounds = {name: kept.sounds[name] for name in composition.stems}
    return Made(piece_of(request, composition, sounds), finished.limited_db)


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
