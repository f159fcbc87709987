"""`hitpoint panel --watch DIR`, and the setting of that name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hitpoint.plugin.cli import main
from hitpoint.plugin.panel import app
from hitpoint.plugin.panel.programs import Beside


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str | None, Beside]]:
    """What panels were begun with."""
    found: list[tuple[str | None, Beside]] = []
    monkeypatch.delenv("HITPOINT_DEBUG", raising=False)
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(app, "run", lambda source, beside: found.append((source, beside)))
    return found


def watched(begun: list[tuple[str | None, Beside]]) -> str:
    ((_, beside),) = begun
    return beside.watch


def test_a_folder_is_watched_by_its_absolute_path(
    begun: list[tuple[str | None, Beside]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "exports").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["panel", "--watch", "exports"]) == 0
    assert watched(begun) == os.fspath(tmp_path / "exports")


def test_without_a_word_the_setting_counts_and_the_command_line_goes_before_it(
    begun: list[tuple[str | None, Beside]], tmp_path: Path
) -> None:
    for name in ("home", "home/data", "usual", "today"):
        (tmp_path / name).mkdir()
    (tmp_path / "home" / "data" / "config.toml").write_text(f"watch = '{tmp_path / 'usual'}'\n")
    assert main(["panel"]) == 0
    assert watched(begun) == os.fspath(tmp_path / "usual")
    begun.clear()
    assert main(["panel", "--watch", str(tmp_path / "today")]) == 0
    assert watched(begun) == os.fspath(tmp_path / "today")


def test_nothing_is_watched_where_nobody_asked(begun: list[tuple[str | None, Beside]]) -> None:
    assert main(["panel"]) == 0
    assert watched(begun) == ""


def test_a_folder_that_is_not_there_is_one_sentence(
    begun: list[tuple[str | None, Beside]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["panel", "--watch", str(tmp_path / "nowhere")]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "nowhere' is no folder: make it" in told and begun == []
