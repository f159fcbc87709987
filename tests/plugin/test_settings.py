"""Command line over environment over file over default, and each wrong value is named with its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from hitpoint.engine.errors import OptionError
from hitpoint.plugin.settings import config_path, resolve


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path))
    return tmp_path


def write_config(text: str) -> None:
    config_path().parent.mkdir(parents=True)
    config_path().write_text(text)


def test_the_nearer_source_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve({})["handles"] == 2.0
    write_config('handles = 1\nstyle = "piano"')
    assert resolve({})["handles"] == 1.0
    monkeypatch.setenv("HITPOINT_HANDLES", "0.5")
    assert resolve({})["handles"] == 0.5
    assert resolve({"handles": "3"})["handles"] == 3.0
    assert resolve({})["style"] == "piano"


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ("handles = -1", "handles"),
        ('colour = "red"', "colour"),
        ("handles =", "config.toml"),
        ('format = "edl"', "otioz"),
    ],
)
def test_a_wrong_config_gets_a_sentence(config: str, named: str) -> None:
    write_config(config)
    with pytest.raises(OptionError, match=named):
        resolve({})


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_LOUDNESS", "loud")
    with pytest.raises(OptionError, match="HITPOINT_LOUDNESS"):
        resolve({})


def test_asking_makes_no_folder(home: Path) -> None:
    resolve({})
    assert list(home.iterdir()) == []
