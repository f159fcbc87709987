"""`hitpoint score --model` from end to end, with models of toy size: what a neural run promises."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from films import timeline
from hitpoint.engine.errors import Cancelled
from hitpoint.engine.models.tokens import load_tokens
from hitpoint.engine.progress import Cancel, Step
from hitpoint.plugin.cli import main
from neural_models import tiny_home

FILES = {"scored.otio", "mix.wav", "report.json", "credits.json", "fit.png", "score.mid", "tokens.npy"}


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return timeline(tmp_path)


class Studio:
    """Runs the command in this process, in a home that holds one model and a cache of its own."""

    def __init__(self, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.name = name
        self.home = folder / "home"
        (self.home / "data").mkdir(parents=True)
        (self.home / "data" / "models").symlink_to(tiny_home(name) / "data" / "models")
        monkeypatch.setenv("HITPOINT_HOME", str(self.home))
        monkeypatch.delenv("HITPOINT_DEBUG", raising=False)

    def score(self, film: Path, out: Path, *options: object) -> dict[str, Any]:
        arguments = ["score", film, "-o", out, "--model", self.name, "--json", *options]
        assert main([str(argument) for argument in arguments]) == 0
        report: dict[str, Any] = json.loads((out / "report.json").read_text())
        return report


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    return Studio("tiny-gvmgen", tmp_path, monkeypatch)


def test_the_report_names_the_model_and_the_stem_lies_at_its_samples(
    studio: Studio, film: Path, tmp_path: Path
) -> None:
    report = studio.score(film, tmp_path / "out", "--seed", 3)
    assert report["generator"] == "gvmgen"
    assert "tiny-gvmgen" in report["why"]
    (cue,) = report["cues"]
    (stem,) = cue["stems"]
    sound, rate = soundfile.read(tmp_path / "out" / stem["path"])
    assert (rate, len(sound)) == (48_000, stem["samples"])
    assert np.abs(sound).max() > 0.01
    head, tail = stem["handle_samples"]
    assert stem["samples"] - head - tail == round((cue["out_s"] - cue["in_s"]) * 48_000)
    assert set(FILES) <= {path.name for path in (tmp_path / "out").iterdir()}
    assert cue["neural"]["frames"]["used"] == int(np.ceil(cue["out_s"] - cue["in_s"]))
    assert len(cue["neural"]["candidates"]) == 2
    credits = json.loads((tmp_path / "out" / "credits.json").read_text())
    assert credits["cues"][0]["model"] == "tiny-gvmgen"
    assert credits["cues"][0]["weights"]["licence"] == "none: random numbers"


def test_the_same_request_gives_the_same_bytes(studio: Studio, film: Path, tmp_path: Path) -> None:
    first = studio.score(film, tmp_path / "a", "--seed", 3)
    again = studio.score(film, tmp_path / "b", "--seed", 3)
    for report in (first, again):
        del report["timings_s"]
    assert first == again
    other = studio.score(film, tmp_path / "c", "--seed", 4)
    assert other["cues"][0]["stems"][0]["sha256"] != first["cues"][0]["stems"][0]["sha256"]


def test_the_pictures_decide_the_music(studio: Studio, film: Path, tmp_path: Path) -> None:
    studio.score(film, tmp_path / "a", "--seed", 3, "--range", 2.5, 5.5, "--candidates", 1)
    studio.score(film, tmp_path / "b", "--seed", 3, "--range", 6.5, 9.5, "--candidates", 1)
    one, other = (load_tokens(tmp_path / name / "tokens.npy") for name in "ab")
    assert one.shape == other.shape
    assert (one != other).any()


def test_published_mode_keeps_the_papers_length_and_fits_nothing(
    studio: Studio, film: Path, tmp_path: Path
) -> None:
    report = studio.score(film, tmp_path / "out", "--seed", 3, "--mode", "published")
    (cue,) = report["cues"]
    assert cue["stems"][0]["handle_samples"] == [0, 0]
    assert "fit" not in cue["neural"]
    assert len(cue["neural"]["candidates"]) == 1
    assert cue["neural"]["backend"]["precision"] == cue["neural"]["backend"]["encoder_precision"] == "fp32"
    tokens = load_tokens(tmp_path / "out" / "tokens.npy")
    assert tokens.shape[1] == 50 * cue["neural"]["frames"]["used"]


@pytest.mark.parametrize("step", [0, 1, 40, 200])
def test_a_cancel_at_any_step_leaves_no_file(studio: Studio, film: Path, tmp_path: Path, step: int) -> None:
    from hitpoint.plugin.generators import choose_generator
    from hitpoint.plugin.score import score
    from neural_models import options

    cancel = Cancel()
    seen = 0

    def progress(told: Step) -> None:
        nonlocal seen
        if told.stage == "generate":
            seen += 1
            if seen > step:
                cancel.set()

    asked = options(film, tmp_path / "out", "tiny-gvmgen")
    assert choose_generator(asked).name == "gvmgen"
    before = seen
    with pytest.raises(Cancelled):
        score(asked, progress=progress, cancel=cancel)
    # Within one step: nothing more is told once the user has asked to stop.
    assert seen - before <= step + 2
    assert not (tmp_path / "out").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith((".out", "out"))]


def test_a_prompt_is_written_from_the_picture_when_none_is_given(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = Studio("tiny-musicgen", tmp_path, monkeypatch)
    written = studio.score(film, tmp_path / "a", "--seed", 3, "--style", "piano")
    asked = studio.score(film, tmp_path / "b", "--seed", 3, "--style", "piano", "--prompt", "a slow waltz")
    assert "piano" in written["cues"][0]["neural"]["prompt"]
    assert asked["cues"][0]["neural"]["prompt"] == "a slow waltz"
    one, other = (load_tokens(tmp_path / name / "tokens.npy") for name in "ab")
    assert (one != other).any()


def test_a_melody_model_hears_the_guide(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = Studio("tiny-melody", tmp_path, monkeypatch)
    shared = ("--seed", 3, "--style", "piano", "--candidates", 1, "--prompt", "x")
    studio.score(film, tmp_path / "a", *shared)
    studio.score(film, tmp_path / "b", *shared, "--guide", "score")
    one, other = (load_tokens(tmp_path / name / "tokens.npy") for name in "ab")
    assert (one != other).any()


def test_a_stereo_model_writes_two_sides(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = Studio("tiny-stereo", tmp_path, monkeypatch)
    report = studio.score(film, tmp_path / "out", "--seed", 3)
    sound, _ = soundfile.read(tmp_path / "out" / report["cues"][0]["stems"][0]["path"])
    assert np.abs(sound[:, 0] - sound[:, 1]).max() > 0.01
    assert load_tokens(tmp_path / "out" / "tokens.npy").shape[0] == 8


def test_auto_never_takes_random_weights(studio: Studio, film: Path, tmp_path: Path) -> None:
    assert main(["score", str(film), "-o", str(tmp_path / "out"), "--json"]) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["generator"], report["why"]) == ("sketch", "since no neural model is on this machine")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "nowhere"), "there is no model 'nowhere'"),
        (("--model", "musicgen-small"), "hitpoint models get musicgen-small"),
        (("--model", "tiny-gvmgen", "--prompt", "rain"), "takes no words"),
        (("--model", "tiny-gvmgen", "--guide", "score"), "melody"),
        (("--model", "sketch", "--prompt", "rain"), "--prompt is for neural models"),
        (("--model", "tiny-gvmgen", "--top-k", "-1"), "choose a whole number from 0 to 2048"),
        (("--model", "tiny-gvmgen", "--decoder", "abacus"), "choose one of auto, onnx, torch, audiocraft"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    studio: Studio,
    film: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    assert main(["score", str(film), "-o", str(tmp_path / "out"), *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("hitpoint: ") == 1
    assert not (tmp_path / "out").exists()


def test_published_mode_needs_the_32_bit_graphs(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    studio = Studio("tiny-gvmgen", tmp_path, monkeypatch)
    models = studio.home / "data" / "models"
    models.unlink()
    shutil.copytree(tiny_home("tiny-gvmgen", "int8") / "data" / "models", models)
    assert main(["score", str(film), "--model", "tiny-gvmgen", "--mode", "published"]) == 2
    assert "import it again with --precision fp32" in capsys.readouterr().err


def test_a_run_in_onnx_loads_nothing_that_only_importing_needs(film: Path, tmp_path: Path) -> None:
    heavy = ("torch", "onnx", "transformers", "audiocraft", "demucs")
    script = f"""
import sys
from hitpoint.plugin.cli import main
assert main(sys.argv[1:]) == 0
loaded = [name for name in {heavy!r} if name in sys.modules]
assert not loaded, loaded
"""
    arguments = ["score", film, "-o", tmp_path / "out", "--model", "tiny-gvmgen", "--decoder", "onnx"]
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "HITPOINT_HOME": str(tiny_home("tiny-gvmgen")), "HITPOINT_DEBUG": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "stems" / "music.wav").is_file()


@pytest.mark.parametrize("decoder", ["torch", "audiocraft"])
def test_other_decoders_make_the_same_length_of_music(
    studio: Studio, film: Path, tmp_path: Path, decoder: str
) -> None:
    shared = ("--seed", 3, "--candidates", 1, "--range", 2.5, 5.5)
    usual = studio.score(film, tmp_path / "a", *shared)
    other = studio.score(film, tmp_path / "b", *shared, "--decoder", decoder)
    assert other["cues"][0]["neural"]["backend"]["decoder"] == decoder
    assert [report["cues"][0]["stems"][0]["samples"] for report in (usual, other)] == [336_000, 336_000]
    one, two = (load_tokens(tmp_path / name / "tokens.npy") for name in "ab")
    assert one.shape == two.shape
