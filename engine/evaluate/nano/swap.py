"""Whether the pictures matter beyond the plan: the plan is held, the pictures are another film's.

Film A gives the plan, film B, of the other mood and another kind of motion, the pictures. A's harmony has the
same roots in major and minor. With `open` chords (no third in the plan) the mode is the pictures' to decide;
with whole chords the plan already says it, and only the palette is left to them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from ...models.channels import plan_channels
from ...progress import Cancel, Progress, Step
from ...train.corpus.pairs import Pair
from ...train.corpus.scenario import MOTIONS
from ...train.corpus.store import make_corpus, read_pair
from .mood import PaletteReader, fit_reader, major, timbre
from .systems import kept
from .voice import Floats, Ints, Voice, steps_of

_SEED = 60_000
# Of films whose music nobody learned from.
FIRST_SEED = 500_000


@dataclass(frozen=True, slots=True)
class SwapResult:
    """Shares; `*_truth` is what the readers get right on ground truth through the codec, their ceiling."""

    films: int
    mode_open: tuple[float, ...]
    mode_whole: tuple[float, ...]
    palette_open: tuple[float, ...]
    palette_whole: tuple[float, ...]
    palette_of_plan: tuple[float, ...]
    mode_truth: tuple[float, ...]
    palette_truth: tuple[float, ...]


def swap_pictures(
    taught: Sequence[Path],
    voice: Voice,
    folder: Path,
    *,
    films: int,
    processes: int,
    progress: Progress,
    cancel: Cancel,
) -> SwapResult:
    """`taught`: pairs of the train split, for the palette reader. Films are of its worlds, other seeds."""
    reader = _reader(taught, voice, progress, cancel)
    pairs = _plain_films(films, folder, processes, progress, cancel)
    rate = voice.sample_rate
    found: dict[str, list[float]] = {name: [] for name in SwapResult.__dataclass_fields__ if name != "films"}
    for index, pair in enumerate(pairs):
        cancel.check()
        progress(Step("swap", index, len(pairs), "pictures of another film"))
        other = _opposite(pairs, index)
        truth = kept(folder / "truth" / f"{index:03}.npz", partial(voice.resynthesised, pair.sound))
        found["mode_truth"].append((major(truth, rate, pair.chords) > 0) == pair.scenario.bright)
        found["palette_truth"].append(reader(timbre(truth, rate)) == _palette(pair))
        rows = voice.look(other.frames)
        steps = steps_of(pair.sound, rate)
        for name, opened in (("open", True), ("whole", False)):
            plan = plan_channels(pair.plan, pair.chords, start_sample=0, steps=steps, open_thirds=opened)

            play = partial(voice.play, rows, plan, steps, seed=_SEED + index)
            sound = kept(folder / name / f"{index:03}.npz", partial(_sounding, voice, play))
            palette = reader(timbre(sound, rate))
            bright = major(sound, rate, pair.chords) > 0
            found[f"mode_{name}"].append(bright == other.scenario.bright)
            found[f"palette_{name}"].append(palette == _palette(other))
            if not opened:
                found["palette_of_plan"].append(palette == _palette(pair))
    return SwapResult(films=len(pairs), **{name: tuple(map(float, row)) for name, row in found.items()})


def _sounding(voice: Voice, play: Callable[[], Ints]) -> Floats:
    return voice.sound(play())


def _reader(taught: Sequence[Path], voice: Voice, progress: Progress, cancel: Cancel) -> PaletteReader:
    features, labels = [], []
    for index, path in enumerate(taught):
        cancel.check()
        progress(Step("swap", index, len(taught), "palette reader"))
        pair = read_pair(path)
        features.append(timbre(voice.resynthesised(pair.sound), voice.sample_rate))
        labels.append(_palette(pair))
    return fit_reader(features, labels, len(MOTIONS))


def _plain_films(films: int, folder: Path, processes: int, progress: Progress, cancel: Cancel) -> list[Pair]:
    """Films with plain roots, which every other one has."""
    paths = make_corpus(
        folder / "films",
        "train",
        3 * films,
        first_seed=FIRST_SEED,
        processes=processes,
        progress=progress,
        cancel=cancel,
    )
    pairs = (read_pair(path) for path in paths)
    return list(islice((pair for pair in pairs if pair.scenario.plain_roots), films))


def _opposite(pairs: Sequence[Pair], index: int) -> Pair:
    """The next film of the other mood and another kind of motion."""
    own = pairs[index].scenario
    for step in range(1, len(pairs)):
        other = pairs[(index + step) % len(pairs)]
        if other.scenario.bright != own.bright and other.scenario.motion != own.motion:
            return other
    raise AssertionError("films of one mood, or of one kind of motion, cannot be swapped")


def _palette(pair: Pair) -> int:
    return MOTIONS.index(pair.scenario.motion)
