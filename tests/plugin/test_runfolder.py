"""A run's folder is whole or untouched, and nothing of the user's is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hitpoint.engine.errors import OutputError
from hitpoint.plugin.runfolder import RunFolder


def run_once(folder: Path, text: str, *, name: str = "cut.otio") -> None:
    with RunFolder(folder, name) as run:
        (run.building / "stems").mkdir()
        (run.building / "stems" / "drums.wav").write_text(text)
        (run.building / "report.json").write_text(json.dumps({"input": {"name": name}, "text": text}))
        run.commit()


def files(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def test_an_earlier_run_moves_aside_and_the_users_files_stay(tmp_path: Path) -> None:
    out = tmp_path / "cut.hitpoint"
    run_once(out, "one")
    (out / "notes.txt").write_text("mine")
    run_once(out, "two")
    run_once(out, "three")
    found = files(out)
    assert found["stems/drums.wav"] == "three"
    assert found["earlier/001/stems/drums.wav"] == "one"
    assert found["earlier/002/stems/drums.wav"] == "two"
    assert found["notes.txt"] == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["cut.hitpoint"]


def test_a_run_that_fails_leaves_all_as_it_was(tmp_path: Path) -> None:
    out = tmp_path / "cut.hitpoint"
    run_once(out, "one")
    before = files(tmp_path)
    with pytest.raises(KeyError), RunFolder(out, "cut.otio") as run:
        (run.building / "report.json").write_text("half")
        raise KeyError
    assert files(tmp_path) == before


def test_folders_made_for_a_run_that_failed_are_taken_away(tmp_path: Path) -> None:
    with pytest.raises(KeyError), RunFolder(tmp_path / "a" / "b" / "out", "cut.otio"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_another_input_is_refused(tmp_path: Path) -> None:
    run_once(tmp_path / "out", "one", name="first.otio")
    with pytest.raises(OutputError, match=r"first\.otio.*second\.otio"):
        run_once(tmp_path / "out", "two", name="second.otio")


def test_a_folder_with_files_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_text("x")
    with pytest.raises(OutputError, match="did not write"):
        run_once(tmp_path, "one")


def test_a_disk_too_small_is_told_before_the_work_begins(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "out", "cut.otio") as run, pytest.raises(OutputError, match="no space left"):
        run.need_space(10**18)


RUN = """
import sys
from pathlib import Path
from hitpoint.plugin.runfolder import RunFolder
with RunFolder(Path(sys.argv[1]), "cut.otio") as run:
    (run.building / "stems").mkdir()
    (run.building / "stems" / "drums.wav").write_text(sys.argv[2])
    (run.building / "report.json").write_text('{"input": {"name": "cut.otio"}}')
    run.commit()
"""


@pytest.mark.parametrize("point", ["run.built", "run.moved", "run.placed"])
def test_a_kill_at_any_moment_of_the_swap_loses_nothing(tmp_path: Path, point: str) -> None:
    out = tmp_path / "cut.hitpoint"
    run_once(out, "one")
    (out / "notes.txt").write_text("mine")
    run_once(out, "two")
    killed = subprocess.run(
        [sys.executable, "-c", RUN, str(out), "killed"],
        env={**os.environ, "HITPOINT_CRASH_AT": point},
        check=False,
    )
    assert killed.returncode == -9
    run_once(out, "three")
    found = files(out)
    assert found["stems/drums.wav"] == "three"
    assert found["notes.txt"] == "mine"
    kept = [
        found[f"earlier/{number:03}/stems/drums.wav"]
        for number in range(1, 4 if point == "run.placed" else 3)
    ]
    assert kept == ["one", "two", "killed"][: len(kept)]
    assert [path.name for path in tmp_path.iterdir()] == ["cut.hitpoint"]


def test_what_a_living_run_builds_is_not_swept(tmp_path: Path) -> None:
    out = tmp_path / "cut.hitpoint"
    with RunFolder(out, "cut.otio") as run:
        run_once(tmp_path / "other.hitpoint", "one")
        assert run.building.exists()
