"""Media: found where the timeline says or under --media, looked at once, never fatal."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import ImageSequence
from hitpoint.plugin.timeline.shelf import Shelf


def offline(document):
    return [problem.text for problem in document.problems if problem.kind == "offline"]


def test_a_missing_file_is_an_unseen_shot_and_one_problem_for_all_its_clips(make, read):
    gone = make.file("rushes/gone.mov")
    track = make.track(*(make.clip(f"c{number}", 10, 24, media=gone) for number in range(5)))
    document = read(make.timeline(track))
    assert [shot.kind for shot in document.shots] == ["offline"] * 5
    assert all("was not found" in shot.problem for shot in document.shots)
    (text,) = offline(document)
    assert "'gone.mov' of 'c0', 'c1', 'c2' and 2 more is not seen" in text
    assert "--media" in text


def test_an_unreadable_file_is_an_unseen_shot(make, read, tmp_path):
    (tmp_path / "broken.mov").write_text("this is no film")
    document = read(make.timeline(make.track(make.clip("a", 0, 24, media=make.file("broken.mov")))))
    assert document.shots[0].kind == "offline"
    assert "could not be read" in offline(document)[0]


@pytest.mark.parametrize(
    "url", ["http://example.com/a.mov", "//server/a.mov", "/proc/self/environ", "/dev/zero", ""]
)
def test_what_is_no_local_file_is_never_opened(make, read, url):
    document = read(make.timeline(make.track(make.clip("a", 0, 24, media=make.file(url)))))
    assert (document.shots[0].kind, document.shots[0].media) == ("offline", None)
    assert len(offline(document)) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipes_folders_and_links_to_devices_are_never_opened(make, read, tmp_path):
    os.mkfifo(tmp_path / "pipe.mov")
    (tmp_path / "folder.mov").mkdir()
    (tmp_path / "link.mov").symlink_to("/dev/zero")
    for name in ("pipe.mov", "folder.mov", "link.mov"):
        document = read(make.timeline(make.track(make.clip("a", 0, 24, media=make.file(name)))))
        assert document.shots[0].kind == "offline"


def test_a_film_is_looked_at_once_however_many_clips_show_it(make, tmp_path, film):
    from hitpoint.engine.picture.decode import probe
    from hitpoint.plugin.timeline.assemble import assemble

    opened: list[Path] = []

    def counting(path):
        opened.append(path)
        return probe(path)

    track = make.track(*(make.clip(f"c{n}", n, 10, media=make.file(str(film))) for n in range(20)))
    made = assemble(make.timeline(track, track), Shelf(tmp_path, probe=counting))
    assert {shot.kind for shot in made.shots} == {"video"}
    assert opened == [film]


def test_relative_urls_are_relative_to_the_timeline(make, read, tmp_path, film_maker, monkeypatch):
    film_maker(tmp_path / "a.mov")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    document = read(make.timeline(make.track(make.clip("a", 12, 24, media=make.file("a.mov")))))
    (shot,) = document.shots
    assert (shot.kind, shot.media.path, shot.source_in_s) == (
        "video",
        str(tmp_path / "a.mov"),
        Fraction(1, 2),
    )
    assert document.problems == ()


def test_missing_media_are_found_by_name_below_the_given_folder(make, read, tmp_path, film_maker):
    (tmp_path / "rushes/day2").mkdir(parents=True)
    film_maker(tmp_path / "rushes/day2/Scene 1.MOV")
    media = [
        make.file("/gone/scene 1.mov"),
        make.file("C:\\cut\\Scene 1.MOV"),
        make.file("https://x.com/Scene%201.MOV"),
    ]
    media.append({"OTIO_SCHEMA": "MissingReference.1"})
    clips = [make.clip("Scene 1.MOV", 0, 24, media=each) for each in media]
    document = read(make.timeline(make.track(*clips)), media_dirs=(tmp_path / "rushes",))
    assert {shot.kind for shot in document.shots} == {"video"}
    assert {shot.media.path for shot in document.shots} == {str(tmp_path / "rushes/day2/Scene 1.MOV")}
    assert document.problems == ()


def test_a_file_that_is_where_the_timeline_says_is_not_relinked(make, read, tmp_path, film_maker):
    film_maker(tmp_path / "a.mov")
    (tmp_path / "other").mkdir()
    film_maker(tmp_path / "other/a.mov")
    document = read(
        make.timeline(make.track(make.clip("a", 0, 24, media=make.file("a.mov")))),
        media_dirs=(tmp_path / "other",),
    )
    assert document.shots[0].media.path == str(tmp_path / "a.mov")


def test_of_several_files_of_one_name_the_most_alike_path_is_taken(make, read, tmp_path, film_maker):
    for folder in ("x/day1/cam", "x/day2/cam", "x/day2"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        film_maker(tmp_path / folder / "a.mov")
    track = make.track(make.clip("a", 0, 24, media=make.file("/old/disk/day2/cam/a.mov")))
    document = read(make.timeline(track), media_dirs=(tmp_path / "x",))
    assert document.shots[0].media.path == str(tmp_path / "x/day2/cam/a.mov")
    assert document.problems == ()
    unlike = make.track(make.clip("a", 0, 24, media=make.file("/old/a.mov")))
    document = read(make.timeline(unlike), media_dirs=(tmp_path / "x",))
    assert document.shots[0].media.path == str(tmp_path / "x/day2/a.mov")
    assert [problem.kind for problem in document.problems] == ["relinked"]


def test_a_media_folder_that_is_none_gets_a_sentence(make, read, tmp_path):
    with pytest.raises(InputError, match=r"'.*nowhere' is not a folder"):
        read(make.timeline(make.track(make.clip("a", 0, 24))), media_dirs=(tmp_path / "nowhere",))


@pytest.mark.parametrize(
    ("start", "expected"),
    [(86_400, 0), (86_412, 12), (0, 0), (12, 12)],
    ids=["tc", "tc+12", "zero", "zero+12"],
)
def test_without_available_range_the_files_own_timecode_counts(make, read, film, start, expected):
    clip = make.clip("a", start, 24, media=make.file(str(film), None))
    (shot,) = read(make.timeline(make.track(clip))).shots
    assert shot.source_in_s * 24 == expected


def test_an_available_range_that_contradicts_the_files_timecode_is_not_believed(make, read, film):
    clip = make.clip("a", 86_412, 24, media=make.file(str(film), 0, 100_000))
    document = read(make.timeline(make.track(clip)))
    assert document.shots[0].source_in_s * 24 == 12
    assert document.problems == ()


def test_a_shot_outside_of_its_file_is_said(make, read, film):
    document = read(
        make.timeline(make.track(make.clip("far", 5000, 24, media=make.file(str(film), 0, 9000))))
    )
    assert [problem.kind for problem in document.problems] == ["outside"]
    assert "'far'" in document.problems[0].text


def test_stills_hold(make, read, tmp_path):
    from PIL import Image

    Image.new("RGB", (64, 36), "red").save(tmp_path / "card.png")
    clip = make.clip("card", 100, 48, media=make.file("card.png", 0, 1))
    (shot,) = read(make.timeline(make.track(clip))).shots
    assert (shot.kind, shot.source_in_s, shot.speed) == ("still", 0, 0)


def test_numbered_pictures_are_a_sequence(make, read, tmp_path):
    from PIL import Image

    (tmp_path / "plates").mkdir()
    for number in range(1001, 1011):
        Image.new("RGB", (64, 36), "red").save(tmp_path / f"plates/p.{number:06}.png")
    reference = {
        "OTIO_SCHEMA": "ImageSequenceReference.1",
        "target_url_base": "plates",
        "name_prefix": "p.",
        "name_suffix": ".png",
        "start_frame": 1001,
        "frame_step": 1,
        "rate": 24,
        "frame_zero_padding": 6,
        "available_range": make.range(1001, 10),
    }
    document = read(make.timeline(make.track(make.clip("plate", 1005, 4, media=reference))))
    (shot,) = document.shots
    assert (shot.kind, shot.source_in_s * 24) == ("video", 4)
    assert shot.media.path == str(tmp_path / "plates")
    assert shot.media.sequence == ImageSequence("p.", ".png", 6, 1001, 1, Rate(24))
    missing = {**reference, "name_prefix": "q."}
    document = read(make.timeline(make.track(make.clip("plate", 1005, 4, media=missing))))
    assert document.shots[0].kind == "offline"
    assert "'q.*.png'" in offline(document)[0]
    tricky = {**reference, "name_prefix": "../plates/p."}
    assert read(make.timeline(make.track(make.clip("p", 1005, 4, media=tricky)))).shots[0].kind == "offline"


def test_sound_without_a_file_is_not_heard_and_said(make, read, tmp_path, film_maker):
    film_maker(tmp_path / "silent.mov")
    track = make.track(
        make.clip("v", 0, 10, media=make.file("gone.wav")),
        make.clip("w", 0, 10, media=make.file("silent.mov")),
        kind="Audio",
    )
    document = read(make.timeline(make.track(make.clip("a", 0, 24, media=make.file("silent.mov"))), track))
    assert document.sounds == ()
    texts = [problem.text for problem in document.problems if problem.kind == "silent"]
    assert len(texts) == 2
    assert "'gone.wav' of 'v' is not heard" in texts[0]
    assert "holds no sound" in texts[1]


def test_a_sound_file_on_a_picture_track_is_unseen(make, read, shared_narration):
    document = read(make.timeline(make.track(make.clip("v", 0, 24, media=make.file(str(shared_narration))))))
    assert document.shots[0].kind == "offline"
    assert "holds no picture" in offline(document)[0]


@pytest.fixture
def shared_narration(tmp_path):
    import numpy as np
    import soundfile

    path = tmp_path / "voice.wav"
    soundfile.write(path, np.zeros(48_000, np.float32), 48_000)
    return path
