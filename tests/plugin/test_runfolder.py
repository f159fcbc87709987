"""A run's folder is whole or untouched, and nothing of the user's is lost."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hitpoint.engine.errors import Cancelled, OutputError
from hitpoint.engine.progress import Cancel
from hitpoint.plugin import runfolder
from hitpoint.plugin.runfolder import SESSION, RunFolder, in_place


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where its locks lie; not beside the runs, whose folder is looked at."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HITPOINT_HOME", str(home))
    return home


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


@pytest.mark.skipif(sys.platform != "linux", reason="it needs a disk without room")
def test_a_disk_of_kept_results_that_is_too_small_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run's own disk has room: the other, which the cache lies on, has not."""
    monkeypatch.setattr(runfolder, "cache_dir", lambda: Path("/proc"))
    with RunFolder(tmp_path / "out", "cut.otio") as run, pytest.raises(OutputError) as refused:
        run.need_space(1)
    assert "on the disk of '/proc'" in str(refused.value)
    assert "run hitpoint gc" in str(refused.value)


def test_the_same_run_placed_twice_does_nothing_the_second_time(tmp_path: Path) -> None:
    out = tmp_path / "cut.hitpoint"
    for seconds in (1.0, 2.0):
        with RunFolder(out, "cut.otio") as run:
            (run.building / "stems").mkdir()
            (run.building / "stems" / "drums.wav").write_text("sound")
            report = {"input": {"name": "cut.otio"}, "timings_s": {"all": seconds}}
            (run.building / "report.json").write_text(json.dumps(report))
            run.commit()
        if seconds == 1.0:
            (out / "notes.txt").write_text("mine")
            before = {path: path.stat().st_ino for path in out.rglob("*")}
    assert {path: path.stat().st_ino for path in out.rglob("*")} == before
    assert [path.name for path in tmp_path.iterdir()] == ["cut.hitpoint"]


@pytest.mark.parametrize("change", ["bytes", "more", "fewer", "report"])
def test_a_run_that_differs_in_anything_is_another(tmp_path: Path, change: str) -> None:
    out = tmp_path / "cut.hitpoint"
    run_once(out, "sound")
    if change == "bytes":
        (out / "stems" / "drums.wav").write_text("Sound")
    elif change == "more":
        (out / "stems" / "bass.wav").write_text("sound")
    elif change == "fewer":
        (out / "stems" / "drums.wav").unlink()
    else:
        (out / "report.json").write_text(json.dumps({"input": {"name": "cut.otio"}, "text": "other"}))
    run_once(out, "sound")
    assert (out / "earlier" / "001" / "report.json").is_file()
    assert (out / "stems" / "drums.wav").read_text() == "sound"


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


@pytest.mark.parametrize("point", ["run.built", "run.moved", "run.placed"])
def test_what_the_panel_keeps_is_there_after_a_kill_at_any_moment_of_the_swap(
    tmp_path: Path, point: str
) -> None:
    out = tmp_path / "cut.hitpoint"
    run_once(out, "one")
    (out / SESSION).write_text('{"input": {"name": "cut.otio"}}')
    (out / "session" / "takes").mkdir(parents=True)
    (out / "session" / "takes" / "take.json").write_text("a take")
    subprocess.run(
        [sys.executable, "-c", RUN, str(out), "killed"],
        env={**os.environ, "HITPOINT_CRASH_AT": point},
        check=False,
    )
    assert (out / "session" / "takes" / "take.json").read_text() == "a take"
    with in_place(out):
        found = files(out)
        assert found[SESSION] == '{"input": {"name": "cut.otio"}}'
        assert found["session/takes/take.json"] == "a take"
        assert found["stems/drums.wav"] == ("one" if point == "run.built" else "killed")
        assert found.get("earlier/001/stems/drums.wav") == (None if point == "run.built" else "one")
    run_once(out, "two")
    assert [path.name for path in tmp_path.iterdir()] == ["cut.hitpoint"]


def test_takes_can_be_read_at_every_moment_of_a_swap(tmp_path: Path) -> None:
    out = tmp_path / "cut.hitpoint"
    take = out / "session" / "takes" / "take.json"
    take.parent.mkdir(parents=True)
    (out / SESSION).write_text('{"input": {"name": "cut.otio"}}')
    take.write_text("a take")
    where = take.parent.stat().st_ino
    stop, missed, reads = threading.Event(), [], [0]

    def read() -> None:
        while not stop.is_set():
            reads[0] += 1
            if not take.exists():
                missed.append(reads[0])

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(20):
        run_once(out, str(number))
    stop.set()
    reader.join()
    assert reads[0] > 20
    assert (missed, take.parent.stat().st_ino) == ([], where)
    assert files(out)["earlier/019/stems/drums.wav"] == "18"


@pytest.mark.parametrize("refused", range(1, 5))
def test_an_exchange_that_is_refused_half_way_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: int
) -> None:
    out = tmp_path / "cut.hitpoint"
    out.mkdir()
    (out / SESSION).write_text('{"input": {"name": "cut.otio"}}')
    run_once(out, "one")
    before = files(tmp_path)
    moves = [0]
    move = runfolder._move

    def refusing(entry: Path, folder: Path) -> None:
        moves[0] += 1
        if moves[0] == refused:
            raise OSError(13, "held by another program")
        move(entry, folder)

    monkeypatch.setattr(runfolder, "_move", refusing)
    with pytest.raises(OutputError):
        run_once(out, "two")
    assert files(tmp_path) == before
    run_once(out, "two")
    assert files(out)["earlier/001/stems/drums.wav"] == "one"


def test_a_run_goes_into_a_folder_that_holds_only_what_the_panel_keeps(tmp_path: Path) -> None:
    out = tmp_path / "cut.hitpoint"
    out.mkdir()
    (out / SESSION).write_text('{"input": {"name": "cut.otio"}}')
    run_once(out, "one")
    assert files(out)["stems/drums.wav"] == "one"
    assert (out / SESSION).is_file()
    assert not (out / "earlier").exists()


def test_a_run_is_refused_where_the_panel_keeps_another_timeline(tmp_path: Path) -> None:
    (tmp_path / SESSION).write_text('{"input": {"name": "first.otio"}}')
    with pytest.raises(OutputError, match=r"first\.otio.*second\.otio"):
        run_once(tmp_path, "one", name="second.otio")


def test_a_swap_waits_for_who_writes_in_the_folder(tmp_path: Path) -> None:
    out = tmp_path / "cut.hitpoint"
    run_once(out, "one")
    with in_place(out):
        second = subprocess.Popen([sys.executable, "-c", RUN, str(out), "two"])
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(0.7)
        (out / SESSION).write_text("{}")
        assert files(out)["stems/drums.wav"] == "one"
    assert second.wait(60) == 0
    assert (files(out)["stems/drums.wav"], files(out)[SESSION]) == ("two", "{}")


HOLD = """
import sys
from pathlib import Path
from hitpoint.plugin.runfolder import RunFolder
with RunFolder(Path(sys.argv[1]), "cut.otio") as run:
    print("building", flush=True)
    sys.stdin.read()
    (run.building / "report.json").write_text('{"input": {"name": "cut.otio"}, "text": "first"}')
    run.commit()
"""


def test_two_processes_write_one_folder_one_after_the_other(tmp_path: Path) -> None:
    out = tmp_path / "film" / "cut.hitpoint"
    (tmp_path / "film").mkdir()
    (tmp_path / "same").symlink_to(tmp_path / "film")
    first = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert first.stdin and first.stdout
    assert first.stdout.readline() == b"building\n"
    told: list[str] = []

    def waiting() -> None:
        told.append("waiting")
        assert first.stdin
        first.stdin.close()

    # By another name: it is the same folder.
    with RunFolder(tmp_path / "same" / "cut.hitpoint", "cut.otio", told=waiting) as run:
        assert json.loads((out / "report.json").read_text())["text"] == "first"
        (run.building / "report.json").write_text('{"input": {"name": "cut.otio"}, "text": "second"}')
        run.commit()
    assert first.wait() == 0
    first.stdout.close()
    assert told == ["waiting"]
    assert json.loads((out / "earlier" / "001" / "report.json").read_text())["text"] == "first"


def test_who_waits_for_a_folder_can_be_stopped_and_leaves_nothing(tmp_path: Path) -> None:
    cancel = Cancel()
    with (
        RunFolder(tmp_path / "out", "cut.otio") as run,
        pytest.raises(Cancelled),
        RunFolder(tmp_path / "out", "cut.otio", told=cancel.set, cancel=cancel),
    ):
        pass
    assert not run.building.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_refused_is_free_for_the_next(tmp_path: Path) -> None:
    run_once(tmp_path / "out", "one", name="first.otio")
    with pytest.raises(OutputError):
        run_once(tmp_path / "out", "two", name="second.otio")
    run_once(tmp_path / "out", "three", name="first.otio")


def test_what_a_living_run_builds_is_not_swept(tmp_path: Path) -> None:
    out = tmp_path / "cut.hitpoint"
    with RunFolder(out, "cut.otio") as run:
        run_once(tmp_path / "other.hitpoint", "one")
        assert run.building.exists()


@pytest.mark.parametrize("with_session", [False, True], ids=["swapped", "exchanged"])
@pytest.mark.parametrize("call", ["rename", "sync_folder"])
def test_a_disk_that_refuses_once_loses_no_run_and_what_waits_is_put_away_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, with_session: bool
) -> None:
    """Each of the calls of a commit in turn: the earlier run stands as it was, or is kept beside the new."""
    number = 0
    while True:
        number += 1
        out = tmp_path / f"{number}" / "out"
        _write(out, "first")
        if with_session:
            (out / SESSION).write_text('{"input": {"name": "cut.otio"}}')
        with RunFolder(out, "cut.otio") as run:
            _fill(run, "second")
            with monkeypatch.context() as patch:
                calls = _refusing(patch, call, number)
                try:
                    run.commit()
                    refused = False
                except OutputError:
                    refused = True
        assert (out / "mix.wav").read_text() == ("first" if refused else "second"), number
        _write(out, "third")
        assert (out / "mix.wav").read_text() == "third"
        kept = sorted((path / "mix.wav").read_text() for path in (out / "earlier").iterdir())
        assert kept == (["first"] if refused else ["first", "second"]), number
        assert {path.name for path in out.parent.iterdir()} == {"out"}
        if len(calls) < number:
            break
    assert number > 1


def _fill(run: RunFolder, text: str) -> None:
    (run.building / "mix.wav").write_text(text)
    (run.building / "report.json").write_text(json.dumps({"input": {"name": "cut.otio"}, "made": text}))


def _write(out: Path, text: str) -> None:
    out.parent.mkdir(exist_ok=True)
    with RunFolder(out, "cut.otio") as run:
        _fill(run, text)
        run.commit()


def _refusing(monkeypatch: pytest.MonkeyPatch, call: str, number: int) -> list[int]:
    """The `number`-th of these calls fails; the list grows with each."""
    calls: list[int] = []
    place, name = (Path, call) if call == "rename" else (runfolder, call)
    usual = getattr(place, name)

    def instead(*words: object) -> object:
        calls.append(len(calls))
        if len(calls) == number:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return usual(*words)

    monkeypatch.setattr(place, name, instead)
    return calls
