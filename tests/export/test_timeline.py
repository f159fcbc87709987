"""Placing: our tracks come after all others, at the right frames, and nothing of the editor's is touched."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import opentimelineio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.errors import EngineFault, InputError
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Placement, Plan, Provenance, Shot, Stem, Take
from hitpoint.export.timeline import Origin, Placed, place, placements
from judges import shared

Json = dict[str, Any]
RATE = Rate(24)
FILES = (
    "bunny_quick_cut", "multiple_track", "multitrack", "nested_example", "screening_example", "simple_cut",
    "transition",
)  # fmt: skip


def one(stem: str, first: int, last: int, *, cue: str = "cue 1", head: int = 48, file: str = "") -> Placement:
    head = min(head, first)
    path = f"/music/{file or stem}.wav"
    return Placement(f"Stem: {stem}", cue, stem, path, "ab" * 32, first, last, head, head + last - first + 48)


def timeline(**keys: Any) -> Json:
    video = {
        "OTIO_SCHEMA": "Track.1",
        "kind": "Video",
        "name": "V1",
        "children": [{"OTIO_SCHEMA": "Gap.1", "source_range": span(0, 480)}],
    }
    stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [video]}
    return {"OTIO_SCHEMA": "Timeline.1", "name": "film", "tracks": stack, **keys}


def span(start: float, frames: float, rate: float = 24.0) -> Json:
    def time(value: float) -> Json:
        return {"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": value}

    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(frames)}


def tracks(data: Json) -> list[Any]:
    children: list[Any] = data["tracks"]["children"]
    return children


def named(data: Json, name: str) -> Json:
    (track,) = [track for track in tracks(data) if track.get("name") == name]
    assert isinstance(track, dict)
    return track


def clips(track: Json) -> list[Json]:
    return [child for child in track["children"] if child["OTIO_SCHEMA"].startswith("Clip")]


def read(data: Json) -> Any:
    return opentimelineio.adapters.read_from_string(json.dumps(data), "otio_json")


# --- what is written ----------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize("name", FILES)
def test_every_track_of_a_real_timeline_survives_as_it_was(name: str) -> None:
    data = json.loads(shared(f"timelines/{name}.otio").read_text())
    before = copy.deepcopy(data)
    placed = place(data, [one("bass", 0, 100), one("drums", 0, 100)], rate=RATE)
    assert data == before
    assert {**placed.data, "tracks": None} == {**before, "tracks": None}
    assert tracks(placed.data)[: len(tracks(before))] == tracks(before)
    assert [track["name"] for track in tracks(placed.data)[len(tracks(before)) :]] == [
        "Stem: drums",
        "Stem: bass",
    ]


def test_stems_come_in_the_fixed_order_whatever_the_order_of_placements() -> None:
    stems = ["hits", "melody", "drums", "strange", "pads", "bass", "harmony"]
    placed = place(timeline(), [one(stem, 0, 48) for stem in stems], rate=RATE)
    order = ["drums", "bass", "harmony", "melody", "pads", "hits", "strange"]
    assert list(placed.added) == [f"Stem: {stem}" for stem in order]


def test_gaps_clips_ranges_and_metadata_are_those_that_hosts_read() -> None:
    origin = Origin(job="job 7", take="01", generator="sketch", seed=5)
    first, second = one("drums", 96, 168), one("drums", 240, 300, cue="cue 2", file="cue02-drums")
    placed = place(timeline(), [second, first], rate=RATE, origins={"cue 1": origin})
    track = named(placed.data, "Stem: drums")
    assert track["OTIO_SCHEMA"] == "Track.1"
    assert (track["kind"], track["enabled"], track["source_range"]) == ("Audio", True, None)
    assert track["metadata"]["Resolve_OTIO"] == {"Audio Type": "Stereo", "Locked": False, "SoloOn": False}
    schemas = [child["OTIO_SCHEMA"] for child in track["children"]]
    assert schemas == ["Gap.1", "Clip.2", "Gap.1", "Clip.2"]
    assert [child["source_range"] for child in track["children"]] == [
        span(0, 96), span(48, 72), span(0, 72), span(48, 60),
    ]  # fmt: skip
    clip = track["children"][1]
    assert clip["enabled"] is True
    media = clip["media_references"][clip["active_media_reference_key"]]
    assert media["target_url"] == "/music/drums.wav"
    assert media["available_range"] == span(0, 48 + 72 + 48)
    assert clip["metadata"]["hitpoint"] == {
        "schema": "Stem.1", "job": "job 7", "take": "01", "stem": "drums", "generator": "sketch", "seed": 5,
        "model_sha256": None, "cue": "cue 1",
    }  # fmt: skip
    groups = [clip["metadata"]["Resolve_OTIO"]["Link Group ID"] for clip in clips(track)]
    assert len(set(groups)) == 2


def test_link_groups_are_new_ones() -> None:
    data = timeline(metadata={"Resolve_OTIO": {"Link Group ID": 41}})
    placed = place(data, [one("drums", 0, 48), one("bass", 0, 48)], rate=RATE)
    ours = [clip["metadata"]["Resolve_OTIO"]["Link Group ID"] for track in tracks(placed.data)[1:]
            for clip in clips(track)]  # fmt: skip
    assert ours == [42, 43]


@given(
    rate=st.sampled_from([Rate(24), Rate(25), Rate(24000, 1001), Rate(30000, 1001), Rate(60)]),
    starts=st.lists(st.integers(1, 400_000), min_size=1, max_size=6, unique=True),
    timecode=st.integers(0, 24 * 108_000),
)
def test_the_library_finds_every_clip_at_its_frame(rate: Rate, starts: list[int], timecode: int) -> None:
    starts = sorted(starts)
    ends = [min(start + 500, after) for start, after in zip(starts, [*starts[1:], 10**7], strict=True)]
    wanted = [one("pads", first, last, cue=str(first)) for first, last in zip(starts, ends, strict=True)]
    data = place(timeline(), wanted, rate=rate, start_timecode_frame=timecode, media_start="timecode").data
    track = read(data).tracks[-1]
    for clip, placement in zip(track.find_clips(), wanted, strict=True):
        there = track.range_of_child(clip)
        assert there.start_time.value == placement.in_frame
        assert there.duration.value == placement.out_frame_exclusive - placement.in_frame
        assert there.start_time.rate == pytest.approx(rate.num / rate.den, rel=1e-15)
        available = clip.media_reference.available_range
        assert available.start_time.value == timecode + placement.in_frame - placement.source_in_frame
        assert available.contains(clip.source_range)
        assert clip.source_range.start_time.value - available.start_time.value == placement.source_in_frame


def test_media_count_from_their_timecode_where_resolve_wrote_the_timeline() -> None:
    plain = place(timeline(), [one("drums", 96, 168)], rate=RATE, start_timecode_frame=86_400)
    resolve = timeline(metadata={"Resolve_OTIO": {"Resolve OTIO Meta Version": "1.0"}})
    own = place(resolve, [one("drums", 96, 168)], rate=RATE, start_timecode_frame=86_400)
    sources = [clips(named(placed.data, "Stem: drums"))[0]["source_range"] for placed in (plain, own)]
    assert sources == [span(48, 72), span(86_400 + 96, 72)]


def test_file_urls_are_quoted_on_demand() -> None:
    where = one("drums", 0, 48, file="a b#ü")
    urls = []
    for style in ("path", "file"):
        track = named(place(timeline(), [where], rate=RATE, urls=style).data, "Stem: drums")  # type: ignore[arg-type]
        urls.append(clips(track)[0]["media_references"]["DEFAULT_MEDIA"]["target_url"])
    assert urls == ["/music/a b#ü.wav", "file:///music/a%20b%23%C3%BC.wav"]


def test_clips_split_at_cuts_play_the_same_frames_without_a_hole() -> None:
    cuts = (168, 100, 120, 96, 120, 500)
    track = named(place(timeline(), [one("drums", 96, 168)], rate=RATE, cut_frames=cuts).data, "Stem: drums")
    assert [clip["source_range"] for clip in clips(track)] == [span(48, 4), span(52, 20), span(72, 48)]


def test_a_trimmed_top_stack_shifts_our_clips_with_it() -> None:
    data = timeline()
    data["tracks"]["source_range"] = span(1000, 400)
    track = named(place(data, [one("drums", 96, 168)], rate=RATE).data, "Stem: drums")
    assert track["children"][0]["source_range"] == span(0, 1096)


def test_children_that_are_no_tracks_and_unknown_schemas_stay() -> None:
    data = timeline()
    strange = [
        {"OTIO_SCHEMA": "Clip.2", "name": "loose"},
        {"OTIO_SCHEMA": "Hologram.7", "x": [1, {"y": None}]},
    ]
    tracks(data).extend(strange)
    placed = place(data, [one("drums", 0, 48)], rate=RATE)
    assert tracks(placed.data)[1:3] == strange
    assert tracks(placed.data)[3]["name"] == "Stem: drums"


@pytest.mark.parametrize("data", [{}, {"OTIO_SCHEMA": "Timeline.1"}, {"OTIO_SCHEMA": "Clip.2"},
                                  {"OTIO_SCHEMA": "Timeline.1", "tracks": {"children": None}}])  # fmt: skip
def test_what_is_no_timeline_is_refused_with_a_sentence(data: Json) -> None:
    with pytest.raises(InputError, match="no single timeline"):
        place(data, [one("drums", 0, 48)], rate=RATE)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"source_in_frame": -1}, "needs frames -1"),
        ({"source_in_frame": 97}, "of a file that holds 168"),
        ({"out_frame_exclusive": 96}, "would lie at frames 96 to 96"),
        ({"in_frame": -1, "out_frame_exclusive": 10}, "would lie at frames -1"),
        ({"path": "music/a.wav"}, "not absolute"),
    ],
)
def test_a_placement_outside_its_file_or_timeline_is_refused(keys: Json, words: str) -> None:
    import dataclasses

    wrong = dataclasses.replace(one("drums", 96, 168), **keys)
    with pytest.raises(EngineFault, match=words):
        place(timeline(), [wrong], rate=RATE)


def test_overlapping_placements_are_refused() -> None:
    with pytest.raises(EngineFault, match="overlaps cue 'cue 1'"):
        place(timeline(), [one("drums", 0, 48), one("drums", 47, 90, cue="cue 2")], rate=RATE)


def test_placements_of_a_take_hold_the_handles() -> None:
    cue = Cue("cue 1", RATE, 24, 96, (Shot("a", 24, 96, "gap"),))
    samples = RATE.sample(96 + 48) - RATE.sample(0)
    stems = tuple(
        Stem(name, f"/m/{name}.wav", "0" * 64, samples, (48_000, 96_000)) for name in ("hits", "bass")
    )
    take = Take("cue 1", stems, Plan("cue 1", cue.samples, (), (), (), (), 0), Provenance("sketch", "1", 1))
    bass, hits = placements(cue, take, (24, 48))
    assert (bass.track, bass.in_frame, bass.source_in_frame, bass.available_frames) == (
        "Stem: bass",
        24,
        24,
        144,
    )
    assert hits.stem == "hits"
    with pytest.raises(EngineFault, match="holds"):
        placements(cue, take, (24, 49))


# --- an earlier run -----------------------------------------------------------------------------------------


def again(data: Json, *spans: tuple[int, int], stems: tuple[str, ...] = ("drums", "bass")) -> Placed:
    """A later run with new files."""
    wanted = [
        one(stem, first, last, cue=f"cue {number}", file=f"new-{number}-{stem}")
        for number, (first, last) in enumerate(spans or ((96, 168), (240, 300)), start=1)
        for stem in stems
    ]
    return place(data, wanted, rate=RATE)


@pytest.fixture
def scored() -> Json:
    return again(timeline()).data


def test_untouched_tracks_of_an_earlier_run_are_replaced(scored: Json) -> None:
    placed = again(scored)
    assert placed.replaced == ("Stem: drums", "Stem: bass")
    assert (placed.added, placed.kept, placed.problems) == (("Stem: drums", "Stem: bass"), (), ())
    assert placed.data == scored


def test_a_host_that_only_writes_it_differently_has_not_touched_it(scored: Json) -> None:
    saved = json.loads(json.dumps(json.loads(read(scored).to_json_string())))
    for track in tracks(saved)[1:]:
        for clip in clips(track):
            for media in clip["media_references"].values():
                media["available_range"]["start_time"]["value"] += 86_448
                media["target_url"] = "file:///elsewhere/" + media["target_url"].rpartition("/")[2]
            clip["source_range"]["start_time"]["value"] += 86_448
            clip["effects"] = [
                {"OTIO_SCHEMA": "Effect.1", "metadata": {"Resolve_OTIO": {"Parameters": [], "Enabled": True}}}
            ]
            clip["color"] = None
        gap = track["children"][0]
        half = copy.deepcopy(gap)
        for part in (gap, half):
            part["source_range"]["duration"]["value"] /= 2
        track["children"].insert(0, half)
    assert again(saved).replaced == ("Stem: drums", "Stem: bass")


def trimmed(track: Json) -> None:
    clips(track)[0]["source_range"]["duration"]["value"] -= 1


def slipped(track: Json) -> None:
    clips(track)[0]["source_range"]["start_time"]["value"] += 1


def moved(track: Json) -> None:
    track["children"][0]["source_range"]["duration"]["value"] += 1


def levelled(track: Json) -> None:
    volume = {"Parameter ID": "volume", "Parameter Value": -3.0}
    metadata = {"Resolve_OTIO": {"Effect Name": "Fairlight Clip Volume and Fades", "Parameters": [volume]}}
    clips(track)[0]["effects"].append({"OTIO_SCHEMA": "Effect.1", "metadata": metadata})


def locked(track: Json) -> None:
    track["metadata"]["Resolve_OTIO"]["Locked"] = True


def muted(track: Json) -> None:
    clips(track)[0]["enabled"] = False


def deleted(track: Json) -> None:
    del track["children"][2:]


def added_to(track: Json) -> None:
    track["children"].append({"OTIO_SCHEMA": "Clip.2", "name": "door slam", "source_range": span(0, 10)})


@pytest.mark.parametrize("touch", [trimmed, slipped, moved, levelled, locked, muted, deleted, added_to])
def test_a_track_the_editor_worked_on_stays_switched_off_and_the_new_one_is_v2(
    scored: Json, touch: Callable[[Json], None]
) -> None:
    edited = copy.deepcopy(scored)
    touch(named(edited, "Stem: drums"))
    before = copy.deepcopy(named(edited, "Stem: drums"))
    placed = again(edited)
    assert placed.kept == ("Stem: drums",)
    assert placed.replaced == ("Stem: bass",)
    assert placed.added == ("Stem: drums v2", "Stem: bass")
    assert named(placed.data, "Stem: drums") == {**before, "enabled": False}
    assert named(placed.data, "Stem: drums v2")["enabled"] is True
    assert [problem.kind for problem in placed.problems] == ["kept"]
    # Once more: the new version is replaced, the edited one still stays.
    third = again(placed.data)
    assert (third.added, third.replaced) == (
        ("Stem: drums v2", "Stem: bass"),
        ("Stem: drums v2", "Stem: bass"),
    )
    assert named(third.data, "Stem: drums") == named(placed.data, "Stem: drums")
    # And when that is edited as well, there is a v3.
    trimmed(named(third.data, "Stem: drums v2"))
    assert again(third.data).added == ("Stem: drums v3", "Stem: bass")


def test_a_track_of_the_editors_with_our_name_is_his() -> None:
    data = timeline()
    tracks(data).append({"OTIO_SCHEMA": "Track.1", "kind": "Audio", "name": "Stem: drums", "children": []})
    before = copy.deepcopy(tracks(data))
    placed = again(data)
    assert tracks(placed.data)[:2] == before
    assert placed.added == ("Stem: drums v2", "Stem: bass")


def test_scoring_one_cue_again_keeps_the_music_of_the_others(scored: Json) -> None:
    placed = again(scored, (96, 168))
    track = named(placed.data, "Stem: drums")
    names = [clip["name"] for clip in clips(track)]
    assert names == ["new-1-drums.wav", "new-2-drums.wav"]
    assert clips(track)[1] == clips(named(scored, "Stem: drums"))[1]
    assert again(placed.data).replaced == ("Stem: drums", "Stem: bass")


def test_a_stem_that_the_new_music_does_not_have_goes_where_it_is_replaced(scored: Json) -> None:
    placed = again(scored, (96, 168), stems=("drums",))
    assert [clip["name"] for clip in clips(named(placed.data, "Stem: bass"))] == ["new-2-bass.wav"]
    whole = again(scored, stems=("drums",))
    assert "Stem: bass" not in [track["name"] for track in tracks(whole.data)]


def test_an_edited_track_that_plays_elsewhere_is_not_switched_off(scored: Json) -> None:
    edited = copy.deepcopy(scored)
    trimmed(named(edited, "Stem: drums"))
    placed = again(edited, (400, 450))
    assert named(placed.data, "Stem: drums") == named(edited, "Stem: drums")
    assert placed.added == ("Stem: drums v2", "Stem: bass")
    assert placed.problems == ()


def test_music_lost_beside_a_shorter_new_cue_is_told(scored: Json) -> None:
    placed = again(scored, (100, 168), (240, 300))
    assert [problem.kind for problem in placed.problems] == ["replaced", "replaced"]
    assert again(scored, (90, 120), (120, 300)).problems == ()


def test_placing_is_the_same_each_time(tmp_path: Path) -> None:
    assert again(timeline()) == again(timeline())
