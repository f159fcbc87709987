"""Strips as plain values: rows, cuts in the middle of fades, and the timeline made of them, as it is read."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import opentimelineio as otio
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hitpoint.engine.errors import InputError
from hitpoint.engine.timebase import Rate
from hitpoint.plugin.hosts.base import HostMarker
from hitpoint.plugin.hosts.blender.otio import timeline
from hitpoint.plugin.hosts.blender.pieces import Edit, Fade, Medium, Piece, digest, joined, rows
from hitpoint.plugin.hosts.blender.strips import _numbers as numbers
from hitpoint.plugin.timeline.assemble import Assembled, assemble
from hitpoint.plugin.timeline.precheck import check
from hitpoint.plugin.timeline.shelf import Shelf

R24 = Rate(24)
RATES = (Rate(24), Rate(25), Rate(24000, 1001), Rate(30000, 1001))


def movie(name: str, channel: int, first: int, end: int, at: int = 0, rate: Rate = R24) -> Piece:
    medium = Medium(f"/media/{name}.mov", rate, 10_000)
    return Piece("picture", "MOVIE", name, channel, first, end, Fraction(at), medium=medium)


def edit(pieces: list[Piece], fades: list[Fade] | None = None, limit: int = 10_000, rate: Rate = R24) -> Edit:
    return Edit("Scene", rate, 1, pieces, fades or [], limit=limit)


def read(made: Edit, markers: tuple[HostMarker, ...] = ()) -> Assembled:
    """As Hitpoint reads it. No file is there, so that shots are told by name and place."""

    def probe(path: Path) -> SimpleNamespace:
        raise InputError(f"'{path}' is not there")

    return assemble(check(timeline(made, markers), "x.otio"), Shelf(Path("/none"), probe=probe))


def seen(made: Edit) -> list[tuple[str, int]]:
    """Name and picture of what is seen at each frame, by the timeline written; ("", 0) for nothing."""
    out = []
    for shot in read(made).shots:
        for frame in range(shot.in_frame, shot.out_frame_exclusive):
            place = shot.source_s(frame, made.rate) * made.rate.fps
            out.append((shot.name, round(place) if shot.name else 0))
    return out


@st.composite
def layers(draw: st.DrawFn) -> list[Piece]:
    """Strips on some channels, none of which overlap on theirs."""
    found = []
    for channel in range(1, draw(st.integers(2, 5))):
        at = draw(st.integers(-20, 20))
        for number in range(draw(st.integers(0, 4))):
            at += draw(st.integers(0, 12))
            end = at + draw(st.integers(1, 30))
            found.append(movie(f"{channel}.{number}", channel, at, end, draw(st.integers(30, 90))))
            at = end
    return found


@given(layers(), st.integers(1, 120), st.sampled_from(RATES))
def test_the_topmost_strip_is_seen_at_every_frame(pieces: list[Piece], limit: int, rate: Rate) -> None:
    pieces = [replace(one, medium=replace(one.medium, rate=rate)) for one in pieces if one.medium]
    made = edit(pieces, limit=limit, rate=rate)
    assume(made.frames)
    found = seen(made)
    assert len(found) == made.frames
    for frame, shown in enumerate(found):
        over = [one for one in pieces if one.first <= frame < one.end]
        top = max(over, key=lambda one: one.channel, default=None)
        assert shown == (("", 0) if top is None else (top.name, top.at + frame - top.first)), frame


@given(layers())
def test_the_library_keeps_every_word_of_the_timeline(pieces: list[Piece]) -> None:
    made = edit(pieces)
    assume(made.frames)
    text = timeline(made, (HostMarker("", 0, 5, "must: door", "why", "RED"),)).decode()
    again = otio.adapters.write_to_string(otio.adapters.read_from_string(text, "otio_json"), "otio_json")
    assert bare(json.loads(again)) == bare(json.loads(text))


def bare(value: object) -> object:
    """Without the colours and switches that the library adds."""
    if isinstance(value, dict):
        return {key: bare(one) for key, one in value.items() if one is not None and one is not True}
    return [bare(one) for one in value] if isinstance(value, list) else value


@given(layers())
def test_no_two_strips_of_a_row_overlap_and_channels_keep_their_order(pieces: list[Piece]) -> None:
    # Twice the same strips: what overlaps needs rows of its own.
    both = [*pieces, *(replace(one, name=f"{one.name} again") for one in pieces)]
    found = rows(both)
    assert sorted(one.name for row in found for one in row) == sorted(one.name for one in both)
    assert [row[0].channel for row in found] == sorted(row[0].channel for row in found)
    for row in found:
        assert len({one.channel for one in row}) == 1
        assert all(one.end <= other.first for one, other in pairwise(row))


def test_a_fade_is_one_cut_in_its_middle() -> None:
    first, second = movie("a", 1, 0, 100), movie("b", 2, 80, 180)
    (one, other) = read(edit([first, second], [Fade("x", "a", "b", 80, 100)])).shots
    assert (one.name, one.out_frame_exclusive) == ("a", 90)
    assert (other.name, other.in_frame, other.source_in_s * 24, other.dissolve_frames) == (
        "b",
        90,
        10,
        (10, 10),
    )


@pytest.mark.parametrize("channels", [(1, 2), (2, 1), (1, 9), (9, 1)])
def test_a_fade_lies_between_neighbours_whatever_the_channels(channels: tuple[int, int]) -> None:
    pieces, fades = joined(
        [movie("a", channels[0], 0, 100), movie("b", channels[1], 80, 180)],
        [Fade("x", "a", "b", 80, 100)],
        R24,
    )
    assert len(fades) == 1
    assert {one.channel for one in pieces} == {max(channels)}
    assert sorted((one.name, one.first, one.end) for one in pieces) == [("a", 0, 90), ("b", 90, 180)]


def test_a_fade_never_lifts_a_strip_over_what_covers_it() -> None:
    first, second, over = movie("a", 1, 0, 100), movie("b", 3, 80, 180), movie("c", 2, 20, 50)
    shown = seen(edit([first, second, over], [Fade("x", "a", "b", 80, 100)]))
    assert [name for name, _ in shown[:20]] == ["a"] * 20
    assert [name for name, _ in shown[20:50]] == ["c"] * 30
    assert shown[50:90] == [("a", frame) for frame in range(50, 90)]


def test_a_fade_whose_sides_do_not_fit_is_left_out() -> None:
    first, second = movie("a", 1, 0, 120), movie("b", 2, 80, 180)
    pieces, fades = joined([first, second], [Fade("x", "a", "b", 80, 100)], R24)
    assert (pieces, fades) == ([first, second], [])


def test_a_nest_shows_its_own_range_of_its_content_and_its_sound() -> None:
    inside = (
        movie("in 1", 1, 0, 50),
        movie("in 2", 1, 50, 100),
        replace(movie("voice", 2, 0, 100), kind="sound"),
    )
    nest = Piece("nest", "META", "meta", 2, 10, 70, Fraction(20), inside=inside)
    made = edit([movie("below", 1, 0, 100), nest])
    found = read(made)
    assert [(one.name, one.in_frame, one.out_frame_exclusive) for one in found.shots] == [
        ("below", 0, 10),
        ("in 1", 10, 40),
        ("in 2", 40, 70),
        ("below", 70, 100),
    ]
    assert found.shots[1].source_in_s * 24 == 20
    audio = [one for one in json.loads(timeline(made, ()))["tracks"]["children"] if one["kind"] == "Audio"]
    assert [one["name"] for one in audio] == ["Sound 2"]
    assert audio[0]["children"][1]["OTIO_SCHEMA"] == "Stack.1"


def test_a_sped_up_nest_is_read_at_its_speed() -> None:
    inside = (movie("in 1", 1, 0, 50), movie("in 2", 1, 50, 100))
    nest = Piece("nest", "META", "meta", 2, 0, 50, speed=Fraction(2), inside=inside)
    found = read(edit([nest])).shots
    assert [(one.name, one.in_frame, one.out_frame_exclusive, one.speed) for one in found] == [
        ("in 1", 0, 25, 2),
        ("in 2", 25, 50, 2),
    ]


def test_the_edit_ends_with_its_last_picture_and_without_any_with_its_sound() -> None:
    sound = replace(movie("voice", 3, 0, 300), kind="sound")
    assert edit([movie("a", 1, 0, 100), sound]).frames == 100
    assert edit([sound]).frames == 300
    assert edit([sound], limit=200).frames == 200
    assert edit([movie("a", 1, 0, 100), sound], limit=60).frames == 60
    assert edit([movie("a", 1, 400, 500)], limit=300).frames == 0
    for made in (edit([movie("a", 1, 0, 100), sound]), edit([sound])):
        assert read(made).frames == made.frames


def test_pictures_numbered_in_a_row_are_one_medium() -> None:
    assert numbers(["a0010.png", "a0012.png", "a0014.png"]) == (10, 2, 4)
    assert numbers(["shot2_9.exr", "shot2_10.exr"]) == (9, 1, 1)
    assert numbers(["shot2_010.exr", "shot2_9.exr"]) is None
    assert numbers(["shot2_09.exr", "shot2_10.exr"]) == (9, 1, 2)
    assert numbers(["a1.png", "b2.png"]) is None
    assert numbers(["a1.png", "a2.png", "a4.png"]) is None
    assert numbers(["a2.png", "a1.png"]) is None
    assert numbers(["a.png", "b.png"]) is None


def test_a_row_of_pictures_says_where_its_files_are() -> None:
    for path, base in (
        ("/media/x y/shot2_0009.exr", "/media/x y"),
        ("C:\\media\\shot2_0009.exr", "C:\\media"),
    ):
        medium = Medium(path, R24, 30, digits=4, first=9)
        piece = Piece("picture", "IMAGE", "row", 1, 0, 30, medium=medium)
        (track,) = json.loads(timeline(edit([piece]), ()))["tracks"]["children"]
        reference = track["children"][0]["media_references"]["DEFAULT_MEDIA"]
        assert (reference["target_url_base"], reference["name_prefix"], reference["name_suffix"]) == (
            base, "shot2_", ".exr",
        )  # fmt: skip
        assert (reference["start_frame"], reference["frame_zero_padding"]) == (9, 4)


def test_markers_outside_the_edit_are_left_out() -> None:
    marks = tuple(HostMarker("", frame, frame + 1, f"at {frame}") for frame in (-1, 0, 99, 100))
    assert [one.name for one in read(edit([movie("a", 1, 0, 100)]), marks).markers] == ["at 0", "at 99"]


@given(st.recursive(st.integers() | st.text() | st.booleans(), lambda inner: st.lists(inner, max_size=3)))
def test_a_digest_is_the_same_for_the_same_values_only(value: object) -> None:
    assert digest(value) == digest(json.loads(json.dumps(value)))
    assert digest([value]) != digest([value, value])


def test_the_same_edit_is_the_same_bytes() -> None:
    pieces = [movie("a", 1, 0, 100), movie("b", 2, 50, 150)]
    assert timeline(edit(list(pieces)), ()) == timeline(edit(list(reversed(pieces))), ())
