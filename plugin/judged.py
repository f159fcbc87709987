"""A finished cue before the gates: what is known of it is gathered, and every number is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..engine.audio.conform import stem_blocks
from ..engine.audio.finish import FULL_SCALE
from ..engine.audio.mixdown import timeline_blocks
from ..engine.audio.wav import work_frames
from ..engine.errors import Problem
from ..engine.evaluate.gates.judge import judge
from ..engine.evaluate.gates.piece import Piece
from ..engine.evaluate.gates.sketched import piece_of
from ..engine.evaluate.gates.verdict import Verdict
from ..engine.fit.match import Warp
from ..engine.generator import Generator, TakeRequest
from ..engine.kept import KeptTakes
from ..engine.sketch.composer import Composition, compose
from ..engine.sketch.generator import SketchGenerator
from ..engine.timebase import SAMPLE_RATE
from ..engine.types import Cue, Plan, Stem, Take
from ..export.report import CueResult
from .master import MIX

Floats = npt.NDArray[np.float32]
Gates = Literal["all", "quick", "off"]

# Six stems of it are judged in 1.5 GB; in longer cues the notes alone are.
LONGEST_S = 240


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gates say of one cue, and what could not be judged."""

    verdicts: tuple[Verdict, ...]
    problems: tuple[Problem, ...] = ()


class Ear:
    """Keeps a cue's finished stems while they are written, when the gates are to hear them."""

    def __init__(self, request: TakeRequest, gates: Gates) -> None:
        self.too_long = request.cue.samples > LONGEST_S * SAMPLE_RATE
        self._hears = gates == "all" and not self.too_long
        self._blocks: dict[str, list[Floats]] = {}

    def __call__(self, name: str, block: npt.NDArray[np.int32]) -> None:
        """`block` is int32 [n, 2] of 24-bit values: the next of the file `name`."""
        if self._hears and name != MIX:
            sound = block.astype(np.float32) * np.float32(1 / FULL_SCALE)
            self._blocks.setdefault(name, []).append(sound)

    def stems(self) -> dict[str, Floats]:
        """Whole files, float32 [handles + cue, 2] by name; none where nothing was to be heard. Once only."""
        return {name: np.concatenate(self._blocks.pop(name)) for name in list(self._blocks)}


def judge_cue(
    result: CueResult,
    request: TakeRequest,
    generator: Generator,
    made: Take,
    ear: Ear,
    *,
    gates: Gates,
    cues: Sequence[Cue],
    split: str,
) -> Judged:
    """All gates of one cue, as far as they apply.

    `made` is the take as `generator` gave it, its files still there; `ear` has heard the finished one. `cues`
    are all of the film: the tail may sound up to the next. Music of the built-in composer is judged by its
    notes, too; "quick" judges by these alone.
    """
    if gates == "off":
        return Judged(())
    cue, take = result.scored.cue, result.scored.take
    problems: list[Problem] = []
    stems = ear.stems()
    dialogue = _dialogue(cue, take.plan) if stems else None
    piece = _piece(request, generator, take, stems, dialogue)
    unfitted, warp = _before_the_fit(made, take) if stems else (None, None)
    verdicts = judge(
        piece,
        borders=_borders(result, split),
        limited_db=result.finished.limited_db,
        unfitted=unfitted,
        warp=warp,
        free_samples=_free(cue, cues, piece.handles[1]),
        words=dialogue is not None and find_spec("pystoi") is not None,
        bundled=bool(stems) and request.sounds is None,
    )
    if gates == "all" and ear.too_long:
        text = f"only the notes of '{cue.name}' were judged by the gates: it is longer than {LONGEST_S} s"
        problems.append(Problem("gates-too-long", text))
    return Judged(verdicts, tuple(problems))


def _piece(
    request: TakeRequest,
    generator: Generator,
    take: Take,
    stems: dict[str, Floats],
    dialogue: Floats | None,
) -> Piece:
    if take.provenance.generator == SketchGenerator.name:
        return piece_of(request, _composition(request, generator), stems, dialogue=dialogue)
    return Piece(
        plan=take.plan,
        stems=stems,
        style=request.score.style,
        picture=request.picture,
        notes=take.notes,
        handles=request.handle_samples,
        dialogue=dialogue,
    )


def _composition(request: TakeRequest, generator: Generator) -> Composition:
    """What sketch has just written; written again where its sound was found."""
    maker = generator.inner if isinstance(generator, KeptTakes) else generator
    if isinstance(maker, SketchGenerator) and maker.composition is not None:
        return maker.composition
    return compose(request)


def _dialogue(cue: Cue, plan: Plan) -> Floats | None:
    """The timeline's own sound in the cue, mono, where it speaks."""
    if not cue.sounds or not plan.speech:
        return None
    # What cannot be read was told when the pictures were looked at.
    blocks = list(timeline_blocks(cue, []))
    return np.concatenate([block.mean(axis=1, dtype=np.float32) for block in blocks])


def _before_the_fit(made: Take, take: Take) -> tuple[Floats | None, Warp | None]:
    """A fitted take's music before, and how it was stretched, both from the first sample of the files."""
    if "fit" not in take.extra:
        return None, None
    anchors = take.extra["fit"]["anchors_s"]
    warp = tuple((round(a * SAMPLE_RATE), round(b * SAMPLE_RATE)) for a, b in anchors)
    return np.asarray(np.sum([_at_48k(stem) for stem in made.stems], axis=0), np.float32), warp


def _at_48k(stem: Stem) -> Floats:
    frames, rate = work_frames(Path(stem.path))
    return np.concatenate(list(stem_blocks(stem, -(-frames * SAMPLE_RATE // rate))))


def _borders(result: CueResult, split: str) -> tuple[int, ...]:
    """Samples of the cue at which our clips meet others."""
    cue = result.scored.cue
    cuts = [cue.sample(cut.frame) for cut in result.scored.picture.cuts] if split == "cuts" else []
    return (0, *cuts, cue.samples)


def _free(cue: Cue, cues: Sequence[Cue], tail: int) -> int:
    """How many samples of the handle behind the cue lie before the next cue."""
    following = [other.in_frame for other in cues if other.in_frame >= cue.out_frame_exclusive]
    return min([tail, *(cue.sample(frame) - cue.samples for frame in following)])
