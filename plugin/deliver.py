"""The files of a run beside the sound: the scored timeline, MIDI, sheets, picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..engine.audio.onset import HOP, OnsetCurve
from ..engine.errors import Problem
from ..engine.sketch.fonts.library import notices
from ..engine.types import Cue, Placement
from ..export.credits import write_credits
from ..export.cuesheet import write_cue_sheet
from ..export.figure import draw_fit
from ..export.formats import Format, write_timeline
from ..export.hit_markers import hit_markers, with_hit_markers
from ..export.markers import write_marker_list
from ..export.midi import write_midi
from ..export.report import CueResult
from ..export.timeline import Origin, place, placements
from .master import handles_of
from .options import ScoreOptions
from .runfolder import RunFolder
from .timeline.document import Document
from .timeline.schemas import readable

# The quietest level that the picture of a stem shows.
_FLOOR_DB = -60.0
NAMES: dict[Format, str] = {"otio": "scored.otio", "otioz": "scored.otioz", "fcp7": "scored.xml"}


def deliver(
    results: Sequence[CueResult], document: Document, options: ScoreOptions, run: RunFolder
) -> list[Problem]:
    """Write all of them into `run.building`; what a format could not hold comes back as problems."""
    scored = [result.scored for result in results]
    problems = _timeline(results, document, options, run)
    write_midi(run.building / "score.mid", scored)
    write_cue_sheet(run.building / "cuesheet.csv", scored, title=options.source.stem)
    write_marker_list(run.building / "markers.csv", scored)
    sounds = {name: text for one in scored for name, text in one.take.provenance.sounds.items()}
    write_credits(run.building / "credits.json", scored, notices=notices(sounds))
    for number, result in enumerate(results, start=1):
        name = "fit.png" if len(results) == 1 else f"cue{number:02}-fit.png"
        _draw(run.building / name, result)
    return problems


def _draw(path: Path, result: CueResult) -> None:
    cue, plan = result.scored.cue, result.scored.plan
    draw_fit(
        path,
        cue,
        result.scored.picture,
        plan,
        met=[measure.met for measure in result.hits.hits],
        stems={
            stem.name: _levels(result.finished.onsets[stem.name], cue, stem.handle_samples[0])
            for stem in result.scored.take.stems
        },
        title=f"{cue.name}: {result.scored.take.provenance.style}, seed {result.scored.take.provenance.seed}",
    )


def _levels(curve: OnsetCurve, cue: Cue, head: int) -> npt.NDArray[np.float32]:
    """Loudness of a stem over the cue, 0 (-60 dBFS and below) to 1 (full scale)."""
    power = curve.power[head // HOP : (head + cue.samples) // HOP]
    decibels = 10 * np.log10(np.maximum(power, 1e-12))
    return np.clip(1 - decibels / _FLOOR_DB, 0, 1).astype(np.float32)


def _timeline(
    results: Sequence[CueResult], document: Document, options: ScoreOptions, run: RunFolder
) -> list[Problem]:
    # A bundle is packed while the run is being built; any other timeline points to where the run will lie.
    folder = run.building if options.format == "otioz" else run.final
    placed_stems = [placement for result in results for placement in _placements(result, folder)]
    cuts = [cut.frame for result in results for cut in result.scored.picture.cuts]
    origins = {
        result.scored.cue.name: Origin(
            job=f"{result.scored.take.provenance.generator}-{result.scored.take.provenance.seed}",
            take="1",
            generator=result.scored.take.provenance.generator,
            seed=result.scored.take.provenance.seed,
            model_sha256=result.scored.take.provenance.weights_sha256,
        )
        for result in results
    }
    placed = place(
        document.data,
        placed_stems,
        rate=document.rate,
        start_timecode_frame=document.start_timecode_frame,
        cut_frames=cuts if options.split == "cuts" else (),
        origins=origins,
    )
    data, problems = placed.data, list(placed.problems)
    scored = [result.scored for result in results]
    data = with_hit_markers(
        data,
        hit_markers(scored, document.markers, options.hit_markers),
        [(one.cue.in_frame, one.cue.out_frame_exclusive) for one in scored],
        rate=document.rate,
        start_timecode_frame=document.start_timecode_frame,
        frames=document.frames,
    )
    if options.format == "fcp7":
        # This format is written by the library, which must not meet schemas that it does not know.
        data, unknown = readable(data)
        problems += unknown
    roots = [Path(root) for root in (*options.media_roots, *map(str, options.selection.media))]
    base = options.source.absolute().parent
    written = write_timeline(
        data,
        run.building / NAMES[options.format],
        options.format,
        rate=document.rate,
        base=base,
        roots=roots,
    )
    return [*problems, *written]


def _placements(result: CueResult, folder: Path) -> tuple[Placement, ...]:
    found = placements(
        result.scored.cue, result.scored.take, handles_of(result.scored.cue, result.scored.take)
    )
    return tuple(replace(placement, path=str(folder / placement.path)) for placement in found)
