"""Files: JSON that loses nothing, bundles that hold only what they may, FCP7 XML that says what it drops."""

from __future__ import annotations

import copy
import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import opentimelineio
import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Placement
from hitpoint.export.formats import json_bytes, write_timeline
from hitpoint.export.timeline import place
from judges import shared

Json = dict[str, Any]
RATE = Rate(24)
TIMELINES = (
    "bunny_quick_cut", "multiple_track", "multitrack", "nested_example", "screening_example", "simple_cut",
    "transition",
)  # fmt: skip


def span(start: float, frames: float) -> Json:
    def time(value: float) -> Json:
        return {"OTIO_SCHEMA": "RationalTime.1", "rate": 24.0, "value": value}

    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(frames)}


def clip(url: str, **keys: Any) -> Json:
    reference = {"OTIO_SCHEMA": "ExternalReference.1", "target_url": url, "available_range": span(0, 96)}
    return {
        "OTIO_SCHEMA": "Clip.2", "name": url, "source_range": span(0, 48),
        "media_references": {"DEFAULT_MEDIA": reference}, "active_media_reference_key": "DEFAULT_MEDIA",
        **keys,
    }  # fmt: skip


def timeline(*children: Json) -> Json:
    track = {"OTIO_SCHEMA": "Track.1", "kind": "Video", "name": "V1", "children": list(children)}
    stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track]}
    return {"OTIO_SCHEMA": "Timeline.1", "name": "film", "global_start_time": None, "tracks": stack}


def write(data: Json, path: Path, kind: Any, base: Path, **keys: Any) -> list[str]:
    return [problem.text for problem in write_timeline(data, path, kind, rate=RATE, base=base, **keys)]


# --- otio ---------------------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize("name", TIMELINES)
def test_json_comes_back_equal(name: str, tmp_path: Path) -> None:
    source = shared(f"timelines/{name}.otio")
    data = json.loads(source.read_text())
    write(data, tmp_path / "out.otio", "otio", source.parent)
    assert json.loads((tmp_path / "out.otio").read_text()) == data


def test_text_that_is_no_unicode_survives(tmp_path: Path) -> None:
    data = {**timeline(), "name": "half \ud83d a letter, ein Böses"}
    write(data, tmp_path / "out.otio", "otio", tmp_path)
    assert json.loads((tmp_path / "out.otio").read_bytes()) == data


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(InputError, match=r"no \.otio file can"):
        json_bytes({"x": float("nan")})


def test_relative_media_are_told_when_the_file_lies_elsewhere(tmp_path: Path) -> None:
    data = timeline(clip("../a.mov"), clip("/b.mov"), clip("file:///c.mov"), clip("C:\\d.mov"))
    assert write(data, tmp_path / "out.otio", "otio", tmp_path) == []
    (told,) = write(data, tmp_path / "x" / "out.otio", "otio", tmp_path)
    assert told.startswith("1 media")


# --- otioz --------------------------------------------------------------------------------------------------


@pytest.fixture
def film(tmp_path: Path) -> Path:
    for name, text in {
        "film/a.wav": "a", "film/sub/A.wav": "other", "film/b ü#.wav": "b", "extra/c.wav": "c",
        "secret/key": "no",
    }.items():  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "film" / "link.wav").symlink_to(tmp_path / "secret" / "key")
    (tmp_path / "film" / "folder.wav").mkdir()
    return tmp_path


def packed(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_bundle_holds_approved_media_under_relative_urls(film: Path) -> None:
    urls = ["a.wav", str(film / "film" / "sub" / "A.wav"), (film / "film" / "b ü#.wav").as_uri(), "a.wav"]
    data = timeline(*(clip(url) for url in urls), clip(str(film / "extra" / "c.wav")))
    before = copy.deepcopy(data)
    out = film / "out" / "cut.otioz"
    assert write(data, out, "otioz", film / "film", roots=[film / "extra"]) == []
    assert data == before
    files = packed(out)
    assert set(files) == {
        "version.txt",
        "content.otio",
        "media/a.wav",
        "media/A-2.wav",
        "media/b_.wav",
        "media/c.wav",
    }
    assert [files[f"media/{name}"] for name in ("a.wav", "A-2.wav", "b_.wav", "c.wav")] == [
        b"a",
        b"other",
        b"b",
        b"c",
    ]
    read = opentimelineio.adapters.read_from_file(str(out))
    found = [clip.media_reference.target_url for clip in read.find_clips()]
    assert found == ["media/a.wav", "media/A-2.wav", "media/b_.wav", "media/a.wav", "media/c.wav"]


@pytest.mark.parametrize(
    "url",
    ["/etc/hostname", "file:///etc/hostname", "/proc/self/environ", "../secret/key", "link.wav", "folder.wav",
     "missing.wav", "http://example.org/a.wav", "//host/share/a.wav", "/dev/null", "a\x00b.wav",
     "sub/../../secret/key"],
)  # fmt: skip
def test_nothing_outside_the_roots_is_packed_and_each_is_named(film: Path, url: str) -> None:
    out = film / "out" / "cut.otioz"
    (told,) = write(timeline(clip(url), clip("a.wav")), out, "otioz", film / "film")
    assert told.startswith(f"'{url}' ") and "is not in 'cut.otioz'" in told
    files = packed(out)
    assert set(files) == {"version.txt", "content.otio", "media/a.wav"}
    content = json.loads(files["content.otio"])
    left = content["tracks"]["children"][0]["children"][0]["media_references"]["DEFAULT_MEDIA"]
    assert left["target_url"] == url


def test_a_named_pipe_is_not_opened(film: Path) -> None:
    os.mkfifo(film / "film" / "pipe.wav")
    (told,) = write(timeline(clip("pipe.wav")), film / "out" / "cut.otioz", "otioz", film / "film")
    assert "no regular file" in told


def test_a_root_that_is_the_whole_disk_still_packs_no_device_and_no_file_of_the_kernels(film: Path) -> None:
    (film / "film" / "environ.wav").symlink_to("/proc/self/environ")
    (film / "film" / "zero.wav").symlink_to("/dev/zero")
    urls = ["environ.wav", "zero.wav", "/proc/self/environ", "/dev/zero"]
    out = film / "out" / "cut.otioz"
    told = write(timeline(*map(clip, urls)), out, "otioz", film / "film", roots=[Path("/")])
    assert len(told) == 4 and set(packed(out)) == {"version.txt", "content.otio"}


def test_a_link_within_the_roots_is_packed_once_under_its_real_name(film: Path) -> None:
    (film / "film" / "again.wav").symlink_to("a.wav")
    (film / "film" / "round").symlink_to(".")
    urls = ["a.wav", "again.wav", "round/round/a.wav", "sub/../a.wav"]
    out = film / "out" / "cut.otioz"
    assert write(timeline(*map(clip, urls)), out, "otioz", film / "film") == []
    assert set(packed(out)) == {"version.txt", "content.otio", "media/a.wav"}


def test_names_in_a_bundle_are_ones_that_every_system_takes(film: Path) -> None:
    names = ["CON.wav", "nul.tar.wav", "-rf.wav", "\u202egpj.wav", "A\u0301.wav", "\u00c1.wav"]
    names += ["x" * 200 + ".wav", "a." + "s" * 100]
    for number, name in enumerate(names):
        (film / "film" / name).write_text(str(number))
    out = film / "out" / "cut.otioz"
    write(timeline(*(clip(str(film / "film" / name)) for name in names)), out, "otioz", film / "film")
    inside = [name.removeprefix("media/") for name in packed(out) if name.startswith("media/")]
    assert len(inside) == len(names)
    assert len({name.lower() for name in inside}) == len(inside)
    for name in inside:
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,110}", name) and not name.endswith(".")
        assert not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name, re.IGNORECASE)


def test_two_bundles_of_one_timeline_are_the_same_bytes(film: Path) -> None:
    for name in ("one", "two"):
        write(timeline(clip("a.wav")), film / name / "cut.otioz", "otioz", film / "film")
    assert (film / "one" / "cut.otioz").read_bytes() == (film / "two" / "cut.otioz").read_bytes()


# --- fcp7 ---------------------------------------------------------------------------------------------------


def placed(data: Json) -> Json:
    stem = Placement("Stem: drums", "cue", "drums", "/m/a b.wav", "0" * 64, 30, 90, 30, 150)
    return place(data, [stem], rate=RATE, start_timecode_frame=86_400).data


def read_fcp7(path: Path) -> Any:
    return opentimelineio.adapters.read_from_string(path.read_text(), "fcp_xml")


@pytest.mark.shared
@pytest.mark.parametrize("name", TIMELINES)
def test_every_timeline_becomes_fcp7_with_our_stem_in_its_place(name: str, tmp_path: Path) -> None:
    source = shared(f"timelines/{name}.otio")
    data = placed(json.loads(source.read_text()))
    problems = write(data, tmp_path / "out.xml", "fcp7", source.parent)
    assert "track names" in problems[0]
    sounds = read_fcp7(tmp_path / "out.xml").audio_tracks()
    track = sounds[-1]
    (ours,) = track.find_clips()
    assert ours.media_reference.target_url == "file:///m/a%20b.wav"
    there = track.range_of_child(ours)
    assert (there.start_time.value, there.duration.value) == (30, 60)
    assert ours.source_range.start_time.value - ours.media_reference.available_range.start_time.value == 30


def test_fcp7_says_which_warps_nests_and_dissolves_it_drops(tmp_path: Path) -> None:
    warp = {"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": 2.0}
    dissolve = {
        "OTIO_SCHEMA": "Transition.1", "name": "soft", "transition_type": "SMPTE_Dissolve",
        "in_offset": span(0, 5)["duration"], "out_offset": span(0, 5)["duration"],
    }  # fmt: skip
    parts = [clip("/x.mov"), {**dissolve, "name": "lost"}, clip("/y.mov")]
    inner = {"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": parts}
    nest = {"OTIO_SCHEMA": "Stack.1", "name": "nest", "source_range": span(40, 20), "children": [inner]}
    data = timeline(
        clip("/a.mov", effects=[warp]), dissolve, clip("/b.mov"), nest, clip("/c.mov", enabled=False)
    )
    told = " ".join(write(data, tmp_path / "out.xml", "fcp7", tmp_path))
    for words in ("speed changes", "'/a.mov'", "dissolves are dropped", "'lost'", "'nest'", "'/c.mov'"):
        assert words in told
    assert "'soft'" not in told
    track = read_fcp7(tmp_path / "out.xml").video_tracks()[0]
    found = [
        (item.name, int(track.range_of_child(item).start_time.value), int(item.source_range.duration.value))
        for item in track.find_clips()
    ]
    assert found == [("/a.mov", 0, 48), ("/b.mov", 48, 48), ("/x.mov", 96, 8), ("/y.mov", 104, 12)]


def test_a_switched_off_track_does_not_sound_in_fcp7(tmp_path: Path) -> None:
    data = placed(timeline(clip("/a.mov")))
    data["tracks"]["children"][-1]["enabled"] = False
    told = " ".join(write(data, tmp_path / "out.xml", "fcp7", tmp_path))
    assert "'Stem: drums'" in told
    assert len(list(read_fcp7(tmp_path / "out.xml").audio_tracks())) == 0


def test_names_that_xml_cannot_hold_are_cleaned(tmp_path: Path) -> None:
    data = {**timeline({**clip("/a.mov"), "name": "bell\x07 <&>"}), "name": "\x01"}
    write(data, tmp_path / "out.xml", "fcp7", tmp_path)
    (only,) = read_fcp7(tmp_path / "out.xml").find_clips()
    assert only.name == "bell <&>"
