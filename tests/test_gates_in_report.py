"""Every scored cue is judged by the gates, told and kept; what is failed is information and no error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import sounds
from films import SHOTS, span, timeline
from hitpoint.plugin import judged
from hitpoint.plugin.cli import main

RATE = 48_000


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))


def run(film: Path, out: Path, *options: object) -> dict[str, Any]:
    arguments = ["score", film, "-o", out, "--json", "--seed", 5, *options]
    assert main([str(argument) for argument in arguments]) == 0
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    return report


def numbers(report: dict[str, Any], cue: int = 0) -> dict[str, dict[str, Any]]:
    """Entries of gates by gate and number."""
    return {f"{q['gate']}: {q['what']}": q for q in report["cues"][cue]["quality"] if "what" in q}


def test_sketch_is_judged_by_its_notes_and_when_asked_by_its_sound(tmp_path: Path) -> None:
    film = timeline(tmp_path)
    quick, every, none = (
        run(film, tmp_path / gates, "--model", "sketch", "--style", "piano", *option)
        for gates, option in (
            ("quick", ()),
            ("all", ("--gates", "all")),
            ("off", ("--gates", "off")),
        )
    )
    notes, both = numbers(quick), numbers(every)
    assert "voice leading: crossings" in notes and "balance: limiter" in notes
    assert "stereo: loss in mono of the worst octave" in both.keys() - notes.keys()
    assert "dynamics: rise of the centroid, velocity 40 to 110" in both.keys() - notes.keys()
    assert notes.items() <= both.items()
    for number in both.values():
        low, high = (np.inf if bound is None else bound for bound in (number["low"], number["high"]))
        assert number["pass"] == ((low == np.inf or number["value"] >= low) and number["value"] <= high)
    left_out = every["cues"][0]["quality_not_applied"]
    assert "speech: level under the speech" in left_out and not set(left_out) & set(both)
    assert not numbers(none)
    hashes = [[stem["sha256"] for stem in report["cues"][0]["stems"]] for report in (quick, every, none)]
    assert hashes[0] == hashes[1] == hashes[2]


def test_a_neural_take_is_judged_by_its_sound_and_by_what_its_fit_cost(tmp_path: Path) -> None:
    report = run(timeline(tmp_path), tmp_path / "out", "--model", "gvmgen-nano", "--range", 0, 8)
    found = numbers(report)
    assert {"stereo: difference of the channels", "endings: onsets in the last 300 ms"} <= set(found)
    assert "voice leading: crossings" not in found
    assert found["stretch: median stretch"]["value"] <= 0.04
    anchors = np.array(report["cues"][0]["neural"]["fit"]["anchors_s"])
    slopes = np.abs(np.diff(anchors[:, 1]) / np.diff(anchors[:, 0]) - 1)
    assert slopes.min() - 1e-3 <= found["stretch: median stretch"]["value"] <= slopes.max() + 1e-3


def test_of_a_cue_that_is_too_long_to_hear_the_notes_are_judged_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judged, "LONGEST_S", 4)
    film = timeline(tmp_path)
    asked = ("--model", "sketch", "--style", "piano", "--range", 0, 5, "--gates", "all", "--in-process")
    report = run(film, tmp_path / "out", *asked)
    found = numbers(report)
    assert "voice leading: crossings" in found and "stereo: difference of the channels" not in found
    assert any("only the notes of" in sentence for sentence in report["degraded"])


def test_words_on_the_timeline_are_listened_to(tmp_path: Path) -> None:
    film = timeline(tmp_path)
    said = sounds.spoken("The old keeper climbed the stairs every evening, and looked out before the storm.")
    soundfile.write(tmp_path / "said.wav", 0.3 * said[: 5 * RATE] / np.abs(said).max(), RATE)
    data = json.loads(film.read_text())
    clip = {
        "OTIO_SCHEMA": "Clip.2",
        "name": "said",
        "metadata": {},
        "source_range": span(0, 110),
        "enabled": True,
        "media_references": {
            "DEFAULT_MEDIA": {
                "OTIO_SCHEMA": "ExternalReference.1", "target_url": str(tmp_path / "said.wav"),
            }
        },
        "active_media_reference_key": "DEFAULT_MEDIA",
    }  # fmt: skip
    gap = {"OTIO_SCHEMA": "Gap.1", "metadata": {}, "source_range": span(0, 96)}
    data["tracks"]["children"].append(
        {"OTIO_SCHEMA": "Track.1", "name": "A1", "kind": "Audio", "children": [gap, clip]}
    )
    film.write_text(json.dumps(data))
    found = numbers(
        run(film, tmp_path / "out", "--model", "sketch", "--style", "documentary", "--gates", "all")
    )
    assert found["speech: level under the speech"]["value"] > 10
    assert 0 <= found["speech: loss of intelligibility (ESTOI)"]["value"] < 0.5


def test_a_tail_may_sound_up_to_the_next_cue(tmp_path: Path) -> None:
    film = timeline(tmp_path)
    data = json.loads(film.read_text())
    marker = data["tracks"]["markers"][0]
    data["tracks"]["markers"] = [
        {**marker, "name": f"cue: 1m{number}", "marked_range": span(start, frames)}
        for number, start, frames in ((1, 0, 108), (2, 108, sum(SHOTS) - 108))
    ]
    film.write_text(json.dumps(data))
    report = run(
        film, tmp_path / "out", "--model", "sketch", "--style", "ambient", "--markers", "--gates", "all"
    )
    over = "endings: level where the tail must be over"
    # The first one rings on where the second one plays; behind that one there is room.
    assert numbers(report, 0)[over]["value"] > numbers(report, 1)[over]["value"]
