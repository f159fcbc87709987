"""The model that comes with Hitpoint: whole, asked for by name only, music where nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from films import timeline
from hitpoint.engine.models.channels import CHANNELS
from hitpoint.engine.models.library import bundled_dir, check, choose_auto, find, installed
from hitpoint.plugin.cli import main

NAMES = sorted(path.name for path in bundled_dir().iterdir())
MOST_BYTES = 25_000_000


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))


def scored(film: Path, out: Path, *options: str) -> dict[str, Any]:
    arguments = [
        "score",
        str(film),
        "-o",
        str(out),
        "--model",
        "gvmgen-nano",
        "--seed",
        "3",
        "--json",
        *options,
    ]
    assert main(arguments) == 0
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    return report


@pytest.mark.parametrize("name", NAMES)
def test_every_file_is_as_it_was_trained_and_small_enough_to_ship(name: str) -> None:
    found = find(name)
    assert found.folder == bundled_dir() / name
    assert check(found) == ()
    assert max(path.stat().st_size for path in found.folder.iterdir()) <= MOST_BYTES
    assert {path.name for path in found.folder.iterdir()} == {*found.card.files, "model.json"}


def test_both_forms_are_there_and_only_ours_has_positions_and_a_plan() -> None:
    ours, published = (find(name).card.config for name in ("gvmgen-nano", "gvmgen-nano-published"))
    assert ours.timed and ours.decoder.plan_channels == CHANNELS
    assert not published.timed and published.decoder.plan_channels == 0


def test_the_card_says_what_it_learned_from_and_what_it_is_not() -> None:
    card = find("gvmgen-nano").card
    training = card.extra["training"]
    assert card.commercial and card.weights_licence == "GPL-3.0-or-later"
    assert {"data", "recipe", "hardware", "seconds", "losses", "what_it_is_not"} <= set(training)
    assert training["recipe"]["seed"] == 11


def test_auto_never_takes_it() -> None:
    assert set(NAMES) <= {card.name for card in installed()}
    assert choose_auto("any") is None


def test_it_scores_a_film_with_sound_of_the_right_length_that_neither_clips_nor_falls_silent(
    tmp_path: Path,
) -> None:
    report = scored(timeline(tmp_path), tmp_path / "out")
    assert report["generator"] == "gvmgen" and report["request"]["neural"]["guide"] == "plan"
    (cue,) = report["cues"]
    (stem,) = cue["stems"]
    sound, rate = soundfile.read(tmp_path / "out" / stem["path"])
    head, tail = stem["handle_samples"]
    assert rate == 48_000
    assert (
        stem["samples"] - head - tail
        == round((cue["out_s"] - cue["in_s"]) * 48_000)
        == len(sound) - head - tail
    )
    assert np.abs(sound).max() < 1
    tenths = np.abs(sound[: len(sound) // 4800 * 4800].mean(axis=1)).reshape(-1, 4800).max(axis=1)
    quiet = "".join("q" if loud < 1e-3 else "." for loud in tenths)
    assert max(map(len, quiet.split("."))) <= 20


def test_the_guide_and_its_absence_are_both_music_and_differ(tmp_path: Path) -> None:
    film = timeline(tmp_path)
    guided, bare = (scored(film, tmp_path / name, "--guide", name) for name in ("plan", "none"))
    assert guided["request"]["neural"]["guide"] == "plan" and bare["request"]["neural"]["guide"] == "none"
    sounds = [(tmp_path / name / "mix.wav").read_bytes() for name in ("plan", "none")]
    assert sounds[0] != sounds[1]
