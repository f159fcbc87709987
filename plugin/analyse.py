"""The Picture and the Plan of each cue, drawn and told, without music."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..engine.manifest import version
from ..engine.plan.plan import make_plan
from ..engine.plan.score import choose_style, make_score
from ..engine.progress import Cancel, Progress, Step, silent
from ..engine.store.durable import durable_write
from ..engine.types import Cue, Picture, Plan
from ..export.figure import draw_picture
from ..export.report import RecordClock, tempo_map
from .options import Selection
from .runfolder import ANALYSIS, RunFolder, default_folder
from .score import look_at, read

# The plan shown is the one that this seed would get; music is not made, so nothing else hangs on it.
_SEED = 0


@dataclass(frozen=True, slots=True)
class Analysed:
    folder: Path
    files: tuple[str, ...]
    report: dict[str, Any]


def analyse(
    source: Path,
    out: Path | None,
    selection: Selection,
    *,
    progress: Progress = silent,
    cancel: Cancel | None = None,
) -> Analysed:
    """Look at the chosen cues and plan their music; write `analysis.json` and a picture of each.

    UserError as for `score`; then nothing is written.
    """
    start = time.perf_counter()
    cancel = cancel or Cancel()
    waiting = Step("read", 0, 1, "waiting for another Hitpoint that writes this folder")
    folder = out or default_folder(source)
    with RunFolder(folder, source.name, told=lambda: progress(waiting), cancel=cancel) as run:
        progress(Step("read", 0, 1, source.name))
        document, cues = read(source, selection)
        progress(Step("read", 1, 1, source.name))
        pictures = look_at(cues, progress, cancel)
        style = choose_style(pictures)
        music = make_score(seed=_SEED, style=style, cues=cues)
        told = []
        files = [ANALYSIS]
        for number, (cue, picture) in enumerate(zip(cues, pictures, strict=True), start=1):
            progress(Step("plan", number, len(cues), cue.name))
            plan = make_plan(cue, picture, music)
            told.append(_cue(cue, picture, plan))
            name = "analysis.png" if len(cues) == 1 else f"cue{number:02}-analysis.png"
            draw_picture(run.building / name, cue, picture, plan)
            files.append(name)
        problems = [*document.problems, *(p for picture in pictures for p in picture.problems)]
        report: dict[str, Any] = {
            "schema": "hitpoint.analysis.1",
            "input": {"name": source.name, "sha256": document.sha256},
            "version": version(),
            "style": style,
            "degraded": list(dict.fromkeys(problem.text for problem in problems)),
            "cues": told,
            "timings_s": {"all": round(time.perf_counter() - start, 3)},
        }
        durable_write(run.building / ANALYSIS, (json.dumps(report, indent=1) + "\n").encode())
        run.commit()
    return Analysed(run.final, tuple(files), report)


def _cue(cue: Cue, picture: Picture, plan: Plan) -> dict[str, Any]:
    clock = RecordClock(cue)
    strengths: Mapping[int, bool] = {hit.frame: hit.strong for hit in plan.hits}
    bars = plan.bars
    return {
        "name": cue.name,
        "in_s": clock.frame_s(cue.in_frame),
        "out_s": clock.frame_s(cue.out_frame_exclusive),
        "rate": str(cue.rate),
        "cuts": [
            {
                "time_s": clock.frame_s(cut.frame),
                "strength": round(cut.strength, 4),
                "kind": cut.kind,
                "strong": strengths.get(cut.frame, False),
            }
            for cut in picture.cuts
        ],
        "spoken_s": float(
            sum(cue.rate.seconds(span.out_frame_exclusive - span.in_frame) for span in picture.speech)
        ),
        "dialogue_lufs": picture.dialogue_lufs,
        "unseen_s": float(
            sum(cue.rate.seconds(span.out_frame_exclusive - span.in_frame) for span in picture.unseen)
        ),
        "sections": [
            {
                "label": section.label,
                "time_s": clock.sample_s(max(0, bars[section.start_bar].start_sample)),
                "bars": section.end_bar_exclusive - section.start_bar,
                "energy": section.energy,
                "valence": section.valence,
            }
            for section in plan.sections
        ],
        "tempo_map": tempo_map(clock, plan),
        "hits": [
            {"time_s": clock.frame_s(hit.frame), "kind": hit.kind, "strength": round(hit.strength, 4)}
            for hit in plan.hits
        ],
    }
