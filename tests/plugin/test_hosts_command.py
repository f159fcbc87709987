"""`hitpoint hosts` as it is typed: what is printed, and the exit codes that scripts rely on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hitpoint.plugin.cli import main
from hitpoint.plugin.hosts import doctor, machine, note
from hitpoint.plugin.hosts.machine import Machine
from hitpoint.plugin.hosts.resolve import attach, places


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A Linux with Resolve, a Python for its scripts, and no Blender."""
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "ours"))
    monkeypatch.delenv("HITPOINT_DEBUG", raising=False)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    program = tmp_path / "root" / "opt" / "resolve" / "bin" / "resolve"
    program.parent.mkdir(parents=True)
    program.touch()
    (tmp_path / "home").mkdir()
    made = Machine("linux", {"PATH": str(tmp_path / "bin")}, str(tmp_path / "home"), str(tmp_path / "root"))
    monkeypatch.setattr(machine, "this_machine", lambda: made)
    monkeypatch.setattr(attach, "this_machine", lambda: made)
    return made


Said = Callable[[], str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    def both() -> str:
        out, err = capsys.readouterr()
        # Sentences are folded where a terminal would.
        return " ".join((out + err).split())

    return both


def test_install_doctor_and_remove_of_resolve_say_what_they_did(here: Machine, said: Said) -> None:
    assert main(["hosts", "install", "resolve"]) == 0
    told = said()
    assert "hitpoint.py'" in told and "Workspace > Scripts > hitpoint" in told
    # Attaching lacks its library, and that alone is no fault: the entry in the menu is there.
    assert main(["hosts", "doctor", "resolve"]) == 0
    told = said()
    assert "WRONG" not in told and "the road is the script" in told and "attaching is closed" in told
    assert main(["hosts", "remove", "resolve"]) == 0
    assert "timelines, sessions, music and the notes on what was placed stay" in said()
    assert not Path(places.user_utility(here)).exists()


def test_the_doctor_ends_with_2_where_the_user_can_mend_something(said: Said) -> None:
    assert main(["hosts", "doctor", "resolve"]) == 2
    told = said()
    assert "WRONG" in told and told.endswith("wrong: do what the lines say")


def test_the_doctor_without_a_name_asks_after_what_is_installed(said: Said) -> None:
    assert main(["hosts", "doctor"]) == 0
    told = said()
    assert "'hitpoint hosts install resolve' puts it there" in told
    assert "'hitpoint hosts install blender' puts it there" in told
    assert main(["hosts", "install", "resolve"]) == 0
    said()
    assert main(["hosts", "doctor"]) == 0
    told = said()
    assert "the menu's entry is" in told and "'hitpoint hosts install blender' puts it there" in told


def test_what_was_installed_and_lost_since_is_still_asked_after(here: Machine, said: Said) -> None:
    assert main(["hosts", "install", "resolve"]) == 0
    (Path(places.user_utility(here)) / "hitpoint.py").unlink()
    said()
    assert main(["hosts", "doctor"]) == 2
    assert "Resolve's menu has no entry of Hitpoint" in said()


def test_install_and_remove_of_blender_work_without_one(said: Said) -> None:
    assert main(["hosts", "install", "blender"]) == 0
    assert "Install from Disk" in said()
    assert main(["hosts", "remove", "blender"]) == 0
    assert not note.hosts_dir().exists()


def test_a_folder_is_for_resolve_alone(said: Said, tmp_path: Path) -> None:
    assert main(["hosts", "install", "blender", "--folder", str(tmp_path)]) == 2
    assert "--folder is for resolve: leave it out for blender" in said()


@pytest.mark.parametrize("words", [["install", "resolve"], ["remove", "blender"]])
def test_a_hosts_own_python_is_refused(
    words: list[str], said: Said, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "running_in", lambda: "Blender")
    assert main(["hosts", *words]) == 2
    assert "this Python belongs to Blender: run this in an environment of Hitpoint's own" in said()
    assert not (tmp_path / "ours").exists()


def test_the_panels_parts_are_missed_at_once(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "PyQt6" else real(name, *more)
    )
    assert main(["hosts", "install", "resolve"]) == 0
    assert "the panel's parts are missing here: run pip install 'hitpoint[panel]'" in said()


def test_without_resolve_the_exit_code_is_the_users(said: Said, here: Machine) -> None:
    (Path(here.root) / "opt" / "resolve" / "bin" / "resolve").unlink()
    assert main(["hosts", "install", "resolve"]) == 2
    assert "DaVinci Resolve was not found" in said()
    assert not note.hosts_dir().exists()


def test_a_host_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["hosts", "install", "premiere"])
    assert caught.value.code == 2
