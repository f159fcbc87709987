"""The made-up film: a timeline that any editor opens, with shots that really differ."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import opentimelineio as otio
import pytest

from hitpoint.engine.errors import Cancelled, Problem
from hitpoint.engine.picture.decode import probe
from hitpoint.engine.picture.look import look
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.types import Cue, Picture
from hitpoint.plugin.demo import film
from hitpoint.plugin.demo.film import make_demo
from hitpoint.plugin.timeline.read import read_timeline
from hitpoint.plugin.timeline.select import select_cues
from judges import need_program

SECONDS = 10


@pytest.fixture(scope="module", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HITPOINT_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def timeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("demo"), seconds=SECONDS)


@pytest.fixture(scope="module")
def cue(timeline: Path) -> Cue:
    (cue,) = select_cues(read_timeline(timeline))
    return cue


@pytest.fixture(scope="module")
def picture(cue: Cue) -> Picture:
    return look(cue, progress=silent, cancel=Cancel())


def test_our_reader_and_the_library_read_it_without_a_word(timeline: Path, cue: Cue) -> None:
    assert cue.problems == ()
    assert cue.frames == SECONDS * 24
    assert len(cue.shots) >= 10
    assert all(shot.kind == "video" for shot in cue.shots)
    assert [(marker.name, marker.hit) for marker in cue.markers] == [("the city", "must")]
    library = otio.adapters.read_from_file(str(timeline))
    assert library.duration().to_frames() == cue.frames


def test_its_media_lie_beside_it_and_several_shots_share_one(timeline: Path, cue: Cue) -> None:
    clips = [
        child
        for track in json.loads(timeline.read_text())["tracks"]["children"]
        for child in track["children"]
        if child["OTIO_SCHEMA"] == "Clip.2"
    ]
    urls = [clip["media_references"]["DEFAULT_MEDIA"]["target_url"] for clip in clips]
    assert all((timeline.parent / url).is_file() and not url.startswith(("/", "file:")) for url in urls)
    assert len({shot.media for shot in cue.shots}) == 4
    for clip, url in zip(clips, urls, strict=True):
        available = clip["media_references"]["DEFAULT_MEDIA"]["available_range"]["duration"]["value"]
        used = clip["source_range"]
        assert used["start_time"]["value"] + used["duration"]["value"] <= available, clip["name"]
        if url.endswith("mp4"):
            assert probe(timeline.parent / url).frames == available


def test_it_has_a_freeze_a_retime_a_dissolve_and_fades(cue: Cue, picture: Picture) -> None:
    assert 0 in {shot.speed for shot in cue.shots}
    assert 2 in {shot.speed for shot in cue.shots}
    assert any(shot.dissolve_frames != (0, 0) for shot in cue.shots)
    assert picture.unseen == ()
    assert picture.black
    assert [cut.kind for cut in picture.cuts].count("fade") == 2


def test_its_shots_differ_in_pace_light_and_colour(cue: Cue, picture: Picture) -> None:
    def mean(values: tuple[float, ...], name: str) -> float:
        shot = next(shot for shot in cue.shots if shot.name == name)
        part = values[shot.in_frame : shot.out_frame_exclusive]
        return sum(part) / len(part)

    assert mean(picture.luminance, "night sea") < 0.15 < 0.6 < mean(picture.luminance, "rings")
    assert mean(picture.motion, "title") < 0.3 < 0.6 < mean(picture.motion, "tunnel")
    assert mean(picture.warmth, "night sea") < 0.4 < 0.7 < mean(picture.warmth, "desert")
    strengths = [cut.strength for cut in picture.cuts]
    assert min(strengths) < 0.3
    assert sum(strength >= 0.5 for strength in strengths) >= len(strengths) / 3


@pytest.mark.judge
def test_its_narrator_is_heard(cue: Cue, picture: Picture) -> None:
    need_program("espeak-ng")
    assert len(cue.sounds) == 2
    assert picture.speech


@pytest.mark.parametrize("program", [None, sys.executable])
def test_without_a_narrator_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None
) -> None:
    """Neither a missing program nor one that does not speak stops the film."""
    monkeypatch.setattr(film.shutil, "which", lambda _: program)
    problems: list[Problem] = []
    path = make_demo(tmp_path, seconds=3, problems=problems)
    assert [problem.kind for problem in problems] == ["no-voice"]
    assert "espeak-ng" in problems[0].text
    (cue,) = select_cues(read_timeline(path))
    assert cue.sounds == ()


def test_it_is_always_the_same_film(timeline: Path, tmp_path: Path) -> None:
    again = make_demo(tmp_path, seconds=SECONDS)
    assert again.read_bytes() == timeline.read_bytes()
    for media in sorted((timeline.parent / "media").iterdir()):
        assert (tmp_path / "media" / media.name).read_bytes() == media.read_bytes(), media.name


def test_drawing_stops_when_asked_and_leaves_no_half_film(tmp_path: Path) -> None:
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        make_demo(tmp_path, seconds=4, cancel=cancel)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
