"""One take through the finish: its stems become files, and what they do is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..engine.audio.finish import DEFAULT_LUFS, UNDER_SPEECH_LU, Under, finish
from ..engine.audio.loudness import Level
from ..engine.audio.measure import accent_score, measure_hits
from ..engine.generator import TakeRequest
from ..engine.models.tokens import TOKENS, TOKENS_FILE
from ..engine.progress import Cancel, Progress
from ..engine.store.durable import durable_write
from ..engine.timebase import SAMPLE_RATE
from ..engine.types import Cue, Picture, Plan, Stem, Take
from ..export.bwf import BwfInfo, bwf_writer
from ..export.report import CueResult
from ..export.scored import ScoredCue

MIX = "mix"
_SPARE_LU = 2.0
# Is told each finished block as it is written: the file's name, and int32 [n, 2] of 24-bit values.
Listen = Callable[[str, npt.NDArray[np.int32]], None]


def handle_frames(cue: Cue, seconds: float) -> tuple[int, int]:
    """Whole frames of sound before and after the cue: the head stops where the timeline begins."""
    frames = cue.rate.frames_covering(Fraction(seconds).limit_denominator(1000))
    return min(frames, cue.in_frame), frames


def handles_of(cue: Cue, take: Take) -> tuple[int, int]:
    """The frames that a finished take has before and after its cue."""
    head, tail = take.stems[0].handle_samples if take.stems else (0, 0)
    first = cue.rate.nearest_frame(Fraction(cue.rate.sample(cue.in_frame) - head, SAMPLE_RATE))
    last = cue.rate.nearest_frame(Fraction(cue.rate.sample(cue.out_frame_exclusive) + tail, SAMPLE_RATE))
    return cue.in_frame - first, last - cue.out_frame_exclusive


def under_speech(picture: Picture, plan: Plan, asked: float | None) -> Under | None:
    """15 LU under the speech where there is speech, and two more, so that strummed music leaves the words
    whole (ESTOI); nothing where a loudness is asked for.
    """
    if asked is not None or picture.dialogue_lufs is None or not plan.speech:
        return None
    return Under(plan.speech, picture.dialogue_lufs - UNDER_SPEECH_LU - _SPARE_LU)


def master(
    request: TakeRequest,
    take: Take,
    *,
    target_lufs: float | None,
    folder: Path,
    prefix: str,
    work: Path,
    progress: Progress,
    cancel: Cancel,
    listen: Listen | None = None,
) -> CueResult:
    """Write `take`'s stems under `folder/stems` and its mix into `folder`, and measure hits on them.

    Music with beats of its own is fitted to the hits first, and measured against its own beats.
    """
    if request.neural.separate:
        from ..engine.models.separate import separate

        take = separate(take, work, progress=progress, cancel=cancel)
    if take.beats == "own":
        from ..engine.fit.fit import fit_take

        take = fit_take(request, take, work, progress=progress, cancel=cancel)
        request = replace(request, plan=take.plan)
    take = _keep_tokens(take, folder, prefix)
    sink = _Files(request, folder, prefix, listen)
    finished = finish(
        take.stems,
        samples=request.cue.samples,
        handle_samples=request.handle_samples,
        target_lufs=DEFAULT_LUFS if target_lufs is None else target_lufs,
        under=under_speech(request.picture, request.plan, target_lufs),
        sink=sink,
        folder=work,
        progress=progress,
        cancel=cancel,
    )
    head = request.handle_samples[0]
    stems = tuple(
        Stem(stem.name, *sink.written[stem.name], stem.samples, request.handle_samples)
        for stem in finished.stems
    )
    return CueResult(
        ScoredCue(request.cue, request.picture, replace(take, stems=stems), request.score),
        finished,
        measure_hits(finished.onsets, request.plan, head_samples=head),
        accent_score(finished.onsets, request.plan, head_samples=head),
    )


def _keep_tokens(take: Take, folder: Path, prefix: str) -> Take:
    """The tokens move out of the work files, and the take names them relative to the run's folder."""
    if TOKENS not in take.extra:
        return take
    name = f"{prefix}{TOKENS_FILE}"
    durable_write(folder / name, Path(take.extra[TOKENS]).read_bytes())
    return replace(take, extra={**take.extra, TOKENS: name})


class _Files:
    """The sink that writes Broadcast Wave files; `written` maps a name to its relative path and sha256."""

    def __init__(self, request: TakeRequest, folder: Path, prefix: str, listen: Listen | None) -> None:
        self._request = request
        self._listen = listen
        self._folder = folder
        self._prefix = prefix
        self.written: dict[str, tuple[str, str]] = {}

    @contextmanager
    def open(
        self, name: str, samples: int, level: Level
    ) -> Iterator[Callable[[npt.NDArray[np.int32]], None]]:
        file = f"{self._prefix}{name}.wav"
        relative = file if name == MIX else f"stems/{file}"
        with bwf_writer(self._folder / relative, self._info(name, level), samples) as write:

            def told(block: npt.NDArray[np.int32]) -> None:
                write(block)
                if self._listen is not None:
                    self._listen(name, block)

            yield told
        self.written[name] = (relative, write.sha256)

    def _info(self, name: str, level: Level) -> BwfInfo:
        request, cue = self._request, self._request.cue
        head = request.handle_samples[0]
        return BwfInfo(
            description=f"{name} of {cue.name}, {request.score.style}, seed {request.score.seed}",
            project=cue.name,
            rate=cue.rate,
            start_frame=cue.start_timecode_frame + cue.in_frame - request.handle_frames[0],
            drop_frame=cue.drop_frame,
            cue_points=tuple(hit.sample + head for hit in request.plan.hits if hit.kind != "avoid"),
            loudness_lufs=level.lufs,
            loudness_range_lu=level.range_lu,
            true_peak_dbtp=level.true_peak_dbtp,
            momentary_lufs=level.momentary_lufs,
            short_term_lufs=level.short_term_lufs,
        )
