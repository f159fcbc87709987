"""Selections: exact stretches, safe names, and a sentence for every way to select nothing."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitpoint.engine.errors import SelectionError
from hitpoint.plugin.timeline.select import select_cues


@pytest.fixture
def cut(make, read):
    """Four clips of 48 frames from 01:00:00:00, the third at double speed; then a gap and the first again."""
    track = make.track(
        make.clip("Wide", 10, 48),
        make.clip("close up", 20, 48),
        make.clip("run", 30, 48, speeds=[2]),
        make.dissolve(6, 6),
        make.clip("wide 2", 40, 48),
        make.gap(24),
        make.clip("Wide", 10, 48),
    )
    marks = [
        make.marker("cue: 1m1 Ünter den Linden", 24, 48),
        make.marker("music", 120, 600),
        make.marker("cue", 5),
    ]
    return read(make.timeline(track, start=86_400, markers=marks))


def spans(cues):
    return [(cue.name, cue.in_frame, cue.out_frame_exclusive) for cue in cues]


def test_without_a_choice_the_whole_is_one_cue(cut):
    (cue,) = select_cues(cut)
    assert spans([cue]) == [("cue01", 0, 264)]
    assert cue.shots == cut.shots
    assert (cue.rate, cue.start_timecode_frame, cue.markers) == (cut.rate, 86_400, cut.markers)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("01:00:01:00", "01:00:04:12"), (24, 108)),
        (("1", "4.5"), (24, 108)),
        (("0", "11"), (0, 264)),
        (("1.00", "01:00:04:12"), (24, 108)),
    ],
)
def test_ranges_count_from_the_start_timecode_or_in_seconds(cut, texts, expected):
    (cue,) = select_cues(cut, range_text=texts)
    assert (cue.in_frame, cue.out_frame_exclusive) == expected


def test_drop_frame_timecodes_count_as_the_clock_does(make_at, read):
    make = make_at(29.97)
    document = read(make.timeline(make.track(make.clip("a", 0, 40_000, media=make.file("a", 0, 50_000)))))
    (cue,) = select_cues(document, range_text=("00:01:00;02", "00:10:00;00"))
    assert (cue.in_frame, cue.out_frame_exclusive) == (1800, 17982)


def test_shots_are_cut_to_the_cue_with_their_source_moved(cut):
    (cue,) = select_cues(cut, range_text=("1", "5"))
    lines = [
        (shot.name, shot.in_frame, shot.out_frame_exclusive, shot.source_in_s * 24) for shot in cue.shots
    ]
    assert lines == [("Wide", 24, 48, 34), ("close up", 48, 96, 20), ("run", 96, 120, 30)]
    (later,) = select_cues(cut, range_text=("5", "7"))
    assert later.shots[0].source_in_s * 24 == 30 + 2 * 24


def test_a_dissolve_is_cut_to_the_cue(cut):
    (cue,) = select_cues(cut, range_text=("5", "7"))
    assert [shot.dissolve_frames for shot in cue.shots] == [(0, 0), (6, 6)]
    (begins,) = select_cues(cut, range_text=("6", "7"))
    assert begins.shots[0].dissolve_frames == (0, 0)
    (short,) = select_cues(cut, range_text=("5.875", "6.125"))
    assert [shot.dissolve_frames for shot in short.shots] == [(0, 0), (3, 3)]


def test_chosen_clips_that_touch_are_one_cue_and_others_are_several(cut):
    assert spans(select_cues(cut, clips=("close up", "run"))) == [("close-up", 48, 144)]
    assert spans(select_cues(cut, clips=("Wide",))) == [("Wide", 0, 48), ("Wide-2", 216, 264)]
    assert spans(select_cues(cut, clips=("WIDE 2",))) == [("wide-2", 144, 192)]


def test_ranged_markers_make_cues(cut):
    cues = select_cues(cut, markers=True)
    assert spans(cues)[0] == ("1m1-Unter-den-Linden", 24, 72)
    assert spans(cues)[1] == ("cue02", 120, 264)
    assert len(cues) == 2


def test_sound_is_cut_with_its_source_moved(make, read, film):
    voice = make.track(make.clip("v", 4, 40, media=make.file(str(film)), speeds=[0.5]), kind="Audio")
    document = read(make.timeline(make.track(make.clip("a", 0, 96)), voice))
    (cue,) = select_cues(document, range_text=("1", "3"))
    (sound,) = cue.sounds
    assert (sound.in_frame, sound.out_frame_exclusive, sound.source_in_s) == (24, 40, Fraction(4 + 12, 24))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"range_text": ("1", "1")}, "empty"),
        ({"range_text": ("4", "1")}, "ends before it begins"),
        (
            {"range_text": ("0", "12")},
            "outside of 'cut.otio', which goes from 01:00:00:00 to 01:00:11:00 (0 to 11 s)",
        ),
        ({"range_text": ("-1", "2")}, "outside"),
        ({"range_text": ("00:00:01:00", "00:00:02:00")}, "outside"),
        ({"range_text": ("one", "2")}, "'one' is neither a timecode"),
        ({"range_text": ("1e3", "2")}, "neither"),
        ({"range_text": ("nan", "2")}, "neither"),
        ({"range_text": ("01:00:01:30", "01:00:02:00")}, "frame 30"),
        ({"clips": ("closeup",)}, "'closeup': there are 'close up'"),
        ({"clips": ("Wide", "nothing like it at all")}, "nothing like it at all"),
        ({"clips": ("Wide",), "markers": True}, "exclude each other"),
    ],
)
def test_what_selects_nothing_gets_a_sentence(cut, options, words):
    with pytest.raises(SelectionError) as caught:
        select_cues(cut, **options)
    assert words in str(caught.value)


def test_timelines_without_cue_markers_get_a_sentence(make, read):
    track = make.track(make.clip("a", 0, 48))
    with pytest.raises(SelectionError, match=r"no marker of 'cut.otio' makes a cue"):
        select_cues(read(make.timeline(track, markers=[make.marker("x", 1, 20)])), markers=True)
    with pytest.raises(SelectionError, match="have no length"):
        select_cues(read(make.timeline(track, markers=[make.marker("music", 1)])), markers=True)


@given(st.integers(0, 263), st.integers(1, 264))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_range_shows_at_every_frame_what_the_whole_shows_there(cut, begin, length):
    end = min(264, begin + length)
    rate = cut.rate

    def timecode(frame):
        return f"01:00:{frame // 24:02}:{frame % 24:02}"

    (cue,) = select_cues(cut, range_text=(timecode(begin), timecode(end)))

    def pictures(shots):
        return {
            frame: (shot.name, shot.source_s(frame, rate))
            for shot in shots
            for frame in range(shot.in_frame, shot.out_frame_exclusive)
        }

    whole = pictures(cut.shots)
    assert pictures(cue.shots) == {frame: whole[frame] for frame in range(begin, end)}
