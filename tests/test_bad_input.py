"""Every mistake gets one sentence that names it and says what to do, exit code 2, and nothing is written."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from hitpoint.plugin.cli import main


class Outcome(NamedTuple):
    code: int
    sentence: str


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in; Hitpoint's own home lies elsewhere."""
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HITPOINT_DEBUG", raising=False)
    folder = tmp_path / "room"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> Outcome:
    code = main(arguments)
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = [line for line in captured.err.splitlines() if line.startswith("hitpoint: ")]
    assert len(lines) == 1, captured.err
    return Outcome(code, lines[0])


def time(frames: float) -> dict[str, object]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": 24, "value": frames}


def timeline(frames: int = 96) -> dict[str, object]:
    clip = {
        "OTIO_SCHEMA": "Clip.1",
        "name": "gone",
        "source_range": {"OTIO_SCHEMA": "TimeRange.1", "start_time": time(0), "duration": time(frames)},
        "media_reference": {"OTIO_SCHEMA": "ExternalReference.1", "target_url": "gone.mov"},
    }
    track = {"OTIO_SCHEMA": "Track.1", "kind": "Video", "name": "V1", "children": [clip] if frames else []}
    stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track]}
    return {"OTIO_SCHEMA": "Timeline.1", "name": "t", "tracks": stack, "global_start_time": time(86400)}


def write(path: Path, data: object) -> str:
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path.name


CASES = {
    "no such file": ("gone.otio", None, [], "gone.otio"),
    "not a timeline": ("note.otio", "dear diary", [], "note.otio"),
    "not json but binary": ("x.otio", "\x00\x01\x02", [], "x.otio"),
    "another object": ("clip.otio", {"OTIO_SCHEMA": "Clip.1"}, [], "clip.otio"),
    "a timeline that ends the process in the library": (
        "crash.otio", {"OTIO_SCHEMA": "Timeline.1", "tracks": None}, [], "crash.otio",
    ),
    "an empty timeline": ("empty.otio", timeline(0), [], "empty.otio"),
    "a zero-length cue": ("a.otio", timeline(), ["--range", "1", "1"], "1"),
    "a range outside": ("a.otio", timeline(), ["--range", "01:00:09:00", "01:00:12:00"], "01:00:09:00"),
    "an unknown clip": ("a.otio", timeline(), ["--clips", "gnoe"], "gnoe"),
    "no cue marker": ("a.otio", timeline(), ["--markers"], "marker"),
    "an EDL without rate": (
        "a.edl", "TITLE: x\n\n001  AX V C 00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00\n", [], "--rate",
    ),
    "an unknown style": ("a.otio", timeline(), ["--style", "polka"], "polka"),
    "an unknown model": ("a.otio", timeline(), ["--model", "muzak"], "muzak"),
    "an unreadable video": ("a.mp4", "this is no film", [], "a.mp4"),
    "an unknown kind of file": ("a.docx", "text", [], "a.docx"),
    "a loudness out of range": ("a.otio", timeline(), ["--loudness", "12"], "12"),
    "a rate that is none": ("a.edl", "TITLE: x\n", ["--rate", "fast"], "fast"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(CASES))
def test_bad_input_gets_a_sentence(name: str, room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, content, options, named = CASES[name]
    if content is not None:
        write(room / file, content)
    before = sorted(room.rglob("*"))
    outcome = call(capsys, "score", file, *options)
    assert outcome.code == 2
    assert named in outcome.sentence
    assert sorted(room.rglob("*")) == before


def test_a_folder_of_another_input_is_refused(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(room / "a.otio", timeline())
    other = room / "out"
    other.mkdir()
    write(other / "report.json", {"input": {"name": "b.otio"}})
    outcome = call(capsys, "score", "a.otio", "-o", "out")
    assert outcome.code == 2
    assert "b.otio" in outcome.sentence
    assert [path.name for path in other.iterdir()] == ["report.json"]


def test_a_folder_that_cannot_be_written_is_named(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(room / "a.otio", timeline())
    if os.name == "posix" and os.geteuid() == 0:
        closed = Path("/sys")  # the one place where even root may not make a folder
        if not closed.is_dir():
            pytest.skip("no place here is closed to root: this promise was NOT checked")
    else:
        closed = room / "closed"
        closed.mkdir(mode=0o555)
    outcome = call(capsys, "score", "a.otio", "-o", str(closed / "out"))
    assert outcome.code == 2
    assert "cannot be written" in outcome.sentence


def test_a_full_disk_is_told_before_any_work(
    room: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(room / "a.otio", timeline())
    real = shutil.disk_usage(room)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: real._replace(free=1000))
    outcome = call(capsys, "score", "a.otio", "--in-process")
    assert outcome.code == 2
    assert "no space left" in outcome.sentence
    assert [path.name for path in room.iterdir()] == ["a.otio"]
