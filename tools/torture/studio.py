"""A film, a model of toy size and what undisturbed runs of them give: where the engine is tortured."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from hitpoint.engine.models.config import FRAME_RATE
from hitpoint.engine.models.generate.windows import default_windowing
from hitpoint.engine.models.importing.random import install_random
from hitpoint.engine.models.tiny import tiny_gvmgen

from . import samples
from .run import Run

MODEL = "tiny-torture"
# A second of music is drawn in a tenth of a second: windows this long make at least four of the film.
WINDOW_S = 4.0
JOBS = ("sketch", "neural", "analyse")
# Nothing is set aside while it is killed on purpose.
PATIENT = {"deaths_of_a_job": 10_000, "most_crashes": 10_000}
_FRAMES = (40, 70, 30, 80, 50)
_home_lock = threading.RLock()


@dataclass(slots=True)
class Quiet:
    """What a job that nobody disturbed did: its files, the points it reached, when which stage began.

    `stages` are (seconds after the first progress, stage), `length_s` is from there to the result.
    """

    files: dict[str, str]
    points: Counter[str]
    stages: list[tuple[float, str]]
    length_s: float
    whole_s: float


@dataclass(slots=True)
class Studio:
    """`folder` holds all of it. `python` is the interpreter of the client processes."""

    folder: Path
    film: Path = field(init=False)
    quiet: dict[str, Quiet] = field(default_factory=dict)
    # Of the model's decoder, in one job.
    positions: int = 0
    _numbers: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _sources: dict[str, str] = field(default_factory=dict)

    def open(self) -> None:
        """Make the film and the model. The first undisturbed runs come with the first question for them."""
        source = self.folder / "film"
        source.mkdir(parents=True)
        samples.film(source)
        self.film = source / "cut.otio"
        self.film.write_text(json.dumps(_timeline(source)))
        with self.home(self.folder / "models"):
            config, state = tiny_gvmgen()
            install_random(replace(config, max_duration_s=WINDOW_S), MODEL, state=state, precisions=("fp32",))
        self._sources = self.sources()

    @contextmanager
    def home(self, home: Path) -> Iterator[None]:
        """This process in that HITPOINT_HOME: for looking into its store. Children get theirs by name."""
        with _home_lock:
            before = os.environ.get("HITPOINT_HOME")
            os.environ["HITPOINT_HOME"] = str(home)
            try:
                yield
            finally:
                if before is None:
                    del os.environ["HITPOINT_HOME"]
                else:
                    os.environ["HITPOINT_HOME"] = before

    def trial(self) -> Path:
        """An empty folder with a `home` that has the model."""
        with self._lock:
            self._numbers += 1
            folder = self.folder / f"trial{self._numbers}"
        data = folder / "home" / "data"
        data.mkdir(parents=True)
        (data / "models").symlink_to(self.folder / "models" / "data" / "models")
        return folder

    def start(self, job: str, trial: Path, *, out: str = "out", **more: Any) -> Run:
        """The job, in a client process. `more` is what tools.torture.client takes, and `environment`."""
        environment = {
            "HITPOINT_HOME": str(trial / "home"),
            "HITPOINT_POINTS_LOG": str(trial / "points"),
            **more.pop("environment", {}),
        }
        options = {
            "source": str(more.pop("source", self.film)), "out": str(trial / out), "seed": 3,
            "model": MODEL if job == "neural" else "sketch",
            "style": "auto" if job == "neural" else "piano",
            # Four at once, so that windows last long enough to be killed in.
            "neural": {"candidates": 4} if job == "neural" else {},
        }  # fmt: skip
        method = "analyse" if job == "analyse" else "score"
        asked = {"method": method, "limits": PATIENT, **more, "options": options}
        words = [sys.executable, "-m", "tools.torture.client", json.dumps(asked)]
        return Run(words, environment, self.label if job == "neural" else _plain)

    def undisturbed(self, job: str) -> Quiet:
        """Run once, kept. RuntimeError when it fails: then there is nothing to compare with."""
        with self._lock:
            known = self.quiet.get(job)
        if known is not None:
            return known
        trial = self.trial()
        with self.start(job, trial) as run:
            run.wait(300)
        if run.folder is None:
            raise RuntimeError(f"the job '{job}' fails undisturbed: {run.said()}")
        points = Counter((trial / "points").read_text().split())
        known = Quiet(files(trial / "out"), points, run.stages, run.length_s, run.whole_s)
        (trial / "out").rename(self.folder / f"quiet-{job}")
        shutil.rmtree(trial)
        with self._lock:
            self.quiet[job] = known
        return known

    def earlier_run(self, job: str, trial: Path) -> dict[str, str]:
        """Put the undisturbed run's folder where a trial's will be; its files."""
        self.undisturbed(job)
        shutil.copytree(self.folder / f"quiet-{job}", trial / "out")
        return files(trial / "out")

    def label(self, stage: str, done: float, total: float) -> str:
        """The stage in the histogram: each window of the model is one."""
        if stage != "generate":
            return stage
        steps = round(total * FRAME_RATE)
        windows = default_windowing(WINDOW_S).plan(steps)
        self.positions = sum(window.end - window.start - window.prompt for window in windows)
        ends = [window.end / FRAME_RATE for window in windows]
        number = next((index for index, end in enumerate(ends) if done <= end), len(ends) - 1)
        return f"generate window {number + 1}"

    def sources(self) -> dict[str, str]:
        """Hashes of the film's files: nobody may change them."""
        return {
            str(path): sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.film.parent.rglob("*"))
            if path.is_file()
        }

    def sources_changed(self) -> list[str]:
        now = self.sources()
        return [
            path for path in self._sources.keys() | now.keys() if now.get(path) != self._sources.get(path)
        ]


def files(folder: Path) -> dict[str, str]:
    """Hashes of a run's files: of a report without what is of the run, of a timeline without its place."""
    out = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and "earlier" not in parts:
            data = path.read_bytes()
            if path.name in ("report.json", "analysis.json"):
                data = json.dumps(_undated(json.loads(data))).encode()
            elif path.name == "scored.otio":
                data = data.replace(str(folder).encode(), b"")
            out["/".join(parts)] = sha256(data).hexdigest()
    return out


def _undated(report: dict[str, Any]) -> dict[str, Any]:
    """A report without what is of the run and not of its result: how long it took, and how many pictures it
    had to encode itself, since an earlier run may have."""
    report.pop("timings_s", None)
    for cue in report.get("cues", ()):
        if isinstance(cue, dict):
            cue.get("neural", {}).get("frames", {}).pop("encoded", None)
    return report


def _plain(stage: str, done: float, total: float) -> str:
    return stage


def _timeline(folder: Path) -> dict[str, Any]:
    def time(value: float) -> dict[str, Any]:
        return {"OTIO_SCHEMA": "RationalTime.1", "rate": 25.0, "value": value}

    def span(start: float, frames: float) -> dict[str, Any]:
        return {"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(frames)}

    clips = [
        {
            "OTIO_SCHEMA": "Clip.2", "name": f"shot {number}", "source_range": span(3 * number, frames),
            "media_references": {"DEFAULT_MEDIA": {
                "OTIO_SCHEMA": "ExternalReference.1", "target_url": str(folder / "film.webm"),
                "available_range": span(0, 100),
            }},
            "active_media_reference_key": "DEFAULT_MEDIA",
        }
        for number, frames in enumerate(_FRAMES)
    ]  # fmt: skip
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "name": "cut",
        "global_start_time": time(90_000),
        "tracks": {
            "OTIO_SCHEMA": "Stack.1",
            "name": "tracks",
            "children": [{"OTIO_SCHEMA": "Track.1", "name": "V1", "kind": "Video", "children": clips}],
        },
    }
