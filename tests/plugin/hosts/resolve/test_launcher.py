"""The entry in Resolve's menu: what it does in the Pythons that Resolve brings, and what it says in those
that it cannot run in.
"""

from __future__ import annotations

import ast
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hitpoint.plugin.hosts.machine import Machine
from hitpoint.plugin.hosts.resolve import launcher
from hitpoint.plugin.hosts.resolve.install import launcher_text
from pythons import OLD, interpreters

SOURCE = Path(launcher.__file__)


def installed(tmp_path: Path, **other: str) -> dict[str, str]:
    (tmp_path / "side").mkdir(exist_ok=True)
    told = {
        "side": str(tmp_path / "side"),
        "python": sys.executable,
        "version": "0",
        "home": "",
        "folder": "",
        "modules": str(tmp_path / "modules"),
    }
    return told | other


def windows_of_a_desktop(folder: Path) -> Path:
    """A `zenity` that writes down what it would show; where it does."""
    folder.mkdir()
    shown = folder / "shown.txt"
    program = folder / "zenity"
    program.write_text(f'#!/bin/sh\nfor last in "$@"; do :; done\nprintf "%s" "$last" >> "{shown}"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return shown


def test_it_keeps_to_the_syntax_of_python_3_6_and_to_its_library() -> None:
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 6))
    names = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    allowed = {"ctypes", "importlib", "os", "pathlib", "shutil", "subprocess", "sys", "types", "typing"}
    assert names <= allowed | {"builtins"}


def test_our_own_copy_of_it_does_nothing_when_it_is_loaded_or_run(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-I", SOURCE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(sys.platform != "linux", reason="its windows are the system's own")
@pytest.mark.parametrize("python", interpreters(OLD))
def test_in_a_python_that_is_too_old_it_says_so_in_a_window(python: str, tmp_path: Path) -> None:
    script = tmp_path / "hitpoint.py"
    script.write_bytes(launcher_text(Machine("linux", {}, str(tmp_path)), tmp_path / "side"))
    shown = windows_of_a_desktop(tmp_path / "bin")
    environ = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path), "DISPLAY": ":9"}
    done = subprocess.run([python, script], env=environ, capture_output=True, text=True, check=False)
    version = ".".join(Path(python).parents[1].name.split(".")[:2])
    assert done.stderr == ""
    assert f"runs its scripts with Python {version}, and Hitpoint needs 3.10 or newer" in done.stdout
    assert shown.read_text() in done.stdout and "install Python 3.12" in shown.read_text()


def test_a_python_that_is_too_old_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "OLDEST", (3, 99))
    here = ".".join(str(number) for number in sys.version_info[:2])
    said = launcher.main({"resolve": object()}, installed(tmp_path))
    assert f"with Python {here}, and Hitpoint needs 3.10 or newer there: install Python 3.12" in said


def test_a_folder_or_a_python_that_is_gone_is_said_with_what_to_do(tmp_path: Path) -> None:
    given: dict[str, Any] = {"resolve": object()}
    gone = installed(tmp_path, side=str(tmp_path / "nowhere"))
    assert "nowhere' is gone: run 'hitpoint hosts install resolve' again" in launcher.main(given, gone)
    gone = installed(tmp_path, python=str(tmp_path / "no" / "python"))
    assert "python' is gone: run 'hitpoint hosts install resolve' again" in launcher.main(given, gone)


def test_without_a_resolve_that_answers_it_says_so(tmp_path: Path) -> None:
    said = launcher.main({"bmd": SimpleNamespace(scriptapp=lambda name: None)}, installed(tmp_path))
    assert "does not answer" in said and "Workspace > Scripts" in said


@pytest.mark.parametrize("way", ["resolve", "bmd", "fusion", "app", "module"])
def test_resolve_is_found_by_each_of_its_ways(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = object()
    ways: dict[str, Any] = {
        "resolve": wanted,
        "bmd": SimpleNamespace(scriptapp={"Resolve": wanted}.get),
        "fusion": SimpleNamespace(GetResolve=lambda: wanted),
        "app": SimpleNamespace(GetResolve=lambda: wanted),
    }
    (tmp_path / "DaVinciResolveScript.py").write_text("def scriptapp(name):\n    return name + ' itself'\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "DaVinciResolveScript", raising=False)
    given = {way: ways[way]} if way in ways else {}
    found = launcher.find_resolve(given, str(tmp_path))
    assert found is wanted if way in ways else found == "Resolve itself"
    assert str(tmp_path) not in sys.path
    sys.modules.pop("DaVinciResolveScript", None)


class SaysYesToAll:
    """As Resolve's objects do: every name is there, and None when it is called."""

    def __getattr__(self, name: str) -> Any:
        return lambda *words: None

    def __dir__(self) -> list[str]:
        return []


def test_objects_that_say_yes_to_every_name_are_not_believed(tmp_path: Path) -> None:
    given = {"bmd": SaysYesToAll(), "fusion": SaysYesToAll(), "app": None}
    assert launcher.find_resolve(given, str(tmp_path)) is None


def test_what_goes_wrong_inside_is_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    # An empty folder holds no host's side.
    (tmp_path / "side").mkdir()
    script = tmp_path / "hitpoint.py"
    script.write_bytes(launcher_text(Machine("linux", {}, str(tmp_path)), tmp_path / "side"))
    code = f"import runpy; runpy.run_path({str(script)!r}, init_globals={{'resolve': object()}})"
    # -S: the checkout that the tests' Python knows is none of Resolve's.
    words = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(words, env={}, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith("Hitpoint: Hitpoint could not be started (ModuleNotFoundError: ")
    assert done.stdout.strip().endswith("run 'hitpoint hosts install resolve' again")


def test_values_of_any_letters_are_baked_in_as_ascii(tmp_path: Path) -> None:
    side = tmp_path / "Größe 'x' \\ 音楽 😀"
    data = launcher_text(Machine("linux", {"HITPOINT_HOME": "/h"}, str(tmp_path)), side)
    assert data.isascii()
    values: dict[str, Any] = {}
    for node in ast.walk(ast.parse(data)):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "INSTALLED":
            values = ast.literal_eval(node.value)
    assert values["side"] == str(side)
    assert (values["python"], values["home"]) == (sys.executable, "/h")


def test_a_mac_shows_it_by_its_own_dialog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    (words,) = launcher.windows('say "this"')
    assert words[0] == "osascript" and words[-1] == 'say "this"'
