"""The door for all inputs: films, bundles, the timelines beside the project, and everything that is none of
these.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.timebase import Rate
from hitpoint.plugin.timeline.read import read_timeline
from judges import shared

# --- films ---


def test_a_film_is_a_timeline_of_its_own(film):
    document = read_timeline(film)
    assert (document.rate, document.frames, document.find_cuts) == (Rate(24), 48, True)
    assert (document.start_timecode_frame, document.drop_frame) == (86_400, False)
    (shot,) = document.shots
    assert (shot.kind, shot.media.path, shot.source_in_s, shot.speed) == ("video", str(film), 0, 1)
    (sound,) = document.sounds
    assert (sound.in_frame, sound.out_frame_exclusive, sound.media.path) == (0, 48, str(film))
    assert document.problems == ()
    assert document.sha256 == hashlib.sha256(film.read_bytes()).hexdigest()


def test_the_timeline_made_of_a_film_reads_as_the_film(film, read, shots):
    document = read_timeline(film)
    again = read(document.data)
    assert shots(again) == shots(document)
    assert (again.sounds, again.start_timecode_frame, again.find_cuts) == (document.sounds, 86_400, False)


def test_a_film_without_sound_or_timecode(tmp_path, film_maker):
    document = read_timeline(film_maker(tmp_path / "plain.MP4", rate=25))
    assert (document.rate, document.start_timecode_frame, document.sounds) == (Rate(25), 0, ())


def test_a_film_counted_at_another_rate(film):
    document = read_timeline(film, rate=Rate(12))
    assert (document.rate, document.frames) == (Rate(12), 24)


def test_sound_alone_is_no_input(tmp_path):
    import numpy as np
    import soundfile

    soundfile.write(tmp_path / "a.wav", np.zeros(100, np.float32), 48_000)
    (tmp_path / "a.wav").rename(tmp_path / "a.mov")
    with pytest.raises(InputError, match=r"'a.mov' holds sound and no picture"):
        read_timeline(tmp_path / "a.mov")


# --- bundles ---


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def content(make, *urls: str) -> bytes:
    track = make.track(*(make.clip(f"c{n}", 0, 24, media=make.file(url)) for n, url in enumerate(urls)))
    return json.dumps(make.timeline(track)).encode()


def test_an_otioz_brings_its_media(make, tmp_path, home, film):
    members = {
        "version.txt": b"1.0.0",
        "content.otio": content(make, "media/film one.mov", "media/film%20one.mov", "media/none.mov"),
        "media/film one.mov": film.read_bytes(),
        "media/unused.mov": b"x" * 1000,
    }
    path = zipped(tmp_path / "cut.otioz", members)
    document = read_timeline(path)
    assert [shot.kind for shot in document.shots] == ["video", "video", "offline"]
    unpacked = [file for file in home.rglob("*") if file.is_file()]
    assert [Path(document.shots[0].media.path)] == unpacked
    assert unpacked[0].read_bytes() == film.read_bytes()
    assert document.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    before = unpacked[0].stat().st_ino
    read_timeline(path)
    assert unpacked[0].stat().st_ino == before


def test_an_otioz_is_never_unpacked_outside_of_its_folder(make, tmp_path, home):
    urls = ["../../evil.mov", "/abs/evil.mov", "media/../../evil.mov"]
    path = zipped(
        tmp_path / "cut.otioz", {"content.otio": content(make, *urls), **{url: b"evil" for url in urls}}
    )
    read_timeline(path)
    outside = [file for file in tmp_path.rglob("*evil*") if home not in file.parents]
    assert outside == []


def test_zip_bombs_are_refused(make, tmp_path, home):
    bomb = zipped(tmp_path / "bomb.otioz", {"content.otio": b" " * (30 << 20)}, zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match=r"'content.otio' in 'bomb.otioz' unpacks to"):
        read_timeline(bomb)
    members = {"content.otio": content(make, "media/a.mov"), "media/a.mov": b"\0" * (30 << 20)}
    document = read_timeline(zipped(tmp_path / "media.otioz", members, zipfile.ZIP_DEFLATED))
    assert document.shots[0].kind == "offline"
    assert "could not be unpacked" in document.problems[0].text
    assert not home.exists()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 but no more", b"not a zip"])
def test_what_is_no_bundle_is_refused(tmp_path, data):
    (tmp_path / "cut.otioz").write_bytes(data)
    with pytest.raises(InputError, match=r"'cut.otioz' is not an .otioz bundle"):
        read_timeline(tmp_path / "cut.otioz")


def test_a_bundle_without_timeline_or_with_a_crashing_one_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no content\.otio"):
        read_timeline(zipped(tmp_path / "a.otioz", {"x.txt": b"1"}))
    crasher = b'{"OTIO_SCHEMA": "Timeline.1", "tracks": null}'
    with pytest.raises(InputError, match=r"'b\.otioz' is damaged"):
        read_timeline(zipped(tmp_path / "b.otioz", {"content.otio": crasher}))


def test_an_otiod_is_read_with_its_media(make, tmp_path, film):
    folder = tmp_path / "cut.otiod"
    (folder / "media").mkdir(parents=True)
    (folder / "content.otio").write_bytes(content(make, "media/film.mov"))
    (folder / "media/film.mov").write_bytes(film.read_bytes())
    document = read_timeline(folder)
    assert (document.shots[0].kind, document.path) == ("video", folder)
    with pytest.raises(InputError, match="was not found"):
        read_timeline(tmp_path / "gone.otiod")
    (tmp_path / "empty.otiod").mkdir()
    with pytest.raises(InputError, match=r"holds no content\.otio"):
        read_timeline(tmp_path / "empty.otiod")


# --- what is none of these ---


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("gone.otio", None, "was not found"),
        ("gone.mp4", None, "was not found"),
        ("text.otio", b"hello", "is not JSON"),
        ("notes.txt", b"hello", "neither a timeline"),
        ("none", b"hello", "neither a timeline"),
        ("film.mp4", b"hello", "film.mp4"),
        ("cut.edl", b"TITLE: x\n", "does not say its frame rate"),
        ("cut.aaf", b"hello", "not an AAF file"),
        ("cut.xml", b"hello", "not readable XML"),
        ("cut.xml", b"<html/>", "XML of another kind ('html')"),
        ("cut.fcpxml", b"<fcpxml/>", "holds no sequence"),
        ("cut.xml", b"<xmeml version='5'/>", "cut.xml"),
    ],
)
def test_bad_input_gets_one_sentence_that_names_it(tmp_path, name, data, words):
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_timeline(path)
    text = str(caught.value)
    assert words in text and name in text
    assert "\n" not in text and "Traceback" not in text


def test_a_folder_is_no_input(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        read_timeline(tmp_path)


def test_a_device_is_no_input():
    with pytest.raises(InputError, match="not a regular file"):
        read_timeline(Path("/dev/null"))


# --- the timelines beside the project ---

EXPECTED = {
    "bunny_quick_cut.otio": (671, 21, ["must: 400"], []),
    "multiple_track.otio": (19, 4, [], ["offline"] * 4),
    "multitrack.otio": (3282, 7, [], ["offline"]),
    "nested_example.otio": (636, 7, [], ["offline"]),
    "screening_example.otio": (1049, 9, ["None: 195", "None: 219", "None: 631"], ["offline", "range"]),
    "simple_cut.otio": (19, 4, [], ["offline"] * 4),
    "transition.otio": (19, 4, [], ["offline"] * 4),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_timeline_beside_the_project_is_read(name):
    path = shared(f"timelines/{name}")
    document = read_timeline(path)
    frames, count, marks, kinds = EXPECTED[name]
    assert (document.rate, document.frames, len(document.shots)) == (Rate(24), frames, count)
    assert [f"{marker.hit}: {marker.in_frame}" for marker in document.markers] == marks
    assert sorted(problem.kind for problem in document.problems) == kinds
    assert document.data == json.loads(path.read_bytes())


@pytest.mark.shared
def test_the_bunny_cut_is_read_exactly(shots, sounds):
    document = read_timeline(shared("timelines/bunny_quick_cut.otio"))
    lines = shots(document)
    assert lines[0] == "0-60 shot 01 from 30"
    assert lines[6] == "190-238 shot 07 from 100 dissolve 6+6"
    assert lines[9] == "272-296 gap"
    assert lines[13] == "379-412 shot 13 from 560 x2"
    assert lines[17] == "509-528 shot 17 from 600 x0"
    assert sounds(document) == ["96-527 narration on A1 narration from 0 x1"]
    assert document.start_timecode_frame == 86_400


@pytest.mark.shared
def test_offline_timelines_are_relinked_to_any_folder(tmp_path, film_maker):
    for name in ("titles.mov", "wind-up.mov", "punchline.mov", "credits.mov"):
        film_maker(tmp_path / name)
    for name in ("simple_cut.otio", "multiple_track.otio", "transition.otio"):
        document = read_timeline(shared(f"timelines/{name}"), media_dirs=(tmp_path,))
        assert {shot.kind for shot in document.shots} <= {"video", "gap"}
        assert document.problems == ()
