"""Everything that can be wrong between Resolve and the engine is said, with what to do."""

from __future__ import annotations

import plistlib
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hitpoint.engine.manifest import version
from hitpoint.plugin.hosts import doctor as common
from hitpoint.plugin.hosts import note
from hitpoint.plugin.hosts.base import Facts
from hitpoint.plugin.hosts.machine import Machine
from hitpoint.plugin.hosts.resolve import doctor, install, places, seen
from hitpoint.plugin.hosts.resolve.attach import Probe
from resolve_machines import a_machine, put, tree, wrong


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "ours"))
    return a_machine(tmp_path)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the child processes: what they would say is given."""
    monkeypatch.setattr(common, "_ask", lambda python: common._Engine(version(), True))
    monkeypatch.setattr(doctor, "python_version", lambda program: (3, 12))
    monkeypatch.setattr(doctor, "probe", lambda python, machine: Probe("quiet", "nobody answers"))


# What can be wrong: how it came to be, and what is said of it.
def lose_note(machine: Machine) -> None:
    note.note_path().unlink()


def spoil_note(machine: Machine) -> None:
    note.note_path().write_text("{")


def lose_python(machine: Machine) -> None:
    told = note.note_path().read_text().replace(sys.executable, "/gone/python")
    note.note_path().write_text(told)


def lose_launcher(machine: Machine) -> None:
    install.launchers(machine)[0].unlink()


def copy_launcher(machine: Machine) -> None:
    target = Path(places.shared_utilities(machine)[0]) / "hitpoint.py"
    target.parent.mkdir(parents=True)
    shutil.copy(install.launchers(machine)[0], target)


def age_launcher(machine: Machine) -> None:
    path = install.launchers(machine)[0]
    path.write_bytes(path.read_bytes().replace(f"Hitpoint {version()}".encode(), b"Hitpoint 0.0.1", 1))


def other_launcher(machine: Machine) -> None:
    path = install.launchers(machine)[0]
    path.write_bytes(path.read_bytes().replace(sys.executable.encode(), b"/other/python"))


def lose_side(machine: Machine) -> None:
    (install.side_folder() / "plugin" / "hosts" / "base.py").unlink()


def change_side(machine: Machine) -> None:
    (install.side_folder() / "plugin" / "hosts" / "base.py").write_text("")


def lose_resolve(machine: Machine) -> None:
    shutil.rmtree(Path(machine.root) / "opt" / "resolve" / "bin")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lose_note, r"engine\.json' is not there: run 'hitpoint hosts install resolve' again"),
        (spoil_note, r"engine\.json' cannot be read: run"),
        (lose_python, r"engine's Python '/gone/python' is gone: run"),
        (lose_launcher, "menu has no entry of Hitpoint: run"),
        (copy_launcher, "menu has 2 entries of Hitpoint"),
        (age_launcher, rf"is of Hitpoint 0\.0\.1, and this is {re.escape(version())}: run"),
        (other_launcher, "was made for another engine"),
        (lose_side, r"lacks 'plugin/hosts/base\.py': run"),
        (change_side, r"\('plugin/hosts/base\.py' differs\): run"),
        (lose_resolve, "DaVinci Resolve was not found .*install it"),
    ],
)
def test_each_thing_that_is_wrong_is_said_with_what_to_do(
    machine: Machine, quick: None, spoil: Callable[[Machine], None], said: str
) -> None:
    install.install(machine)
    assert wrong(machine) == []
    spoil(machine)
    found = wrong(machine)
    assert len(found) == 1 and re.search(said, found[0]), found


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("_ask", common._Engine("0.0.1", True), r"is Hitpoint 0\.0\.1, and this is"),
        ("_ask", "No module named 'hitpoint'", r"does not run Hitpoint \(No module named"),
        (
            "_ask",
            common._Engine(version(), False),
            r"panel's parts are not .* pip install 'hitpoint\[panel\]'",
        ),
    ],
)
def test_an_engine_that_does_not_fit_is_said(
    machine: Machine, quick: None, monkeypatch: pytest.MonkeyPatch, name: str, value: Any, said: str
) -> None:
    install.install(machine)
    monkeypatch.setattr(common, name, lambda python: value)
    (found,) = wrong(machine)
    assert re.search(said, found)


def test_an_environment_without_hitpoint_is_found_by_asking_it(machine: Machine, tmp_path: Path) -> None:
    install.install(machine)
    bare = put(tmp_path / "bare" / "python", f'#!/bin/sh\nexec "{sys.base_prefix}/bin/python3" -S "$@"\n')
    bare.chmod(0o755)
    note.note_path().write_text(note.note_path().read_text().replace(sys.executable, str(bare)))
    assert any("does not run Hitpoint (ModuleNotFoundError" in sentence for sentence in wrong(machine))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((3, 8), "is Python 3.8, and Hitpoint needs 3.10 to 3.13 there"),
        ((3, 14), "is Python 3.14, newer than Hitpoint was tried with"),
        (None, "does not run: install Python 3.12"),
    ],
)
def test_a_python_for_scripts_that_does_not_fit_is_said(
    machine: Machine, quick: None, monkeypatch: pytest.MonkeyPatch, told: Any, said: str
) -> None:
    install.install(machine)
    monkeypatch.setattr(doctor, "python_version", lambda program: told)
    (found,) = wrong(machine)
    assert said in found


def test_what_resolve_last_ran_us_with_counts_more_than_what_is_on_the_path(
    machine: Machine, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    install.install(machine)
    monkeypatch.setattr(doctor, "python_version", lambda program: (3, 8))
    seen.remember(Facts("resolve", "DaVinci Resolve Studio 21.1", "21.1", "script", "3.11.4"))
    assert wrong(machine) == []
    install.remove(machine)
    assert seen.last_met() is None


@pytest.mark.parametrize(
    ("system", "environ", "said"),
    [
        ("darwin", {}, "finds Python by PYTHON3HOME (launchctl setenv) or as /usr/local/bin/python3"),
        ("darwin", {"PYTHON3HOME": "/no/where"}, "PYTHON3HOME names '/no/where', which holds no bin/python3"),
        ("win32", {}, "finds Python by FUSION_PYTHON3_HOME or the registry"),
        ("win32", {"FUSION_PYTHON3_HOME": "/no/where"}, "FUSION_PYTHON3_HOME names '/no/where'"),
        ("linux", {"PATH": "/no/where"}, "no python3 was found"),
    ],
)
def test_a_python_that_resolve_will_not_find_is_said_by_the_rule_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, environ: dict[str, str], said: str
) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "ours"))
    machine = Machine(system, environ, str(tmp_path), str(tmp_path))
    ((well, sentence),) = doctor._python(machine)
    assert not well and said in sentence


def test_a_studio_that_brings_its_python_needs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "ours"))
    machine = Machine("darwin", {}, str(tmp_path), str(tmp_path))
    contents = Path(places.mac_app(machine)) / "Contents"
    contents.mkdir(parents=True)
    (contents / "Info.plist").write_bytes(plistlib.dumps({"CFBundleShortVersionString": "21.1.1"}))
    assert doctor.resolve_version(machine) == (21, 1, 1)
    ((well, _),) = doctor._python(machine)
    assert well


def test_a_variable_that_names_nothing_is_said(machine: Machine, quick: None) -> None:
    install.install(machine)
    machine = Machine(
        machine.system, {**machine.environ, "RESOLVE_SCRIPT_LIB": "/no/x.so"}, machine.home, machine.root
    )
    assert wrong(machine) == ["RESOLVE_SCRIPT_LIB names '/no/x.so', which is not there: correct it, or leave "
                              "the variable out"]  # fmt: skip


def test_a_folder_that_music_cannot_be_written_to_is_said(
    machine: Machine, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    install.install(machine)
    put(Path(machine.home) / "Videos")
    (found,) = wrong(machine)
    assert re.search(r"folder for timelines and stems '.*Videos/Hitpoint' cannot be written", found)


def test_a_disk_that_is_nearly_full_is_said(
    machine: Machine, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    install.install(machine)
    monkeypatch.setattr(common.shutil, "disk_usage", lambda path: SimpleNamespace(free=10**9))
    (found,) = wrong(machine)
    assert "only 1.0 GB are free for timelines and stems" in found


def test_the_write_test_leaves_nothing(machine: Machine, quick: None, tmp_path: Path) -> None:
    install.install(machine)
    before = tree(tmp_path)
    wrong(machine)
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (Probe("open", title="DaVinci Resolve Studio 21.1"), "attaching is open: DaVinci Resolve"),
        (Probe("quiet", "nobody answers"), "attaching is closed: nobody answers"),
        (Probe("broken", "it crashed"), "attaching is closed: it crashed"),
    ],
)
def test_the_road_is_named_with_why_the_better_ones_are_closed(
    machine: Machine, quick: None, monkeypatch: pytest.MonkeyPatch, told: Probe, said: str
) -> None:
    install.install(machine)
    monkeypatch.setattr(doctor, "probe", lambda python, machine: told)
    found = list(doctor.findings(machine))
    assert any(sentence.startswith("the road is the script") for _, sentence in found)
    assert [well for well, sentence in found if sentence.startswith(said)] == [True]


def test_with_no_script_the_next_road_is_named(
    machine: Machine, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_road = Probe("open", title="DaVinci Resolve Studio 21.1")
    assert any("the road is files" in sentence for _, sentence in doctor.findings(machine))
    monkeypatch.setattr(doctor, "probe", lambda python, machine: Probe("broken", "it crashed"))
    assert (False, "attaching is closed: it crashed") in list(doctor.findings(machine))
    monkeypatch.setattr(doctor, "probe", lambda python, machine: open_road)
    assert any("the road is attaching" in sentence for _, sentence in doctor.findings(machine))


class Registry:
    """`winreg` with one Python of the user's and one for all, as its documentation says."""

    HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE = "user", "machine"
    KEYS = {  # noqa: RUF012
        "user": {"3.12": "C:\\Users\\zoe\\Python312", "2.7": "C:\\Python27"},
        "machine": {"3.11": "C:\\Python311"},
    }

    def __init__(self, root: str) -> None:
        self.names = self.KEYS[root]

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @classmethod
    def OpenKey(cls, root: str, path: str) -> Registry:
        assert path == r"SOFTWARE\Python\PythonCore"
        return cls(root)

    @staticmethod
    def QueryInfoKey(key: Registry) -> tuple[int, int, int]:
        return len(key.names), 0, 0

    @staticmethod
    def EnumKey(key: Registry, at: int) -> str:
        return list(key.names)[at]

    @staticmethod
    def QueryValue(key: Registry, path: str) -> str:
        name, last = path.split("\\")
        assert last == "InstallPath"
        return key.names[name]


def test_windows_registry_is_read_for_pythons_the_users_own_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.registered_pythons() == []
    monkeypatch.setattr(doctor.sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "winreg", Registry)  # type: ignore[arg-type]
    assert [str(path) for path in doctor.registered_pythons()] == [
        "C:\\Users\\zoe\\Python312",
        "C:\\Python311",
    ]
