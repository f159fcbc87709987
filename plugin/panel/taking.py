"""A take of one cue: finished stems in a folder of its own, and what is known of them.

The folder holds, in the order in which they are written: `order.json` and `picture.bin` (what is asked),
`score.json`, the sound, `onsets.npz`, `score.mid`, and last `take.json`: without that it is not finished.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from ...engine.errors import Cancelled, EngineFault, InputError, UserError
from ...engine.generator import TakeRequest
from ...engine.plan.plan import make_plan
from ...engine.progress import Cancel, Heard, Progress, Step
from ...engine.serial import canonical, from_json, pretty
from ...engine.store.durable import durable_write, output_error
from ...engine.store.stages import Stages
from ...engine.types import Picture, Score, SpottedCue
from ...engine.wishes import wishes_of
from ...export.midi import write_midi
from ...export.report import CueResult
from ...export.scored import stem_rank
from ...ui.session import TakeEntry
from ..cues import ONSETS, CueMaker, Facts, facts_of, keep_onsets, request_of, result_of
from ..generators import Chosen, choose_generator
from ..master import MIX
from ..options import ScoreOptions
from ..runfolder import need_space
from ..score import Stopwatch, saved_score
from ..stale import fingerprint_of
from ..writing import sentences
from .orders import MIDI, ORDER, PICTURE, SCORE, TAKE, Commission, options_of
from .planning import score_of, temp_problems
from .seen import packed, read_picture

_ASKED = frozenset({ORDER, PICTURE, SCORE})


@dataclass(frozen=True, slots=True)
class Finished:
    """What take.json holds. `fingerprint` is that of the cue's pictures when they were looked at."""

    SCHEMA: ClassVar[str] = "hitpoint.finished_take.1"

    entry: TakeEntry
    facts: Facts
    fingerprint: str
    head: int
    # Sentences on what was degraded.
    degraded: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Place:
    """A take's folder, as CueMaker wants it."""

    building: Path

    def need_space(self, needed: int) -> None:
        need_space(self.building, needed, named=self.building)


def make_take(
    source: Path,
    folder: Path,
    order: Commission,
    picture: Picture,
    *,
    stages: Stages,
    progress: Progress,
    cancel: Cancel,
    heard: Heard,
) -> TakeEntry:
    """Make the take that is ordered into `folder`, or go on with it, or answer what is finished there.

    UserError, Cancelled: then the folder is gone. What else goes wrong leaves it, to be gone on with.
    """
    _begin(folder, order, picture)
    done = finished_take(folder)
    if done is not None:
        return done.entry
    try:
        return _make(source, folder, order, picture, stages, progress, cancel, heard)
    except (UserError, Cancelled):
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _make(
    source: Path,
    folder: Path,
    order: Commission,
    picture: Picture,
    stages: Stages,
    progress: Progress,
    cancel: Cancel,
    heard: Heard,
) -> TakeEntry:
    cue = order.cue
    score = _score(source, folder, order, picture, progress, cancel)
    options = options_of(order.controls, order.seed, source, style=score.style)
    chosen = choose_generator(options)
    progress(Step("plan", 0, 1, "hits, tempo, sections"))
    plan = make_plan(cue, picture, score)
    request = request_of(chosen, cue, picture, score, plan, handles_s=options.handles)
    place = _Place(folder)
    (result,) = CueMaker(chosen, options, place, Stopwatch(), stages, progress, cancel, heard).make([request])
    lost = temp_problems(order.controls, source, progress, cancel)
    degraded = sentences([chosen.problems, picture.problems, lost], [result])
    keep_onsets(folder / ONSETS, result)
    if result.scored.take.notes:
        write_midi(folder / MIDI, [result.scored])
    entry = _entry(folder, order, request, chosen, options, result, degraded)
    told = Finished(
        entry, facts_of(result), fingerprint_of(cue, cancel), request.handle_samples[0], tuple(degraded)
    )
    durable_write(folder / TAKE, canonical(told))
    return entry


def _entry(
    folder: Path,
    order: Commission,
    request: TakeRequest,
    chosen: Chosen,
    options: ScoreOptions,
    result: CueResult,
    degraded: list[str],
) -> TakeEntry:
    take, sound = result.scored.take, result.finished.cue
    made = take.provenance
    strong = [measure for measure in result.hits.wanted if measure.hit.strong]
    stems = sorted(take.stems, key=lambda stem: stem_rank(stem.name))
    return TakeEntry(
        id=order.take_id,
        name=order.name,
        made=order.made,
        folder=os.fspath(folder),
        generator=made.generator,
        model=made.model,
        style=made.style,
        seed=made.seed,
        stems=tuple((stem.name, os.fspath(folder / stem.path), stem.sha256) for stem in stems),
        head=request.handle_samples[0],
        samples=request.cue.samples,
        lufs=sound.lufs,
        true_peak_dbtp=sound.true_peak_dbtp,
        why=chosen.why.replace("as asked for by --model", "as chosen"),
        wishes=wishes_of(order.cue),
        controls=order.controls,
        mix=os.fspath(folder / f"{MIX}.wav"),
        weights_licence=made.weights_licence or "",
        hits_met=sum(measure.met for measure in strong),
        hits=len(strong),
        problems=(
            *degraded,
            *(one.text.removeprefix("FAIL  ") for one in result.verdicts if not one.passed),
        ),
    )


def finished_take(folder: Path) -> Finished | None:
    """What a take's folder says; None where it is not finished, or lacks a file that it names.

    InputError for a take.json that Hitpoint did not write.
    """
    path = folder / TAKE
    if not path.is_file():
        return None
    try:
        told = from_json(Finished, json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise InputError(
            f"'{path}' cannot be read ({error}): move its folder away, and make the take again"
        ) from error
    return _here(told, folder) if _is_whole(folder, told) else None


def unfinished_orders(takes: Path, known: Collection[str]) -> Iterator[tuple[Commission, Picture]]:
    """Takes that were ordered and are not `known` by their ids: begun and never finished, or finished when
    nobody was there any more who would have noted it. In the order of their ids; what cannot be read is left
    out.
    """
    for folder in sorted(takes.iterdir()) if takes.is_dir() else []:
        if folder.name in known or not (folder / ORDER).is_file():
            continue
        try:
            order, picture = read_order(folder), read_picture(folder / PICTURE)
        except (InputError, EngineFault):
            continue
        # Others were set aside.
        if order.take_id == folder.name:
            yield order, picture


def finished_result(folder: Path) -> tuple[Finished, Commission, CueResult] | None:
    """A finished take with all that was measured on it, its stems named relative to its folder."""
    told = finished_take(folder)
    if told is None or not (folder / SCORE).is_file():
        return None
    score = saved_score(folder / SCORE)
    assert score is not None
    order = read_order(folder)
    picture = read_picture(folder / PICTURE)
    return told, order, result_of(order.cue, picture, score, told.facts, folder / ONSETS, told.head)


def read_order(folder: Path) -> Commission:
    """What is asked of a take's folder. InputError when it cannot be read."""
    path = folder / ORDER
    try:
        return from_json(Commission, json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise InputError(f"'{path}' cannot be read ({error}): make the take again") from error


def _begin(folder: Path, order: Commission, picture: Picture) -> None:
    """The folder with what is asked in it. Another order's music moves aside; what a killed process had begun
    goes, and is found again in the store."""
    asked = pretty(order)
    try:
        if folder.exists() and _asked_of(folder) != asked:
            folder.rename(_free(folder))
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / TAKE).exists():
            for entry in folder.iterdir():
                if entry.is_dir():
                    shutil.rmtree(entry)
                elif entry.name not in _ASKED:
                    entry.unlink()
    except OSError as error:
        raise output_error(folder, error) from error
    if not (folder / PICTURE).exists():
        durable_write(folder / PICTURE, packed(picture))
    # Last: a folder without it says nothing.
    if not (folder / ORDER).exists():
        durable_write(folder / ORDER, asked)


def _asked_of(folder: Path) -> bytes:
    try:
        return (folder / ORDER).read_bytes()
    except FileNotFoundError:
        # Killed while it was begun.
        return b""


def _free(folder: Path) -> Path:
    number = 1
    while (path := folder.with_name(f"{folder.name}-{number}")).exists():
        number += 1
    return path


def _score(
    source: Path, folder: Path, order: Commission, picture: Picture, progress: Progress, cancel: Cancel
) -> Score:
    """Decided when the take is begun, and kept: what is placed meanwhile does not change it."""
    path = folder / SCORE
    begun = saved_score(path if path.is_file() else None)
    if begun is not None:
        return begun
    if order.like_take:
        like = folder.parent / order.like_take / SCORE
        model = saved_score(like if like.is_file() else None)
        if model is None:
            raise InputError(f"the take '{order.like_take}' is not there any more: choose another to be like")
        score = replace(model, seed=order.seed, fit=order.controls.fit or model.fit)
    else:
        score = score_of(
            order.cue, picture, order.controls, order.seed, source, folder.parent, progress, cancel
        )
    score = replace(score, spotting=tuple(SpottedCue(*line) for line in order.spotting))
    durable_write(path, pretty(score))
    return score


def _is_whole(folder: Path, told: Finished) -> bool:
    stems = told.facts.take.stems
    return all((folder / name).is_file() for name in (ONSETS, *(stem.path for stem in stems)))


def _here(told: Finished, folder: Path) -> Finished:
    """With paths in the folder as it lies now: a film's folder may have moved."""
    stems = {stem.name: stem.path for stem in told.facts.take.stems}
    entry = replace(
        told.entry,
        folder=os.fspath(folder),
        stems=tuple((name, os.fspath(folder / stems[name]), sha256) for name, _, sha256 in told.entry.stems),
        mix=os.fspath(folder / Path(told.entry.mix).name),
    )
    return replace(told, entry=entry)
