"""`hitpoint demo`: a made-up film, its timeline, scores by sketch and by a neural model, and previews."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...engine.errors import OptionError, OutputError, Problem
from ...engine.progress import Cancel, Progress, Step, silent
from ..generators import SKETCH
from ..options import ScoreOptions, Selection
from ..score import Scored, read, score
from .film import make_demo
from .preview import mux_preview

# What each score is called, what makes it, and in which style.
SCORES = (
    ("cinematic", SKETCH, "cinematic"),
    ("electronic", SKETCH, "electronic"),
    ("neural", "gvmgen-nano", "cinematic"),
)
# The demo is the same for everybody; a user's own runs draw their seeds.
SEED = 7
_FILM = "film"


@dataclass(frozen=True, slots=True)
class Demo:
    folder: Path
    files: tuple[str, ...]
    scored: tuple[Scored, ...]
    problems: tuple[str, ...]


def run_demo(out: Path, *, progress: Progress = silent, cancel: Cancel | None = None) -> Demo:
    """Make the film in `out/film`, score it beside it, and mux a preview of each score.

    Scores are sketch's in two styles and the bundled neural model's; where that cannot run, a problem says
    why. OutputError when `out` holds anything but an earlier demo, or cannot be written.
    """
    if out.is_dir() and any(out.iterdir()) and not (out / _FILM / "demo.otio").is_file():
        raise OutputError(f"'{out}' has files that are no Hitpoint demo: choose an empty folder with --out")
    problems: list[Problem] = []
    timeline = make_demo(out / _FILM, problems=problems, progress=progress, cancel=cancel)
    runs, files = [], [str(timeline.relative_to(out))]
    for name, model, style in SCORES:
        try:
            done = score(
                _asked(timeline, out / name, model, style), progress=_named(progress, name), cancel=cancel
            )
        except OptionError as error:
            if model == SKETCH:
                raise
            problems.append(Problem("no-neural", f"there is no preview-{name}.mp4: {error}"))
            continue
        runs.append(done)
        preview = out / f"preview-{name}.mp4"
        _, (cue,) = read(timeline, Selection())
        head = done.report["cues"][0]["stems"][0]["handle_samples"][0]
        problems += mux_preview(
            cue, done.folder / "mix.wav", preview, head_samples=head, progress=_named(progress, name)
        )
        files += [f"{name}/{file}" for file in done.files] + [preview.name]
    return Demo(out, tuple(files), tuple(runs), tuple(dict.fromkeys(problem.text for problem in problems)))


def _asked(timeline: Path, out: Path, model: str, style: str) -> ScoreOptions:
    return ScoreOptions(
        source=timeline,
        out=out,
        selection=Selection(),
        model=model,
        style=style,
        seed=SEED,
        loudness=None,
        handles=2.0,
        format="otio",
        split="none",
    )


def _named(progress: Progress, name: str) -> Progress:
    """Runs one after the other: each has its own stages."""

    def forward(step: Step) -> None:
        progress(Step(step.stage, step.done, step.total, f"{name}: {step.text}"))

    return forward
