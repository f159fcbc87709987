"""`hitpoint panel` as it is typed: what is missing is one sentence with the command that mends it."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from hitpoint.plugin import panel_command, upkeep_command
from hitpoint.plugin.cli import main


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HITPOINT_DEBUG", raising=False)
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))


def _lacking(error: ImportError) -> Callable[[str], ModuleType]:
    real = importlib.import_module

    def load(name: str) -> ModuleType:
        if name.startswith("PyQt6"):
            raise error
        return real(name)

    return load


def _error(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def test_without_pyqt6_the_command_to_install_it_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(panel_command.importlib, "import_module", _lacking(ModuleNotFoundError("PyQt6")))
    assert main(["panel"]) == 2
    assert "pip install 'hitpoint[panel]'" in _error(capsys)


def test_a_library_that_qt_lacks_is_named_with_the_packages_that_hold_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking = ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")
    monkeypatch.setattr(panel_command.importlib, "import_module", _lacking(lacking))
    assert main(["panel"]) == 2
    told = _error(capsys)
    assert "(libEGL.so.1)" in told
    assert "libegl1" in told
    (sentence,) = [text for well, text in upkeep_command.findings() if not well]
    assert "libEGL.so.1" in sentence


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
def test_without_a_screen_that_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main(["panel"]) == 2
    assert "no screen" in _error(capsys)


@pytest.mark.skipif(sys.platform != "linux", reason="X11")
def test_a_screen_that_does_not_answer_ends_with_a_sentence_and_no_trace(tmp_path: Path) -> None:
    dropped = ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY")
    done = subprocess.run(
        [sys.executable, "-m", "hitpoint.plugin.cli", "panel"],
        env={**{key: value for key, value in os.environ.items() if key not in dropped}, "DISPLAY": ":987"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "screen" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_timeline_that_is_not_there_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert main(["panel", "nowhere.otio"]) == 2
    assert "nowhere.otio' was not found" in _error(capsys)


def test_a_host_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["panel", "--host", "premiere"])
    assert ended.value.code == 2
    assert "files" in capsys.readouterr().err
