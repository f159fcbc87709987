"""Edits of every kind, as Blender's adapter writes them and as Hitpoint reads them from there."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from blenders import blenders, run
from hitpoint.plugin.timeline.document import Document
from hitpoint.plugin.timeline.read import read_timeline

pytestmark = pytest.mark.blender

PROGRAM = Path(__file__).parent / "programs" / "edits.py"
UNSAVED = "the file has no place on the disk yet"

# Record frames, what is seen, the picture of its file that comes first, and how many of them a frame.
PLAIN = ["0-96 shot 1 @0", "96-168 shot 2 @0", "168-288 shot 3 @0"]
SHOTS: dict[str, list[str]] = {
    "plain": PLAIN,
    "ntsc": PLAIN,
    "from_frame_100": PLAIN,
    "trimmed": [
        "0-96 shot 1 @0", "96-106 gap", "106-149 shot 2 @10", "149-192 gap", "192-259 cut off @24",
    ],
    "on_top": [
        "0-50 shot 1 @0", "50-80 insert @0", "80-96 shot 1 @80", "96-168 shot 2 @0", "168-288 shot 3 @0",
    ],
    "before_and_after_the_range": ["0-56 shot 1 @40", "56-128 shot 2 @0", "128-160 shot 3 @0"],
    "dissolved": ["0-90 first @0", "90-170 second @10 dissolve 10+10", "170-260 third @10 dissolve 10+10"],
    "dissolved_below_another": [
        "0-20 first @0", "20-60 above @0", "60-90 first @60", "90-170 second @10 dissolve 10+10",
        "170-260 third @10 dissolve 10+10",
    ],
    "grouped": [
        "0-96 shot 1 @0", "96-130 shot 2 @0", "130-196 inner @30", "196-220 inner too @0",
        "220-288 shot 3 @52",
    ],
    "sped": ["0-96 shot 1 @0 x2", "96-132 shot 2 @0 x2", "132-168 gap", "168-288 shot 3 @0 x0"],
    "other_rate": ["0-100 at 25 @0"],
    "in_its_own_time": ["0-24 gap", "24-96 at 25 @25 x25/24"],
    "pictures": ["0-50 still @0 x0", "50-55 gap", "55-65 row @5"],
    "made": [
        "0-48 shot 1 @0", "48-60 shot 2 @0", "60-80 other offline", "80-96 shot 2 @32", "96-144 shot 3 @0",
        "144-168 gap",
    ],
    "angles": ["0-40 camera 2 @0", "40-80 camera 1 @40", "80-120 camera 2 @80"],
    "missing": ["0-96 shot 1 @0", "96-168 shot 2 offline", "168-288 shot 3 @0"],
    "sounding": PLAIN,
    "marked": PLAIN,
}  # fmt: skip

LENGTHS = {"shot 1": 96, "shot 2": 72}


@pytest.fixture(scope="module", params=sorted(blenders()))
def edits(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the adapter told of each edit, in each Blender; "" is the Blender's series."""
    outcome = run(blenders()[request.param], PROGRAM, tmp_path_factory.mktemp("edits"))
    assert outcome.code == 0, outcome.said
    return {"": request.param} | {facts["edit"]: facts for facts in outcome.told}


def document(edits: dict[str, Any], name: str) -> Document:
    return read_timeline(Path(edits[name]["path"]))


@pytest.mark.parametrize("name", sorted(SHOTS))
def test_every_shot_is_where_blender_shows_it(edits: dict[str, Any], name: str) -> None:
    found = document(edits, name)
    assert [shot_text(shot, found.rate) for shot in found.shots] == SHOTS[name]
    assert (found.frames, str(found.rate)) == (edits[name]["frames"], edits[name]["rate"])
    assert found.start_timecode_frame == edits[name]["start"]


@pytest.mark.parametrize("name", sorted({*SHOTS, "slowed"} - {"pictures", "missing"}))
def test_blender_renders_the_very_pictures_that_were_read(edits: dict[str, Any], name: str) -> None:
    found = document(edits, name)
    wrong = []
    for frame, grey in enumerate(edits[name]["shown"][: found.frames]):
        shot = next(one for one in found.shots if one.in_frame <= frame < one.out_frame_exclusive)
        after = next((one for one in found.shots if one.in_frame == shot.out_frame_exclusive), shot)
        begins, ends = shot.in_frame + shot.dissolve_frames[1], after.in_frame - after.dissolve_frames[0]
        in_dissolve = frame < begins or (after is not shot and frame >= ends)
        if shot.kind == "offline" or in_dissolve:
            continue
        if shot.media is None:
            # 5.2 renders no strip as 1.
            if grey > 1:
                wrong.append((frame, "gap", 0, grey))
            continue
        own = 25 if shot.name == "at 25" else found.rate.fps
        # Past its end a movie holds its last picture.
        picture = min(math.floor(shot.source_s(frame, found.rate) * own), LENGTHS.get(shot.name, 1000) - 1)
        # 5.2 shows a retimed movie's third picture twice: its decoder's doing.
        near = (0,) if shot.speed * own == found.rate.fps else (-2, -1, 0, 1)
        stem = Path(shot.media.path).stem
        if grey not in [expected_grey(stem, picture + more) for more in near]:
            wrong.append((frame, shot.name, picture, grey))
    assert wrong == []


def test_retiming_that_blender_tells_is_read_and_the_rest_is_unseen(edits: dict[str, Any]) -> None:
    found, slowed = document(edits, "retimed"), document(edits, "slowed")
    problems = " ".join(edits["retimed"]["problems"])
    if edits[""] < "5.2":
        assert [shot_text(shot, found.rate) for shot in found.shots] == ["0-100 slow @0"]
        assert "speed" not in problems
        assert [shot_text(shot, found.rate) for shot in slowed.shots] == ["0-100 slow @0"]
    else:
        assert [shot.kind for shot in found.shots] == ["offline"]
        assert "the speed of 'slow' is not told by Blender" in problems
        assert [shot_text(shot, found.rate) for shot in slowed.shots] == ["0-200 slow @0 x1/2"]


def test_a_movie_of_another_rate_is_told_and_kept_frame_for_frame(edits: dict[str, Any]) -> None:
    (shot,) = document(edits, "other_rate").shots
    assert shot.speed * 25 == 24
    assert any(
        "'at 25.avi' has 25 frames a second and the scene 24" in one
        for one in edits["other_rate"]["problems"]
    )


def test_sound_is_read_with_its_offset_and_from_inside_metas(edits: dict[str, Any]) -> None:
    voice = document(edits, "sounding").sounds
    assert [(one.name, one.in_frame, one.out_frame_exclusive, float(one.source_in_s)) for one in voice] == [
        ("voice", 60, 120, 0.5),
        ("later", 120, 144, 0.75),
    ]
    inner = document(edits, "grouped").sounds
    assert [(one.name, one.in_frame, one.out_frame_exclusive) for one in inner] == [("inner sound", 130, 168)]


def test_markers_of_the_editor_are_read_and_ask_for_hits(edits: dict[str, Any]) -> None:
    (marker,) = document(edits, "marked").markers
    assert (marker.name, marker.in_frame, marker.hit) == ("door", 48, "must")


def test_what_lies_outside_the_range_is_told(edits: dict[str, Any]) -> None:
    told = edits["before_and_after_the_range"]["problems"]
    assert any("go on to frame 288, and the scene ends at 200" in one for one in told)
    assert edits["before_and_after_the_range"]["seen"][0] == [-40, 56]


def test_an_empty_scene_is_refused_in_a_sentence(edits: dict[str, Any]) -> None:
    assert edits["empty"]["refused"] == "the scene 'Scene' has no strips: there is nothing to score yet"


def test_a_file_without_a_place_is_told_and_nothing_else_of_plain_edits(edits: dict[str, Any]) -> None:
    for name in ("plain", "ntsc", "trimmed", "dissolved", "grouped", "pictures", "angles", "sounding"):
        (told,) = edits[name]["problems"]
        assert told.startswith(UNSAVED)


def test_the_same_edit_is_told_with_the_same_digests(edits: dict[str, Any]) -> None:
    assert all(facts["steady"] for name, facts in edits.items() if name and "steady" in facts)


@pytest.mark.parametrize("name", sorted(SHOTS))
def test_the_library_reads_and_writes_it_without_a_change(edits: dict[str, Any], name: str) -> None:
    path = edits[name]["path"]
    timeline = otio.adapters.read_from_file(path)
    again = json.loads(otio.adapters.write_to_string(timeline, "otio_json"))
    assert plain(again) == plain(json.loads(Path(path).read_text(encoding="utf-8")))


def expected_grey(name: str, number: int) -> int:
    """As checks/cutting.py makes its movies."""
    return (5 * number + 3 * sum(name.encode())) % 256


def plain(value: Any) -> Any:
    """JSON without what the library adds to each object: colours and the enabling of effects."""
    if isinstance(value, dict):
        return {
            key: plain(one)
            for key, one in value.items()
            if key not in ("color", "enabled") or one not in (None, True)
        }
    return [plain(one) for one in value] if isinstance(value, list) else value


def shot_text(shot: Any, rate: Any) -> str:
    text = f"{shot.in_frame}-{shot.out_frame_exclusive} "
    if shot.kind == "gap":
        return text + "gap"
    if shot.kind == "offline":
        return text + f"{shot.name} offline"
    own = 25 if shot.name == "at 25" else rate.fps
    text += f"{shot.name} @{shot.source_in_s * own}"
    speed = shot.speed * own / rate.fps
    text += "" if speed == 1 else f" x{speed}"
    return text + (" dissolve {}+{}".format(*shot.dissolve_frames) if any(shot.dissolve_frames) else "")
