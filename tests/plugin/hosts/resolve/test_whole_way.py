"""From the timeline that is open in Resolve to music on its tracks: read, scored, placed, heard, removed."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from fakes.resolve.fake import FakeResolve
from fakes.resolve.made import made
from fakes.resolve.sound import mixed, onsets, samples_of
from fakes.resolve.traps import Traps
from PIL import Image

from hitpoint.engine.serial import from_json
from hitpoint.engine.types import Placement
from hitpoint.plugin.here import Here
from hitpoint.plugin.hosts.base import Landing
from hitpoint.plugin.hosts.resolve.host import ResolveHost

Sound = npt.NDArray[np.float32]
SHOTS_S = (1.5, 2.0, 2.5, 1.5, 1.0)
# The cue lies in the third second of handles and more: from here on, for five and a half seconds.
IN_S, OUT_S = 1, Fraction(13, 2)
# A struck note is above the level within this.
ATTACK = 480


def stills(folder: Path) -> tuple[str, ...]:
    colours = ((20, 30, 90), (240, 190, 60), (30, 120, 40), (250, 250, 250), (5, 5, 5))
    for index, colour in enumerate(colours):
        Image.new("RGB", (160, 90), colour).save(folder / f"still{index}.png")
    return tuple(str(folder / f"still{index}.png") for index in range(len(colours)))


def score(source: str, spans: list[list[int]]) -> tuple[Landing, dict[str, Any]]:
    """As the panel has it done: the landing and the run's report."""
    params = {"source": source, "given": {"model": "sketch", "style": "electronic"}, "seed": 3, "out": None}
    answer = Here().do("score_host", "whole-way", {**params, "spans": spans})
    report = json.loads((Path(answer["folder"]) / "report.json").read_text())
    return from_json(Landing, json.loads(json.dumps(answer["landing"]))), report


def played(fake: FakeResolve, track: str) -> Sound:
    edit = fake.edit
    heard = [one for one in fake.render() if one.track == track]
    return mixed(heard, round((edit.end - edit.start) / edit.fps * 48_000))


def lag(sound: Sound, one: Placement, landing: Landing, most: int) -> int | None:
    """Samples by which the stem is heard beside its place, at most `most`; None where it is not there."""
    sample = landing.rate.sample
    first, end = sample(one.in_frame), sample(one.out_frame_exclusive)
    head = first - sample(one.in_frame - one.source_in_frame)
    file = samples_of(Path(one.path))
    # The very ends are left out: there a shifted stem begins and ends elsewhere.
    expected = file[head + most : head + end - first - most]
    for shift in sorted(range(-most, most + 1), key=abs):
        if np.array_equal(sound[first + most + shift : end - most + shift], expected):
            return shift
    return None


@pytest.mark.parametrize(
    ("rate", "project"),
    [
        ("24000/1001", "24000/1001"),
        ("24", "24"),
        ("25", "25"),
        ("30000/1001", "30000/1001"),
        ("60000/1001", "60000/1001"),
        # Sound counts at the project's rate then.
        ("25", "24"),
        ("30000/1001", "24"),
    ],
)
def test_music_for_the_open_timeline_is_heard_on_its_tracks_at_the_samples_it_was_made_for(
    rate: str, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    fps = Fraction(rate)
    shots = tuple(round(seconds * fps) for seconds in SHOTS_S)
    fake = made(Traps.all(), fps=fps, project_fps=Fraction(project), shots=shots, media=stills(tmp_path))
    fake.edit.mark_in, fake.edit.mark_out = round(IN_S * fps), round(OUT_S * fps) - 1
    before = fake.frozen()
    host = ResolveHost(fake.resolve, folder=str(tmp_path / "media"), sleep=lambda seconds: None)

    read = host.read()
    assert (read.rate.fps, read.start_frame, read.frames) == (fps, fake.edit.start, sum(shots))
    spans = [[span.in_frame, span.out_frame_exclusive] for span in host.selected().spans]
    landing, report = score(read.path, spans)
    landing = replace(landing, timeline=read.ident, seen=read.seen)
    landed = host.place(landing)

    most = 0 if fps.denominator == 1 else 4
    assert landed.added == tuple(one.track for one in landing.placements)
    assert landed.problems == () or project != rate
    sounding = [one for one in landing.placements if np.abs(samples_of(Path(one.path))).max() > 1e-3]
    assert len(sounding) > 2
    for one in landing.placements:
        shift = lag(played(fake, one.track), one, landing, most)
        assert shift is not None and abs(shift) <= most, one.track
    # What is struck at a cut is struck on the record at that cut's sample.
    (cue,) = report["cues"]
    struck = [hit for hit in cue["hits"] if hit["accent"] and hit["met"] and hit["met_by"]]
    assert struck
    for hit in struck:
        at = round(hit["time_s"] * 48_000)
        assert min(abs(at - round(sum(shots[:n]) / fps * 48_000)) for n in range(len(shots))) <= 1
        near = onsets(played(fake, f"Stem: {hit['met_by']}")[at - most : at + ATTACK])
        assert near, hit

    assert host.verify(landing.job) == () and before.lost_in(fake.frozen()) == ()
    placed = fake.frozen()
    host.place(landing)
    assert fake.frozen() == placed
    assert host.read().seen == read.seen
    host.remove(landing.job)
    assert before.lost_in(fake.frozen()) == ()
    assert [one.path for one in fake.render() if Path(one.path).exists()] == []
