"""A passage of sketch's music at once, and where a finished take disagrees with its film."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ...engine.audio.finish import DEFAULT_LUFS
from ...engine.audio.wav import work_blocks
from ...engine.errors import InputError
from ...engine.plan.agreement import bar_loudness, doubts
from ...engine.progress import Cancel, Progress, silent
from ...engine.serial import from_json
from ...engine.sketch.passage import Players, passage
from ...engine.store.previews import previews_dir
from ...engine.types import Cue
from ...ui.session import Controls
from ..cues import request_of
from ..generators import SKETCH, choose_generator
from ..master import MIX
from .letters import opened, sealed
from .orders import Commission, options_of
from .planning import picture_at, plan_of, score_of
from .taking import finished_result

# What was read of sounds is kept for the next passage.
_PLAYERS = Players()


_READY: set[str] = set()


def get_ready(params: dict[str, Any], cancel: Cancel) -> None:
    """Read the sounds that a plan was just made for, while nobody asks for anything: the first passage that
    is wanted is then there as soon as later ones. Once a style; `params` are those of a plan.

    UserError as for a passage.
    """
    cue, controls = from_json(Cue, opened(params["cue"])), from_json(Controls, params["controls"])
    style = f"{controls.style} {controls.sounds}"
    if style in _READY:
        return
    _READY.add(style)
    order = Commission(cue, controls, params["seed"], (), "", "", "")
    edges = {"in_frame": cue.in_frame, "out_frame_exclusive": min(cue.in_frame + 12, cue.out_frame_exclusive)}
    make_passage({**params, "order": sealed(order), **edges}, silent, cancel)


def make_passage(params: dict[str, Any], progress: Progress, cancel: Cancel) -> Path:
    """A WAV of what sketch plays in the frames that are asked for, as a take of the order would; a neural
    model's order is heard as sketch plays its plan.

    UserError as for a take; OutputError when the cache cannot be written.
    """
    order = from_json(Commission, opened(params["order"]))
    cue, controls, seen = order.cue, _for_sketch(order.controls), params["picture"]["sha256"]
    picture = picture_at(params["picture"]["path"], seen)
    source = Path(params["source"])
    score = score_of(
        cue, picture, order.controls, order.seed, source, Path(params["takes"]), progress, cancel
    )
    options = options_of(controls, order.seed, source, style=score.style)
    chosen = choose_generator(options)
    plan = plan_of(cue, picture, seen, score)
    request = request_of(chosen, cue, picture, score, plan, handles_s=options.handles)
    first, end = (cue.sample(params[edge]) for edge in ("in_frame", "out_frame_exclusive"))
    return passage(
        request,
        first,
        end,
        previews_dir(),
        players=_PLAYERS,
        lufs=DEFAULT_LUFS if options.loudness is None else options.loudness,
        cancel=cancel,
    )


def _for_sketch(controls: Controls) -> Controls:
    return replace(controls, model=SKETCH, prompt="", separate=False, candidates=None)


def find_doubts(folder: Path) -> list[dict[str, Any]]:
    """The fields of `ui.ports.Doubt`, worst first, of a finished take. InputError when it is not there."""
    kept = finished_result(folder)
    if kept is None:
        raise InputError(f"'{folder}' holds no finished take any more: make it again")
    told, order, result = kept
    plan = result.scored.plan
    loudness = bar_loudness(work_blocks(folder / f"{MIX}.wav"), plan, head_samples=told.head)
    found = doubts(order.cue, result.scored.picture, plan, loudness, result.hits.hits)
    return [asdict(one) for one in found]
