"""What a program that holds the timeline is given of finished music: a Landing, and files that stay as they
are.

A run's own files make way for the next run's. What lies on somebody's tracks must not: its stems get names of
their own in `placed/`, in a folder named after what is in it, which nothing of ours changes any more.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.errors import EngineFault, InputError
from ..engine.names import slug, unique
from ..engine.serial import canonical, from_json, pretty
from ..engine.store.durable import durable_file, durable_write, output_error
from ..engine.types import HitKind, Marker, Placement
from ..export.hit_markers import HitMarker, hit_markers
from ..export.timeline import placements
from .hosts.base import HostMarker, Landing
from .panel.letters import MOST_INLINE
from .reported import strong_hits
from .runfolder import PLACED

if TYPE_CHECKING:
    from ..export.report import CueResult
    from .score import Scored

LANDING_FILE = "landing.json"
# Hex digits of a job's id: as many as any two pieces of music ever need to be told apart.
_DIGITS = 24


def landing_of(
    results: Sequence[CueResult],
    folder: Path,
    *,
    editors: Collection[Marker] | None = None,
    weak: bool = False,
) -> Landing:
    """Of the cues of a run whose files lie in `folder`, with markers for the strong hits, and for the `weak`
    ones where asked. `editors` are the timeline's own markers; None: those that the cues know.

    OutputError when the disk refuses the files their names; EngineFault without results.
    """
    # The panel's process loads this module, and not what masters sound.
    from .master import handles_of

    if not results:
        raise EngineFault("there is no music to be placed: no cue was scored")
    cues = [result.scored for result in results]
    known = [marker for scored in cues for marker in scored.cue.markers] if editors is None else editors
    found = [
        replace(one, path=os.fspath(folder / one.path))
        for scored in cues
        for one in placements(scored.cue, scored.take, handles_of(scored.cue, scored.take))
    ]
    job = job_of(found)
    landing = Landing(
        job=job,
        take=take_text(results),
        rate=cues[0].cue.rate,
        placements=_apart(found, folder / PLACED / job),
        markers=tuple(
            hit_marker(hit.ident, hit.frame, hit.kind, hit.strength, hit.what)
            for hit in hit_markers(cues, known, "all" if weak else "strong")
        ),
    )
    durable_write(folder / PLACED / job / LANDING_FILE, pretty(landing))
    return landing


def told_of(done: Scored, results: Sequence[CueResult], landing: Landing) -> dict[str, Any]:
    """What is kept of a run that a program asked for: `folder`, `landing_path` (the Landing as JSON) and
    `summary`: generator, why, seed, style, degraded, and of each cue its name, strong hits, how many were
    met, what share chance meets, and its loudness. `results` are its cues under their names of the landing.
    """
    report = done.report
    summary = {name: report[name] for name in ("generator", "why", "seed", "degraded")}
    return {
        "folder": os.fspath(done.folder),
        "landing_path": os.fspath(done.folder / PLACED / landing.job / LANDING_FILE),
        "summary": {
            **summary,
            "style": report["request"]["style"],
            "cues": [
                {**_told(cue), "name": result.scored.cue.name}
                for cue, result in zip(report["cues"], results, strict=True)
            ],
        },
    }


def landings_in(folder: Path) -> list[Landing]:
    """What was given to programs from the runs of `folder`, the latest last."""
    paths = [path for path in (folder / PLACED).glob(f"*/{LANDING_FILE}") if path.is_file()]
    found = (_kept(path) for path in sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name)))
    return [landing for landing in found if landing is not None]


def is_there(told: Mapping[str, Any]) -> bool:
    """Whether the files of a landing are all where it says."""
    landing = _kept(Path(told["landing_path"]))
    return landing is not None and all(Path(one.path).is_file() for one in landing.placements)


def answer(told: Mapping[str, Any]) -> dict[str, Any]:
    """`told` with the `landing` itself; None where it is too large for a message: then its file has it."""
    data = Path(told["landing_path"]).read_bytes()
    return {**told, "landing": json.loads(data) if len(data) <= MOST_INLINE else None}


def job_of(placements: Iterable[Placement]) -> str:
    """The same for the same sound at the same places, wherever its files lie."""
    told = [
        [one.track, one.stem, one.sha256, one.in_frame, one.out_frame_exclusive, one.source_in_frame]
        for one in placements
    ]
    return hashlib.sha256(canonical(sorted(told))).hexdigest()[:_DIGITS]


def take_text(results: Sequence[CueResult]) -> str:
    """Who made it: "sketch, seed 7"."""
    told = [
        f"{made.model or made.generator}, seed {made.seed}"
        for made in (result.scored.take.provenance for result in results)
    ]
    return "; ".join(dict.fromkeys(told))


def hit_marker(ident: str, frame: int, kind: HitKind, strength: float, what: str) -> HostMarker:
    """A hit as a program's marker at record frame `frame`; `ident` says where it was planned."""
    cue, _, planned = ident.rpartition("@")
    hit = HitMarker(cue, int(planned), kind, strength, what)
    return HostMarker(ident, frame, frame + 1, hit.name, hit.note, hit.colour.capitalize())


def share(source: Path, target: Path) -> None:
    """Give a finished file another name, or copy it where the disk knows no second names. OSError, or
    OutputError, when the disk refuses."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        # Disks without second names for a file, and files that are kept on another disk.
        with durable_file(target) as out, source.open("rb") as file:
            shutil.copyfileobj(file, out, 1 << 22)


def _told(cue: Mapping[str, Any]) -> dict[str, Any]:
    strong = strong_hits(cue)
    return {
        "hits": len(strong),
        "met": sum(hit["met"] for hit in strong),
        "chance": cue["chance"],
        "loudness_lufs": cue["loudness_lufs"],
    }


def _kept(path: Path) -> Landing | None:
    try:
        return from_json(Landing, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, InputError):
        return None


def _apart(found: Sequence[Placement], folder: Path) -> tuple[Placement, ...]:
    """The placements with files in `folder`, called so that a bin full of them can be read."""
    names = unique(f"{slug(one.cue)}-{slug(one.stem)}" for one in found)
    out = []
    for one, name in zip(found, names, strict=True):
        source = Path(one.path)
        target = folder / f"{name}{source.suffix}"
        try:
            if not target.exists() or target.stat().st_size != source.stat().st_size:
                share(source, target)
        except OSError as error:
            raise output_error(target, error) from error
        out.append(replace(one, path=os.fspath(target)))
    return tuple(out)
