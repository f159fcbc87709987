"""`hitpoint demo`: a made-up film, its timeline, scores in two styles, and previews to watch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...engine.errors import OutputError, Problem
from ...engine.progress import Cancel, Progress, Step, silent
from ..options import ScoreOptions, Selection
from ..score import Scored, score
from .film import make_demo
from .preview import mux_preview

STYLES = ("cinematic", "electronic")
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
    """Make the film in `out/film`, score it in two styles beside it, and mux a preview of each.

    OutputError when `out` holds anything but an earlier demo, or cannot be written.
    """
    if out.is_dir() and any(out.iterdir()) and not (out / _FILM / "demo.otio").is_file():
        raise OutputError(f"'{out}' has files that are no Hitpoint demo: choose an empty folder with --out")
    problems: list[Problem] = []
    timeline = make_demo(out / _FILM, problems=problems, progress=progress, cancel=cancel)
    runs, files = [], [str(timeline.relative_to(out))]
    for style in STYLES:
        done = score(
            ScoreOptions(
                source=timeline,
                out=out / style,
                selection=Selection(),
                model="sketch",
                style=style,
                seed=SEED,
                loudness=None,
                handles=2.0,
                format="otio",
                split="none",
            ),
            progress=_named(progress, style),
            cancel=cancel,
        )
        runs.append(done)
        preview = out / f"preview-{style}.mp4"
        (cue,) = done.cues
        head = done.takes[0].stems[0].handle_samples[0]
        problems += mux_preview(
            cue, done.folder / "mix.wav", preview, head_samples=head, progress=_named(progress, style)
        )
        files += [f"{style}/{name}" for name in done.files] + [preview.name]
    return Demo(out, tuple(files), tuple(runs), tuple(dict.fromkeys(problem.text for problem in problems)))


def _named(progress: Progress, style: str) -> Progress:
    """Two runs one after the other: each has its own stages."""

    def forward(step: Step) -> None:
        progress(Step(step.stage, step.done, step.total, f"{style}: {step.text}"))

    return forward
