"""`hitpoint doctor`, `check` and `gc` as they are typed: each finding is a sentence with what to do."""

from __future__ import annotations

import json
import shutil
import sqlite3
import types
from pathlib import Path

import pytest

from hitpoint.engine.models.library import models_dir
from hitpoint.engine.paths import cache_dir, state_dir
from hitpoint.engine.store import disks
from hitpoint.engine.store.journal import Journal
from hitpoint.engine.store.locks import held, job_lock
from hitpoint.engine.store.objects import object_path
from hitpoint.plugin import upkeep_command
from hitpoint.plugin.cli import main
from hitpoint.plugin.upkeep_command import findings, unplaced
from kept_stages import keep_stage


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def without_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one finding that starts processes is looked at on its own."""
    monkeypatch.setattr(upkeep_command, "_engine", lambda: iter(()))


def _wait(job: str, source: str, objects: list[str], *, state: str = "stored") -> None:
    journal = Journal()
    journal.plan(job, "score", {"source": source})
    journal.move(job, journal.lease(job, "me"), state, {"objects": objects})  # type: ignore[arg-type]


def _wrong() -> list[str]:
    return [sentence for well, sentence in findings() if not well]


# --- doctor -------------------------------------------------------------------------------------------------


def test_a_well_machine_is_told_so_and_no_folder_is_made(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("ok     ") for line in lines)
    assert any("starts and answers" in line for line in lines)
    assert any("nothing was kept yet" in line for line in lines)
    assert not (home / "cache").exists()


@pytest.mark.usefixtures("without_engine")
def test_what_is_wrong_is_counted_and_the_code_is_2(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.write_text("a file where a folder should be")
    assert main(["doctor"]) == 2
    said = capsys.readouterr()
    assert "WRONG" in said.out
    assert "are wrong: do what the lines say" in said.err


@pytest.mark.usefixtures("without_engine")
def test_a_folder_that_cannot_be_written_is_named(home: Path) -> None:
    home.mkdir()
    (home / "cache").write_text("a file")
    assert _wrong() == [
        f"'{home / 'cache'}' cannot be written: give yourself the right to, or set HITPOINT_HOME"
    ]


@pytest.mark.usefixtures("without_engine")
def test_a_home_on_a_share_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disks, "is_share", lambda folder: True)
    assert [sentence.partition(" lies")[0] for sentence in _wrong()] == [
        f"'{cache_dir()}'",
        f"'{state_dir()}'",
    ]
    assert "set HITPOINT_HOME to a folder on a disk of this machine" in _wrong()[0]


@pytest.mark.usefixtures("without_engine")
def test_little_room_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: types.SimpleNamespace(free=3 * 10**9))
    (sentence,) = _wrong()
    assert sentence.startswith("only 3.0 GB are free on the disk of ")
    assert "run hitpoint gc" in sentence


@pytest.mark.usefixtures("without_engine")
@pytest.mark.parametrize("broken", ["no database", "newer"])
def test_a_broken_journal_is_told_with_its_path(broken: str) -> None:
    journal = Journal()
    journal.path.parent.mkdir(parents=True)
    if broken == "newer":
        db = sqlite3.connect(journal.path)
        db.execute("pragma user_version = 99")
        db.close()
    else:
        journal.path.write_bytes(b"no database" * 1_000)
    told = [sentence for sentence in _wrong() if "journal" in sentence]
    assert any(
        sentence.startswith("the journal is damaged (")
        and f"delete '{journal.path}', kept results are made again" in sentence
        for sentence in told
    )


@pytest.mark.usefixtures("without_engine")
def test_a_damaged_model_is_named() -> None:
    (models_dir() / "mine").mkdir(parents=True)
    (models_dir() / "mine" / "model.json").write_text("{")
    assert _wrong() == ["the model 'mine' is damaged: import it again, or delete its folder"]


@pytest.mark.usefixtures("without_engine")
def test_stems_that_wait_and_jobs_that_were_set_aside_are_told(tmp_path: Path) -> None:
    _wait("one", "/films/cut.otio", [keep_stage(tmp_path, key, key.encode()) for key in "abc"])
    _wait("two", "/films/other.otio", [], state="quarantined")
    assert [Journal().died("two") for _ in range(2)] == [1, 2]
    assert _wrong() == [
        "3 finished stems were not placed: give the same command for '/films/cut.otio' again and they are "
        "placed as they are, or let them go with hitpoint gc --discard-unplaced; until then they are kept",
        "the job over 'other.otio' ended the engine 2 times and was set aside: try a shorter range or "
        "another model",
    ]


def test_stems_of_a_job_that_goes_on_do_not_wait(tmp_path: Path) -> None:
    assert unplaced() == ""
    _wait("one", "cut.otio", [keep_stage(tmp_path, "a", b"a")])
    with held(job_lock("one")):
        assert unplaced() == ""
    assert unplaced().startswith("1 finished stem was not placed")


# --- check --------------------------------------------------------------------------------------------------


def test_check_tells_how_much_is_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep_stage(tmp_path, "a", b"a")
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "1 kept files are whole\n"


def test_a_flipped_bit_is_found_mended_and_made_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = object_path(keep_stage(tmp_path, "a", b"sound" * 100))
    data = bytearray(path.read_bytes())
    data[77] ^= 1
    path.write_bytes(data)
    assert main(["check"]) == 2
    said = capsys.readouterr()
    assert "1 kept files are changed and 1 results lack a file" in said.err
    assert "hitpoint check --mend" in said.err
    assert main(["check", "--mend"]) == 0
    assert "they are forgotten" in capsys.readouterr().out
    assert main(["check"]) == 0
    keep_stage(tmp_path, "a", b"sound" * 100)
    assert path.read_bytes() == b"sound" * 100


# --- gc -----------------------------------------------------------------------------------------------------


def test_gc_tells_what_it_took(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for key in "ab":
        keep_stage(tmp_path, key, key.encode() * 1_000_000)
    assert main(["gc", "--most", "1.5M"]) == 0
    assert capsys.readouterr().out == (
        "removed 1 kept files, 1 results, 0 other cached files (1.0 MB in all) "
        "and 0 leftovers of killed runs\n"
    )


def test_gc_keeps_what_the_setting_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in "ab":
        keep_stage(tmp_path, key, key.encode() * 60_000_000)
    assert main(["gc"]) == 0
    assert len(Journal().stages()) == 2
    monkeypatch.setenv("HITPOINT_CACHE_GB", "0.1")
    assert main(["gc"]) == 0
    assert [stage.key for stage in Journal().stages()] == ["b"]


def test_stems_that_wait_stay_until_they_are_let_go_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _wait(
        "one",
        "cut.otio",
        [keep_stage(tmp_path, key, key.encode() * 1_000_000) for key in "ab"],
    )
    assert main(["gc", "--most", "0"]) == 0
    assert "2.0 MB more than 0.0 MB stay" in capsys.readouterr().out
    assert len(Journal().stages()) == 2
    assert main(["gc", "--discard-unplaced"]) == 0
    assert "let go of 2 finished stems that waited to be placed" in capsys.readouterr().out
    assert Journal().stages() == []
    assert unplaced() == ""


@pytest.mark.parametrize("size", ["-1", "much", "5X", ""])
def test_a_size_that_is_none_is_refused(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["gc", "--most", size])
    assert ended.value.code == 2
    assert "choose a size such as 500M or 5G" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["0", "lots"])
def test_a_limit_that_cannot_be_is_named(
    value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HITPOINT_CACHE_GB", value)
    assert main(["gc"]) == 2
    assert "HITPOINT_CACHE_GB" in capsys.readouterr().err


def test_the_timeline_of_a_run_keeps_its_stems(tmp_path: Path) -> None:
    from hitpoint.plugin.placed import note_placed
    from hitpoint.plugin.score import Scored

    sha256 = keep_stage(tmp_path, "a", b"sound")
    keep_stage(tmp_path, "b", b"other")
    (tmp_path / "scored.otio").write_text("{}")
    report = {"cues": [{"stems": [{"sha256": sha256}]}]}
    note_placed(Journal(), Scored(tmp_path, ("mix.wav", "scored.otio"), json.loads(json.dumps(report))))
    assert main(["gc", "--most", "0"]) == 0
    assert [stage.key for stage in Journal().stages()] == ["a"]
    (tmp_path / "scored.otio").unlink()
    assert main(["gc", "--most", "0"]) == 0
    assert Journal().stages() == []
