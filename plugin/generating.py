"""A take for another process: made where only whole takes come from, and put where it was asked to be."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ..engine.errors import OptionError
from ..engine.generator import TakeRequest
from ..engine.kept import KeptTakes
from ..engine.models.tokens import TOKENS
from ..engine.progress import Cancel, Heard, Progress
from ..engine.serial import canonical, from_json, to_json
from ..engine.sketch.fonts.library import by_hash
from ..engine.store.durable import output_error, sync_folder
from ..engine.store.stages import Stages
from ..engine.types import Take
from .generators import Chosen, choose_generator
from .options import ScoreOptions, Selection
from .parcel import Parcel, check, pack, parcel_of, unpack

TAKE = "take.json"


@dataclass(frozen=True, slots=True)
class Asked:
    """The params of `generate` and `made_by`: the request is a file, `folder` where the take is wanted."""

    request: Parcel
    model: str
    use: Literal["any", "client"]
    folder: Path


def read(params: Mapping[str, Any]) -> tuple[Asked, TakeRequest, Chosen]:
    """What is asked, and who does it. InputError for params that are none, OptionError for a model that is
    not here or may not be used, EngineError for a request whose file is not the one that was sent.
    """
    asked = from_json(Asked, {key: value for key, value in params.items() if key != "job"})
    request = from_json(TakeRequest, unpack(asked.request))
    options = ScoreOptions(
        source=asked.folder,
        out=None,
        selection=Selection(),
        model=asked.model,
        style=request.score.style,
        seed=request.score.seed,
        loudness=None,
        handles=0.0,
        format="otio",
        split="none",
        use=asked.use,
        neural=request.neural,
    )
    _check_sounds(request, asked.use)
    return asked, request, choose_generator(options)


def generate(
    params: Mapping[str, Any],
    name: str,
    *,
    stages: Stages,
    progress: Progress,
    cancel: Cancel,
    heard: Heard,
) -> dict[str, Any]:
    """Make the take, or find it kept; its files and itself are then in the folder, on the disk, under the
    hashes that are told. `name` is the job's: what it left behind when it was killed goes first.
    """
    asked, request, chosen = read(params)
    # A file of the folder may share its bytes with a kept one: nothing is written there, only moved.
    work = asked.folder / f".{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir(parents=True)
        generator = KeptTakes(chosen.make(work, stages), work, stages)
        take = generator.generate(request, progress=progress, cancel=cancel, heard=heard)
        take = _moved(take, asked.folder)
        sync_folder(asked.folder)
        paths = [stem.path for stem in take.stems]
        if TOKENS in take.extra:
            paths.append(take.extra[TOKENS])
        return {
            "take": to_json(pack(asked.folder / TAKE, canonical(take))),
            "files": [to_json(parcel_of(Path(path))) for path in paths],
        }
    except OSError as error:
        raise output_error(asked.folder, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def made_by(params: Mapping[str, Any]) -> dict[str, Any]:
    """What decides the take beside its request."""
    asked, request, chosen = read(params)
    return {"made_by": dict(chosen.make(asked.folder, None).made_by(request))}


def are_there(result: Mapping[str, Any]) -> bool:
    """Whether the files of an answer are still those that were told."""
    from ..engine.worker.messages import EngineError

    try:
        for parcel in (result["take"], *result["files"]):
            check(from_json(Parcel, parcel))
    except EngineError:
        return False
    return True


def _check_sounds(request: TakeRequest, use: str) -> None:
    if request.sounds is None or use != "client":
        return
    card = by_hash(request.sounds).card
    if card.forbids_sale:
        raise OptionError(
            f"the sounds '{card.name}' are not for films that are sold (they say '{card.licence}'): leave "
            "--use client out, or use --sounds bundled"
        )


def _moved(take: Take, folder: Path) -> Take:
    """The take with its files in `folder`, in place of what lay there under their names."""

    def move(path: str) -> str:
        target = folder / Path(path).name
        Path(path).replace(target)
        return os.fspath(target)

    stems = tuple(replace(stem, path=move(stem.path)) for stem in take.stems)
    extra = dict(take.extra)
    if TOKENS in extra:
        extra[TOKENS] = move(extra[TOKENS])
    return replace(take, stems=stems, extra=extra)
