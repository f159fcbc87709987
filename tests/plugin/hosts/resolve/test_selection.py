"""What the user means, where the playhead is, and markers both ways."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from fakes.resolve.fake import FakeResolve
from fakes.resolve.made import made
from fakes.resolve.state import Mark
from fakes.resolve.traps import Traps
from hypothesis import given
from hypothesis import strategies as st

from hitpoint.engine.types import Span
from hitpoint.plugin.hosts.base import HostError, HostMarker
from hitpoint.plugin.hosts.resolve.host import ResolveHost
from hitpoint.plugin.hosts.resolve.markers import COLOURS, colour
from hitpoint.plugin.hosts.resolve.selection import merged

OLD = Traps(version="21.0.3.8")


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    # No power cut is tried here, and waiting for the disk takes most of the time.
    monkeypatch.setattr("hitpoint.engine.store.durable.sync_descriptor", lambda descriptor: None)
    monkeypatch.setattr("hitpoint.engine.store.durable.sync_folder", lambda folder: None)


def host_of(fake: FakeResolve) -> ResolveHost:
    return ResolveHost(fake.resolve, folder="/nowhere", sleep=lambda seconds: None)


def select(fake: FakeResolve, *numbers: int) -> None:
    pictures = fake.edit.of_kind("video")[0].sorted()
    fake.edit.selected = [piece.ident for number in numbers for piece in [pictures[number]]]


# --- the selection: each rule, and that it comes before the next ---


def everything(fake: FakeResolve) -> None:
    """All ways to select at once."""
    clips = [one for one in fake.edit.of_kind("video")[0].sorted() if one.kind == "clip"]
    fake.edit.selected = [clips[0].ident]
    fake.edit.mark_in, fake.edit.mark_out = 50, 99
    clips[2].colour = "Lime"
    fake.edit.marks.append(Mark(150, "Red", "must: x", custom="1m1@150"))
    fake.edit.playhead = 230


def drop_selection(fake: FakeResolve) -> None:
    fake.edit.selected = []


def drop_marks(fake: FakeResolve) -> None:
    fake.edit.mark_in = fake.edit.mark_out = None


def drop_colour(fake: FakeResolve) -> None:
    for _, piece in fake.edit.pieces():
        piece.colour = ""


def drop_markers(fake: FakeResolve) -> None:
    fake.edit.marks.clear()


def drop_playhead(fake: FakeResolve) -> None:
    fake.edit.playhead = 336


DROPS = [drop_selection, drop_marks, drop_colour, drop_markers, drop_playhead]
RULES = [
    ((0, 48), "the clips that are selected in DaVinci Resolve"),
    ((50, 100), "the in and out marks"),
    ((108, 144), "the clips of the colour Lime"),
    ((144, 216), "the clips under Hitpoint's markers"),
    ((216, 240), "nothing is selected: the clip at the playhead"),
    ((0, 336), "nothing is selected: the whole timeline"),
]


@pytest.mark.parametrize("rule", range(len(RULES)))
def test_the_first_way_to_select_that_says_anything_is_taken_and_named(rule: int) -> None:
    fake = made()
    everything(fake)
    for drop in DROPS[:rule]:
        drop(fake)
    told = host_of(fake).selected()
    span, words = RULES[rule]
    assert (told.spans, told.rule) == ((Span(*span),), words)


def test_before_it_tells_the_selection_marks_and_colours_are_asked() -> None:
    fake = made(OLD)
    everything(fake)
    assert host_of(fake).selected().rule == "the in and out marks"
    assert any("does not tell which clips are selected" in note for note in host_of(fake).facts().notes)


def test_clips_that_abut_are_one_stretch_and_others_are_apart() -> None:
    fake = made(extras=False)
    select(fake, 0, 1, 4)
    assert host_of(fake).selected().spans == (Span(0, 108), Span(216, 240))


def test_sound_that_is_linked_does_not_lengthen_the_selection() -> None:
    fake = made(extras=False)
    sound = fake.edit.of_kind("audio")[0].sorted()[1]
    sound.frames += 40
    select(fake, 1)
    fake.edit.selected.append(sound.ident)
    assert host_of(fake).selected().spans == (Span(48, 108),)


def test_selected_sound_alone_counts() -> None:
    fake = made(extras=False)
    fake.edit.selected = [fake.edit.of_kind("audio")[0].sorted()[1].ident]
    assert host_of(fake).selected().spans == (Span(48, 108),)


@pytest.mark.parametrize(
    ("marks", "span"), [((40, None), (40, 336)), ((None, 99), (0, 100)), ((60, 60), (60, 61))]
)
def test_one_mark_alone_reaches_to_the_end(
    marks: tuple[int | None, int | None], span: tuple[int, int]
) -> None:
    fake = made(extras=False)
    fake.edit.mark_in, fake.edit.mark_out = marks
    assert host_of(fake).selected().spans == (Span(*span),)


@pytest.mark.parametrize("omitted", [True, False])
def test_marks_that_are_not_set_say_nothing(omitted: bool) -> None:
    fake = made(Traps(unset_marks_omitted=omitted), extras=False)
    fake.edit.playhead = 336
    assert host_of(fake).selected().rule == "nothing is selected: the whole timeline"


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda at: (at[0], at[0] + at[1])))


@given(spans)
def test_merged_stretches_are_in_time_apart_and_cover_the_same_frames(
    given_spans: list[tuple[int, int]],
) -> None:
    out = merged(given_spans)
    assert all(a.out_frame_exclusive < b.in_frame for a, b in pairwise(out))
    covered = {frame for first, last in given_spans for frame in range(first, last)}
    assert covered == {frame for one in out for frame in range(one.in_frame, one.out_frame_exclusive)}


# --- the playhead ---


@pytest.mark.parametrize(
    ("fps", "drop"),
    [
        (Fraction(24000, 1001), False),
        (Fraction(25), False),
        (Fraction(30000, 1001), False),
        (Fraction(30000, 1001), True),
        (Fraction(60000, 1001), True),
    ],
)
def test_the_playhead_goes_where_it_is_sent_and_is_read_there(fps: Fraction, drop: bool) -> None:
    fake = made(fps=fps, drop_frame=drop, shots=(2000, 2000, 600))
    host = host_of(fake)
    for frame in (0, 1, 1799, 1800, 1801, 3597, 3600, 4599):
        host.set_playhead(frame)
        assert (fake.edit.playhead, host.playhead()) == (frame, frame)


def test_a_playhead_that_does_not_go_there_is_told() -> None:
    fake = made(Traps(none_from=frozenset({"SetCurrentTimecode"})))
    with pytest.raises(HostError, match="does not move its playhead to 01:00:04:04"):
        host_of(fake).set_playhead(100)


def test_without_a_timecode_there_is_no_playhead() -> None:
    assert host_of(made(Traps(none_from=frozenset({"GetCurrentTimecode"})))).playhead() is None


# --- markers ---


def mark(ident: str, frame: int, name: str = "must: door") -> HostMarker:
    return HostMarker(ident, frame, frame + 1, name, "", "Red")


def ours(fake: FakeResolve) -> dict[str, int]:
    return {one.custom: one.frame for one in fake.edit.marks if one.custom}


def test_exactly_those_asked_for_are_there_and_the_editors_stay() -> None:
    fake = made()
    host, theirs = host_of(fake), [one.frame for one in fake.edit.marks]
    host.write_markers((mark("1m1@10", 10), mark("1m1@20", 20), mark("1m2@100", 100)), "1m")
    host.write_markers((mark("1m1@20", 22), mark("1m1@30", 30)), "1m1@")
    assert ours(fake) == {"1m1@20": 22, "1m1@30": 30, "1m2@100": 100}
    host.write_markers((), "1m")
    assert [one.frame for one in fake.edit.marks] == theirs


def test_markers_come_back_as_they_were_written() -> None:
    fake = made()
    host = host_of(fake)
    written = HostMarker("1m1@10", 10, 14, "would 0.7: step", "he turns", "Sky")
    host.write_markers((written,), "1m1@")
    assert written in host.markers()


def test_a_marker_that_finds_no_free_frame_undoes_all() -> None:
    fake = made()
    host = host_of(fake)
    host.write_markers((mark("1m1@10", 10),), "1m1@")
    fake.edit.marks += [Mark(frame, "Blue", f"note {frame}") for frame in range(200, 230)]
    before = fake.frozen()
    with pytest.raises(HostError, match="no free frame for the marker 'must: door' at 01:00:08:08"):
        host.write_markers((mark("1m1@20", 20), mark("1m1@200", 200)), "1m1@")
    assert fake.frozen() == before


def _refuse_adding(fake: FakeResolve) -> None:
    fake.traps = Traps(none_from=frozenset({"AddMarker"}))


def _refuse_deleting(fake: FakeResolve) -> None:
    fake.traps = Traps(none_from=frozenset({"DeleteMarkerAtFrame"}))


@pytest.mark.parametrize("refuse", [_refuse_adding, _refuse_deleting])
def test_markers_that_resolve_does_not_take_are_told(refuse: Callable[[FakeResolve], None]) -> None:
    fake = made()
    host = host_of(fake)
    host.write_markers((mark("1m1@10", 10),), "1m1@")
    refuse(fake)
    with pytest.raises(HostError, match="DaVinci Resolve did not"):
        host.write_markers((mark("1m1@10", 12),), "1m1@")
    fake.traps = Traps()
    host.recover()
    assert ours(fake) == {"1m1@10": 10}


@pytest.mark.parametrize("name", ["RED", "red", "Orange", "", "MAGENTA", "chartreuse", "Cream"])
def test_every_colour_becomes_one_that_resolve_has(name: str) -> None:
    assert colour(name) in COLOURS


def test_a_project_that_is_not_saved_is_told() -> None:
    host_of(made()).save()
    host_of(made(Traps(flaky_false=frozenset({"SaveProject"})))).save()
    with pytest.raises(HostError, match="did not save the project 'a film'"):
        host_of(made(Traps(none_from=frozenset({"SaveProject"})))).save()


def test_after_closing_it_is_gone() -> None:
    host = host_of(made())
    host.close()
    host.close()
    with pytest.raises(HostError) as caught:
        host.read()
    assert caught.value.kind == "gone"


def test_an_old_resolve_says_that_it_cannot_place() -> None:
    facts = host_of(made(Traps(version="17.4.6.4"))).facts()
    assert not facts.capabilities.can("place")
    assert "import the scored timeline" in facts.capabilities.why_not("place")
    assert host_of(made()).facts().capabilities.can("place")
