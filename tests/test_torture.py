"""The short form of `make torture`: whatever is done to the engine, nothing is lost. And that it can fail."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tools.torture import acceptance, after, watch
from tools.torture.kills import Histogram
from tools.torture.run import Run
from tools.torture.studio import Quiet

ROOT = Path(__file__).parents[1]
# Each group does at least one trial, and on two busy processors these alone may take longer.
SECONDS = 150
MOST_S = 900

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks for processes in /proc")


def test_whatever_is_done_to_the_engine_nothing_is_lost_and_everything_is_told(tmp_path: Path) -> None:
    words = ["--seconds", str(SECONDS), "--folder", str(tmp_path / "torture")]
    done = subprocess.run(
        [sys.executable, "-m", "tools.torture", *words],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if not key.startswith("HITPOINT_")},
        capture_output=True,
        text=True,
        timeout=MOST_S,
        check=False,
    )
    print(done.stdout)
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("Acceptance:"))
    assert re.findall(r"(\d+) of \d", line) == ["0"] * 7, done.stdout
    assert done.returncode == 0, done.stdout + done.stderr


def said(tmp_path: Path, *lines: str) -> Run:
    """A client that says these lines and ends."""
    code = f"import sys; sys.stdout.write({''.join(line + chr(10) for line in lines)!r})"
    words = [sys.executable, "-c", code]
    run = Run(words, {"HITPOINT_POINTS_LOG": str(tmp_path / "points")}, lambda stage, done, total: stage)
    assert run.wait(30)
    return run


def test_a_client_that_ends_without_a_word_is_a_crash(tmp_path: Path) -> None:
    counts = acceptance.Acceptance()
    assert counts.failure(said(tmp_path), tmp_path, killed=False)
    assert counts.faults == {acceptance.CRASHES: 1}
    assert counts.failure(said(tmp_path), tmp_path, killed=True) == []


def test_a_fault_of_ours_without_an_entry_in_the_log_is_counted(tmp_path: Path) -> None:
    counts = acceptance.Acceptance()
    run = said(tmp_path, '{"error": "it broke: try again", "kind": "crashed", "log_id": "1234abcd"}')
    assert counts.failure(run, tmp_path, killed=False)
    assert counts.faults[acceptance.SILENT] == 1
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "hitpoint.log").write_text('{"id": "1234abcd"}\n')
    assert counts.failure(run, tmp_path, killed=False) == []


def test_a_result_that_is_gone_or_changed_is_counted(tmp_path: Path) -> None:
    counts = acceptance.Acceptance()
    (tmp_path / "mix.wav").write_text("other")
    run = said(tmp_path, f'{{"folder": "{tmp_path}", "files": {{"mix.wav": "0", "report.json": "1"}}}}')
    assert len(counts.acknowledged(run)) == 2
    assert not counts.whole


def test_a_stage_that_was_finished_twice_is_found(tmp_path: Path) -> None:
    quiet = Quiet({}, Counter({"take.made": 1, "window.made": 2}), [], 1.0, 1.0)
    points = tmp_path / "points"
    points.write_text(
        "window.made\nwindow.kept\nwindow.made\nwindow.made\nwindow.kept\ntake.made\ntake.kept\n"
    )
    assert after.made_twice(points, quiet, kills=1) == []
    assert len(after.made_twice(points, quiet, kills=0)) == 1
    points.write_text("take.made\ntake.kept\ntake.made\ntake.kept\n")
    assert len(after.made_twice(points, quiet, kills=9)) == 1


def test_a_process_that_outlives_its_parent_is_found_by_its_mark() -> None:
    mark = os.urandom(8).hex()
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'input()'], stdin=0)"
    with subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, watch.MARK: mark}, stdin=subprocess.PIPE
    ) as parent:
        assert parent.wait(30) == 0
        (orphan,) = watch.marked(mark)
        assert watch.left_after([orphan], 0.05) == [orphan]
        watch.kill(orphan)
        assert watch.left_after([orphan], 30) == []


def test_a_port_that_is_listened_on_is_found() -> None:
    me = watch.Seen(os.getpid(), "", os.getppid(), ())
    assert watch.listening([me]) == []
    with socket.socket() as open_port:
        open_port.bind(("127.0.0.1", 0))
        open_port.listen()
        assert len(watch.listening([me])) == 1


def test_kills_outside_of_a_job_lower_the_share_inside() -> None:
    kills = Histogram()
    for stage in ("generate window 1", "finish", "export", "(starting)"):
        kills.add("worker", "neural", stage)
    assert kills.inside == 0.75
    assert "75 %" in kills.text()
