"""Hits and markers both ways, as pure functions."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.wishes import HitWish, Wishes
from hitpoint.ui import marking
from hitpoint.ui.marking import Taken, noted, taken
from hitpoint.ui.ports import HitRow, Mark
from hitpoint.ui.session import CueState, Session


def session(*frames: int, locked: bool = False) -> Session:
    wishes = Wishes(hits=tuple(HitWish(frame, "must", 1.0, f"hit {frame}") for frame in frames))
    cue = CueState("1m1", 0, 500, wishes=wishes, id="c00000001", locked=locked)
    other = CueState("1m2", 500, 900, id="c00000002")
    return Session("/a.otio", {"name": "a.otio"}, cues=(cue, other), current="1m1")


def ours(frame: int, at: int | None = None, cue: str = "1m1") -> Mark:
    return Mark(f"{cue}@{frame}", frame if at is None else at, "must", None, f"hit {frame}")


def take(before: Session, *marks: Mark) -> tuple[Session, Taken]:
    return taken(before, marks, asked=(), cuts=())


def hits(one: Session, cue: str = "1m1") -> list[int]:
    return [hit.frame for hit in one.cue(cue).wishes.hits]


def test_a_marker_that_was_moved_moves_its_hit_with_all_that_it_is() -> None:
    before = noted(session(100, 200), ["1m1@100", "1m1@200"])
    after, told = take(before, ours(100, 110), ours(200))
    assert told == Taken(moved=1)
    assert after.cue("1m1").wishes.hits == (
        HitWish(110, "must", 1.0, "hit 100"),
        HitWish(200, "must", 1.0, "hit 200"),
    )


def test_hits_that_change_places_are_all_there_afterwards() -> None:
    before = noted(session(100, 200, 300), ["1m1@100", "1m1@200", "1m1@300"])
    after, told = take(before, ours(100, 200), ours(200, 300), ours(300, 100))
    assert told.moved == 3
    assert [(hit.frame, hit.name) for hit in after.cue("1m1").wishes.hits] == [
        (100, "hit 300"),
        (200, "hit 100"),
        (300, "hit 200"),
    ]


def test_a_hit_of_the_picture_that_is_moved_is_none_where_it_was() -> None:
    before = noted(session(), ["1m1@100"])
    cut = Mark("1m1@100", 104, "would", 0.8, "cut")
    after, _ = take(before, cut)
    assert after.cue("1m1").wishes.hits == (HitWish(104, "must"),)
    assert after.cue("1m1").wishes.removed == (100,)


def test_a_marker_that_is_gone_removes_its_hit_only_where_others_of_its_cue_are_left() -> None:
    before = noted(session(100, 200), ["1m1@100", "1m1@200"])
    after, told = take(before, ours(200))
    assert (hits(after), told) == ([200], Taken(removed=1))
    assert take(before) == (before, Taken())
    # Markers of another cue say nothing of this one.
    assert take(before, ours(600, cue="1m2"))[1] == Taken()


def test_what_was_taken_once_is_not_taken_again() -> None:
    before = noted(session(100, 200), ["1m1@100", "1m1@200"])
    marks = (ours(100, 110), ours(200), Mark("", 300, "avoid", None, "word"))
    after, _ = take(before, *marks)
    assert take(after, *marks) == (after, Taken())
    # And a hit that was moved in the panel since stays where it is.
    wishes = after.cue("1m1").wishes
    moved = tuple(replace(hit, frame=150) if hit.frame == 110 else hit for hit in wishes.hits)
    own = replace(after.cues[0], wishes=replace(wishes, hits=moved))
    since = replace(after, cues=(own, *after.cues[1:]))
    assert hits(take(since, *marks)[0]) == [150, 200, 300]


def test_only_markers_of_the_editor_that_ask_for_a_hit_become_one() -> None:
    after, told = take(
        session(),
        Mark("", 50, "must", None, "door"),
        Mark("", 60, None, None, "check the colour"),
        Mark("", 70, "would", 0.4, "glance"),
    )
    assert after.cue("1m1").wishes.hits == (
        HitWish(50, "must", 1.0, "door"),
        HitWish(70, "would", 0.4, "glance"),
    )
    assert told == Taken(added=2)


def test_what_the_timeline_asked_for_when_it_was_read_is_not_asked_again() -> None:
    before = session()
    assert taken(before, [Mark("", 50, "must", None, "")], asked={(50, "must")}, cuts=()) == (before, Taken())


def test_a_locked_cue_stays() -> None:
    before = noted(session(100, locked=True), ["1m1@100"])
    assert take(before, ours(100, 110), Mark("", 50, "must", None, "")) == (before, Taken())


def test_a_marker_that_was_moved_out_of_its_cue_is_left_and_counted() -> None:
    before = noted(session(100, 200), ["1m1@100", "1m1@200"])
    after, told = take(before, ours(100, 700), ours(200, 210))
    assert (hits(after), told) == ([100, 210], Taken(moved=1, outside=1))


def test_of_a_copied_marker_the_one_that_stayed_is_the_hits_own() -> None:
    before = noted(session(100, 200), ["1m1@100", "1m1@200"])
    for marks in ((ours(100), ours(100, 140)), (ours(100, 140), ours(100))):
        after, told = take(before, *marks, ours(200))
        assert (hits(after), told) == ([100, 140, 200], Taken(added=1))


def test_a_renamed_cue_knows_its_markers() -> None:
    before = noted(session(100, 200), ["1m1@100", "1m1@200"])
    renamed = replace(before, cues=(replace(before.cues[0], name="Opening"), *before.cues[1:]))
    after, _ = take(renamed, ours(100, 110), ours(200))
    assert hits(after, "Opening") == [110, 200]


def test_marks_are_of_what_was_set_and_of_what_is_strong() -> None:
    cue = session().cues[0]
    rows = [
        HitRow(10, "would", 0.2, "cut", False, True, 0.0),
        HitRow(20, "would", 0.9, "cut", True, True, 0.0),
        HitRow(30, "would", 0.3, "", False, True, 0.0, from_wish=True),
        HitRow(40, "avoid", 0.3, "word", False, True, 0.0),
    ]
    assert [mark.ident for mark in marking.marks_of(cue, rows)] == ["1m1@20", "1m1@30", "1m1@40"]


frames = st.integers(0, 499)


@given(
    planned=st.lists(frames, unique=True, max_size=6),
    there=st.dictionaries(st.integers(0, 5), st.integers(-50, 600), max_size=6),
)
def test_taking_twice_is_taking_once_and_no_hit_leaves_its_cue(
    planned: list[int], there: dict[int, int]
) -> None:
    before = noted(session(*planned), [marking.ident_of("1m1", frame) for frame in planned])
    marks = [ours(planned[index], at) for index, at in there.items() if index < len(planned)]
    once, told = take(before, *marks)
    assert all(0 <= frame < 500 for frame in hits(once))
    assert take(once, *marks)[0] == once
    if not marks:
        assert not told
