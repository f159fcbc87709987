"""The visible picture at every record time: one hand-made timeline per convention, its event list as text."""

from __future__ import annotations

import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.timebase import Rate


def problem_kinds(document):
    return sorted(problem.kind for problem in document.problems if problem.kind != "offline")


def schema_problem(document):
    (problem,) = [problem for problem in document.problems if problem.kind == "schema"]
    return problem.text


def test_clips_follow_each_other_and_gaps_show_nothing(make, read, shots):
    document = read(make.timeline(make.track(make.clip("a", 10, 48), make.gap(12), make.clip("b", 0, 24))))
    assert shots(document) == ["0-48 a from 10", "48-60 gap", "60-84 b from 0"]
    assert document.frames == 84


def test_the_topmost_enabled_clip_is_seen_and_gaps_are_transparent(make, read, shots):
    v1 = make.track(make.clip("low", 100, 100))
    v2 = make.track(make.gap(20), make.clip("mid", 0, 30), make.clip("off", 0, 10, enabled=False))
    v3 = make.track(make.gap(45), make.clip("top", 5, 10))
    hidden = make.track(make.clip("hidden", 0, 300), enabled=False)
    document = read(make.timeline(v1, v2, v3, hidden))
    assert shots(document) == [
        "0-20 low from 100",
        "20-45 mid from 0",
        "45-55 top from 5",
        "55-100 low from 155",
    ]


def test_a_disabled_clip_takes_its_time(make, read, shots):
    track = make.track(make.clip("a", 0, 10), make.clip("off", 0, 10, enabled=False), make.clip("b", 0, 10))
    assert shots(read(make.timeline(track))) == ["0-10 a from 0", "10-20 gap", "20-30 b from 0"]


def test_a_dissolve_is_one_cut_with_a_width(make, read, shots):
    track = make.track(make.clip("a", 20, 48), make.dissolve(6, 8), make.clip("b", 20, 48))
    assert shots(read(make.timeline(track))) == ["0-48 a from 20", "48-96 b from 20 dissolve 6+8"]


def test_a_higher_clip_over_a_dissolve_hides_it(make, read, shots):
    v1 = make.track(make.clip("a", 20, 48), make.dissolve(6, 6), make.clip("b", 20, 48))
    v2 = make.track(make.gap(40), make.clip("c", 0, 8))
    v3 = make.track(make.gap(48), make.clip("d", 0, 4))
    assert shots(read(make.timeline(v1, v2))) == ["0-40 a from 20", "40-48 c from 0", "48-96 b from 20"]
    expected = ["0-40 a from 20", "40-48 c from 0", "48-52 d from 0", "52-96 b from 24"]
    assert shots(read(make.timeline(v1, v2, v3))) == expected


def test_fades_of_a_higher_clip_dissolve_with_what_is_below(make, read, shots):
    v1 = make.track(make.clip("low", 0, 96))
    v2 = make.track(
        make.gap(24), make.dissolve(0, 6), make.clip("top", 0, 24), make.dissolve(6, 0), make.gap(10)
    )
    assert shots(read(make.timeline(v1, v2))) == [
        "0-24 low from 0",
        "24-48 top from 0 dissolve 0+6",
        "48-96 low from 48 dissolve 6+0",
    ]


def test_fades_from_and_to_nothing(make, read, shots):
    track = make.track(make.dissolve(0, 12), make.clip("a", 0, 48), make.dissolve(12, 0))
    document = read(make.timeline(track))
    assert shots(document) == ["0-48 a from 0 dissolve 0+12"]
    assert problem_kinds(document) == ["transition"]
    with_gap = read(make.timeline(make.track(make.clip("a", 0, 48), make.dissolve(12, 0), make.gap(24))))
    assert with_gap.shots[1].dissolve_frames == (12, 0)
    assert problem_kinds(with_gap) == []


@pytest.mark.parametrize(
    ("speeds", "expected"),
    [
        ([2.0], "0-24 a from 10 x2"),
        ([0.5], "0-24 a from 10 x1/2"),
        ([0.0], "0-24 a from 10 x0"),
        ([-1.0], "0-24 a from 33 x-1"),
        ([-2.0], "0-24 a from 56 x-2"),
        ([2.0, 0.25], "0-24 a from 10 x1/2"),
        ([1000 / 1001], "0-24 a from 10 x1000/1001"),
    ],
)
def test_linear_retimes_keep_the_record_length(make, read, shots, speeds, expected):
    assert shots(read(make.timeline(make.track(make.clip("a", 10, 24, speeds=speeds))))) == [expected]


def test_a_backwards_clip_shows_its_source_from_the_last_frame_to_the_first(make, read):
    document = read(make.timeline(make.track(make.clip("a", 10, 24, speeds=[-1]))))
    (shot,) = document.shots
    shown = [shot.source_s(frame, document.rate) * 24 for frame in (0, 1, 23)]
    assert shown == [33, 32, 10]


def test_a_disabled_retime_does_nothing(make, read, shots):
    clip = make.clip("a", 10, 24, speeds=[2])
    clip["effects"][0]["enabled"] = False
    assert shots(read(make.timeline(make.track(clip)))) == ["0-24 a from 10"]


def test_a_nested_stack_is_clipped_by_its_own_range(make, read, shots):
    inner = make.stack(
        make.track(make.clip("a", 0, 30), make.clip("b", 100, 30)), source_range=make.range(20, 20)
    )
    track = make.track(make.clip("before", 0, 5), inner, make.clip("after", 0, 5))
    assert shots(read(make.timeline(track))) == [
        "0-5 before from 0",
        "5-15 a from 20",
        "15-25 b from 100",
        "25-30 after from 0",
    ]


def test_a_nested_stack_shows_what_lies_below_its_gaps(make, read, shots):
    inner = make.stack(make.track(make.clip("a", 0, 10), make.gap(10), make.clip("b", 0, 10)))
    document = read(make.timeline(make.track(make.clip("low", 0, 30)), make.track(inner)))
    assert shots(document) == ["0-10 a from 0", "10-20 low from 10", "20-30 b from 0"]


@pytest.mark.parametrize(
    ("speed", "expected"),
    [
        (2.0, ["0-10 a from 0 x2", "10-20 b from 100 x2"]),
        (0.5, ["0-20 a from 0 x1/2"]),
        (0.0, ["0-20 a from 0 x0"]),
        (-2.0, ["0-10 b from 118 x-2", "10-20 a from 18 x-2"]),
    ],
)
def test_retimes_on_a_nest_compose_with_its_clips(make, read, shots, speed, expected):
    track = make.track(make.clip("a", 0, 20), make.clip("b", 100, 20))
    inner = make.stack(track, speeds=[speed], source_range=make.range(0, 20))
    assert shots(read(make.timeline(make.track(inner)))) == expected


def test_a_retimed_nest_of_a_retimed_clip(make, read, shots):
    inner = make.stack(
        make.track(make.clip("a", 0, 40, speeds=[2])), speeds=[0.5], source_range=make.range(10, 20)
    )
    assert shots(read(make.timeline(make.track(inner)))) == ["0-20 a from 20"]


def test_a_dissolve_inside_a_nest_is_scaled_and_turned_with_it(make, read, shots):
    content = make.track(make.clip("a", 0, 40), make.dissolve(4, 8), make.clip("b", 0, 40))
    fast = make.stack(content, speeds=[2], source_range=make.range(0, 40))
    assert shots(read(make.timeline(make.track(fast))))[1] == "20-40 b from 0 x2 dissolve 2+4"
    back = make.stack(content, speeds=[-1], source_range=make.range(0, 80))
    assert shots(read(make.timeline(make.track(back))))[1] == "40-80 a from 39 x-1 dissolve 8+4"


def test_a_frame_shows_what_lies_at_its_beginning_in_a_slow_nest(make, read, shots):
    # 24 frames at 47/55 are 28.08 frames: the 29th still begins inside, no single black frame flashes.
    inner = make.stack(make.clip("a", 0, 24), speeds=[47 / 55], source_range=make.range(0, 29))
    assert shots(read(make.timeline(make.track(inner)))) == ["0-29 a from 0 x47/55"]


def test_the_medias_own_timecode_is_subtracted(make, read, shots):
    clip = make.clip("a", 86410, 24, media=make.file("a.mov", 86400, 500))
    assert shots(read(make.timeline(make.track(clip)))) == ["0-24 a from 10"]


def test_decimal_ntsc_rates_are_exact_after_an_hour(make_at, read):
    make = make_at(29.97)
    track = make.track(
        *(make.clip(f"c{number}", 107_892, 1000, media=make.file("x", 107_892)) for number in range(108))
    )
    document = read(make.timeline(track, start=107_892))
    assert document.rate == Rate(30000, 1001)
    assert [shot.in_frame for shot in document.shots] == [1000 * number for number in range(108)]
    assert {shot.source_in_s for shot in document.shots} == {0}
    assert document.start_timecode_frame == 107_892


def test_a_mixed_rate_clip_is_rescaled_and_said_when_it_ends_between_frames(make, read, shots):
    whole = make.clip("a", 30, 60, rate=30.0, media=make.file("a", 0, 600, 30.0))
    document = read(make.timeline(make.track(whole, make.clip("b", 0, 240))))
    assert shots(document) == ["0-48 a from 24", "48-288 b from 0"]
    assert problem_kinds(document) == []
    broken = make.clip("a", 30, 61, rate=30.0, media=make.file("a", 0, 600, 30.0))
    document = read(make.timeline(make.track(broken, make.clip("b", 0, 240))))
    assert shots(document)[1] == "49-289 b from 1/5"
    assert problem_kinds(document) == ["rate"]


def test_fractional_values_never_accumulate(make, read):
    track = make.track(
        *(make.clip(f"c{number}", 37008.1, 24.1, media=make.file("x", 37000)) for number in range(100))
    )
    document = read(make.timeline(track))
    assert document.frames == 2410
    assert document.shots[50].in_frame == 1205
    assert document.shots[0].source_in_s * 24 == pytest.approx(8.1)
    assert problem_kinds(document) == ["rate"]


def test_arithmetic_noise_is_not_an_edit_between_frames(make, read, shots):
    noisy = make.clip("a", 9.9999999999, 24.0000000001)
    document = read(make.timeline(make.track(noisy, make.clip("b", 0, 24))))
    assert shots(document) == ["0-24 a from 10", "24-48 b from 0"]
    assert problem_kinds(document) == []


def test_the_global_start_moves_no_clip(make, read, shots):
    document = read(make.timeline(make.track(make.clip("a", 0, 24)), start=86_400))
    assert shots(document) == ["0-24 a from 0"]
    assert document.start_timecode_frame == 86_400


def test_a_start_timecode_at_24_counts_alike_at_23976(make_at, read):
    make = make_at(24000 / 1001)
    data = make.timeline(make.track(make.clip("a", 0, 24)))
    data["global_start_time"] = make.time(86_400, 24.0)
    assert read(data).start_timecode_frame == 86_400


def test_a_clip_without_source_range_shows_all_that_is_available(make, read, shots):
    clip = make.clip("a", 0, 1, media=make.file("a.mov", 100, 6))
    clip["source_range"] = None
    assert shots(read(make.timeline(make.track(clip)))) == ["0-6 a from 0"]


def test_a_clip_without_any_range_is_as_long_as_its_file(make, read, shots, film):
    clip = make.clip("a", 0, 1, media=make.file(str(film), None))
    clip["source_range"] = None
    document = read(make.timeline(make.track(clip, make.clip("b", 0, 10))))
    assert shots(document) == ["0-48 a from 0", "48-58 b from 0"]


def test_a_clip_without_any_range_or_file_is_left_out_and_said(make, read, shots):
    clip = make.clip("lost", 0, 1, media=make.file("a.mov", None))
    clip["source_range"] = None
    document = read(make.timeline(make.track(clip, make.clip("b", 0, 10))))
    assert shots(document) == ["0-10 b from 0"]
    assert any("'lost'" in problem.text for problem in document.problems if problem.kind == "length")


def test_a_track_range_that_begins_early_delays_its_content(make, read, shots):
    low = make.track(make.clip("low", 0, 9))
    track = make.track(make.clip("late", 100, 9, media=make.file("l", 100)), source_range=make.range(-7, 16))
    assert shots(read(make.timeline(low, track))) == ["0-7 low from 0", "7-16 late from 0"]


def test_a_track_range_inside_the_content_cuts_it(make, read, shots):
    track = make.track(make.clip("a", 0, 20), make.clip("b", 0, 20), source_range=make.range(10, 20))
    assert shots(read(make.timeline(track))) == ["0-10 a from 10", "10-20 b from 0"]


def test_a_track_range_that_misses_its_content_is_said_and_not_obeyed(make, read, shots):
    track = make.track(make.clip("a", 0, 20), source_range=make.range(-86_243, 20))
    document = read(make.timeline(track))
    assert shots(document) == ["0-20 a from 0"]
    assert problem_kinds(document) == ["range"]
    # Readers of edit lists write a record timecode like this: it is the timeline's.
    assert document.start_timecode_frame == 86_243


def test_tracks_of_one_edit_list_keep_their_distance(make, read, shots, sounds, film):
    video = make.track(make.clip("a", 0, 20), source_range=make.range(-86_410, 20))
    voice = make.clip("v", 86_400, 20, media=make.file(str(film), 86_400))
    audio = make.track(voice, kind="Audio", name="A1", source_range=make.range(-86_400, 20))
    document = read(make.timeline(video, audio))
    assert shots(document) == ["0-10 gap", "10-30 a from 0"]
    assert sounds(document) == ["0-20 v on A1 from 0 x1"]


def test_a_range_on_the_whole_stack_cuts_the_timeline(make, read, shots, markers):
    track = make.track(make.clip("a", 0, 20, markers=[make.marker("m", 12)]), make.clip("b", 0, 20))
    document = read(make.timeline(track, source_range=make.range(10, 20)))
    assert shots(document) == ["0-10 a from 10", "10-20 b from 0"]
    assert markers(document) == ["2-3 m None None"]


def test_titles_of_the_editor_yield_to_pictures_below(make, read, shots):
    title = make.clip(
        "title", 0, 20, media={"OTIO_SCHEMA": "GeneratorReference.1", "generator_kind": "Title"}
    )
    document = read(make.timeline(make.track(make.clip("a", 0, 10)), make.track(title)))
    assert shots(document) == ["0-10 a from 0", "10-20 title from 10"]
    assert document.shots[1].kind == "offline"


def test_black_of_the_editor_is_a_gap(make, read, shots):
    black = make.clip("bl", 0, 20, media={"OTIO_SCHEMA": "GeneratorReference.1", "generator_kind": "black"})
    assert shots(read(make.timeline(make.track(black)))) == ["0-20 gap"]


def test_an_unknown_child_is_a_gap_of_its_length_and_named(make, read, shots):
    stranger = {"OTIO_SCHEMA": "Hologram.7", "source_range": make.range(0, 12), "x": [1]}
    document = read(make.timeline(make.track(make.clip("a", 0, 10), stranger, make.clip("b", 0, 10))))
    assert shots(document) == ["0-10 a from 0", "10-22 gap", "22-32 b from 0"]
    assert schema_problem(document).startswith("'Hologram.7'")
    assert document.data["tracks"]["children"][0]["children"][1]["x"] == [1]


def test_a_newer_clip_is_read_as_the_known_one_and_named(make, read, shots):
    clip = {**make.clip("a", 0, 10), "OTIO_SCHEMA": "Clip.3"}
    document = read(make.timeline(make.track(clip)))
    assert shots(document) == ["0-10 a from 0"]
    assert "Clip.3" in schema_problem(document)


def test_old_schemas_are_read(make, read, shots, markers):
    clip = make.clip("a", 5, 10, markers=[make.marker("m", 7)])
    clip["OTIO_SCHEMA"] = "Clip.1"
    clip["media_reference"] = clip.pop("media_references")["DEFAULT_MEDIA"]
    clip["markers"][0] = {"OTIO_SCHEMA": "Marker.1", "name": "m", "range": make.range(7, 1)}
    document = read(make.timeline({**make.track(clip), "OTIO_SCHEMA": "Sequence.1"}))
    assert shots(document) == ["0-10 a from 5"]
    assert markers(document) == ["2-3 m None None"]
    assert problem_kinds(document) == []


def test_only_the_active_media_reference_counts(make, read):
    clip = make.clip("a", 0, 10, media=make.file("wrong.mov"))
    clip["media_references"]["proxy"] = make.file("right.mov", 2)
    clip["active_media_reference_key"] = "proxy"
    (shot,) = read(make.timeline(make.track(clip))).shots
    assert shot.media.path.endswith("right.mov")
    assert shot.source_in_s * 24 == -2


@pytest.mark.parametrize("empty", ["no tracks", "empty track", "empty gap", "disabled"])
def test_an_empty_timeline_is_refused(make, read, empty):
    tracks = {
        "no tracks": [],
        "empty track": [make.track()],
        "empty gap": [make.track(make.gap(0))],
        "disabled": [make.track(make.clip("a", 0, 10), enabled=False)],
    }[empty]
    with pytest.raises(InputError, match=r"'cut.otio' is an empty timeline"):
        read(make.timeline(*tracks))
