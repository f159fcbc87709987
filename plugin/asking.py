"""What somebody wants scored, with the settings of whoever asks resolved: one place for the command line and
for the programs that hold timelines."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..engine.errors import InputError, OptionError
from ..engine.generator import NeuralOptions
from ..engine.types import Span
from .options import ScoreOptions, Selection
from .settings import SETTINGS, resolve

_ASKED = frozenset(("source", "given", "seed", "spans", "out", "names"))


def score_options(
    given: Mapping[str, object],
    *,
    source: Path,
    out: Path | None,
    selection: Selection,
    seed: int | None,
    drawn_seed: int | None = None,
    anyway: bool = False,
) -> ScoreOptions:
    """`given`: what was said of each setting, as text or None; more than settings may stand in it.

    OptionError names the value that cannot be, and where it came from.
    """
    settings = resolve(given)
    return ScoreOptions(
        source=source,
        out=out,
        selection=selection,
        model=settings["model"],
        style=settings["style"],
        seed=seed,
        loudness=settings["loudness"],
        handles=settings["handles"],
        format=settings["format"],
        split=settings["split"],
        media_roots=settings["media_roots"],
        use=settings["use"],
        sounds=settings["sounds"],
        sounds_asked=given.get("sounds") is not None,
        mood=settings["mood"],
        like=settings["like"],
        drawn_seed=drawn_seed,
        fit=settings["fit"],
        gates=settings["gates"],
        hit_markers=settings["hit_markers"],
        anyway=anyway,
        neural=NeuralOptions(
            mode=settings["mode"],
            decoder=settings["decoder"],
            prompt=settings["prompt"],
            guide=settings["guide"],
            candidates=settings["candidates"],
            temperature=settings["temperature"],
            top_k=settings["top_k"],
            top_p=settings["top_p"],
            guidance=settings["guidance"],
            separate=settings["stems"] == "separate",
        ),
    )


def host_options(asked: Mapping[str, Any], job: str) -> ScoreOptions:
    """What the side of a program asks for, which knows neither settings nor their defaults.

    `asked` are `source`, an absolute path; `given`, setting -> text; `seed`, or None; `spans`, pairs of
    record frames, or None for the whole; `out`, a folder, or None for the usual one; and, where somebody
    names them, `names` of the cues. The job's id decides the seed where none is asked for, so that a job that
    goes on after its process died makes the same music. UserError for what cannot be.
    """
    try:
        source = Path(asked["source"])
        given = {str(name): str(value) for name, value in asked["given"].items() if value is not None}
        spans = tuple(Span(int(first), int(last)) for first, last in asked.get("spans") or ())
        names = tuple(map(str, asked.get("names") or ()))
        seed = None if asked.get("seed") is None else int(asked["seed"])
        out = None if asked.get("out") is None else Path(asked["out"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"what is to be scored cannot be read ({error}): install the part in the editor and the engine "
            "from one release"
        ) from error
    unknown = sorted({*given} - {setting.name for setting in SETTINGS} | {*asked} - _ASKED)
    if unknown:
        raise OptionError(f"there is no setting '{unknown[0]}': leave it out")
    if not source.is_absolute() or (out is not None and not out.is_absolute()):
        raise InputError(f"'{source if not source.is_absolute() else out}' is no absolute path: give one")
    # 53 bits: every program that reads the report keeps such a number exact.
    drawn = int.from_bytes(hashlib.sha256(job.encode()).digest()[:8], "big") >> 11
    return score_options(
        given,
        source=source,
        out=out,
        selection=Selection(spans=spans, names=names),
        seed=seed,
        drawn_seed=drawn,
    )
