"""Markers: at the record time the editor sees them, and what they ask for."""

from __future__ import annotations

import pytest


def test_markers_of_timeline_track_and_clip_lie_on_the_record(make, read, markers):
    clip = make.clip("b", 100, 20, media=make.file("b", 90), markers=[make.marker("on clip", 105)])
    track = make.track(make.clip("a", 0, 10), clip, markers=[make.marker("on track", 12, 4)])
    document = read(make.timeline(track, markers=[make.marker("on timeline", 3)]))
    assert markers(document) == [
        "3-4 on timeline None None",
        "12-16 on track None None",
        "15-16 on clip None None",
    ]


def test_a_marker_on_trimmed_away_media_is_not_seen(make, read, markers):
    clip = make.clip("a", 100, 20, markers=[make.marker("before", 99), make.marker("after", 120)])
    assert markers(read(make.timeline(make.track(clip)))) == []


@pytest.mark.parametrize(("speed", "frame"), [(2, 5), (0.75, 13), (-1, 9), (-2, 14)])
def test_a_marker_moves_with_its_clips_speed(make, read, speed, frame):
    clip = make.clip("a", 100, 20, speeds=[speed], markers=[make.marker("m", 110)])
    document = read(make.timeline(make.track(clip)))
    assert [marker.in_frame for marker in document.markers] == [frame]
    shown = document.shots[0].source_s(frame, document.rate) * 24
    assert abs(shown - 110) <= abs(speed) / 2


def test_a_marker_that_a_slow_clip_never_reaches_is_not_seen(make, read):
    clip = make.clip("a", 100, 20, speeds=[0.5], markers=[make.marker("m", 110)])
    assert read(make.timeline(make.track(clip))).markers == ()


def test_markers_inside_a_nest_lie_where_the_nest_shows_them(make, read, markers):
    content = make.track(
        make.clip("a", 0, 20), make.clip("b", 0, 20, markers=[make.marker("m", 4), make.marker("late", 15)])
    )
    nest = make.stack(content, source_range=make.range(10, 20))
    document = read(make.timeline(make.track(make.clip("x", 0, 5), nest)))
    assert markers(document) == ["19-20 m None None"]
    fast = make.stack(content, speeds=[2], source_range=make.range(0, 20))
    assert markers(read(make.timeline(make.track(make.clip("x", 0, 5), fast)))) == [
        "17-18 m None None",
        "23-24 late None None",
    ]


def test_markers_in_absolute_timecode_are_understood(make, read, markers):
    track = make.track(make.clip("a", 0, 500))
    absolute = [make.marker("one", 86_400), make.marker("two", 86_800)]
    assert markers(read(make.timeline(track, start=86_400, markers=absolute))) == [
        "0-1 one None None",
        "400-401 two None None",
    ]
    relative = [make.marker("one", 0), make.marker("two", 400)]
    assert markers(read(make.timeline(track, start=86_400, markers=relative))) == [
        "0-1 one None None",
        "400-401 two None None",
    ]
    # A start within the timeline's own length: nothing shows that the times are absolute.
    document = read(make.timeline(track, start=100, markers=[make.marker("one", 150)]))
    assert [marker.in_frame for marker in document.markers] == [150]


def test_clip_markers_in_record_timecode_as_readers_of_edls_write_them(make, read, markers):
    clip = make.clip("b", 86_641, 115, markers=[make.marker("fix", 86_438)], media=make.file("b", 86_600))
    track = make.track(make.clip("a", 0, 109), clip, source_range=make.range(-86_243, 224))
    assert markers(read(make.timeline(track))) == ["195-196 fix None None"]


def test_markers_of_hidden_and_our_own_items_do_not_count(make, read, markers):
    mark = [make.marker("m", 3)]
    ours = {"hitpoint": {"schema": "Stem.1"}}
    document = read(
        make.timeline(
            make.track(make.clip("a", 0, 20), markers=[make.marker("shown", 1)]),
            make.track(make.clip("b", 0, 20, markers=mark, enabled=False)),
            make.track(make.clip("c", 0, 20, markers=mark), enabled=False, markers=mark),
            make.track(make.clip("d", 0, 20, markers=mark), kind="Audio", metadata=ours, markers=mark),
        )
    )
    assert markers(document) == ["1-2 shown None None"]


def test_the_same_marker_on_several_owners_counts_once(make, read, markers):
    mark = make.marker("m", 3)
    track = make.track(make.clip("a", 0, 20, markers=[mark]), markers=[mark])
    assert markers(read(make.timeline(track, markers=[mark, mark]))) == ["3-4 m None None"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("must: title", "title must None"),
        ("MUST:title", "title must None"),
        ("hit: door", "door must None"),
        ("would 0.8: x", "x would 0.8"),
        ("would .5: a: b", "a: b would 0.5"),
        ("avoid: her line", "her line avoid None"),
        ("must", "must must None"),
        ("would 1", "would would 1.0"),
        ("Hit the road", "Hit the road None None"),
        ("musty: cellar", "musty: cellar None None"),
        ("note: must be red", "note: must be red None None"),
        ("", " None None"),
    ],
)
def test_names_ask_for_hits(make, read, markers, name, expected):
    document = read(make.timeline(make.track(make.clip("a", 0, 20)), markers=[make.marker(name, 3)]))
    assert markers(document) == [f"3-4 {expected}"]


def test_our_metadata_asks_for_hits(make, read, markers):
    ours = {"hitpoint": {"kind": "would", "strength": 0.25}}
    document = read(
        make.timeline(make.track(make.clip("a", 0, 20)), markers=[make.marker("door", 3, metadata=ours)])
    )
    assert markers(document) == ["3-4 door would 0.25"]
    odd = {"hitpoint": {"kind": ["x"], "strength": "loud"}}
    document = read(
        make.timeline(make.track(make.clip("a", 0, 20)), markers=[make.marker("door", 3, metadata=odd)])
    )
    assert markers(document) == ["3-4 door None None"]


def test_a_strength_out_of_range_is_taken_at_the_nearest_and_said(make, read, markers):
    document = read(make.timeline(make.track(make.clip("a", 0, 20)), markers=[make.marker("would 7: x", 3)]))
    assert markers(document) == ["3-4 x would 1.0"]
    assert "marker" in [problem.kind for problem in document.problems]


def test_notes_and_colours_come_along(make, read):
    mark = make.marker("m", 3, color="GREEN", metadata={"Resolve_OTIO": {"Note": "softly"}})
    (marker,) = read(make.timeline(make.track(make.clip("a", 0, 20)), markers=[mark])).markers
    assert (marker.comment, marker.colour) == ("softly", "GREEN")
