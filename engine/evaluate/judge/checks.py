"""The sanity checks of a judge (metrics.md 5.4): does it hear the film, or only what pairs share?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...errors import InputError
from ...progress import Cancel, Progress, silent
from .config import EDGE, GALLERY, RATE, JudgeConfig
from .judge import Judge, Pair, equal_length
from .scores import Cmr2, Ta2, Values, cmr2, ta2
from .train import train_judge

# Those that a checkpoint must carry; the sixth, `above_ceiling`, belongs to each evaluation.
REQUIRED = ("S1", "S2", "S3", "S4", "S5")

_NOISE_STEPS = 300
_NOISE_TRAINING, _NOISE_HELD_OUT, _NOISE_CHANNELS = 192, 384, 24
_DERANGEMENTS = 20
_EXCHANGES = 8
_DRAWS = 10_000
_SHIFTS_S = (0.5, 1.0, 2.0, 4.0)
_SHARES = (0.25, 0.5, 0.75)
_CMR2_SPAN, _AUC_SPAN, _TA2_SPAN = 0.02, 0.05, 0.01
# "Monotonically" up to noise: no step may rise by more than this share of the whole fall.
_MOST_RISE = 0.05


@dataclass(frozen=True, slots=True)
class Measure:
    """One value and the bounds within which it passes, both included."""

    name: str
    value: float
    low: float
    high: float

    @property
    def passed(self) -> bool:
        return self.low <= self.value <= self.high


@dataclass(frozen=True, slots=True)
class Check:
    key: str
    measures: tuple[Measure, ...]

    @property
    def passed(self) -> bool:
        return bool(self.measures) and all(measure.passed for measure in self.measures)


def noise_checks(
    config: JudgeConfig, *, seed: int, steps: int = _NOISE_STEPS, progress: Progress = silent
) -> tuple[Check, Check]:
    """S1 and S5: towers of this configuration taught on white noise that is independent on both sides; unseen
    pairs must be at chance, and the raw diagonal too, since a clock in both towers cancels in the gap.
    """
    random = np.random.Generator(np.random.PCG64([seed, 51]))
    frames = config.crop + 2 * RATE

    def noise() -> npt.NDArray[np.float32]:
        return random.standard_normal((frames, _NOISE_CHANNELS), np.float32)

    def pairs(count: int, name: str) -> list[Pair]:
        return [Pair(noise(), noise(), f"{name} {i}") for i in range(count)]

    # Noise of a few channels has no grid to project, and no brightness or gain.
    plain = replace(config, video_components=0, video_plain=0, video_shifted=0, music_shifted=0)
    judge = _taught(plain, pairs(_NOISE_TRAINING, "noise"), seed, steps, progress, None)
    clips, times = scores_of(judge, pairs(_NOISE_HELD_OUT, "unseen noise"), seed=seed)
    chance = times.chance
    raw = Measure("ta2 diagonal", float(times.diagonal.mean()), chance - _TA2_SPAN, chance + _TA2_SPAN)
    return Check("S1", _at_chance(clips, times)), Check("S5", (raw,))


def shuffled_training(
    training: Sequence[Pair],
    held_out: Sequence[Pair],
    config: JudgeConfig,
    *,
    seed: int,
    steps: int = _NOISE_STEPS,
    progress: Progress = silent,
    cancel: Cancel | None = None,
) -> Check:
    """S2: taught on real pairs with each film's music taken from others, true unseen pairs are at chance.

    Of one exchange alone the towers would learn what its few films happen to have in common: bright ones
    with the music of dark ones, say. So every film is taught with the music of several others.
    """
    random = np.random.Generator(np.random.PCG64([seed, 52]))
    sources = [pair.source for pair in training]
    wrong = [
        Pair(p.video, training[j].music, p.source)
        for _ in range(_EXCHANGES)
        for p, j in zip(training, derangement(sources, random), strict=True)
    ]
    judge = _taught(config, wrong, seed, steps, progress, cancel)
    return Check("S2", _at_chance(*scores_of(judge, held_out, seed=seed)))


def shuffled_test(judge: Judge, held_out: Sequence[Pair], *, seed: int) -> Check:
    """S3: with the wrong music unseen films are at chance (mean of 20 derangements), and the right music is
    better in a paired test (two-sided, 10,000 sign flips).
    """
    random = np.random.Generator(np.random.PCG64([seed, 53]))
    pairs = equal_length(held_out)
    sources = [pair.source for pair in pairs]
    seen, heard = judge.see([p.video for p in pairs]), judge.hear([p.music for p in pairs])
    true = cmr2(seen.clips, heard.clips, sources, judge.temperature, seed=seed)
    clips, times = [], []
    for _ in range(_DERANGEMENTS):
        own = derangement(sources, random)
        clips.append(cmr2(seen.clips, heard.clips, sources, judge.temperature, own=own, seed=seed))
        times.append(ta2(seen.frames, heard.frames, sources, judge.temperature, own=own))
    wrong = Cmr2(*(np.mean([getattr(c, n) for c in clips], 0) for n in ("probability", "top1", "auc")))
    diagonal, gap, offset = (
        np.mean([getattr(t, n) for t in times], 0) for n in ("diagonal", "gap", "offset_s")
    )
    late = Ta2(diagonal, gap, offset, times[0].chance)
    better = Measure("p", _paired_p(true.probability - wrong.probability, random), 0.0, 0.01)
    rise = Measure("right less wrong", float(np.mean(true.probability - wrong.probability)), 0.0, 1.0)
    return Check("S3", (*_at_chance(wrong, late), better, rise))


def dose_response(judge: Judge, held_out: Sequence[Pair], *, seed: int) -> Check:
    """S4: the ta2 gap falls as the music comes later by .5, 1, 2 and 4 s; cmr2 falls as 25, 50 and 75 % of
    the music is replaced by that of another film. InputError when clips are too short to be shifted.
    """
    most = round(max(_SHIFTS_S) * RATE)
    pairs = equal_length(held_out)
    frames = pairs[0].frames - most
    if frames < 2 * (EDGE + RATE):
        raise InputError(
            f"clips of {pairs[0].frames / RATE:g} s are too short for a shift of {most / RATE:g} s"
        )
    sources = [pair.source for pair in pairs]
    seen = judge.see([p.video[most:] for p in pairs])
    gaps = []
    for shift in (0, *(round(s * RATE) for s in _SHIFTS_S)):
        # Music that comes later: what is heard at a frame was written for one before.
        heard = judge.hear([p.music[most - shift : most - shift + frames] for p in pairs])
        gaps.append(float(ta2(seen.frames, heard.frames, sources, judge.temperature).gap.mean()))
    random = np.random.Generator(np.random.PCG64([seed, 54]))
    other = derangement(sources, random)
    starts = random.random(len(pairs))
    found = []
    for share in (0.0, *_SHARES):
        musics = []
        for i, pair in enumerate(pairs):
            length = round(share * pair.frames)
            at = int(starts[i] * (pair.frames - length + 1))
            music = pair.music.copy()
            music[at : at + length] = pairs[other[i]].music[at : at + length]
            musics.append(music)
        seen_whole = judge.see([p.video for p in pairs])
        clips = cmr2(seen_whole.clips, judge.hear(musics).clips, sources, judge.temperature, seed=seed)
        found.append(float(clips.probability.mean()))
    falls = (*_falling("ta2 gap", gaps, 0.0, _TA2_SPAN), *_falling("cmr2", found, 1 / GALLERY, _CMR2_SPAN))
    return Check("S4", falls)


def above_ceiling(truth: float, systems: Mapping[str, float]) -> tuple[str, ...]:
    """S6: the systems that score above the true music, which is to be flagged, not celebrated."""
    return tuple(name for name, value in systems.items() if value > truth)


def scores_of(judge: Judge, pairs: Sequence[Pair], *, seed: int = 0) -> tuple[Cmr2, Ta2]:
    """Both scores of pairs, films asking for their music; all are cropped to the shortest first."""
    pairs = equal_length(pairs)
    sources = [pair.source for pair in pairs]
    seen, heard = judge.see([p.video for p in pairs]), judge.hear([p.music for p in pairs])
    return (
        cmr2(seen.clips, heard.clips, sources, judge.temperature, seed=seed),
        ta2(seen.frames, heard.frames, sources, judge.temperature),
    )


def derangement(sources: Sequence[str], random: np.random.Generator) -> list[int]:
    """For each clip the index of one of another source; a permutation when every source has one clip."""
    names = sorted(set(sources))
    if len(names) < 2:
        raise InputError("one source has nothing to be exchanged with: give two or more")
    order = [names[i] for i in random.permutation(len(names))]
    following = dict(zip(order, order[1:] + order[:1], strict=True))
    clips = {name: [i for i, source in enumerate(sources) if source == name] for name in names}
    return [int(random.choice(clips[following[source]])) for source in sources]


def _taught(
    config: JudgeConfig,
    pairs: Sequence[Pair],
    seed: int,
    steps: int,
    progress: Progress,
    cancel: Cancel | None,
) -> Judge:
    # One check, at the end: the best weights by validation would be the untaught ones, and pass for nothing.
    whole = replace(config, check_every=steps, patience=1)
    return train_judge(pairs, whole, seed=seed, steps=steps, progress=progress, cancel=cancel).judge


def _at_chance(clips: Cmr2, times: Ta2) -> tuple[Measure, ...]:
    spans = (
        ("cmr2", clips.probability, 1 / GALLERY, _CMR2_SPAN),
        ("auc", clips.auc, 0.5, _AUC_SPAN),
        ("ta2 gap", times.gap, 0.0, _TA2_SPAN),
    )
    return tuple(
        Measure(name, float(v.mean()), chance - span, chance + span) for name, v, chance, span in spans
    )


def _falling(name: str, values: Sequence[float], chance: float, span: float) -> Iterator[Measure]:
    """A fall by more than the span of chance without a step upwards; below that span it has fallen to chance,
    and what it does there does not count.
    """
    above = [max(value, chance + span) for value in values]
    fall = above[0] - above[-1]
    yield Measure(f"{name} fall", fall, span, 1.0)
    yield Measure(f"{name} rise / fall", float(max(0.0, *np.diff(above)) / max(fall, span)), 0.0, _MOST_RISE)


def _paired_p(difference: Values, random: np.random.Generator) -> float:
    signs = random.integers(0, 2, (_DRAWS, len(difference))) * 2 - 1
    null = np.abs((signs * difference).mean(1))
    return float((1 + np.sum(null >= abs(difference.mean()) * (1 - 1e-12))) / (1 + _DRAWS))
