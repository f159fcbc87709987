"""Timelines as the panel reads them, and the film that it offers to who has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...engine.paths import data_dir
from ...engine.progress import Cancel, Progress, Step
from ..demo.film import make_demo
from ..timeline.read import read_timeline
from .letters import sealed


def open_timeline(source: Path, progress: Progress) -> dict[str, Any]:
    """The fields of a `ui.ports.Timeline`, sealed. InputError for what is no timeline."""
    progress(Step("read", 0, 1, source.name))
    document = read_timeline(source)
    told = {
        "path": str(source),
        "rate": document.rate,
        "start_timecode_frame": document.start_timecode_frame,
        "drop_frame": document.drop_frame,
        "frames": document.frames,
        "shots": document.shots,
        "sounds": document.sounds,
        "markers": document.markers,
        "problems": document.problems,
        "find_cuts": document.find_cuts,
        "sha256": document.sha256,
    }
    progress(Step("read", 1, 1, f"{len(document.shots)} shots at {document.rate} fps"))
    return sealed(told)


def demo_timeline(progress: Progress, cancel: Cancel) -> Path:
    """The timeline of the made-up film, drawn when it is asked for first. OutputError when it cannot be."""
    folder = data_dir() / "demo" / "film"
    path = folder / "demo.otio"
    # It is written last.
    return path if path.is_file() else make_demo(folder, progress=progress, cancel=cancel)
