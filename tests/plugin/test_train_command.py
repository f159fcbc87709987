"""`hitpoint train` and `hitpoint evaluate`: what cannot be is said in a sentence, nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitpoint.plugin import train_command
from hitpoint.plugin.cli import main


@pytest.mark.parametrize("command", ["train", "evaluate"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nanno",), "there is no recipe 'nanno': did you mean 'nano'"),
        (("nano", "--jobs", "0"), "--jobs cannot be 0: choose 1 or more"),
    ],
)
def test_a_wrong_request_is_one_sentence(
    command: str,
    words: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([command, *words]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


def test_what_training_needs_is_named_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(train_command.importlib.util, "find_spec", lambda name: None)
    assert main(["train", "nano"]) == 2
    assert "training and evaluating need torch" in " ".join(capsys.readouterr().err.split())
