"""`hitpoint score` through the engine's own process and without: the same files, also after any kill."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from films import timeline

WAYS = ((), ("--in-process",))
# Where a worker may die while it scores one cue.
POINTS = (
    "take.made", "object.synced", "object.kept", "take.kept", "finish.made", "finish.kept", "run.built",
    "run.moved", "run.placed",
)  # fmt: skip


def run(*words: object, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hitpoint.plugin.cli", *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "HITPOINT_HOME": str(home), **environment},
        check=False,
    )


def kill_when(log: Path, point: str, *words: object, home: Path) -> None:
    """Give a command, and kill it when its engine has reached `point`."""
    command = [sys.executable, "-m", "hitpoint.plugin.cli", *map(str, words)]
    environment = {**os.environ, "HITPOINT_HOME": str(home), "HITPOINT_POINTS_LOG": str(log)}
    started = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not (log.exists() and point in log.read_text().split()):
        assert started.poll() is None, started.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    started.kill()
    started.communicate()


def files(folder: Path) -> dict[str, str]:
    """Hashes of a run's files; of the report without what a clock says."""
    out = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "earlier" not in path.relative_to(folder).parts:
            data = path.read_bytes()
            if path.name == "report.json":
                report = json.loads(data)
                del report["timings_s"]
                data = json.dumps(report).encode()
            out[str(path.relative_to(folder))] = hashlib.sha256(data).hexdigest()
    return out


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return timeline(tmp_path_factory.mktemp("film"))


@pytest.fixture(scope="module")
def quiet(film: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The files of a run that nobody disturbed, in one process, into a folder called out."""
    folder = tmp_path_factory.mktemp("quiet")
    done = scored(film, folder, "--in-process")
    assert done.returncode == 0, done.stderr
    return files(folder / "out")


def scored(film: Path, folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    asked = ("score", film, "-o", folder / "out", "--seed", 3, "--style", "piano", *words)
    return run(*asked, home=folder / "home", **environment)


@pytest.mark.parametrize("way", WAYS)
def test_both_ways_write_the_same_files(film: Path, tmp_path: Path, quiet: dict[str, str], way: Any) -> None:
    done = scored(film, tmp_path, *way)
    assert done.returncode == 0, done.stderr
    assert _alike(files(tmp_path / "out"), quiet)
    told = [line for line in done.stderr.splitlines() if "can be heard: " in line]
    assert len(told) == 1
    assert Path(told[0].split("can be heard: ")[1].strip()).is_file()


def _alike(found: dict[str, str], quiet: dict[str, str]) -> bool:
    """The scored timeline names its own folder, and differs by that."""
    return {**found, "scored.otio": ""} == {**quiet, "scored.otio": ""}


@pytest.mark.parametrize("way", WAYS)
def test_both_ways_end_with_the_same_sentence_and_code(tmp_path: Path, way: Any) -> None:
    (tmp_path / "cut.otio").write_text("{}")
    done = run("score", tmp_path / "cut.otio", *way, home=tmp_path / "home")
    assert done.returncode == 2
    assert "'cut.otio' is not a timeline" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "home") == ["cut.otio"]


@pytest.mark.parametrize("way", WAYS)
def test_both_ways_analyse_the_same(film: Path, tmp_path: Path, way: Any) -> None:
    done = run("analyse", film, "-o", tmp_path / "out", *way, home=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert {"analysis.json", "analysis.png"} <= set(files(tmp_path / "out"))


@pytest.mark.skipif(sys.platform == "win32", reason="it kills with POSIX signals")
@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_any_point_is_replaced_and_the_files_are_the_same(
    film: Path, tmp_path: Path, quiet: dict[str, str], point: str
) -> None:
    if point == "run.moved":
        assert scored(film, tmp_path, "--style", "folk").returncode == 0
    log, mark = tmp_path / "points", tmp_path / "mark"
    done = scored(film, tmp_path, HITPOINT_CRASH_AT=f"{point}:{mark}", HITPOINT_POINTS_LOG=str(log))
    assert done.returncode == 0, done.stderr
    assert mark.exists()
    assert _alike(files(tmp_path / "out"), quiet)
    made = Counter(log.read_text().split())
    # What was kept was not made again.
    for kind in ("take", "finish"):
        assert made[f"{kind}.made"] == (2 if point == f"{kind}.made" or _before(point, kind) else 1), made
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".out")]


def _before(point: str, kind: str) -> bool:
    """Whether the point lies between a stage's end and its place in the journal: of the first stage only."""
    return kind == "take" and point.startswith("object.")


@pytest.mark.skipif(sys.platform == "win32", reason="it kills with POSIX signals")
@pytest.mark.parametrize("way", WAYS)
def test_a_command_that_is_killed_goes_on_when_it_is_given_again(
    film: Path, tmp_path: Path, way: Any
) -> None:
    """Without --seed: the second run has the first one's."""
    asked = ("score", film, "-o", tmp_path / "out", "--style", "piano", *way)
    home, log = tmp_path / "home", tmp_path / "points"
    kill_when(log, "take.kept", *asked, home=home)
    assert not (tmp_path / "out").exists()
    second = run(*asked, home=home, HITPOINT_POINTS_LOG=str(log))
    assert second.returncode == 0, second.stderr
    assert (tmp_path / "out" / "mix.wav").exists()
    assert Counter(log.read_text().split())["take.made"] == 1
