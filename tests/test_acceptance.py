"""What the product promises, checked on real inputs by other people's programs and measures."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import accents
import outside
from films import SHOTS, timeline
from hitpoint.engine.timebase import Rate
from hitpoint.plugin.options import ScoreOptions, Selection
from hitpoint.plugin.score import Scored, score
from judges import SHARED, need_program, shared

STYLES = ("cinematic", "documentary", "electronic", "piano")


@pytest.fixture(autouse=True, scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HITPOINT_HOME", str(tmp_path_factory.mktemp("home")))
        yield


def scored(source: Path, out: Path, *, style: str = "cinematic", seed: int = 7, **changes: Any) -> Scored:
    options: dict[str, Any] = {
        "source": source, "out": out, "selection": Selection(), "model": "sketch", "style": style,
        "seed": seed, "loudness": None, "handles": 2.0, "format": "otio", "split": "none",
    }  # fmt: skip
    return score(ScoreOptions(**{**options, **changes}))


# --- music and picture
# ---------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize("style", STYLES)
def test_strong_hits_of_a_real_film_stand_out_of_the_music(style: str, tmp_path: Path) -> None:
    done = scored(shared("timelines/bunny_quick_cut.otio"), tmp_path / "out", style=style)
    (cue,) = done.report["cues"]
    for stem in cue["stems"]:
        assert stem["start_sample"] + stem["handle_samples"][0] == 0
    hard = 18  # of its 20 shots: one dissolve, and the gap has two
    strong = [hit for hit in cue["hits"] if hit["kind"] == "would" and hit["strength"] >= 0.5]
    assert len(strong) >= hard / 3
    wanted = [hit for hit in cue["hits"] if hit["kind"] == "must"] + strong
    assert sum(hit["met"] and abs(hit["error_ms"]) <= 40 for hit in wanted) >= 0.85 * len(wanted)
    mix = accents.of_report(done.report, done.folder)
    assert mix.stands_out, mix
    # Not one group of players strikes them all.
    met_by = [{"pads": "harmony"}.get(hit["met_by"], hit["met_by"]) for hit in wanted]
    assert len(set(met_by)) > 1, met_by


@pytest.mark.shared
def test_hits_moved_at_random_do_not_stand_out(tmp_path: Path) -> None:
    done = scored(shared("timelines/bunny_quick_cut.otio"), tmp_path / "out")
    rng = np.random.Generator(np.random.PCG64(3))
    for hit in done.report["cues"][0]["hits"]:
        hit["time_s"] = float(rng.uniform(1, 27))
    assert accents.of_report(done.report, done.folder).z < 3


# --- the place of every stem, heard by others
# ----------------------------------------------------------------


@pytest.mark.judge
@pytest.mark.parametrize("rate", ["24", "25", "30", "24000/1001", "30000/1001"])
def test_other_programs_play_our_stems_where_we_meant(rate: str, tmp_path: Path) -> None:
    exact = Rate.parse(rate)
    done = scored(timeline(tmp_path, rate=float(exact.fps)), tmp_path / "out", style="electronic", seed=3)
    data = json.loads((done.folder / "scored.otio").read_text())
    numbers = outside.track_numbers(data)
    tolerance = 0 if exact.den == 1 else 4
    length = exact.sample(sum(SHOTS))
    for stem in done.report["cues"][0]["stems"]:
        head = stem["handle_samples"][0]
        expected = soundfile.read(done.folder / stem["path"], always_2d=True)[0][head : head + length]
        if np.abs(expected).max() < 2e-3:
            continue
        alone = outside.solo(data, numbers[f"Stem: {stem['name']}"])
        played = outside.melt_render(alone, exact, tmp_path / f"melt-{stem['name']}")
        assert abs(outside.lag(played, expected)) <= tolerance, stem["name"]
    stems_only = {
        **data,
        "tracks": {**data["tracks"], "children": data["tracks"]["children"][1:], "markers": []},
    }
    mix = soundfile.read(done.folder / "mix.wav", always_2d=True)[0][:length]
    assert abs(outside.lag(outside.ges_render(stems_only, tmp_path / "ges"), mix)) <= tolerance


@pytest.mark.judge
def test_ffmpeg_measures_the_loudness_and_peak_that_the_report_says(tmp_path: Path) -> None:
    ffmpeg = need_program("ffmpeg")
    done = scored(timeline(tmp_path), tmp_path / "out", style="electronic", handles=0.0)
    done_text = subprocess.run(
        [ffmpeg, "-nostats", "-i", done.folder / "mix.wav", "-af", "ebur128=peak=true", "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    summary = done_text[done_text.rindex("Summary:") :]
    loudness, peak = (float(re.search(rf"{key}:\s+(-?[\d.]+)", summary)[1]) for key in ("I", "Peak"))  # type: ignore[index]
    (cue,) = done.report["cues"]
    assert abs(cue["loudness_lufs"] - loudness) <= 0.1
    assert abs(cue["true_peak_dbtp"] - peak) <= 0.1
    assert abs(loudness + 16) <= 0.15
    assert peak <= -1.0


# --- every timeline
# ------------------------------------------------------------------------------------------


def otio_files() -> list[str]:
    return sorted(path.name for path in (SHARED / "timelines").glob("*.otio")) or ["none"]


@pytest.mark.shared
@pytest.mark.parametrize("name", otio_files())
def test_every_timeline_is_scored_and_its_tracks_survive(name: str, tmp_path: Path) -> None:
    source = shared(f"timelines/{name}")
    done = scored(source, tmp_path / "out", style="piano")
    before = json.loads(source.read_text())
    after = json.loads((done.folder / "scored.otio").read_text())
    count = len(before["tracks"]["children"])
    assert all(track["name"].startswith("Stem: ") for track in after["tracks"]["children"][count:])
    after["tracks"]["children"] = after["tracks"]["children"][:count]
    assert after == before
    if name != "bunny_quick_cut.otio":
        assert any("not seen" in text for text in done.report["degraded"])
