"""Damaged and hostile timelines: refused with a sentence before the library sees them, which then never
crashes.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from hitpoint.engine.errors import InputError
from hitpoint.plugin.timeline import precheck
from hitpoint.plugin.timeline.assemble import assemble
from hitpoint.plugin.timeline.schemas import readable
from hitpoint.plugin.timeline.shelf import Shelf
from tools.torture.mutants import mutate

CRASHER = b'{"OTIO_SCHEMA": "Timeline.1", "tracks": null}'


def timeline(make, *children, **more):
    return {**make.timeline(make.track(*children)), **more}


def refused(data: bytes | dict) -> str:
    if isinstance(data, dict):
        data = json.dumps(data).encode()
    with pytest.raises(InputError) as caught:
        precheck.check(data, "cut.otio")
    text = str(caught.value)
    assert "'cut.otio'" in text
    assert "\n" not in text
    return text


def test_the_45_bytes_that_end_the_library_are_refused():
    assert len(CRASHER) == 45
    assert "no stack of tracks" in refused(CRASHER)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n",
        b"null",
        b"[]",
        b"7",
        b"{",
        b'{"a": 1}',
        b"\xff\xfe\x00",
        b"\x89PNG\r\n",
        b'{"OTIO_SCHEMA": 7}',
    ],
)
def test_what_is_no_timeline_is_refused(data):
    refused(data)


def test_a_good_timeline_passes_unchanged(make):
    data = timeline(make, make.clip("a", 0, 10))
    assert precheck.check(json.dumps(data).encode(), "cut.otio") == data
    assert precheck.check(b"\xef\xbb\xbf" + json.dumps(data).encode(), "cut.otio") == data


def test_other_objects_are_named(make):
    assert "Clip" in refused(make.clip("a", 0, 1))
    assert "SerializableCollection" in refused({"OTIO_SCHEMA": "SerializableCollection.1", "children": []})


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e400", "9" * 400 + ".0"])
def test_numbers_that_are_none_are_refused(make, number):
    text = json.dumps(timeline(make, make.clip("a", 0, 10), metadata={"x": "PLACE"})).replace(
        '"PLACE"', number
    )
    refused(text.encode())


@pytest.mark.parametrize(
    ("value", "rate"),
    [
        (0, 0),
        (0, -24),
        (0, 0.5),
        (0, 768_001),
        (1e12, 24),
        (-1e12, 24),
        ("0", 24),
        (True, 24),
        (0, None),
        (10**400, 24),
    ],
)
def test_times_that_are_none_are_refused(make, value, rate):
    clip = make.clip("a", 0, 10)
    clip["source_range"]["start_time"] = {"OTIO_SCHEMA": "RationalTime.1", "value": value, "rate": rate}
    refused(timeline(make, clip))
    hidden = {"OTIO_SCHEMA": "RationalTime.1", "value": value, "rate": rate}
    refused(timeline(make, make.clip("a", 0, 10), metadata={"deep": [hidden]}))


def test_a_negative_duration_is_refused(make):
    assert "source_range" in refused(timeline(make, make.clip("shot 7", 0, -10)))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("source_range", 5),
        ("source_range", {"OTIO_SCHEMA": "TimeRange.1"}),
        ("effects", {}),
        ("effects", [None]),
        ("effects", [{"OTIO_SCHEMA": "LinearTimeWarp.1"}]),
        ("effects", [{"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": "2"}]),
        ("markers", [3]),
        ("markers", [{"OTIO_SCHEMA": "Marker.2", "marked_range": None}]),
        ("enabled", "yes"),
        ("name", 7),
        ("metadata", []),
        ("media_references", None),
        ("media_references", {"DEFAULT_MEDIA": "x.mov"}),
        ("media_references", {"DEFAULT_MEDIA": {"OTIO_SCHEMA": "ExternalReference.1", "target_url": 3}}),
        ("active_media_reference_key", None),
        ("OTIO_SCHEMA", None),
        ("OTIO_SCHEMA", ""),
    ],
)
def test_a_clip_of_wrong_parts_is_refused(make, key, value):
    refused(timeline(make, {**make.clip("a", 0, 10), key: value}))


@pytest.mark.parametrize("children", [None, {}, "x", [None], [{}], [7], [[]]])
def test_children_that_are_none_are_refused(make, children):
    data = make.timeline(make.track())
    data["tracks"]["children"][0]["children"] = children
    refused(data)
    data["tracks"]["children"] = children
    refused(data)


def test_a_stack_that_would_contain_itself_is_refused(make):
    reference = {"OTIO_SCHEMA": "SerializableObjectRef.1", "id": "Stack-1"}
    refused(timeline(make, reference))


def test_depth_is_bounded(make):
    deep: object = 1
    for _ in range(60):
        deep = [deep]
    precheck.check(json.dumps(timeline(make, make.clip("a", 0, 1), metadata={"x": deep})).encode(), "x")
    for levels in (70, 10_000, 200_000):
        text = json.dumps(timeline(make, make.clip("a", 0, 1), metadata={"x": "PLACE"}))
        assert "nested deeper" in refused(text.replace('"PLACE"', "[" * levels + "]" * levels).encode())


def test_brackets_in_texts_do_not_count(make):
    data = timeline(make, make.clip("[{" * 5000, 0, 1), metadata={"x": '"[[[' * 3000})
    assert precheck.check(json.dumps(data).encode(), "x") == data


def test_size_and_count_are_bounded(make):
    assert "MB" in refused(b" " * (precheck.MAX_BYTES + 1))
    many = b'{"OTIO_SCHEMA":"Timeline.1","metadata":{"x":[' + b"0," * precheck.MAX_NODES + b"0]}}"
    assert "2,000,000 values" in refused(many)
    commas = {"x": "," * (precheck.MAX_NODES + 1)}
    precheck.check(json.dumps(timeline(make, make.clip("a", 0, 1), metadata=commas)).encode(), "x")


def test_half_a_character_is_refused(make):
    data = json.dumps(timeline(make, make.clip("PLACE", 0, 1)))
    refused(data.replace("PLACE", "\\ud800").encode())
    pair = precheck.check(data.replace("PLACE", "\\ud83c\\udfac").encode(), "x")
    assert pair["tracks"]["children"][0]["children"][0]["name"] == "\N{CLAPPER BOARD}"


# --- mutations ---

MUTANTS = 3000


def good_timeline(make) -> dict:
    """One of everything."""
    sequence = {
        "OTIO_SCHEMA": "ImageSequenceReference.1",
        "metadata": {},
        "target_url_base": "pictures",
        "name_prefix": "p.",
        "name_suffix": ".png",
        "start_frame": 1,
        "frame_step": 1,
        "frame_zero_padding": 4,
        "rate": 24.0,
        "missing_frame_policy": "error",
        "available_range": make.range(0, 10),
    }
    nest = make.stack(make.track(make.clip("n", 0, 10)), speeds=[0.5], source_range=make.range(0, 8))
    first = make.track(
        make.clip("a", 3, 20, speeds=[2, 0], markers=[make.marker("must: x", 5)]),
        make.dissolve(3, 3),
        make.clip("s", 0, 10, media=sequence),
        make.gap(7),
        nest,
    )
    sound = make.track(make.clip("v", 0, 20), kind="Audio", metadata={"deep": {"list": [1, 2.5, None, "x"]}})
    return make.timeline(first, sound, start=86_400, markers=[make.marker("m", 1)])


def mutants(make) -> list[dict]:
    random_ = random.Random(7)
    out = []
    for _ in range(MUTANTS):
        data = good_timeline(make)
        for _ in range(random_.choice([1, 1, 2, 5])):
            data = mutate(data, random_)
        out.append(data)
    return out


def test_every_mutant_is_read_or_refused_with_a_sentence(make, tmp_path):
    read = 0
    for data in mutants(make):
        try:
            tree = precheck.check(json.dumps(data).encode(), "cut.otio")
        except InputError as error:
            assert "'cut.otio'" in str(error)
            continue
        made = assemble(tree, Shelf(tmp_path))
        assert sum(shot.out_frame_exclusive - shot.in_frame for shot in made.shots) == made.frames
        read += 1
    assert read > MUTANTS // 6  # the mutation is worth nothing when all are refused


CHILD = """
import json, sys
import opentimelineio as otio
done = 0
for line in sys.stdin:
    try:
        timeline = otio.adapters.read_from_string(line, "otio_json")
        timeline.duration()
        for clip in timeline.find_clips():
            clip.range_in_parent()
            clip.visible_range()
        timeline.to_json_string()
    except Exception:  # every class there is: only the end of the process counts
        pass
    done += 1
print(done)
"""


def test_the_library_survives_what_passes_the_check(make):
    passed = []
    for data in mutants(make):
        try:
            tree = precheck.check(json.dumps(data).encode(), "cut.otio")
        except InputError:
            continue
        passed.append(json.dumps(readable(tree)[0]))
    done = subprocess.run(
        [sys.executable, "-I", "-c", CHILD], input="\n".join(passed), capture_output=True, text=True
    )
    assert done.returncode == 0
    assert int(done.stdout) == len(passed)


def test_the_library_does_not_survive_what_is_refused():
    """The reason for the check: when this fails, the library has been mended."""
    child = CHILD.replace("sys.stdin", repr([CRASHER.decode()]))
    assert subprocess.run([sys.executable, "-I", "-c", child], capture_output=True).returncode < 0


def test_newer_schemas_are_lowered_for_the_library_and_kept_in_the_document(make, read):
    colour = {"OTIO_SCHEMA": "Color.1", "r": 1.0, "g": 0.0, "b": 0.0, "a": 1.0, "name": "RED"}
    marker = {**make.marker("m", 3), "OTIO_SCHEMA": "Marker.3", "color": colour, "comment": None}
    data = make.timeline(make.track(make.clip("a", 0, 10, markers=[marker])))
    document = read(data)
    assert document.data == data
    assert document.markers[0].colour == "RED"
    assert not [problem for problem in document.problems if problem.kind == "schema"]
    lowered = readable(data)[0]["tracks"]["children"][0]["children"][0]["markers"][0]
    assert (lowered["OTIO_SCHEMA"], lowered["color"], lowered["comment"]) == ("Marker.2", "RED", "")


def test_reading_keeps_every_unknown_key(make, read):
    data = make.timeline(
        make.track({**make.clip("a", 0, 10), "future": {"x": [1, None]}}), unknown=[{"y": 2}]
    )
    data["also"] = {"OTIO_SCHEMA": "Strange.4", "z": 1}
    assert read(data).data == data


def test_the_file_on_disk_is_never_touched(make, read, tmp_path: Path):
    read(make.timeline(make.track(make.clip("a", 0, 10))))
    before = (tmp_path / "cut.otio").read_bytes()
    read(json.loads(before))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.otio"]
