"""`hitpoint score` from end to end, on a small made film: contract, sameness, cues, earlier runs, formats."""

from __future__ import annotations

import copy
import hashlib
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

from films import SHOTS, timeline
from hitpoint.engine.plan.theme import make_theme


def run(*arguments: object, home: Path, hash_seed: str = "0") -> dict[str, Any]:
    """The report of one run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "hitpoint.plugin.cli", "score", *map(str, arguments), "--json"],
        capture_output=True,
        text=True,
        env={**os.environ, "HITPOINT_HOME": str(home), "PYTHONHASHSEED": hash_seed, "HITPOINT_DEBUG": "1"},
    )
    assert done.returncode == 0, done.stderr
    for line in done.stderr.splitlines():
        assert set(json.loads(line)) in ({"stage", "done", "total", "text"}, {"preview"})
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("film")


@pytest.fixture(scope="module")
def whole(folder: Path) -> tuple[Path, dict[str, Any]]:
    """One run over the whole timeline: its folder and its report."""
    out = folder / "whole"
    return out, run(timeline(folder), "-o", out, "--seed", 5, "--style", "cinematic", home=folder / "home")


def test_stdout_is_the_report_and_paths_lead_from_it(whole: tuple[Path, dict[str, Any]]) -> None:
    out, report = whole
    assert json.loads((out / "report.json").read_text()) == report
    assert report["schema"] == "hitpoint.report.1"
    assert report["generator"] == "sketch"
    assert "neural" in report["why"]
    assert set(report["timings_s"]) == {"read", "picture", "plan", "generate", "finish", "export"}
    for stem in report["cues"][0]["stems"]:
        assert hashlib.sha256((out / stem["path"]).read_bytes()).hexdigest() == stem["sha256"]


def test_the_mix_is_the_integer_sum_of_the_stems(whole: tuple[Path, dict[str, Any]]) -> None:
    out, report = whole
    stems = [soundfile.read(out / stem["path"], dtype="int32")[0] >> 8 for stem in report["cues"][0]["stems"]]
    mix = soundfile.read(out / "mix.wav", dtype="int32")[0] >> 8
    assert np.array_equal(np.sum(stems, axis=0), mix)
    assert np.abs(mix).max() > 2**18


def test_stems_have_the_length_of_cue_and_handles_to_the_sample(whole: tuple[Path, dict[str, Any]]) -> None:
    out, report = whole
    for stem in report["cues"][0]["stems"]:
        info = soundfile.info(out / stem["path"])
        assert (info.samplerate, info.channels, info.subtype) == (48000, 2, "PCM_24")
        assert info.frames == stem["samples"] == sum(SHOTS) * 2000 + 96000
        assert stem["handle_samples"] == [0, 96000]
        assert stem["start_sample"] == 0


def test_only_audio_tracks_are_added(folder: Path, whole: tuple[Path, dict[str, Any]]) -> None:
    before = json.loads((folder / "cut.otio").read_text())
    after = json.loads((whole[0] / "scored.otio").read_text())
    added = after["tracks"]["children"][len(before["tracks"]["children"]) :]
    assert [track["name"] for track in added] == [
        f"Stem: {name}" for name in ("drums", "bass", "harmony", "melody", "pads", "hits")
    ]
    stripped = copy.deepcopy(after)
    stripped["tracks"]["children"] = after["tracks"]["children"][: len(before["tracks"]["children"])]
    assert stripped == before


def test_the_same_request_gives_the_same_bytes_anywhere(
    folder: Path, whole: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    out, report = whole
    again = run(
        folder / "cut.otio", "-o", tmp_path / "other" / "place", "--seed", 5, "--style", "cinematic",
        home=tmp_path / "fresh", hash_seed="4711",
    )  # fmt: skip
    assert {**again, "timings_s": 0} == {**report, "timings_s": 0}
    for name in ("mix.wav", "score.mid", "cuesheet.csv", "markers.csv", "credits.json", "score.json"):
        assert (tmp_path / "other" / "place" / name).read_bytes() == (out / name).read_bytes(), name
    assert str(folder) not in (out / "report.json").read_text()


def test_two_seeds_give_two_musics(folder: Path, whole: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    other = run(folder / "cut.otio", "-o", tmp_path / "o", "--seed", 6, "--style", "cinematic", home=tmp_path)
    hashes = [
        {stem["name"]: stem["sha256"] for stem in report["cues"][0]["stems"]} for report in (whole[1], other)
    ]
    assert hashes[0]["melody"] != hashes[1]["melody"]


def test_a_thousand_seeds_give_a_thousand_themes() -> None:
    assert len({make_theme(seed).notes for seed in range(1000)}) == 1000


def test_several_cues_share_one_score_and_one_cue_alone_has_the_same_theme(
    folder: Path, tmp_path: Path
) -> None:
    source = timeline(folder)
    film = run(source, "-o", tmp_path / "film", "--markers", "--seed", 9, "--style", "piano", home=tmp_path)
    assert [cue["name"] for cue in film["cues"]] == ["1m1", "1m2"]
    paths = [stem["path"] for cue in film["cues"] for stem in cue["stems"]]
    assert len(set(paths)) == len(paths)
    assert paths[0].startswith("stems/cue01-")
    scored = json.loads((tmp_path / "film" / "scored.otio").read_text())
    stems = [track for track in scored["tracks"]["children"] if track["name"].startswith("Stem: ")]
    assert all(
        sum(child["OTIO_SCHEMA"].startswith("Clip") for child in track["children"]) == 2 for track in stems
    )
    alone = run(
        source, "-o", tmp_path / "alone", "--range", "6", "14", "--seed", 9, "--style", "piano", home=tmp_path
    )
    themes = [
        json.loads((tmp_path / name / "score.json").read_text())["themes"] for name in ("film", "alone")
    ]
    assert themes[0] == themes[1]
    assert alone["cues"][0]["in_s"] == 6.0
    again = run(source, "-o", tmp_path / "film", "--range", "6", "14", home=tmp_path)
    assert again["seed"] == 9, "the saved Score of the folder is used when no seed is given"
    assert (tmp_path / "film" / "earlier" / "001" / "report.json").is_file()


def test_split_at_cuts_makes_one_clip_a_shot_with_sound_running_on(folder: Path, tmp_path: Path) -> None:
    run(
        timeline(folder),
        "-o",
        tmp_path / "s",
        "--split",
        "cuts",
        "--seed",
        5,
        "--style",
        "piano",
        home=tmp_path,
    )
    scored = json.loads((tmp_path / "s" / "scored.otio").read_text())
    track = next(t for t in scored["tracks"]["children"] if t["name"] == "Stem: harmony")
    clips = [child for child in track["children"] if child["OTIO_SCHEMA"].startswith("Clip")]
    ranges = [clip["source_range"] for clip in clips]
    assert [int(r["duration"]["value"]) for r in ranges] == list(SHOTS)
    starts = [int(r["start_time"]["value"]) for r in ranges]
    assert all(b - a == frames for a, b, frames in zip(starts, starts[1:], SHOTS, strict=False))


@pytest.mark.parametrize(("format", "name"), [("otioz", "scored.otioz"), ("fcp7", "scored.xml")])
def test_other_formats_can_be_read_again(folder: Path, tmp_path: Path, format: str, name: str) -> None:
    report = run(
        timeline(folder),
        "-o",
        tmp_path / "f",
        "--format",
        format,
        "--seed",
        5,
        "--style",
        "piano",
        home=tmp_path,
    )
    copied = tmp_path / name
    shutil.copyfile(tmp_path / "f" / name, copied)
    again = run(copied, "-o", tmp_path / "again", "--seed", 5, "--style", "piano", home=tmp_path)
    assert [cut["time_s"] for cut in again["cues"][0]["cuts"]] == [
        cut["time_s"] for cut in report["cues"][0]["cuts"]
    ]


def test_a_scored_timeline_scored_again_replaces_our_tracks(folder: Path, tmp_path: Path) -> None:
    source = timeline(folder)
    run(source, "-o", tmp_path / "one", "--seed", 1, "--style", "piano", home=tmp_path)
    second = tmp_path / "again.otio"
    shutil.copyfile(tmp_path / "one" / "scored.otio", second)
    run(second, "-o", tmp_path / "two", "--seed", 2, "--style", "piano", home=tmp_path)
    names = [
        t["name"] for t in json.loads((tmp_path / "two" / "scored.otio").read_text())["tracks"]["children"]
    ]
    assert len(names) == len(set(names))
    assert "Stem: harmony" in names
    assert not any(name.endswith("v2") for name in names)
