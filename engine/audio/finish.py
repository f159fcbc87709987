"""From a generator's stems to finished ones: 48 kHz stereo, one gain curve, 24-bit integers that add up to
the mix.

The gain is made on the mix alone (a constant for the loudness, the limiter's curve for the peaks) and
multiplied into every stem; only the tips of peaks are taken from the stems that make them (`shave.py`).
Stems are then rounded to 24 bits, and the mix *is* their integer sum. Measured first, written after: whoever
writes a file knows its loudness before its first sample.

Everything runs in blocks of a second. Disk: one float32 copy of the mix, of its weighted squares and of
the gain in the work folder, removed at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..errors import EngineFault, Problem
from ..progress import Cancel, Progress, Step, silent
from ..types import Stem
from .conform import stem_blocks
from .limiter import Limiter
from .loudness import Energies, KWeighting, Level, LevelMeter, TruePeak
from .onset import OnsetCurve, OnsetMeter
from .shave import Shave
from .wav import BLOCK, WorkWriter, work_blocks

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

FULL_SCALE = 1 << 23
# Without speech on the timeline (DESIGN section 9).
DEFAULT_LUFS = -16.0
# Where somebody speaks: this far under it.
UNDER_SPEECH_LU = 15.0
CEILING_DBTP = -1.0
# Measured on hard-driven drums: peaks found on a 4x grid read up to 0.11 dB low against 8x.
_MARGIN_DB = 0.15
_NEAR_LU = 0.05
_ROUNDS = 3
# The mix without the stem of effects, which is what must meet the picture by itself.
MUSIC = "music"
EFFECTS = "hits"


class Sink(Protocol):
    """Where finished sound goes: `export` writes it to files."""

    def open(self, name: str, samples: int, level: Level) -> AbstractContextManager[Callable[[Ints], None]]:
        """A place for `samples` frames; the function it yields takes int32 [n, 2] of 24-bit values."""
        ...


@dataclass(frozen=True, slots=True)
class Under:
    """What the mix must stay under while somebody speaks: stretches in samples of the cue, and LUFS of the
    loudest three seconds of them: at that level on average, music still took a seventh of the words (ESTOI).
    """

    spans: tuple[tuple[int, int], ...]
    lufs: float


@dataclass(frozen=True, slots=True)
class FinishedStem:
    """`level` is that of the whole file, handles included."""

    name: str
    samples: int
    level: Level


@dataclass(frozen=True, slots=True)
class Finished:
    """What was measured on the 24-bit result.

    cue      the mix over the cue without handles (its true peak: of the whole file); what the report says
    mix      the mix over the whole file
    gain_db  the constant part of the gain curve; limited_db how far the limiter went below it
    onsets   curves of every stem and of MUSIC, from the file's first sample
    """

    stems: tuple[FinishedStem, ...]
    cue: Level
    mix: Level
    gain_db: float
    limited_db: float
    rounds: int
    onsets: Mapping[str, OnsetCurve]
    problems: tuple[Problem, ...]


def finish(
    stems: Sequence[Stem],
    *,
    samples: int,
    handle_samples: tuple[int, int],
    target_lufs: float | None,
    sink: Sink,
    folder: Path,
    under: Under | None = None,
    ceiling_dbtp: float = CEILING_DBTP,
    progress: Progress = silent,
    cancel: Cancel | None = None,
) -> Finished:
    """Master `stems` and write them, then "mix", into `sink`.

    `samples` is the cue's length at 48 kHz without handles, `handle_samples` the handles'; every file gets
    exactly their sum: what a stem lacks at its end is silence, what it has too much is cut. `target_lufs` is
    met over the cue without handles; None leaves the level as it is (peaks are limited all the same). `under`
    goes before it: where the music is too loud under speech all of it is turned down by as much, as one mix.
    How far it falls there is the arrangement's; more than that is for the editor's keyframes.
    EngineFault for sound that is not finite; OutputError when the work folder cannot be written.
    """
    if not stems or samples <= 0:
        raise EngineFault(f"{len(stems)} stems of {samples} samples cannot be finished")
    work = _Work(stems, samples, handle_samples, folder, progress, cancel or Cancel())
    try:
        return _finish(work, target_lufs, under, ceiling_dbtp, sink)
    finally:
        work.clean()


def _finish(
    work: _Work, target_lufs: float | None, under: Under | None, ceiling_dbtp: float, sink: Sink
) -> Finished:
    spans = under.spans if under is not None else ()
    raw = work.add_up(spans)
    ceiling = _factor(ceiling_dbtp - _MARGIN_DB)
    gain, goal = _gain(raw, target_lufs, under)
    if raw.peak * gain > ceiling:
        raw = work.shave(Shave(ceiling, gain), spans)
        gain, goal = _gain(raw, target_lufs, under)
    rounds, reduction = 0, 0.0
    problems: list[Problem] = []
    if raw.energies.level().lufs is None:
        problems.append(Problem("silence", "no music is heard in this cue: its stems are silent"))
    if raw.peak * gain > ceiling:
        gain, rounds, reduction, reached = work.limit(gain, ceiling, goal)
        if goal is not None and reached is not None and abs(reached - goal) > _NEAR_LU:
            problems.append(
                Problem(
                    "loudness",
                    f"the music is at {reached:.1f} LUFS, not {goal:g}: its peaks leave no more room",
                )
            )
    measured = work.measure(gain)
    over = measured.overshoot(_factor(ceiling_dbtp))
    if over > 1:
        # A stem alone may be louder than the mix it cancels in.
        scale = 1 / (over * (1 + 1e-4))
        work.scale *= scale
        measured = work.measure(gain)
        text = f"the music is {-_db(scale):.1f} dB quieter than asked: a stem or the mix would clip"
        problems.append(Problem("loudness", text))
    onsets = work.write(gain, measured, sink)
    return Finished(
        stems=tuple(
            FinishedStem(stem.name, work.total, level)
            for stem, level in zip(work.stems, measured.stems, strict=True)
        ),
        cue=measured.cue,
        mix=measured.mix,
        gain_db=_db(gain * work.scale),
        limited_db=abs(_db(1 - reduction)),
        rounds=rounds,
        onsets=onsets,
        problems=tuple(problems),
    )


def _gain(raw: _Raw, target_lufs: float | None, under: Under | None) -> tuple[float, float | None]:
    """The constant gain, and the loudness that the limiter is to keep; None where it has to keep none."""
    before, spoken = raw.energies.level().lufs, _loudest(raw.spoken.level())
    if before is None:
        return 1.0, None
    gain = 1.0 if target_lufs is None else _factor(target_lufs - before)
    if under is not None and spoken is not None and spoken + _db(gain) > under.lufs:
        return _factor(under.lufs - spoken), None
    return gain, target_lufs


def _loudest(level: Level) -> float | None:
    """Of its loudest three seconds; of all where it is shorter."""
    return level.short_term_lufs if level.short_term_lufs is not None else level.lufs


@dataclass(slots=True)
class _Raw:
    energies: Energies
    spoken: Energies
    peak: float


@dataclass(frozen=True, slots=True)
class _Measured:
    stems: tuple[Level, ...]
    stem_peaks: tuple[float, ...]
    cue: Level
    mix: Level

    def overshoot(self, ceiling: float) -> float:
        """By what factor something is too loud; at most 1 when nothing is."""
        largest = (FULL_SCALE - 1) / FULL_SCALE
        mix = 0.0 if self.mix.true_peak_dbtp is None else _factor(self.mix.true_peak_dbtp) / ceiling
        return max(mix, max(self.stem_peaks) / largest)


class _Work:
    """The passes over one cue's stems."""

    def __init__(
        self,
        stems: Sequence[Stem],
        samples: int,
        handles: tuple[int, int],
        folder: Path,
        progress: Progress,
        cancel: Cancel,
    ) -> None:
        self.stems = tuple(stems)
        self.total = handles[0] + samples + handles[1]
        self.cue = (handles[0], handles[0] + samples)
        self.scale = 1.0
        self._mix = folder / ".mix.work.wav"
        self._shaved = folder / ".shaved.work.wav"
        self._squares = folder / ".squares.work.wav"
        self._gain = folder / ".gain.work.wav"
        self._limited = False
        self._shave: Shave | None = None
        self._progress = progress
        self._cancel = cancel
        self._done = 0

    def clean(self) -> None:
        for path in (self._mix, self._shaved, self._squares, self._gain):
            path.unlink(missing_ok=True)

    def _tick(self, text: str) -> None:
        self._cancel.check()
        blocks = -(-self.total // BLOCK)
        self._done += 1
        # Three passes are certain, limiting adds some: the share done is an estimate until the end.
        self._progress(Step("finish", min(self._done, 3 * blocks), 3 * blocks, text))

    def add_up(self, spans: Sequence[tuple[int, int]]) -> _Raw:
        """First pass: the plain mix into a work file, its loudness over the cue and over `spans` of it, and
        its true peak."""
        return self._keep(self._plain_mix(), self._mix, spans, "adding up")

    def _plain_mix(self) -> Iterator[Floats]:
        for blocks in zip(*(stem_blocks(stem, self.total) for stem in self.stems), strict=True):
            mix = np.zeros_like(blocks[0])
            for index, block in enumerate(blocks):
                mix += block
                if not (math.isfinite(block.max()) and math.isfinite(block.min())):
                    name = self.stems[index].name
                    raise EngineFault(f"the stem '{name}' holds values that are no sound")
            yield mix

    def shave(self, shave: Shave, spans: Sequence[tuple[int, int]]) -> _Raw:
        """The mix again, without the tips of its peaks; every later pass shaves the stems."""
        self._shave = shave
        mixes = (shave.mix(block) for block in work_blocks(self._mix))
        raw = self._keep(mixes, self._shaved, spans, "rounding peaks")
        self._mix, self._shaved = self._shaved, self._mix
        return raw

    def _keep(self, mixes: Iterator[Floats], path: Path, spans: Sequence[tuple[int, int]], text: str) -> _Raw:
        weighting, energies, peak = KWeighting(), Energies(*self.cue), TruePeak()
        spoken, at = Energies(), -self.cue[0]
        with (
            WorkWriter(path, self.total) as out,
            WorkWriter(self._squares, self.total, channels=1) as weighted,
        ):
            for mix in mixes:
                self._tick(text)
                out.write(mix)
                squares = weighting.squares(mix)
                weighted.write(squares.astype(np.float32)[:, None])
                energies.feed(squares)
                for start, end in spans:
                    spoken.feed(squares[max(0, start - at) : max(0, end - at)])
                at += len(squares)
                peak.feed(mix)
        return _Raw(energies, spoken, peak.end())

    def limit(
        self, gain: float, ceiling: float, target: float | None
    ) -> tuple[float, int, float, float | None]:
        """Gain curve into a work file. Returns (constant gain, rounds, largest reduction, LUFS reached)."""
        self._limited = True
        slope, last = 1.0, None
        for rounds in range(1, _ROUNDS + 1):
            limiter, reached = self._limit_once(gain, ceiling)
            done = target is None or reached is None or abs(target - reached) <= _NEAR_LU
            if done or rounds == _ROUNDS:
                break
            assert target is not None and reached is not None
            if last is not None and _db(gain) != last[0]:
                # The more is limited, the less a decibel of gain adds.
                slope = min(1.0, max(0.2, (reached - last[1]) / (_db(gain) - last[0])))
            last = (_db(gain), reached)
            gain *= _factor((target - reached) / slope)
        return gain, rounds, limiter.largest_reduction, reached

    def _limit_once(self, gain: float, ceiling: float) -> tuple[Limiter, float | None]:
        limiter, energies = Limiter(ceiling, gain), Energies(*self.cue)
        waiting = np.zeros((0, 1), np.float32)
        with WorkWriter(self._gain, self.total, channels=1) as out:
            for block, squares in zip(work_blocks(self._mix), work_blocks(self._squares), strict=True):
                self._tick("limiting")
                waiting = np.concatenate((waiting, squares))
                curve = limiter.feed(block)
                waiting = self._curve(curve, waiting, out, energies)
            self._curve(limiter.end(), waiting, out, energies)
        return limiter, energies.level().lufs

    @staticmethod
    def _curve(
        curve: npt.NDArray[np.float64], waiting: Floats, out: WorkWriter, energies: Energies
    ) -> Floats:
        """Write a piece of the curve and add up what it makes of the weighted squares. Returns the rest of
        them.

        The curve moves slowly against the weighting filters, so both may change places: 0.01 LU at most.
        """
        single = curve.astype(np.float32)[:, None]
        out.write(single)
        energies.feed((np.square(single) * waiting[: len(single)])[:, 0].astype(np.float64))
        return waiting[len(single) :]

    def measure(self, gain: float) -> _Measured:
        """Second pass: what the rounded stems and their sum will measure."""
        meters = [LevelMeter() for _ in self.stems]
        weighting, cue, whole, peak = KWeighting(), Energies(*self.cue), Energies(), TruePeak()
        tops = [0] * len(self.stems)
        for blocks in self._rounded(gain):
            self._tick("measuring")
            for index, block in enumerate(blocks):
                meters[index].feed(_floats(block))
                tops[index] = max(tops[index], int(block.max()), -int(block.min()))
            mix = _floats(_sum(blocks))
            squares = weighting.squares(mix)
            cue.feed(squares)
            whole.feed(squares)
            peak.feed(mix)
        top = peak.end()
        return _Measured(
            stems=tuple(meter.level() for meter in meters),
            stem_peaks=tuple(top / FULL_SCALE for top in tops),
            cue=cue.level(peak=top),
            mix=whole.level(peak=top),
        )

    def write(self, gain: float, measured: _Measured, sink: Sink) -> dict[str, OnsetCurve]:
        """Third pass: into the sink. Returns the onset curves."""
        peaks = [
            _factor(-200 if level.true_peak_dbtp is None else level.true_peak_dbtp)
            for level in measured.stems
        ]
        names = [stem.name for stem in self.stems]
        onsets = [OnsetMeter(peak) for peak in peaks]
        music = OnsetMeter(
            _factor(-200 if measured.mix.true_peak_dbtp is None else measured.mix.true_peak_dbtp)
        )
        with ExitStack() as stack:
            writes = [
                stack.enter_context(sink.open(name, self.total, level))
                for name, level in zip(names, measured.stems, strict=True)
            ]
            write_mix = stack.enter_context(sink.open("mix", self.total, measured.mix))
            for blocks in self._rounded(gain):
                self._tick("writing")
                mix = _sum(blocks)
                effects = np.zeros_like(mix)
                for index, block in enumerate(blocks):
                    writes[index](block)
                    onsets[index].feed(_floats(block))
                    if names[index] == EFFECTS:
                        effects = block
                write_mix(mix)
                music.feed(_floats(mix - effects))
        curves = {name: meter.curve() for name, meter in zip(names, onsets, strict=True)}
        return curves | {MUSIC: music.curve()}

    def _rounded(self, gain: float) -> Iterator[list[Ints]]:
        """The stems as the integers they will be, block by block."""
        curve = work_blocks(self._gain) if self._limited else None
        for blocks in zip(*(stem_blocks(stem, self.total) for stem in self.stems), strict=True):
            factor = np.float32(gain) if curve is None else next(curve)
            factor = factor * np.float32(self.scale * FULL_SCALE)
            tamed = blocks if self._shave is None else self._shave.stems(blocks)
            scaled = (block * factor for block in tamed)
            yield [np.rint(block, out=block).astype(np.int32) for block in scaled]


def _sum(blocks: Sequence[Ints]) -> Ints:
    mix = blocks[0].copy()
    for block in blocks[1:]:
        mix += block
    return mix


def _floats(block: Ints) -> Floats:
    return block.astype(np.float32) * np.float32(1 / FULL_SCALE)


def _factor(decibels: float) -> float:
    return float(10 ** (decibels / 20))


def _db(factor: float) -> float:
    return 20 * math.log10(factor)
