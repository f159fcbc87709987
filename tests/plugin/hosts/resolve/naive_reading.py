"""Naive adapters, continued: reading, markers and files of timelines. See `naive`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from fakes.resolve.fake import FakeResolve
from fakes.resolve.sound import click_wav

from naive import NTSC, Naive, project_of

HOUR = 86_400


def timeline_of(fake: FakeResolve) -> Any:
    return project_of(fake).GetCurrentTimeline()


# --- reading ---


def absolute_marker(fake: FakeResolve, folder: Path) -> bool:
    timeline = timeline_of(fake)
    timeline.AddMarker(timeline.GetStartFrame() + 100, "Red", "hit", "", 1, "ours")
    return any((mark.frame, mark.custom) == (100, "ours") for mark in fake.edit.marks)


def second_marker(fake: FakeResolve, folder: Path) -> bool:
    timeline_of(fake).AddMarker(fake.edit.marks[0].frame, "Red", "hit", "", 1, "ours")
    return any(mark.custom == "ours" for mark in fake.edit.marks)


def marker_frames_as_indices(fake: FakeResolve, folder: Path) -> bool:
    flags = [False] * 400
    for frame in timeline_of(fake).GetMarkers():
        flags[frame] = True
    return flags[fake.edit.marks[0].frame]


def unset_out_mark(fake: FakeResolve, folder: Path) -> bool:
    fake.edit.mark_in = 24
    marks = timeline_of(fake).GetMarkInOut()["video"]
    return marks["in"] == 24 and marks["out"] is None


def asks_hasattr(fake: FakeResolve, folder: Path) -> bool:
    timeline = timeline_of(fake)
    chosen = timeline.GetSelectedClips() if hasattr(timeline, "GetSelectedClips") else []
    return chosen == []


def names_of_shots(fake: FakeResolve, folder: Path) -> bool:
    names = [item.GetMediaPoolItem().GetName() for item in timeline_of(fake).GetItemListInTrack("video", 1)]
    return len(names) == 7


def titles_are_clips(fake: FakeResolve, folder: Path) -> bool:
    paths = [
        item.GetMediaPoolItem().GetClipProperty("File Path")
        for item in timeline_of(fake).GetItemListInTrack("video", 2)
    ]
    return len(paths) <= 1


def speed_property(fake: FakeResolve, folder: Path) -> bool:
    item = timeline_of(fake).GetItemListInTrack("audio", 1)[0]
    return item.GetProperty("Speed") / 100 == 1.0


def speed_of_span(fake: FakeResolve, folder: Path) -> bool:
    item = timeline_of(fake).GetItemListInTrack("video", 1)[0]
    return (item.GetSourceEndFrame() - item.GetSourceStartFrame()) / item.GetDuration() == 1


def rate_as_float(fake: FakeResolve, folder: Path) -> bool:
    return abs(float(timeline_of(fake).GetSetting("timelineFrameRate")) - 29.97) < 0.001


def rate_as_text(fake: FakeResolve, folder: Path) -> bool:
    return bool(timeline_of(fake).GetSetting("timelineFrameRate").strip() == "29.97")


def one_long_chain(fake: FakeResolve, folder: Path) -> bool:
    return fake.resolve.GetProjectManager().GetCurrentProject().GetCurrentTimeline().GetName() == "cut"


def asks_the_selection(fake: FakeResolve, folder: Path) -> bool:
    return timeline_of(fake).GetSelectedClips() == []


def exports(fake: FakeResolve, folder: Path) -> bool:
    path = folder / "cut.otio"
    timeline_of(fake).Export(str(path), fake.resolve.EXPORT_OTIO)
    return path.is_file()


# --- files ---


def time(value: float, rate: float = 24.0) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": value}


def span(start: float, frames: float) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(frames)}


def clip(url: str, start: float, **other: Any) -> dict[str, Any]:
    media = {"OTIO_SCHEMA": "ExternalReference.1", "target_url": url, "available_range": span(start, 240)}
    return {
        "OTIO_SCHEMA": "Clip.2",
        "name": "drums",
        "source_range": span(start, 48),
        "media_references": {"DEFAULT_MEDIA": media},
        **other,
    }


def timeline_file(folder: Path, kind: str, *clips: dict[str, Any], **other: Any) -> Path:
    """A timeline of one track from 01:00:00:00."""
    track = {"OTIO_SCHEMA": "Track.1", "kind": kind, "children": list(clips)}
    if kind == "Audio":
        track["metadata"] = {"Resolve_OTIO": {"Audio Type": "Stereo"}}
    stack = {"OTIO_SCHEMA": "Stack.1", "children": [track], **other}
    data = {"OTIO_SCHEMA": "Timeline.1", "name": "", "global_start_time": time(HOUR), "tracks": stack}
    path = folder / "scored.otio"
    path.write_text(json.dumps(data))
    return path


def drums(folder: Path, timecode: int | None = HOUR) -> str:
    """A stem of ten seconds, with the timecode of that frame at 24."""
    reference = None if timecode is None else timecode * 2000
    return str(click_wav(folder / "drums.wav", 480_000, [0], reference))


def imports(fake: FakeResolve, path: str | Path, name: str = "scored") -> bool:
    pool = project_of(fake).GetMediaPool()
    timeline = pool.ImportTimelineFromFile(str(path), {"timelineName": name, "importSourceClips": True})
    return bool(timeline.GetName()) and bool(fake.render())


def name_as_it_is(fake: FakeResolve, folder: Path) -> bool:
    return imports(fake, timeline_file(folder, "Audio", clip(drums(folder), HOUR)), "cut")


def stem_not_there_yet(fake: FakeResolve, folder: Path) -> bool:
    return imports(fake, timeline_file(folder, "Audio", clip(str(folder / "later.wav"), HOUR)))


def relative_path(fake: FakeResolve, folder: Path) -> bool:
    path = timeline_file(folder, "Audio", clip(drums(folder), HOUR))
    return imports(fake, os.path.relpath(path))


def ranges_from_zero(fake: FakeResolve, folder: Path) -> bool:
    return imports(fake, timeline_file(folder, "Audio", clip(drums(folder), 0)))


def file_urls(fake: FakeResolve, folder: Path) -> bool:
    return imports(fake, timeline_file(folder, "Audio", clip(f"file://{drums(folder)}", HOUR)))


def sound_of_the_picture(fake: FakeResolve, folder: Path) -> bool:
    return imports(fake, timeline_file(folder, "Video", clip("/rushes/shot1.mov", HOUR + 12)))


def start_as_exported(fake: FakeResolve, folder: Path) -> bool:
    start = fake.edit.start
    exports(fake, folder)
    return imports(fake, folder / "cut.otio") and fake.edit.start == start


def comment_of_a_marker(fake: FakeResolve, folder: Path) -> bool:
    marker = {"OTIO_SCHEMA": "Marker.2", "name": "hit", "color": "RED", "marked_range": span(24, 1)}
    marks = [{**marker, "comment": "the door"}]
    imports(fake, timeline_file(folder, "Audio", clip(drums(folder), HOUR), markers=marks))
    return [mark.note for mark in fake.edit.marks] == ["the door"]


def patches_the_level(fake: FakeResolve, folder: Path) -> bool:
    path = folder / "cut.otio"
    exports(fake, folder)
    data = json.loads(path.read_text())
    track = next(one for one in data["tracks"]["children"] if one["kind"] == "Audio")
    effect = track["children"][0]["effects"][0]["metadata"]["Resolve_OTIO"]
    effect["Parameters"][0]["Parameter Value"] = -6.0
    path.write_text(json.dumps(data))
    return imports(fake, path) and fake.render()[0].level_db == -6.0


def keys_of_the_file(fake: FakeResolve, folder: Path) -> bool:
    """Fades from the clip's first frame, counted in frames of the file, on the timeline's first second."""
    keys = {str(frame): {"Value": db, "Variant Type": "Double"} for frame, db in ((24, -60.0), (48, 0.0))}
    volume = {"Parameter ID": "volume", "Variant Type": "Double", "Parameter Value": 0.0, "Key Frames": keys}
    own = {"Effect Name": "Fairlight Clip Volume and Fades", "Enabled": True, "Name": "Volume", "Type": 62}
    effect = {
        "OTIO_SCHEMA": "Effect.1",
        "effect_name": "Resolve Effect",
        "metadata": {"Resolve_OTIO": {**own, "Parameters": [volume]}},
    }
    imports(fake, timeline_file(folder, "Audio", clip(drums(folder), HOUR + 24, effects=[effect])))
    return fake.render()[0].keys == ((0, -60.0), (48_000, 0.0))


OLD = {"version": "21.0.3.8"}
_READING: dict[str, Callable[[FakeResolve, Path], bool]] = {
    "markers_are_relative": absolute_marker,
    "marker_per_frame": second_marker,
    "marker_floats": marker_frames_as_indices,
    "unset_marks_omitted": unset_out_mark,
    "transitions_listed": names_of_shots,
    "generators_listed": titles_are_clips,
    "speed_hidden": speed_property,
    "zero_sources": speed_of_span,
    "none_project": one_long_chain,
    "none_timeline": one_long_chain,
    "no_selection_call": asks_the_selection,
    "no_otio_constant": exports,
    "taken_name_refused": name_as_it_is,
    "missing_medium_refused": stem_not_there_yet,
    "relative_path_refused": relative_path,
    "zero_based_refused": ranges_from_zero,
    "file_url_refused": file_urls,
    "picture_only": sound_of_the_picture,
    "comments_need_note": comment_of_a_marker,
    "parameters_empty": patches_the_level,
    "keys_from_clip": keys_of_the_file,
}
READING: dict[str, Naive] = {
    **{name: Naive(act) for name, act in _READING.items()},
    "hasattr_lies": Naive(asks_hasattr, traps=OLD),
    "rate_drop_frame": Naive(rate_as_float, {"fps": NTSC}),
    "rate_number": Naive(rate_as_text, {"fps": NTSC}),
    "drop_frame_lost": Naive(start_as_exported, {"fps": NTSC, "start": 107_892, "drop_frame": True}),
}
assert Fraction(24) * 3600 == HOUR
