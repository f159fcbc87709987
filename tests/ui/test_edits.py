"""Edits are functions of values: what each one changes, and what it leaves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.wishes import LEAST_BPM, MOST_BPM, Drawn, HitWish, SpanWish, Wishes
from hitpoint.ui import edits, wishing
from hitpoint.ui.ports import Choice, HitRow
from hitpoint.ui.session import Controls, CueState, Session, TakeEntry

FRAMES = st.integers(0, 500)


def session(*ranges: tuple[int, int]) -> Session:
    cues = tuple(CueState(f"1m{n}", a, b, id=f"c{n:08x}") for n, (a, b) in enumerate(ranges, 1))
    return Session("/a.otio", {"name": "a.otio"}, cues=cues, current=cues[0].name if cues else "")


def take(ident: str) -> TakeEntry:
    return TakeEntry(
        id=ident,
        name=ident,
        made="",
        folder=f"/takes/{ident}",
        generator="sketch",
        model="",
        style="",
        seed=1,
        stems=(),
        head=0,
        samples=1,
        lufs=None,
        true_peak_dbtp=None,
        why="",
        wishes=Wishes(),
        controls=Controls(),
    )


def found(frame: int, strength: float = 0.4) -> HitRow:
    return HitRow(frame, "would", strength, "", False, True, 0.0)


@given(st.lists(st.tuples(FRAMES, FRAMES)), FRAMES, FRAMES)
def test_free_room_never_covers_another_cue(ranges: list[tuple[int, int]], a: int, b: int) -> None:
    made = session()
    for begin, end in ranges:
        begin, end = edits.free_room(made, min(begin, end), max(begin, end))
        if begin < end:
            made = edits.add_cue(made, CueState(edits.next_cue_name(made), begin, end))
    taken = [frame for cue in made.cues for frame in range(cue.in_frame, cue.out_frame_exclusive)]
    assert len(taken) == len(set(taken))
    begin, end = edits.free_room(made, min(a, b), max(a, b))
    assert min(a, b) <= begin <= end
    assert set(range(begin, end)).isdisjoint(taken)


def test_cues_are_numbered_one_after_the_highest() -> None:
    made = edits.remove_cue(session((0, 10), (10, 20), (20, 30)), "1m2")
    assert edits.next_cue_name(made) == "1m4"


def test_the_cue_before_a_removed_one_is_worked_on_next() -> None:
    made = edits.select_cue(session((0, 10), (10, 20), (20, 30)), "1m2")
    assert edits.remove_cue(made, "1m2").current == "1m1"
    assert edits.remove_cue(session((0, 10)), "1m1").current == ""


def test_two_cues_never_get_one_name() -> None:
    made = edits.rename_cue(session((0, 10), (10, 20)), "1m2", " 1M1 ")
    assert [cue.name for cue in made.cues] == ["1m1", "1M1-2"]
    assert edits.rename_cue(made, "1m1", "  ") is made


def test_a_take_finds_its_cue_after_the_cue_was_renamed() -> None:
    made = edits.rename_cue(session((0, 10), (10, 20)), "1m2", "chase")
    made = edits.add_take(made, "c00000002", take("t0001"), heard=True)
    assert made.cue("chase").takes and made.cue("chase").heard == "t0001"
    assert not made.cue("1m1").takes


def test_a_rejected_take_is_kept_and_neither_heard_nor_approved() -> None:
    made = session((0, 10))
    for ident in ("t0001", "t0002", "t0003"):
        made = edits.add_take(made, "c00000001", take(ident), heard=True)
    made = edits.approve(made, "1m1", "t0003", True)
    made = edits.reject(made, "1m1", "t0003", True)
    cue = made.cue("1m1")
    assert (len(cue.takes), cue.heard, cue.approved) == (3, "t0002", "")
    made = edits.approve(made, "1m1", "t0003", True)
    assert not made.cue("1m1").takes[2].rejected


def test_approving_approves_one_take_of_a_cue_only() -> None:
    made = session((0, 10))
    for ident in ("t0001", "t0002"):
        made = edits.add_take(made, "c00000001", take(ident), heard=False)
        made = edits.approve(made, "1m1", ident, True)
    assert made.cue("1m1").approved == "t0002"
    assert edits.approve(made, "1m1", "t0002", False).cue("1m1").approved == ""


@given(st.integers(1, 500))
def test_clamped_cues_and_wishes_lie_inside_the_timeline(frames: int) -> None:
    made = session((0, 100), (100, 300), (300, 400))
    wishes = Wishes(
        hits=(HitWish(250, "must"),),
        removed=(120, 260),
        drawn=(Drawn(110, 0.1), Drawn(290, 0.9)),
        spans=(SpanWish("bigger", 150, 290),),
    )
    made = edits.with_cue(made, "1m2", lambda cue: CueState("1m2", 100, 300, wishes, id=cue.id))
    made = edits.select_cue(made, "1m3")
    clamped = edits.clamped(made, frames)
    assert clamped.current in {cue.name for cue in clamped.cues}
    for cue in clamped.cues:
        assert cue.in_frame < cue.out_frame_exclusive <= frames
        assert all(hit.frame < frames for hit in cue.wishes.hits)
        assert all(span.in_frame < span.out_frame_exclusive <= frames for span in cue.wishes.spans)
    if frames >= 400:
        assert clamped == made


# --- Wishes


def test_moving_a_cuts_hit_wishes_it_there_and_removes_it_here() -> None:
    wishes = wishing.move_hit(Wishes(), found(48), 60)
    assert wishes == Wishes(hits=(HitWish(60, "must", 1.0),), removed=(48,))


def test_a_moved_cut_is_not_called_a_cut_any_more_and_a_marker_keeps_its_name() -> None:
    named = HitRow(48, "must", 1.0, "door", True, True, 0.0)
    assert wishing.move_hit(Wishes(), named, 60).hits[0].name == "door"
    cut = HitRow(48, "would", 1.0, "cut", True, True, 0.0)
    assert wishing.move_hit(Wishes(), cut, 60).hits[0].name == ""


@given(st.floats(-10, 1e6), st.floats(-10, 1e6))
def test_a_wished_tempo_is_one_that_the_engine_takes(low: float, high: float) -> None:
    tempo = wishing.set_tempo(Wishes(), (low, high)).tempo_bpm
    assert tempo is not None and LEAST_BPM <= tempo[0] <= tempo[1] <= MOST_BPM


def test_moving_a_wish_leaves_nothing_behind() -> None:
    wishes = wishing.move_hit(Wishes(hits=(HitWish(60, "must", 0.7, "door"),)), found(60), 70)
    assert wishes == Wishes(hits=(HitWish(70, "must", 0.7, "door"),))


@given(st.lists(FRAMES, min_size=1, max_size=12))
def test_a_hit_moved_about_stays_one_hit(way: list[int]) -> None:
    wishes, row = Wishes(), found(48)
    for to in way:
        wishes = wishing.move_hit(wishes, row, to)
        row = found(to)
    assert len(wishes.hits) + len(wishes.removed) in (0, 2)
    if wishes.hits:
        assert [hit.frame for hit in wishes.hits] == [way[-1]]


def test_a_cut_whose_kind_was_changed_does_not_come_back_when_it_is_moved() -> None:
    wishes = wishing.change_hit(Wishes(), found(48), kind="avoid")
    wishes = wishing.move_hit(wishes, found(48), 80)
    assert 48 in wishes.removed and [hit.frame for hit in wishes.hits] == [80]


def test_renaming_a_cut_keeps_its_strength_and_saying_its_kind_makes_it_full() -> None:
    assert wishing.change_hit(Wishes(), found(48), name="door").hits[0] == HitWish(48, "would", 0.4, "door")
    assert wishing.change_hit(Wishes(), found(48), kind="must").hits[0].strength == 1.0


def test_deleting_a_wish_deletes_the_cut_that_it_spoke_for() -> None:
    wishes = wishing.delete_hit(wishing.add_hit(Wishes(), 50, "must"), 50, [48, 96])
    assert wishes.hits == () and 48 in wishes.removed and 96 not in wishes.removed


def test_bigger_twice_is_two_steps_and_smaller_takes_one_back() -> None:
    wishes = Wishes()
    for kind, amounts in (("bigger", [1]), ("bigger", [2]), ("smaller", [1]), ("smaller", [])):
        wishes = wishing.add_span(wishes, kind, 0, 48)  # type: ignore[arg-type]
        assert [span.amount for span in wishes.spans] == amounts


def test_asking_for_silence_twice_is_asking_once() -> None:
    once = wishing.add_span(Wishes(), "stop", 0, 48)
    assert wishing.add_span(once, "stop", 0, 48) == once


def test_redoing_counts_up_for_each_stem_by_itself() -> None:
    wishes = wishing.add_span(wishing.add_span(Wishes(), "redo", 0, 48), "redo", 0, 48, "drums")
    wishes = wishing.add_span(wishes, "redo", 0, 48, "drums")
    assert [(span.stem, span.amount) for span in wishes.spans] == [("", 1), ("drums", 2)]


@given(
    st.lists(st.tuples(FRAMES, st.floats(-1, 2)), max_size=8), st.lists(st.tuples(FRAMES, st.floats(0, 1)))
)
def test_drawing_over_what_was_drawn_replaces_that_stretch_alone(
    first: list[tuple[int, float]], second: list[tuple[int, float]]
) -> None:
    before = wishing.draw(Wishes(), first)
    after = wishing.draw(before, second)
    frames = [point.frame for point in after.drawn]
    assert frames == sorted(set(frames)) and all(0 <= point.value <= 1 for point in after.drawn)
    if second:
        low, high = min(second)[0], max(frame for frame, _ in second)
        outside = [point for point in before.drawn if not low <= point.frame <= high]
        assert [point for point in after.drawn if not low <= point.frame <= high] == outside


def test_a_chosen_course_is_drawn_evenly_over_the_cue() -> None:
    wishes = wishing.choose(Wishes(), "course", Choice(course=(0.0, 1.0, 0.5)), 100, 201)
    assert wishes.drawn == (Drawn(100, 0.0), Drawn(150, 1.0), Drawn(200, 0.5))
    assert wishing.choose(wishes, "course", Choice(course=()), 100, 201).drawn == ()


def test_the_pictures_own_word_takes_back_tempo_or_key_and_not_both() -> None:
    wishes = Wishes(tempo_bpm=(80, 90), tonic=3, mode="major")
    assert wishing.choose(wishes, "tempo", Choice(plain=True), 0, 10) == Wishes(tonic=3, mode="major")
    assert wishing.choose(wishes, "key", Choice(plain=True), 0, 10) == Wishes(tempo_bpm=(80, 90))
