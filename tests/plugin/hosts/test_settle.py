"""What becomes of earlier music in a program's timeline: rules, and what holds whatever lies there."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, pairwise

from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.types import Placement
from hitpoint.plugin.hosts.settle import EarlierClip, EarlierTrack, Settled, settle, take_back

STEMS = ("drums", "bass", "strings")


def placement(first: int, last: int, stem: str = "drums", cue: str = "1m1", run: str = "new") -> Placement:
    return Placement(
        track=f"Stem: {stem}",
        cue=cue,
        stem=stem,
        path=f"/music/{run}/{cue}-{stem}.wav",
        sha256=f"{run}{cue}{stem}".ljust(64, "0"),
        in_frame=first,
        out_frame_exclusive=last,
        source_in_frame=10,
        available_frames=last - first + 20,
    )


def clip(
    key: str, first: int, last: int, *, touched: bool = False, plain: bool = False, **how: str
) -> EarlierClip:
    return EarlierClip(key, placement(first, last, **{"run": "old", **how}), touched, "old", plain)


def track(
    *clips: EarlierClip, name: str = "Stem: drums", enabled: bool = True, touched: bool = False
) -> EarlierTrack:
    stem = clips[0].placement.stem if clips else "drums"
    return EarlierTrack(f"track {name}", name, stem, enabled, touched, clips)


def done(earlier: tuple[EarlierTrack, ...], settled: Settled, job: str = "new") -> tuple[EarlierTrack, ...]:
    """The tracks of ours as an adapter leaves them."""
    numbers = count()
    keys = {one.key for each in earlier for one in each.clips} | {each.key for each in earlier}
    fresh = (key for key in (f"n{number}" for number in numbers) if key not in keys)
    tracks = {one.key: one for one in earlier}
    for lane in settled.lanes:
        carried = {one.placement: one for one in lane.carried}
        added = tuple(
            EarlierClip(next(fresh), one, False, carried[one].job if one in carried else job)
            for one in lane.add
        )
        if lane.onto:
            was = tracks[lane.onto]
            staying = tuple(one for one in was.clips if one.key not in lane.remove)
            tracks[lane.onto] = replace(was, clips=staying + added)
        else:
            assert not lane.remove
            key = next(fresh)
            tracks[key] = EarlierTrack(key, lane.name, lane.stem, True, False, added)
    for key in settled.disable:
        tracks[key] = replace(tracks[key], enabled=False)
    for key in settled.empty:
        assert not tracks.pop(key).clips
    return tuple(tracks.values())


def audible(tracks: tuple[EarlierTrack, ...]) -> list[Placement]:
    found = [one.placement for each in tracks if each.enabled for one in each.clips]
    return sorted(found, key=lambda one: (one.in_frame, one.stem, one.sha256))


def overlaps(one: Placement, other: Placement) -> bool:
    return one.in_frame < other.out_frame_exclusive and other.in_frame < one.out_frame_exclusive


@st.composite
def laid(draw: st.DrawFn, stem: str, run: str) -> list[tuple[int, int]]:
    """Stretches of one track, apart from each other."""
    edges = draw(st.lists(st.integers(0, 60), min_size=0, max_size=6, unique=True))
    pairs = list(pairwise(sorted(edges)))
    return [pair for pair in pairs if draw(st.booleans())]


@st.composite
def tracks_of_ours(draw: st.DrawFn) -> tuple[EarlierTrack, ...]:
    out = []
    numbers = count()
    for number in range(draw(st.integers(0, 4))):
        stem = draw(st.sampled_from(STEMS))
        clips = tuple(
            EarlierClip(
                f"c{next(numbers)}",
                placement(first, last, stem, f"m{number}", f"old{next(numbers)}"),
                draw(st.booleans()),
                "old",
                draw(st.booleans()),
            )
            for first, last in draw(laid(stem, "old"))
        )
        name = f"Stem: {stem}" + (f" v{number + 1}" if number else "")
        out.append(EarlierTrack(f"t{number}", name, stem, draw(st.booleans()), draw(st.booleans()), clips))
    return tuple(out)


@st.composite
def music(draw: st.DrawFn) -> tuple[Placement, ...]:
    """Cues apart from each other, each with some stems."""
    stems = draw(st.lists(st.sampled_from(STEMS), min_size=1, max_size=3, unique=True))
    cues = draw(laid("", "new"))
    return tuple(
        placement(first, last, stem, f"n{number}")
        for number, (first, last) in enumerate(cues)
        for stem in stems
    )


@given(tracks_of_ours(), music())
def test_nothing_that_somebody_worked_on_is_removed_or_moved(
    earlier: tuple[EarlierTrack, ...], wanted: tuple[Placement, ...]
) -> None:
    settled = settle(earlier, wanted, ())
    touched = {one.key for each in earlier for one in each.clips if one.touched}
    assert not touched & {key for lane in settled.lanes for key in lane.remove}
    after = {one.key: one for each in done(earlier, settled) for one in each.clips}
    assert all(after[one.key] == one for each in earlier for one in each.clips if one.touched)


@given(tracks_of_ours(), music())
def test_tracks_changed_as_a_whole_and_tracks_switched_off_keep_every_clip(
    earlier: tuple[EarlierTrack, ...], wanted: tuple[Placement, ...]
) -> None:
    after = {one.key: one for one in done(earlier, settle(earlier, wanted, ()))}
    for one in earlier:
        if one.touched or not one.enabled:
            assert after[one.key].clips == one.clips
        if not one.enabled:
            assert after[one.key] == one


@given(tracks_of_ours(), music())
def test_no_two_clips_of_a_track_overlap(
    earlier: tuple[EarlierTrack, ...], wanted: tuple[Placement, ...]
) -> None:
    for each in done(earlier, settle(earlier, wanted, ())):
        for one, other in pairwise(sorted(each.clips, key=lambda one: one.placement.in_frame)):
            assert not overlaps(one.placement, other.placement)


@given(tracks_of_ours(), music())
def test_every_wanted_placement_is_added_once_and_heard_alone_in_its_stem(
    earlier: tuple[EarlierTrack, ...], wanted: tuple[Placement, ...]
) -> None:
    settled = settle(earlier, wanted, ())
    carried = [one.placement for lane in settled.lanes for one in lane.carried]
    added = [one for lane in settled.lanes for one in lane.add if one not in carried]
    assert sorted(added, key=repr) == sorted(wanted, key=repr)
    heard = audible(done(earlier, settled))
    for one in wanted:
        assert [other for other in heard if overlaps(one, other) and other not in wanted] == []


@given(tracks_of_ours(), music())
def test_untouched_music_of_other_cues_is_heard_exactly_once_after(
    earlier: tuple[EarlierTrack, ...], wanted: tuple[Placement, ...]
) -> None:
    heard = audible(done(earlier, settle(earlier, wanted, ())))
    for each in earlier:
        for one in each.clips:
            outside = not any(overlaps(one.placement, other) for other in wanted)
            if each.enabled and outside and not one.touched:
                assert heard.count(one.placement) == 1


@given(tracks_of_ours(), music())
def test_settling_again_changes_nothing_that_is_heard_and_makes_no_further_track(
    earlier: tuple[EarlierTrack, ...], wanted: tuple[Placement, ...]
) -> None:
    once = done(earlier, settle(earlier, wanted, ()))
    again = settle(once, wanted, ())
    twice = done(once, again)
    assert audible(twice) == audible(once)
    assert again.disable == () and not any(lane.carried for lane in again.lanes)
    assert sorted((one.name, one.enabled) for one in twice) == sorted((one.name, one.enabled) for one in once)


@given(
    tracks_of_ours(), music(), st.sets(st.sampled_from([f"Stem: {stem}" for stem in STEMS] + ["Dialogue"]))
)
def test_new_tracks_never_share_a_name_with_another(
    earlier: tuple[EarlierTrack, ...], wanted: tuple[Placement, ...], taken: set[str]
) -> None:
    settled = settle(earlier, wanted, taken)
    new = [lane.name for lane in settled.lanes if not lane.onto]
    assert len(set(new)) == len(new)
    assert not {*new} & {*taken, *(one.name for one in earlier)}


def test_untouched_music_gives_way_on_its_own_track() -> None:
    earlier = (track(clip("a", 0, 50), clip("b", 60, 90, cue="1m2")),)
    settled = settle(earlier, [placement(0, 50)], ["Dialogue", "Stem: drums"])
    (lane,) = settled.lanes
    assert (lane.name, lane.onto, lane.remove) == ("Stem: drums", "track Stem: drums", ("a",))
    assert lane.add == (placement(0, 50),)
    assert (settled.replaced, settled.disable, settled.problems) == (("Stem: drums",), (), ())


def test_a_track_with_work_under_the_new_music_is_switched_off_and_called_v2_in_its_successor() -> None:
    earlier = (track(clip("a", 0, 50, touched=True), clip("b", 60, 90, cue="1m2")),)
    settled = settle(earlier, [placement(0, 50)], [])
    (lane,) = settled.lanes
    assert (lane.name, lane.onto) == ("Stem: drums v2", "")
    assert [one.key for one in lane.carried] == ["b"]
    assert lane.add == (placement(0, 50), earlier[0].clips[1].placement)
    assert settled.disable == ("track Stem: drums",) and settled.kept == ("Stem: drums",)
    assert settled.problems == (
        "the track 'Stem: drums' was changed by hand since Hitpoint made it: it stays, switched off",
    )


def test_work_on_another_cue_keeps_its_place_on_a_track_that_is_used_again() -> None:
    earlier = (track(clip("a", 0, 50), clip("b", 60, 90, cue="1m2", touched=True)),)
    settled = settle(earlier, [placement(0, 50)], [])
    (lane,) = settled.lanes
    assert (lane.onto, lane.remove) == ("track Stem: drums", ("a",))
    assert settled.disable == ()


def test_music_that_was_only_moved_plays_on_when_its_track_is_switched_off_and_the_rest_is_told() -> None:
    moved = clip("b", 60, 90, cue="1m2", touched=True, plain=True)
    faded = clip("c", 91, 99, cue="1m3", touched=True)
    settled = settle((track(clip("a", 0, 50, touched=True), moved, faded),), [placement(0, 50)], [])
    assert [one.key for lane in settled.lanes for one in lane.carried] == ["b"]
    assert settled.problems[-1] == (
        "the music of '1m3' on 'Stem: drums' was changed by hand too and is silent with its track: move it "
        "to another track to hear it"
    )


def test_music_longer_than_the_new_cue_gives_way_as_a_whole_and_that_is_told() -> None:
    settled = settle((track(clip("a", 0, 50)),), [placement(10, 50)], [])
    assert settled.lanes[0].remove == ("a",)
    assert settled.problems == (
        "the earlier music of '1m1' on 'Stem: drums' is longer than the new cue: it was replaced as a whole",
    )


def test_a_stem_that_the_new_music_has_not_gives_way_too_and_its_empty_track_may_go() -> None:
    earlier = (track(clip("a", 0, 50, stem="hits"), name="Stem: hits"),)
    settled = settle(earlier, [placement(0, 50)], [])
    assert [(lane.name, lane.remove, len(lane.add)) for lane in settled.lanes] == [
        ("Stem: drums", (), 1),
        ("Stem: hits", ("a",), 0),
    ]
    assert settled.empty == ("track Stem: hits",)


def test_a_track_that_is_off_stays_as_it_is_and_keeps_its_name() -> None:
    settled = settle((track(clip("a", 0, 50), enabled=False),), [placement(0, 50)], [])
    assert [(lane.name, lane.onto, lane.remove) for lane in settled.lanes] == [("Stem: drums v2", "", ())]
    assert settled.kept == ("Stem: drums",) and settled.disable == ()


def test_a_name_that_the_editor_gave_a_track_of_his_own_is_not_taken() -> None:
    settled = settle((), [placement(0, 50)], ["Stem: drums"])
    assert settled.lanes[0].name == "Stem: drums v2"


def test_taking_a_job_back_leaves_what_somebody_worked_on() -> None:
    earlier = (
        track(clip("a", 0, 50), clip("b", 60, 90, touched=True)),
        track(clip("c", 0, 50, stem="bass"), name="Stem: bass"),
        track(replace(clip("d", 0, 50, stem="pads"), job="other"), name="Stem: pads"),
    )
    taken = take_back(earlier, "old")
    assert taken.remove == ("a", "c")
    assert taken.kept == ("Stem: drums",)
    assert taken.empty == ("track Stem: bass",)


def test_music_that_only_touches_the_new_cue_at_its_edges_stays() -> None:
    settled = settle((track(clip("a", 0, 50), clip("b", 90, 120)),), [placement(50, 90)], [])
    (lane,) = settled.lanes
    assert (lane.onto, lane.remove, len(lane.add)) == ("track Stem: drums", (), 1)
    assert settled.replaced == ()


def test_music_of_two_tracks_that_are_switched_off_gets_as_many_tracks_as_it_needs() -> None:
    earlier = tuple(
        track(
            clip(f"{name} work", 0, 50, touched=True),
            clip(f"{name} music", 60, 90, cue=name),
            name=f"Stem: drums{version}",
        )
        for name, version in (("1m2", ""), ("1m3", " v2"))
    )
    settled = settle(earlier, [placement(0, 50)], [])
    assert [(lane.name, [one.key for one in lane.carried], len(lane.add)) for lane in settled.lanes] == [
        ("Stem: drums v3", ["1m2 music"], 2),
        ("Stem: drums v4", ["1m3 music"], 1),
    ]
    used = track(clip("other", 70, 100, cue="1m4"), name="Stem: drums v3")
    settled = settle((earlier[0], used), [placement(0, 50)], [])
    assert [(lane.name, lane.onto, [one.key for one in lane.carried]) for lane in settled.lanes] == [
        ("Stem: drums v3", "track Stem: drums v3", []),
        ("Stem: drums v4", "", ["1m2 music"]),
    ]


def test_music_is_not_called_longer_than_new_cues_that_cover_it_together() -> None:
    wanted = [placement(0, 100), placement(10, 20, stem="bass"), placement(100, 130)]
    assert settle((track(clip("a", 0, 130)),), wanted, []).problems == ()
