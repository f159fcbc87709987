"""What a model may be asked, decided before anything is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from films import timeline
from hitpoint.engine.models.tokens import load_tokens
from hitpoint.plugin.cli import main
from neural_models import tiny_home


def scored(film: Path, out: Path, *options: object) -> dict[str, Any]:
    arguments = ["score", film, "-o", out, "--json", "--seed", 3, "--candidates", 1, *options]
    assert main([str(argument) for argument in arguments]) == 0
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    return report


def at_home(model: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (folder / "home" / "data").mkdir(parents=True)
    (folder / "home" / "data" / "models").symlink_to(tiny_home(model) / "data" / "models")
    monkeypatch.setenv("HITPOINT_HOME", str(folder / "home"))
    return timeline(folder)


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ("tiny-gvmgen", ("--guide", "plan"), "'tiny-gvmgen' was not trained to follow a plan"),
        ("tiny-plan", ("--guide", "score"), "cannot be guided by a score"),
        ("tiny-plan", ("--guide", "plan", "--mode", "published"), "the paper has none"),
        (
            "tiny-plan",
            ("--guide", "plan", "--decoder", "audiocraft"),
            "audiocraft's decoder cannot follow a plan",
        ),
        ("tiny-plan", ("--guide", "map"), "choose one of none, plan, score"),
        ("tiny-gvmgen", ("--mood", "dark"), "follows pictures alone: leave --mood out"),
        ("tiny-plan", ("--guide", "none", "--like", "x.wav"), "follows pictures alone: leave --like out"),
    ],
)
def test_a_guide_that_cannot_be_is_refused_in_a_sentence(
    model: str,
    options: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    film = at_home(model, tmp_path, monkeypatch)
    assert main(["score", str(film), "-o", str(tmp_path / "out"), "--model", model, *options]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("hitpoint: ") == 1
    assert not (tmp_path / "out").exists()


def test_sketch_has_its_plan_already(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = timeline(tmp_path)
    assert (
        main(["score", str(film), "-o", str(tmp_path / "out"), "--model", "sketch", "--guide", "plan"]) == 2
    )
    assert "--guide is for neural models" in capsys.readouterr().err


def test_a_guided_take_differs_from_an_unguided_one_and_is_measured_like_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = at_home("tiny-plan", tmp_path, monkeypatch)
    reports = {
        name: scored(film, tmp_path / name, "--model", "tiny-plan", *options)
        for name, options in (("bare", ("--guide", "none")), ("guided", ("--guide", "plan")), ("again", ()))
    }
    bare, guided, again = (load_tokens(tmp_path / name / "tokens.npy") for name in reports)
    assert bare.shape == guided.shape and (bare != guided).any()
    np.testing.assert_array_equal(guided, again)
    # Its beats are its own: they are found and fitted whether it was guided or not.
    first, second = (set(reports[name]["cues"][0]) for name in ("bare", "guided"))
    assert first == second
