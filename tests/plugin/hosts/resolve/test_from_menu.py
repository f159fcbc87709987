"""The installed launcher, run as Resolve's menu runs scripts, in each Python that Resolve brings: the
engine's own interpreter is started, asks over the pipes, and places.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hitpoint.plugin.hosts.machine import Machine
from hitpoint.plugin.hosts.resolve import install, seen
from pythons import interpreters

FAKES = Path(__file__).resolve().parents[3] / "fakes"
MENU = FAKES / "resolve_script" / "from_menu.py"


class Menu:
    """Resolve, with our entry in its menu."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "panel.json"
        self.world = folder / "world.json"
        self.report = folder / "report.json"
        self.world.write_text(json.dumps({"report": str(self.report)}))
        self.machine = Machine("linux", {"HITPOINT_HOME": str(folder / "ours")}, str(folder))
        install.install(self.machine, folder / "Utility")
        self.script = folder / "Utility" / "hitpoint.py"

    def engine(self, line: str) -> None:
        """Have the launcher start this instead of the engine's Python."""
        program = self.folder / "engine"
        program.write_text(f"#!/bin/sh\nexec {line}\n")
        program.chmod(0o755)
        text = self.script.read_text().replace(repr(sys.executable), repr(str(program)))
        assert repr(str(program)) in text
        self.script.write_text(text)

    def click(self, python: str) -> subprocess.Popen[str]:
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PYTHON", "HITPOINT", "QT", "DISPLAY", "WAYLAND"))
        }
        environ = {**kept, "HITPOINT_FAKE_RESOLVE": str(self.world), "HOME": str(self.folder), "PATH": "/bin"}
        return subprocess.Popen(
            [python, "-I", MENU, self.script],
            env=environ,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def panel(self, python: str = sys.executable, what: str = "") -> None:
        self.engine(f'"{python}" "{FAKES / "menu_panel.py"}" "{self.log}" {what}')


@pytest.fixture
def menu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Menu:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "ours"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return Menu(tmp_path)


@pytest.mark.parametrize("python", interpreters())
def test_a_click_reads_the_timeline_places_a_stem_and_ends_with_the_panel(menu: Menu, python: str) -> None:
    menu.panel()
    said, complaints = menu.click(python).communicate(timeout=60)
    assert (said, complaints) == ("", "")
    told = json.loads(menu.log.read_text())
    assert (told["road"], told["off"]) == ("script", [])
    assert told["title"].startswith("DaVinci Resolve Studio")
    tracks = {
        track["name"]: track["items"]
        for track in json.loads(menu.report.read_text())["timelines"]["cut"]["tracks"]
    }
    (name,) = told["added"]
    start = json.loads(menu.report.read_text())["timelines"]["cut"]["start"]
    assert [(item["start"] - start, item["frames"]) for item in tracks[name]] == [(0, 48)]
    # The doctor knows from now on what Resolve runs scripts with.
    met = seen.last_met()
    assert met is not None and (met.title, met.python) == (told["title"], told["python"])
    # Nothing was left in the folders that the host's side was loaded from.
    assert not list(install.side_folder().rglob("*.pyc"))


def test_resolve_that_is_killed_leaves_no_panel_that_thinks_it_is_there(menu: Menu) -> None:
    menu.panel(what="stays")
    with menu.click(sys.executable) as clicked:
        panel = panel_of(menu)
        clicked.send_signal(signal.SIGKILL)
    gone(panel)


def test_a_panel_that_is_killed_ends_the_script_with_a_sentence(menu: Menu) -> None:
    menu.panel(what="stays")
    with menu.click(sys.executable) as clicked:
        os.kill(panel_of(menu), signal.SIGKILL)
        said, complaints = clicked.communicate(timeout=60)
    assert complaints == ""
    assert said.startswith("Hitpoint: the panel ended") or "crashed" in said


def test_a_second_click_opens_no_second_panel_and_no_window(menu: Menu) -> None:
    menu.panel(what="stays")
    with menu.click(sys.executable) as clicked:
        panel = panel_of(menu)
        said, complaints = menu.click(sys.executable).communicate(timeout=60)
        assert (said, complaints) == ("Hitpoint: the panel is open already: it came to the front\n", "")
        assert json.loads(menu.log.read_text())["pid"] == panel
        clicked.kill()
    gone(panel)


def test_removing_it_leaves_nothing_of_a_click_but_what_was_placed(menu: Menu) -> None:
    menu.panel()
    menu.click(sys.executable).communicate(timeout=60)
    ours = menu.folder / "ours"
    assert (ours / "state" / "hosts" / "resolve-seen.json").exists() and (ours / "state" / "doors").exists()
    install.remove(menu.machine)
    left = [path.relative_to(ours).as_posix() for path in ours.rglob("*") if path.is_file()]
    assert [name.rpartition("/")[0] for name in left] == ["state/hosts/resolve"], left


def test_an_engine_that_cannot_start_says_why_in_its_own_words(menu: Menu) -> None:
    menu.engine("sh -c 'echo \"hitpoint: the panel needs PyQt6: run pip install\" >&2; exit 2'")
    said, _ = menu.click(sys.executable).communicate(timeout=60)
    assert "the panel needs PyQt6: run pip install" in said


def test_the_real_panel_opens_beside_it_and_lives_on_when_resolve_is_killed(menu: Menu) -> None:
    pytest.importorskip("PyQt6.QtWidgets", reason="the panel's parts are not installed")
    menu.engine(f'env QT_QPA_PLATFORM=offscreen "{sys.executable}" "$@"')
    note = menu.folder / "ours" / "state" / "doors" / "resolve.json"
    with menu.click(sys.executable) as clicked:
        until = time.monotonic() + 60
        exports: list[Path] = []
        while not (note.exists() and exports) and clicked.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
            exports = list((menu.folder / "Videos" / "Hitpoint").rglob("*.otio"))
        assert exports, clicked.communicate(timeout=10) if clicked.poll() is not None else "nothing was read"
        panel = json.loads(note.read_text())["panel"]
        try:
            clicked.kill()
            clicked.wait(20)
            time.sleep(0.2)
            assert alive(panel), "what was done in it would be lost"
        finally:
            os.kill(panel, signal.SIGKILL)


def panel_of(menu: Menu) -> int:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            return int(json.loads(menu.log.read_text())["pid"])
        except (OSError, ValueError):
            time.sleep(0.02)
    raise AssertionError("the panel did not start")


def gone(pid: int) -> None:
    until = time.monotonic() + 20
    while alive(pid):
        assert time.monotonic() < until, "it thinks Resolve is there"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
