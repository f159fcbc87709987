"""What is asked for in the panel, as the engine's side keeps it: an order for a take, and where takes lie."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from ...engine.generator import NeuralOptions
from ...engine.types import Cue
from ...ui.session import Controls
from ..options import ScoreOptions, Selection
from ..settings import resolve

ORDER, PICTURE, SCORE, TAKE, MIDI = "order.json", "picture.bin", "score.json", "take.json", "score.mid"


@dataclass(frozen=True, slots=True)
class Commission:
    """A `ui.ports.Order` without its Picture, which is a file."""

    SCHEMA: ClassVar[str] = "hitpoint.order.1"

    cue: Cue
    controls: Controls
    seed: int
    spotting: tuple[tuple[str, int, int], ...]
    take_id: str
    name: str
    made: str
    like_take: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


def takes_dir(folder: Path) -> Path:
    """Where the takes of a timeline lie whose session is kept in `folder`."""
    return folder / "session" / "takes"


def forget(folder: Path) -> None:
    """Take an order back whose take is not finished: nobody is to be told of it later."""
    if not (folder / TAKE).exists():
        shutil.rmtree(folder, ignore_errors=True)


def options_of(controls: Controls, seed: int | None, source: Path, *, style: str = "") -> ScoreOptions:
    """What the command line would call it; `style` in place of the controls'. OptionError for a setting in
    the configuration that cannot be."""
    usual = resolve({})
    return ScoreOptions(
        source=source,
        out=None,
        selection=Selection(),
        model=controls.model,
        style=style or controls.style,
        seed=seed,
        loudness=controls.loudness,
        handles=usual["handles"],
        format="otio",
        split="none",
        use=controls.use,
        neural=NeuralOptions(
            prompt=controls.prompt, separate=controls.separate, candidates=controls.candidates
        ),
        sounds=controls.sounds,
        sounds_asked=controls.sounds != "bundled",
        mood=controls.mood,
        like=controls.like,
        fit=controls.fit,
        gates=usual["gates"],
        hit_markers=usual["hit_markers"],
        anyway=controls.anyway,
    )
