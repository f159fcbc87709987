"""Music with beats of its own, fitted to the hits of its cue: found, matched, stretched, measured again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..audio.conform import stem_blocks
from ..audio.fade import faded
from ..audio.onset import OnsetCurve, OnsetMeter
from ..audio.wav import BLOCK, WorkWriter, work_blocks, work_frames
from ..errors import EngineFault, Problem
from ..generator import TakeRequest
from ..progress import Cancel, Progress, Step
from ..timebase import SAMPLE_RATE
from ..types import Stem, Take
from .beats import Beats, find_beats
from .grid import plan_on_beats
from .match import Match, Samples, match, met, straight, warped
from .stretch import stretched

Floats = npt.NDArray[np.float32]

# Below this confidence, or with fewer beats than two bars, a tempo map of the music would be an invention.
LEAST_CONFIDENCE = 0.25
_FEWEST_BEATS = 9
_UNMET = "must-unmet"
# A model goes on for ever: its music is let go of over so long, half of a short cue at most, and is over with
# its cue. A hit is left whole, as far as that leaves a breath.
_LET_GO = round(2.5 * SAMPLE_RATE)
_HIT_RINGS = round(0.15 * SAMPLE_RATE)
_BREATH = round(0.4 * SAMPLE_RATE)
# A beat lies where its onset is heard, when one is this near to where the warp puts it.
_HEARD = round(0.020 * SAMPLE_RATE)


def fit_take(request: TakeRequest, take: Take, folder: Path, *, progress: Progress, cancel: Cancel) -> Take:
    """`take` with its stems stretched along one warp, exactly head handle, cue and tail handle long.

    Its stems together are the music, at any rate, from the head handle's first sample on. The returned stems
    are work files of 48 kHz stereo in `folder`, which fade out to the cue's end. The plan gets the beats
    measured on the fitted sound (or keeps its own where the music has no pulse), and `extra["fit"]` tells
    what was done. Cancelled between blocks; no file is left then.
    """
    if not take.stems:
        raise EngineFault(f"the take of '{take.cue}' has no stem to fit")
    head, tail = request.handle_samples
    target = head + request.cue.samples + tail
    work = _Work(folder, target, len(take.stems), progress, cancel)
    sources = [folder / f"{stem.name}.unfitted.wav" for stem in take.stems]
    try:
        for stem, path in zip(take.stems, sources, strict=True):
            work.at_48k(stem, path)
        length = max(work_frames(path)[0] for path in sources)
        beats = find_beats(work.onsets(sources))
        found = match(
            beats,
            request.plan.hits,
            head_samples=head,
            target_samples=target,
            source_samples=length,
            cancel=cancel,
        )
        stems = work.stretch(
            take.stems, sources, found, request.handle_samples, _let_go(request, head, target - tail)
        )
    finally:
        for path in sources:
            path.unlink(missing_ok=True)
    after = find_beats(work.onsets([Path(stem.path) for stem in stems]))
    placed = _heard(warped(beats.beats, found.warp), after) - head
    pulse = beats.confidence >= LEAST_CONFIDENCE and len(placed) >= max(_FEWEST_BEATS, 2 * beats.meter + 1)
    plan = plan_on_beats(request.plan, placed, beats.downbeat, beats.meter) if pulse else request.plan
    fitted = met(after.clear_onsets, plan.hits, straight(target), head_samples=head)
    plan = replace(plan, problems=_unmet(request, fitted))
    told = _told(request, beats, found, fitted, placed if pulse else None)
    problems = take.problems if pulse else (*take.problems, _no_pulse(take))
    work.end()
    return replace(
        take, stems=stems, plan=plan, problems=problems, beats="plan", extra={**take.extra, "fit": told}
    )


def _let_go(request: TakeRequest, start: int, end: int) -> int:
    """Where the music begins to fade, in a file whose cue is from `start` to `end`."""
    usual = end - min(_LET_GO, (end - start) // 2)
    hits = [start + hit.sample + _HIT_RINGS for hit in request.plan.hits if hit.strong]
    return min(max([usual, *hits]), max(start, end - _BREATH))


def _no_pulse(take: Take) -> Problem:
    text = f"no steady beat was found in the music of '{take.cue}': the bars and tempi shown are the plan's"
    return Problem("no-pulse", text)


def _unmet(request: TakeRequest, fitted: Sequence[bool]) -> tuple[Problem, ...]:
    """The plan's problems, but of the hits that must be met those that this music does not meet."""
    plan = request.plan
    wanted = [hit for hit in plan.hits if hit.kind != "avoid"]
    problems = [problem for problem in plan.problems if problem.kind != _UNMET]
    for hit, is_met in zip(wanted, fitted, strict=True):
        if hit.kind == "must" and not is_met:
            at_s = hit.sample / SAMPLE_RATE
            text = f"no onset of the music meets the hit at {at_s:.2f} s of '{plan.cue}': try another seed"
            problems.append(Problem(_UNMET, text))
    return tuple(problems)


def _heard(placed: Samples, after: Beats) -> Samples:
    """Beats at the onsets that are really there, in ascending order."""
    out = placed.copy()
    onsets = after.audible_onsets
    if len(onsets):
        right = np.clip(np.searchsorted(onsets, placed), 0, len(onsets) - 1)
        left = np.maximum(right - 1, 0)
        nearest = np.where(
            np.abs(onsets[right] - placed) < np.abs(onsets[left] - placed), onsets[right], onsets[left]
        )
        out = np.where(np.abs(nearest - placed) <= _HEARD, nearest, placed)
    # 20 ms either way never reach the next beat, which is 300 ms away at the fastest.
    return np.asarray(out, np.int64)


def _told(
    request: TakeRequest, beats: Beats, found: Match, fitted: Sequence[bool], placed: Samples | None
) -> dict[str, Any]:
    """For the report: values of JSON, seconds from the music's and the file's first sample."""
    plain = straight(found.warp[-1][1])
    unfitted = met(beats.clear_onsets, request.plan.hits, plain, head_samples=request.handle_samples[0])
    bpm = None if placed is None else 60 * SAMPLE_RATE / float(np.median(np.diff(placed)))
    return {
        "offset_s": round(found.warp[0][0] / SAMPLE_RATE, 4),
        "anchors_s": [[round(a / SAMPLE_RATE, 4), round(b / SAMPLE_RATE, 4)] for a, b in found.warp],
        "stretches": [round(stretch, 4) for stretch in found.stretches],
        "beats": "none found: the tempo map is the plan's" if bpm is None else "measured",
        "confidence": round(beats.confidence, 3),
        "bpm": None if bpm is None else round(bpm, 2),
        "hits": len(fitted),
        "met": sum(fitted),
        "met_unfitted": sum(unfitted),
    }


@dataclass(slots=True)
class _Work:
    folder: Path
    target: int
    stems: int
    progress: Progress
    cancel: Cancel
    done: int = 0

    def at_48k(self, stem: Stem, path: Path) -> None:
        """Write a stem as 48 kHz stereo, which can be read from anywhere."""
        frames, rate = work_frames(Path(stem.path))
        samples = -(-frames * SAMPLE_RATE // rate)
        with WorkWriter(path, samples) as out:
            for block in stem_blocks(stem, samples):
                self._tick("reading")
                out.write(block)

    def onsets(self, paths: Sequence[Path]) -> OnsetCurve:
        """The onset curve of some files' sum."""
        peak = max(float(np.abs(block).max(initial=0.0)) for block in self._sum(paths))
        meter = OnsetMeter(peak)
        for block in self._sum(paths):
            meter.feed(block)
        return meter.curve()

    def _sum(self, paths: Sequence[Path]) -> Iterator[Floats]:
        for blocks in zip(*(work_blocks(path) for path in paths), strict=True):
            self._tick("finding beats")
            total = blocks[0]
            for block in blocks[1:]:
                total = total + block
            yield total

    def stretch(
        self,
        stems: Sequence[Stem],
        sources: Sequence[Path],
        found: Match,
        handles: tuple[int, int],
        let_go: int,
    ) -> tuple[Stem, ...]:
        out = []
        end = self.target - handles[1]
        try:
            for stem, source in zip(stems, sources, strict=True):
                path = self.folder / f"{stem.name}.fitted.wav"
                with WorkWriter(path, self.target) as file:
                    start = 0
                    for sound in stretched(_reader(source), found.warp):
                        self._tick("stretching")
                        for at in range(0, len(sound), BLOCK):
                            block = sound[at : at + BLOCK]
                            file.write(block * faded(let_go, end, start, len(block)))
                            start += len(block)
                out.append(Stem(stem.name, str(path), file.sha256, self.target, handles))
        except BaseException:
            for made in out:
                Path(made.path).unlink(missing_ok=True)
            raise
        return tuple(out)

    def end(self) -> None:
        self.progress(Step("fit", 1, 1, "fitted"))

    def _tick(self, text: str) -> None:
        """A second of one file is read, looked at twice, stretched, and looked at twice again."""
        self.cancel.check()
        total = max(1, 6 * self.stems * -(-self.target // BLOCK))
        self.done = min(self.done + 1, total)
        self.progress(Step("fit", self.done, total, text))


def _reader(path: Path) -> Callable[[int, int], Floats]:
    frames, _ = work_frames(path)

    def read(start: int, stop: int) -> Floats:
        out = np.zeros((stop - start, 2), np.float32)
        first, last = max(start, 0), min(stop, frames)
        if last > first:
            at = first - start
            for block in work_blocks(path, start=first, stop=last):
                out[at : at + len(block)] = block
                at += len(block)
        return out

    return read
