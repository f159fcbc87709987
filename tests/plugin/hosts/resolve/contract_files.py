"""Assertions on markers, marks and files of timelines. See `contract`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from contract_bench import HOUR, RATE, Bench, check, wav

# --- markers and marks ---


@check
def marker_frame_is_relative(at: Bench) -> None:
    assert at.timeline.AddMarker(48, "Red", "hit", "the door", 1, "ours") is True
    assert [float(frame) for frame in at.timeline.GetMarkers()] == [48.0]


@check
def marker_tells_all_of_itself(at: Bench) -> None:
    at.timeline.AddMarker(48, "Red", "hit", "the door", 12, "ours")
    (told,) = at.timeline.GetMarkers().values()
    assert told == {"color": "Red", "name": "hit", "note": "the door", "duration": 12, "customData": "ours"}


@check
def one_marker_a_frame(at: Bench) -> None:
    at.timeline.AddMarker(48, "Red", "first", "", 1, "")
    assert not at.timeline.AddMarker(48, "Blue", "second", "", 1, "")


@check
def marker_is_found_by_its_data(at: Bench) -> None:
    at.timeline.AddMarker(48, "Red", "hit", "", 1, "ours")
    assert at.timeline.GetMarkerByCustomData("ours")["name"] == "hit"


@check
def marker_is_deleted_by_its_data(at: Bench) -> None:
    at.timeline.AddMarker(48, "Red", "hit", "", 1, "ours")
    assert at.timeline.DeleteMarkerByCustomData("ours") is True and not at.timeline.GetMarkers()


@check
def marker_is_deleted_by_its_frame(at: Bench) -> None:
    at.timeline.AddMarker(48, "Red", "hit", "", 1, "ours")
    assert at.timeline.DeleteMarkerAtFrame(48) is True and not at.timeline.GetMarkers()


@check
def unset_marks_are_left_out(at: Bench) -> None:
    if at.version >= (20,):
        marks = at.timeline.GetMarkInOut()
        assert not any("in" in one or "out" in one for one in marks.values())


@check
def marks_are_relative(at: Bench) -> None:
    if at.version >= (20,):
        at.placed()
        at.timeline.SetMarkInOut(24, 48)
        assert at.timeline.GetMarkInOut()["audio"] == {"in": 24, "out": 48}


@check
def selection_of_nothing_is_a_list(at: Bench) -> None:
    if at.version >= (21, 0, 4):
        assert at.timeline.GetSelectedClips() == []


# --- files ---


def audio_tracks(data: Any) -> list[Any]:
    return [one for one in data["tracks"]["children"] if one["kind"] == "Audio"]


def clips(data: Any) -> Iterator[Any]:
    for track in data["tracks"]["children"]:
        yield from (one for one in track["children"] if one["OTIO_SCHEMA"].startswith("Clip."))


@check
def export_is_a_timeline(at: Bench) -> None:
    assert at.exported()["OTIO_SCHEMA"] == "Timeline.1"


@check
def export_says_that_it_is_of_resolve(at: Bench) -> None:
    assert at.exported()["metadata"]["Resolve_OTIO"]["Resolve OTIO Meta Version"] == "1.0"


@check
def export_tells_the_start(at: Bench) -> None:
    start = at.exported()["global_start_time"]
    assert (start["value"], start["rate"]) == (HOUR, RATE)


@check
def export_has_clips_of_the_second_schema(at: Bench) -> None:
    assert [one["OTIO_SCHEMA"] for one in clips(at.exported())] == ["Clip.2"]


@check
def export_has_bare_paths(at: Bench) -> None:
    (clip,) = clips(at.exported())
    media = clip["media_references"][clip["active_media_reference_key"]]
    assert media["target_url"] == str(at.folder / "sound.wav")


@check
def export_has_ranges_on_the_clock_of_the_medium(at: Bench) -> None:
    (clip,) = clips(at.exported())
    media = clip["media_references"]["DEFAULT_MEDIA"]
    start = media["available_range"]["start_time"]["value"]
    source = clip["source_range"]
    assert (source["start_time"]["value"] - start, source["duration"]["value"]) == (12, 48)


@check
def export_tells_the_kind_of_track(at: Bench) -> None:
    assert audio_tracks(at.exported())[-1]["metadata"]["Resolve_OTIO"]["Audio Type"] == "Stereo"


@check
def export_tells_channels_and_link(at: Bench) -> None:
    (clip,) = clips(at.exported())
    own = clip["metadata"]["Resolve_OTIO"]
    assert len(own["Channels"]) == 2 and isinstance(own["Link Group ID"], int)


@check
def export_has_no_parameters_of_untouched_levels(at: Bench) -> None:
    (clip,) = clips(at.exported())
    effects = [one["metadata"]["Resolve_OTIO"] for one in clip["effects"]]
    assert [one["Parameters"] for one in effects if one["Name"] == "Volume"] == [[]]


@check
def export_has_everything_enabled(at: Bench) -> None:
    data = at.exported()
    assert all(one["enabled"] for one in [*data["tracks"]["children"], *clips(data)])


@check
def export_comes_back(at: Bench) -> None:
    made = at.imports(at.exported())
    (item,) = made.GetItemListInTrack("audio", made.GetTrackCount("audio"))
    assert (item.GetStart(), item.GetDuration(), item.GetSourceStartFrame()) == (HOUR + 96, 48, 12)


@check
def imported_timeline_is_current(at: Bench) -> None:
    made = at.imports(at.exported())
    assert at.project.GetCurrentTimeline().GetUniqueId() == made.GetUniqueId()


@check
def import_under_a_taken_name_is_none(at: Bench) -> None:
    assert at.imports(at.exported(), name=at.timeline.GetName()) is None


@check
def import_from_a_relative_path_is_none(at: Bench) -> None:
    assert at.imports(at.exported(), path=f"import{at.number + 1}.otio") is None


@check
def import_of_a_missing_medium_is_none(at: Bench) -> None:
    data = at.exported()
    for clip in clips(data):
        clip["media_references"]["DEFAULT_MEDIA"]["target_url"] = str(at.folder / "gone.wav")
    assert at.imports(data) is None


@check
def import_of_ranges_from_zero_is_none(at: Bench) -> None:
    data = at.exported()
    path = wav(at.folder / "timecode.wav", 10, 3600)
    for clip in clips(data):
        clip["media_references"]["DEFAULT_MEDIA"]["target_url"] = path
    assert at.imports(data) is None


@check
def import_takes_the_level(at: Bench) -> None:
    data = at.exported()
    volume = {"Parameter ID": "volume", "Variant Type": "Double", "Parameter Value": -6.0, "Key Frames": {}}
    for clip in clips(data):
        for effect in clip["effects"]:
            effect["metadata"]["Resolve_OTIO"]["Parameters"] = [volume]
    assert at.imports(data) is not None
    path = at.folder / f"level{at.number}.otio"
    assert at.project.GetCurrentTimeline().Export(str(path), at.resolve.EXPORT_OTIO) is True
    (clip,) = clips(json.loads(path.read_text(encoding="utf-8")))
    (again,) = [one["metadata"]["Resolve_OTIO"]["Parameters"] for one in clip["effects"]]
    assert [one["Parameter Value"] for one in again] == [-6.0]


@check
def import_takes_a_note_from_the_metadata(at: Bench) -> None:
    data = at.exported()
    start, one = ({"OTIO_SCHEMA": "RationalTime.1", "rate": 24.0, "value": value} for value in (24.0, 1.0))
    data["tracks"]["markers"] = [
        {
            "OTIO_SCHEMA": "Marker.2",
            "name": "hit",
            "color": "RED",
            "comment": "lost",
            "metadata": {"Resolve_OTIO": {"Note": "kept"}},
            "marked_range": {"OTIO_SCHEMA": "TimeRange.1", "start_time": start, "duration": one},
        }
    ]
    assert [mark["note"] for mark in at.imports(data).GetMarkers().values()] == ["kept"]
