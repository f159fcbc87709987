"""credits.json: whose work is in the music and under which licence, so that a claim can be answered years
later.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from ..engine.serial import pretty
from ..engine.store.durable import durable_write
from .scored import ScoredCue, stem_rank

SCHEMA = "hitpoint.credits.1"


def credits(cues: Sequence[ScoredCue], *, notices: Sequence[str] = ()) -> dict[str, Any]:
    """Models, weights and their licences, seeds, sounds and the hash of every stem, by cue.

    `notices` are the texts that the licences of the sounds ask to pass on.
    """
    ordered = sorted(cues, key=lambda scored: scored.cue.in_frame)
    sounds: dict[str, str] = {}
    for scored in ordered:
        sounds.update(scored.take.provenance.sounds)
    return {
        "schema": SCHEMA,
        "cues": [_cue(scored) for scored in ordered],
        "sounds": {name: sounds[name] for name in sorted(sounds)},
        "notices": list(notices),
    }


def _cue(scored: ScoredCue) -> dict[str, Any]:
    made = scored.take.provenance
    weights = None
    if made.weights_sha256 is not None or made.weights_licence is not None:
        weights = {"sha256": made.weights_sha256, "licence": made.weights_licence}
    return {
        "cue": scored.cue.name,
        "generator": made.generator,
        "version": made.version,
        "model": made.model or None,
        "weights": weights,
        "seed": made.seed,
        "style": made.style or None,
        "prompt": made.prompt or None,
        "stems": [
            {"name": stem.name, "file": PurePath(stem.path).name, "sha256": stem.sha256}
            for stem in sorted(scored.take.stems, key=lambda stem: stem_rank(stem.name))
        ],
    }


def write_credits(path: Path, cues: Sequence[ScoredCue], *, notices: Sequence[str] = ()) -> None:
    """`credits` as a file. OutputError when the disk refuses."""
    durable_write(path, pretty(credits(cues, notices=notices)))
