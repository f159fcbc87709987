"""A folder that an editor exports into: what is new there is told once, and whole."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from hitpoint.plugin.hosts.files import FilesHost
from hitpoint.plugin.hosts.watch import Watch

WHOLE = '{"OTIO_SCHEMA": "Timeline.1", "tracks": {}}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "before.otio").write_text(WHOLE)
    return tmp_path


def watching(folder: Path) -> Watch:
    made = Watch(str(folder))
    made.look()
    return made


def told(watch: Watch, looks: int = 2) -> list[str]:
    """What was offered after so many looks, by name."""
    for _ in range(looks):
        watch.look()
    found = []
    # No look of its own comes between.
    watch._looked_s = time.monotonic() + 1000
    while path := watch.offered():
        found.append(Path(path).name)
    return found


def test_a_new_timeline_is_told_once(folder: Path) -> None:
    watch = watching(folder)
    (folder / "cut.otio").write_text(WHOLE)
    assert told(watch) == ["cut.otio"]
    assert told(watch, 4) == []


def test_a_timeline_that_was_written_anew_is_told_again(folder: Path) -> None:
    watch = watching(folder)
    (folder / "before.otio").write_text(WHOLE + " ")
    assert told(watch) == ["before.otio"]
    os.utime(folder / "before.otio", ns=(1, 1))
    assert told(watch) == ["before.otio"]


def test_one_that_is_being_written_is_told_when_it_is_whole(folder: Path) -> None:
    watch = watching(folder)
    path = folder / "cut.otio"
    path.write_text(WHOLE[:20])
    # Half of it rests for a while.
    assert told(watch, 4) == []
    path.write_text(WHOLE)
    assert told(watch, 1) == []
    assert told(watch, 1) == ["cut.otio"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cut.otio", '{"OTIO_SCHEMA": "Clip.2"}'),
        ("cut.otio", '["Timeline.1"]'),
        ("cut.otio", "no JSON"),
        (".cut.otio", WHOLE),
        ("cut.xml", WHOLE),
    ],
)
def test_what_is_no_timeline_is_not_told(folder: Path, name: str, text: str) -> None:
    watch = watching(folder)
    (folder / name).write_text(text)
    (folder / "inside").mkdir()
    (folder / "inside" / "scored.otio").write_text(WHOLE)
    (folder / "folder.otio").mkdir()
    assert told(watch, 4) == []


def test_several_at_once_are_told_one_after_the_other(folder: Path) -> None:
    watch = watching(folder)
    for name in "bac":
        (folder / f"{name}.otio").write_text(WHOLE)
    assert told(watch) == ["a.otio", "b.otio", "c.otio"]


def test_a_folder_that_went_away_is_a_sentence_until_it_is_back(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    host = FilesHost(str(folder))
    assert "'exports'" in host.standing().text
    watch = watching(folder)
    folder.rmdir()
    watch.look()
    assert str(folder) in watch.problem and "put it back" in watch.problem
    folder.mkdir()
    (folder / "cut.otio").write_text(WHOLE)
    assert told(watch) == ["cut.otio"] and watch.problem == ""


def test_a_host_of_files_looks_by_itself_and_never_waits(folder: Path) -> None:
    host = FilesHost(str(folder))
    assert host.offered() == ""
    over = time.monotonic() + 20
    while host._watch is None or host._watch._known is None:
        assert time.monotonic() < over
    (folder / "cut.otio").write_text(WHOLE)
    slowest, found = 0.0, ""
    while not found:
        begun = time.perf_counter()
        found = host.offered()
        slowest = max(slowest, time.perf_counter() - begun)
        assert time.monotonic() < over, "it was never offered"
    assert Path(found).name == "cut.otio" and slowest < 0.5


def test_the_next_step_in_resolve_names_the_two_clicks(tmp_path: Path) -> None:
    scored = tmp_path / "scored.otio"
    scored.write_text('{"OTIO_SCHEMA": "Timeline.1", "metadata": {"Resolve_OTIO": {}}}')
    text = FilesHost().next_step(str(scored))
    assert "File > Import > Timeline" in text and "'scored.otio'" in text
    assert "Automatically import source clips into media pool" in text
    # Wherever in a large file it stands.
    scored.write_text(" " * ((1 << 20) - 7) + '"Resolve_OTIO"')
    assert FilesHost().next_step(str(scored)) == text
    scored.write_text(WHOLE)
    assert "Resolve" not in FilesHost().next_step(str(scored))
