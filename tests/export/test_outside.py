"""Heard by other people's programs: melt and GES play click stems from our tracks at the sample that was
meant.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import outside
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Placement
from hitpoint.export.bwf import BwfInfo, bwf_writer
from hitpoint.export.timeline import place

pytestmark = pytest.mark.judge

WHOLE = (Rate(24), Rate(25), Rate(30))
NTSC = (Rate(24000, 1001), Rate(30000, 1001))
RATES = pytest.mark.parametrize("rate", WHOLE + NTSC, ids=str)
# Stem, record frame, seconds, click times, Hz: the test cut of the OpenTimelineIO notes.
STEMS = (
    ("drums", 96, 3, (0.0, 1.0, 2.0), 1000),
    ("bass", 168, 5, (0.0, 1.5, 3.0), 2000),
    ("hits", 0, 12, (0.5, 11.5), 500),
)
START = 86_400


@dataclass(frozen=True)
class Cut:
    rate: Rate
    placements: tuple[Placement, ...]
    # Track name -> what should be heard of it from the timeline's frame 0, float [n, 2].
    expected: dict[str, outside.Sound]
    clicks: dict[str, list[int]]

    @property
    def tolerance(self) -> int:
        return 0 if self.rate.den == 1 else 4

    def placed(self, **options: Any) -> outside.Json:
        return place(pictures(self.rate), self.placements, rate=self.rate, **options).data


def pictures(rate: Rate) -> outside.Json:
    """An empty timeline from 01:00:00:00 at `rate`."""
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {},
        "name": "clicks",
        "global_start_time": None,
        "tracks": {"OTIO_SCHEMA": "Stack.1", "metadata": {}, "name": "tracks", "children": []},
    }


def make_cut(rate: Rate, folder: Path) -> Cut:
    """Stems with two seconds of handles, in which a loud tone sounds that nobody may hear."""
    placements, expected, clicks = [], {}, {}
    for name, frame, seconds, times, hz in STEMS:
        frames = rate.frames_covering(seconds)
        handle = rate.frames_covering(2)
        head = min(frame, handle)
        first = rate.sample(frame - head)
        begin, end = rate.sample(frame) - first, rate.sample(frame + frames) - first
        total = rate.sample(frame + frames + handle) - first
        sound = np.zeros((total, 2))
        sound[: max(0, begin - 100)] = sound[end + 100 :] = 0.7
        burst = 0.5 * np.cos(2 * np.pi * hz * np.arange(480) / 48_000)
        at = [begin + round(time * 48_000) for time in times]
        for sample in at:
            sound[sample : sample + 480] = burst[:, None]
        path = folder / f"{name}.wav"
        info = BwfInfo("clicks", "test", rate, START + frame - head)
        with bwf_writer(path, info, total) as write:
            write(np.round(sound * (2**23 - 1)).astype(np.int32))
        track = f"Stem: {name}"
        placements.append(
            Placement(
                track, "cue", name, str(path), "0" * 64, frame, frame + frames, head, head + frames + handle
            )
        )
        heard = np.zeros((first + end, 2))
        heard[first + begin :] = sound[begin:end]
        expected[track] = heard
        clicks[track] = [first + sample for sample in at]
    return Cut(rate, tuple(placements), expected, clicks)


def heard_wrong(cut: Cut, data: outside.Json, folder: Path) -> list[str]:
    """The gate: what melt plays, track by track, against the plan. Empty when all is right."""
    numbers = outside.track_numbers(data)
    audio = {
        name for name, number in numbers.items() if data["tracks"]["children"][number]["kind"] == "Audio"
    }
    wrong = [f"{name} is no audio track" for name in cut.expected if name not in audio]
    for name in sorted(audio):
        played = outside.melt_render(outside.solo(data, numbers[name]), cut.rate, folder)
        if np.abs(played).max() < 0.01:
            wrong.append(f"{name} is silent")
        elif abs(late := outside.lag(played, cut.expected[name])) > cut.tolerance:
            wrong.append(f"{name} is {late} samples late")
    return wrong


def assert_near(found: list[int], wanted: list[int], tolerance: int) -> None:
    assert len(found) == len(wanted), (found, wanted)
    assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= tolerance, (found, wanted)


@RATES
@pytest.mark.parametrize("media_start", ["zero", "timecode"])
def test_melt_plays_every_click_of_all_stems_at_its_sample(
    rate: Rate, media_start: str, tmp_path: Path
) -> None:
    cut = make_cut(rate, tmp_path)
    data = cut.placed(media_start=media_start, start_timecode_frame=START)
    played = outside.melt_render(data, rate, tmp_path / "melt")
    wanted = sorted(sample for clicks in cut.clicks.values() for sample in clicks)
    assert_near(outside.onsets(played), wanted, cut.tolerance)


@RATES
def test_ges_plays_every_click_of_all_stems_at_its_sample(rate: Rate, tmp_path: Path) -> None:
    cut = make_cut(rate, tmp_path)
    played = outside.ges_render(cut.placed(), tmp_path / "ges")
    wanted = sorted(sample for clicks in cut.clicks.values() for sample in clicks)
    assert_near(outside.onsets(played), wanted, cut.tolerance)


@pytest.mark.parametrize("rate", [Rate(24), Rate(30000, 1001)], ids=str)
def test_each_stem_alone_correlates_with_its_file_without_lag(rate: Rate, tmp_path: Path) -> None:
    cut = make_cut(rate, tmp_path)
    data = cut.placed()
    for name, number in outside.track_numbers(data).items():
        alone = outside.solo(data, number)
        for played in (
            outside.melt_render(alone, rate, tmp_path / "melt"),
            outside.ges_render(alone, tmp_path / "ges"),
        ):
            assert abs(outside.lag(played, cut.expected[name])) <= cut.tolerance, name


def test_split_clips_sound_as_one(tmp_path: Path) -> None:
    cut = make_cut(Rate(25), tmp_path)
    data = cut.placed(cut_frames=(10, 100, 131, 168, 200))
    whole = outside.melt_render(cut.placed(), cut.rate, tmp_path / "whole")
    split = outside.melt_render(data, cut.rate, tmp_path / "split")
    assert len(data["tracks"]["children"][0]["children"]) > 3
    np.testing.assert_array_equal(whole, split)


# --- the gate must fail on each of these --------------------------------------------------------------------


def one_frame_late(data: outside.Json) -> None:
    drums = data["tracks"]["children"][0]
    drums["children"][0]["source_range"]["duration"]["value"] += 1


def available_start_ignored(data: outside.Json) -> None:
    # The offset in the file counted from 0 while the medium starts at its timecode.
    for track in data["tracks"]["children"]:
        for clip in track["children"]:
            if clip["OTIO_SCHEMA"].startswith("Clip"):
                clip["source_range"]["start_time"]["value"] -= START


def gap_dropped(data: outside.Json) -> None:
    del data["tracks"]["children"][1]["children"][0]


def on_a_video_track(data: outside.Json) -> None:
    data["tracks"]["children"][0]["kind"] = "Video"


@pytest.mark.parametrize("fault", [one_frame_late, available_start_ignored, gap_dropped, on_a_video_track])
def test_the_gate_fails_on_a_seeded_fault(fault: Any, tmp_path: Path) -> None:
    cut = make_cut(Rate(24), tmp_path)
    data = cut.placed(media_start="timecode", start_timecode_frame=START)
    broken = copy.deepcopy(data)
    fault(broken)
    assert heard_wrong(cut, broken, tmp_path / "melt") != []


def test_the_gate_passes_without_a_fault(tmp_path: Path) -> None:
    cut = make_cut(Rate(24), tmp_path)
    data = cut.placed(media_start="timecode", start_timecode_frame=START)
    assert heard_wrong(cut, data, tmp_path / "melt") == []


def test_an_hour_of_ntsc_is_counted_exactly_and_a_decimal_rate_is_noticed(tmp_path: Path) -> None:
    rate = Rate(30000, 1001)
    frame = 107_892
    one = Placement("Stem: drums", "cue", "drums", "/m/a.wav", "0" * 64, frame, frame + 90, 60, 210)
    data = place(pictures(rate), [one], rate=rate).data
    start_ns = outside.ges_starts(data)["a.wav"]
    assert abs(start_ns * 48_000 / 10**9 - rate.sample(frame)) <= 4
    decimal = place(pictures(rate), [one], rate=Rate(2997, 100)).data
    start_ns = outside.ges_starts(decimal)["a.wav"]
    assert abs(start_ns * 48_000 / 10**9 - rate.sample(frame)) > 100
