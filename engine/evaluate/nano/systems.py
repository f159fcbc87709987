"""Whose music stands in the table: ground truth, the codec alone, both forms, sketch, and the controls."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from ...audio.conform import stem_blocks
from ...generator import TakeRequest
from ...models.channels import plan_channels
from ...plan.plan import make_plan
from ...plan.score import choose_style, make_score
from ...progress import Cancel, Progress, Step, silent
from ...sketch.generator import SketchGenerator
from ...store.durable import durable_write
from ...timebase import SAMPLE_RATE
from .films import HeldOutFilm
from .voice import Floats, Voice, steps_of

TRUTH = "ground truth"
CODEC = "codec of ground truth"
PUBLISHED = "gvmgen-nano, published form"
OURS = "ours, guided by the plan"
UNGUIDED = "ours, no guide"
MISGUIDED = "ours, another film's plan"
SKETCH = "sketch"
SHUFFLED = "shuffled pairs"
SYSTEMS = (TRUTH, CODEC, PUBLISHED, OURS, UNGUIDED, MISGUIDED, SKETCH, SHUFFLED)
# Sketch and the generators do not draw the numbers that ground truth was composed with.
_SEED = 40_000

Sounds = list[npt.NDArray[np.float32]]


def all_sounds(
    films: Sequence[HeldOutFilm],
    ours: Voice,
    published: Voice,
    folder: Path,
    *,
    progress: Progress,
    cancel: Cancel,
) -> dict[str, Sounds]:
    """Mono sound at the voices' rate for every system and film, kept in `folder`."""
    rate = ours.sample_rate
    others = np.roll(np.arange(len(films)), 1)

    def plan_of(index: int, steps: int) -> Floats:
        pair = films[index].pair
        return plan_channels(pair.plan, pair.chords, start_sample=0, steps=steps)

    def played(voice: Voice, index: int, plan: int | None) -> Floats:
        pair = films[index].pair
        steps = steps_of(pair.sound, rate)
        columns = None if plan is None else plan_of(plan, steps)
        tokens = voice.play(voice.look(pair.frames), columns, steps, seed=_SEED + index)
        return voice.sound(tokens)[: len(pair.sound)]

    makers: dict[str, Callable[[int], Floats]] = {
        TRUTH: lambda i: films[i].pair.sound,
        CODEC: lambda i: ours.resynthesised(films[i].pair.sound),
        PUBLISHED: lambda i: played(published, i, None),
        OURS: lambda i: played(ours, i, i),
        UNGUIDED: lambda i: played(ours, i, None),
        MISGUIDED: lambda i: played(ours, i, int(others[i])),
        SKETCH: lambda i: sketched(films[i], _SEED + i, rate),
        SHUFFLED: lambda i: _as_long(films[int(others[i])].pair.sound, len(films[i].pair.sound)),
    }
    out: dict[str, Sounds] = {}
    for number, name in enumerate(SYSTEMS):
        out[name] = []
        for index in range(len(films)):
            cancel.check()
            progress(Step("systems", number * len(films) + index, len(SYSTEMS) * len(films), name))
            path = folder / name.replace(" ", "-").replace(",", "") / f"{index:03}.npz"
            out[name].append(kept(path, partial(makers[name], index)))
    return out


def kept(path: Path, make: Callable[[], Floats]) -> Floats:
    """`make`'s sound, from `path` where it was made before."""
    if not path.is_file():
        buffer = io.BytesIO()
        np.savez(buffer, sound=make().astype(np.float32))
        durable_write(path, buffer.getvalue())
    with np.load(path, allow_pickle=False) as arrays:
        return np.asarray(arrays["sound"])


def sketched(film: HeldOutFilm, seed: int, rate: int) -> Floats:
    """What the built-in composer makes of the film's Picture, asked as the command line asks it."""
    pair = film.pair
    score = make_score(seed=seed, style=choose_style([pair.picture]), cues=[pair.cue])
    request = TakeRequest(pair.cue, pair.picture, score, make_plan(pair.cue, pair.picture, score))
    with tempfile.TemporaryDirectory() as folder:
        take = SketchGenerator(Path(folder)).generate(request, progress=silent, cancel=Cancel())
        mono = np.zeros(pair.cue.samples, np.float32)
        for stem in take.stems:
            at = 0
            for block in stem_blocks(stem, pair.cue.samples):
                mono[at : at + len(block)] += block.mean(axis=1)
                at += len(block)
    return _as_long(np.asarray(soxr.resample(mono, SAMPLE_RATE, rate), np.float32), len(pair.sound))


def _as_long(sound: Floats, samples: int) -> Floats:
    """Cut, or played again from its beginning."""
    return np.resize(sound, samples)
