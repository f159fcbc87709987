"""From a planned cue to its finished sound: made, or found as an earlier run finished it."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..engine.audio.finish import Finished
from ..engine.audio.measure import accent_score, measure_hits
from ..engine.audio.onset import OnsetCurve
from ..engine.errors import Problem
from ..engine.evaluate.gates.verdict import Verdict
from ..engine.generator import Generator, TakeRequest
from ..engine.kept import KeptTakes, take_key
from ..engine.models.stepped import STEPPED_DOWN
from ..engine.models.tokens import TOKENS
from ..engine.plan.fitting import CurvePoint, groove_curve
from ..engine.progress import Cancel, Heard, Progress, nobody
from ..engine.serial import from_json, to_json
from ..engine.store.durable import durable_write, writing
from ..engine.store.previews import lasting
from ..engine.store.stages import Done, Stages, stage_key
from ..engine.style import load_style
from ..engine.types import Cue, Picture, Plan, Score, Take
from ..export.report import CueResult
from ..export.scored import ScoredCue
from .generators import SKETCH, Chosen
from .judged import Ear, Gates, judge_cue
from .master import MIX, handle_frames, master
from .options import ScoreOptions

FINISH = "finish"
ONSETS = "onsets.npz"


class Place(Protocol):
    """Where finished cues are built: a run's folder, or a take's own."""

    @property
    def building(self) -> Path: ...
    def need_space(self, needed: int) -> None: ...


class Watch(Protocol):
    """Times the stages of a run."""

    def of(self, stage: str) -> AbstractContextManager[None]: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a finished cue is kept beside its files: the rest is measured on the onset curves again."""

    take: Take
    finished: Finished
    verdicts: tuple[Verdict, ...]
    unjudged: tuple[Problem, ...]
    curve: tuple[CurvePoint, ...]


def request_of(
    chosen: Chosen, cue: Cue, picture: Picture, score: Score, plan: Plan, *, handles_s: float
) -> TakeRequest:
    """What is asked of the chosen generator for a planned cue, with so many seconds of handles."""
    return TakeRequest(
        cue,
        picture,
        score,
        plan,
        handle_frames(cue, handles_s),
        chosen.neural,
        sounds=chosen.sounds.card.sha256 if chosen.sounds is not None else None,
    )


@dataclass(frozen=True, slots=True)
class CueMaker:
    """Makes the cues of one run into `place.building`, one after the other.

    With `stages`, finished takes, windows and cues are kept, and found again.
    """

    chosen: Chosen
    options: ScoreOptions
    place: Place
    watch: Watch
    stages: Stages | None
    progress: Progress
    cancel: Cancel
    heard: Heard = nobody

    def make(self, requests: Sequence[TakeRequest]) -> list[CueResult]:
        """OutputError when the disk has no room, Cancelled, and what a generator raises."""
        self.place.need_space(_bytes_needed(requests, self.chosen))
        cues = [request.cue for request in requests]
        results = []
        for number, request in enumerate(requests, start=1):
            work = self.place.building / f".work{number}"
            with writing(work):
                work.mkdir()
            prefix = f"cue{number:02}-" if len(requests) > 1 else ""
            results.append(self._cue(request, prefix, work, cues))
            with writing(work):
                shutil.rmtree(work)
        return results

    def _cue(self, request: TakeRequest, prefix: str, work: Path, cues: Sequence[Cue]) -> CueResult:
        generator = self.chosen.make(work, self.stages)
        if self.stages is None:
            return self._made(request, generator, prefix, work, cues)
        with self.watch.of("finish"):
            made_by = {"name": generator.name, **generator.made_by(request)}
            key = stage_key(FINISH, take_key(request, made_by, self.cancel), self._deciding(prefix, cues))
            found = self.stages.load(FINISH, key, lambda name: self._where(name, work), self.cancel)
            if found is not None:
                return _found(request, found)
        result = self._made(request, KeptTakes(generator, work, self.stages), prefix, work, cues)
        if STEPPED_DOWN in result.scored.take.extra:
            # Not what was asked for: the next run tries that again.
            return result
        with self.watch.of("finish"):
            kept = self.stages.keep(FINISH, key, self._as_stage(result, prefix, work))
            # As the next run finds it: JSON knows no tuples, and its keys have one order.
            return _found(request, kept)

    def _made(
        self, request: TakeRequest, generator: Generator, prefix: str, work: Path, cues: Sequence[Cue]
    ) -> CueResult:
        options = self.options
        gates = self._gates()
        with self.watch.of("generate"):
            take = generator.generate(
                request, progress=self.progress, cancel=self.cancel, heard=lasting(self.heard)
            )
        with self.watch.of("finish"):
            ear = Ear(request, gates)
            result = master(
                request,
                take,
                target_lufs=options.loudness,
                folder=self.place.building,
                prefix=prefix,
                work=work,
                progress=self.progress,
                cancel=self.cancel,
                listen=ear,
            )
            judged = judge_cue(
                result, request, generator, take, ear, gates=gates, cues=cues, split=options.split
            )
        curve: tuple[CurvePoint, ...] = ()
        if self.chosen.name == SKETCH:
            with self.watch.of("plan"):
                curve = groove_curve(request.cue, request.picture, request.score, request.plan)
        return replace(result, verdicts=judged.verdicts, unjudged=judged.problems, curve=curve)

    def _gates(self) -> Gates:
        # Hearing stems again takes half as long as composing and playing them, and nothing beside a model.
        return self.options.gates or ("quick" if self.chosen.name == SKETCH else "all")

    def _deciding(self, prefix: str, cues: Sequence[Cue]) -> dict[str, Any]:
        """What decides a finished cue beside its take."""
        return {
            "prefix": prefix,
            "loudness": self.options.loudness,
            "gates": self._gates(),
            "split": self.options.split,
            "cues": [[cue.in_frame, cue.out_frame_exclusive] for cue in cues],
        }

    def _where(self, name: str, work: Path) -> Path:
        return (work if name == ONSETS else self.place.building) / name

    def _as_stage(self, result: CueResult, prefix: str, work: Path) -> Done:
        take, building = result.scored.take, self.place.building
        onsets = work / ONSETS
        keep_onsets(onsets, result)
        names = [*(stem.path for stem in take.stems), f"{prefix}{MIX}.wav"]
        if TOKENS in take.extra:
            names.append(take.extra[TOKENS])
        files = {**{name: building / name for name in names}, ONSETS: onsets}
        known = {stem.path: stem.sha256 for stem in take.stems}
        return Done(
            to_json(facts_of(result)),
            files,
            {name: known.get(name) or _sha256(path) for name, path in files.items()},
        )


def facts_of(result: CueResult) -> Facts:
    """What is kept of a finished cue as JSON, beside its files and its onsets."""
    bare = replace(result.finished, onsets={})
    return Facts(result.scored.take, bare, result.verdicts, result.unjudged, result.curve)


def keep_onsets(path: Path, result: CueResult) -> None:
    """Write the onset curves of a finished cue. OutputError when the disk refuses."""
    durable_write(path, _packed(result.finished.onsets))


def _found(request: TakeRequest, stage: Done) -> CueResult:
    facts = from_json(Facts, dict(stage.facts))
    head = request.handle_samples[0]
    return result_of(request.cue, request.picture, request.score, facts, stage.files[ONSETS], head)


def result_of(
    cue: Cue, picture: Picture, score: Score, facts: Facts, onsets_path: Path, head: int
) -> CueResult:
    """A finished cue as it was kept; `head` are the samples of the handle before it."""
    onsets, take = _unpacked(onsets_path), facts.take
    return CueResult(
        ScoredCue(cue, picture, take, score),
        replace(facts.finished, onsets=onsets),
        measure_hits(onsets, take.plan, head_samples=head),
        accent_score(onsets, take.plan, head_samples=head),
        facts.verdicts,
        facts.unjudged,
        facts.curve,
    )


def _packed(onsets: Mapping[str, OnsetCurve]) -> bytes:
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {}
    for name, curve in onsets.items():
        arrays[f"{name}.strength"], arrays[f"{name}.power"] = curve.strength, curve.power
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _unpacked(path: Path) -> dict[str, OnsetCurve]:
    with np.load(path, allow_pickle=False) as arrays:
        names = [name.removesuffix(".strength") for name in arrays.files if name.endswith(".strength")]
        return {name: OnsetCurve(arrays[f"{name}.strength"], arrays[f"{name}.power"]) for name in names}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _bytes_needed(requests: Sequence[TakeRequest], chosen: Chosen) -> int:
    """Float stems and the finish's two curves of one cue at a time, 24-bit stems and mix of all; music with
    beats of its own is kept twice more, before and after its fit.
    """
    stems = chosen.stems or max(len(load_style(request.score.style).stems) for request in requests)
    lengths = [request.cue.samples + sum(request.handle_samples) for request in requests]
    copies = 1 if chosen.name == SKETCH else 3
    return max(lengths) * (copies * stems + 2) * 8 + sum(lengths) * (stems + 1) * 6
