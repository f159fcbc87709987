"""`--mood` and `--like` on the command line: followed, told, kept with the film, refused in a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from films import span, timeline
from hitpoint.plugin.cli import main

RATE = 48_000
BPM = 100.0


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    return tmp_path


def temp_track(path: Path, seconds: float = 24.0) -> Path:
    """Chords of G major over a click: I IV V I, a bar each, louder in the second half."""
    time = np.arange(round(seconds * RATE)) / RATE
    beat = time * BPM / 60
    sound = np.zeros(len(time))
    last = int(beat[-1] // 4)
    for bar in range(last + 1):
        root = 55 + (0 if bar == last else (0, 5, 7, 0)[bar % 4])
        inside = (beat >= 4 * bar) & (beat < 4 * bar + 4)
        for pitch in (root - 12, root, root + 4, root + 7):
            since = (beat[inside] % 1) * 60 / BPM
            tone = np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time[inside])
            sound[inside] += 0.08 * tone * np.exp(-3 * since)
    hat = np.random.Generator(np.random.PCG64(1)).normal(0, 1, len(time))
    sound += 0.15 * hat * np.exp(-60 * ((beat % 1) * 60 / BPM))
    sound *= np.where(time < seconds / 2, 0.3, 1.0)
    soundfile.write(path, np.repeat(sound[:, None], 2, axis=1).astype(np.float32), RATE)
    return path


def run(film: Path, out: Path, *options: object) -> dict[str, Any]:
    arguments = [
        "score",
        film,
        "-o",
        out,
        "--json",
        "--model",
        "sketch",
        "--range",
        0,
        5,
        "--handles",
        0,
        *options,
    ]
    assert main([str(argument) for argument in arguments]) == 0
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    return report


def test_a_temp_track_is_followed_told_and_kept(tmp_path: Path) -> None:
    film, out = timeline(tmp_path), tmp_path / "out"
    temp = temp_track(tmp_path / "temp.wav")
    report = run(film, out, "--seed", 5, "--style", "folk", "--like", temp)
    like = report["like"]
    assert like["source"] == report["request"]["like"] == "temp.wav"
    assert like["bpm"] == pytest.approx(BPM, rel=0.02)
    assert (like["key"], like["mode"], like["heard"]["tonic"]) == (True, "major", 7)
    assert like["energy"] and len(like["heard"]["curves"][""]) == 200
    assert any("100 bpm" in taken for taken in like["taken"])
    assert all(abs(step["bpm"] / BPM - 1) < 0.12 for step in report["cues"][0]["tempo_map"])
    score = json.loads((out / "score.json").read_text())
    assert (score["tonic"], score["like"]) == (7, like)

    again = run(film, out)
    assert again["like"] == like and again["seed"] == 5
    assert again["cues"][0]["beats_s"] == report["cues"][0]["beats_s"]

    free = run(film, out, "--like", "none")
    assert "like" not in free and "like" not in free["request"]


def test_words_choose_style_and_are_kept(tmp_path: Path) -> None:
    film, out = timeline(tmp_path), tmp_path / "out"
    report = run(film, out, "--mood", "playful, bright", "--seed", 2)
    assert report["request"]["mood"] == "playful, bright"
    assert (
        report["request"]["style"]
        == report["cues"][0]["style"]
        in ("comedy", "corporate", "folk", "documentary")
    )
    assert json.loads((out / "score.json").read_text())["mood"] == "playful, bright"
    assert run(film, out)["request"]["mood"] == "playful, bright"
    assert run(film, out, "--mood", "dark", "--seed", 2)["request"]["style"] in (
        "tension",
        "trailer",
        "cinematic",
    )


def test_without_them_neither_report_nor_score_speaks_of_them(tmp_path: Path) -> None:
    report = run(timeline(tmp_path), tmp_path / "out", "--seed", 2)
    assert "like" not in report and not {"like", "mood"} & set(report["request"])
    assert not {"like", "mood"} & set(json.loads((tmp_path / "out" / "score.json").read_text()))


def test_a_track_of_the_timeline_is_followed_where_it_lies(tmp_path: Path) -> None:
    film = timeline(tmp_path)
    temp = temp_track(tmp_path / "temp.wav")
    data = json.loads(film.read_text())
    clip = {
        "OTIO_SCHEMA": "Clip.2",
        "name": "temp",
        "metadata": {},
        "source_range": span(0, 336),
        "enabled": True,
        "media_references": {
            "DEFAULT_MEDIA": {"OTIO_SCHEMA": "ExternalReference.1", "target_url": str(temp)}
        },
        "active_media_reference_key": "DEFAULT_MEDIA",
    }
    track = {
        "OTIO_SCHEMA": "Track.1",
        "name": "Temp music",
        "kind": "Audio",
        "metadata": {},
        "children": [clip],
    }
    data["tracks"]["children"].append(track)
    film.write_text(json.dumps(data))
    like = run(film, tmp_path / "out", "--style", "folk", "--seed", 5, "--like", "track:temp music")["like"]
    assert like["source"] == "track Temp music"
    assert like["bpm"] == pytest.approx(BPM, rel=0.02)
    assert list(like["heard"]["curves"]) == ["0-336"]


def test_the_screen_says_what_was_taken_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film, out = timeline(tmp_path), tmp_path / "out"
    soundfile.write(tmp_path / "still.wav", np.zeros((6 * RATE, 2)), RATE)
    arguments = [
        "score",
        film,
        "-o",
        out,
        "--model",
        "sketch",
        "--range",
        0,
        6,
        "--like",
        tmp_path / "still.wav",
    ]
    assert main([str(argument) for argument in arguments]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("like ")]
    assert lines == ["like still.wav: nothing could be taken, it is silent"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--like", "nowhere.wav"), "there is no file 'nowhere.wav'"),
        (("--like", "."), "is not a file"),
        (("--like", "text.wav"), "'text.wav' cannot be read"),
        (("--like", "still0.png"), "still0.png"),
        (("--like", "track:Temp"), "no sound on a track called 'Temp'"),
        (("--mood", "drak"), "did you mean 'dark'"),
        (("--mood", "not dark"), "no negations"),
    ],
)
def test_what_cannot_be_followed_is_refused_and_nothing_written(
    options: tuple[str, str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    film = timeline(tmp_path)
    (tmp_path / "text.wav").write_text("no sound in here")
    monkeypatch.chdir(tmp_path)
    before = sorted({*tmp_path.iterdir(), tmp_path / "home"})
    arguments = ["score", str(film), "-o", str(tmp_path / "out"), "--model", "sketch", *options]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("hitpoint: ") == 1
    assert sorted({*tmp_path.iterdir(), tmp_path / "home"}) == before
