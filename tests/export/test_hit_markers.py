"""Hits as markers: which, what they say, and which of them are still ours when the timeline comes back."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from films import timeline
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Marker
from hitpoint.export.hit_markers import HitMarker, is_as_planned, with_hit_markers, without_our_markers
from hitpoint.plugin.asking import score_options
from hitpoint.plugin.options import Selection
from hitpoint.plugin.score import Scored, score
from hitpoint.plugin.timeline.markers import sign
from hitpoint.plugin.timeline.read import read_timeline

FILM = Rate(24)
kinds = st.sampled_from(["must", "would", "avoid"])
words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=40)
hits = st.builds(
    HitMarker,
    words.filter(lambda text: bool(text.split())),
    st.integers(0, 10**6),
    kinds,
    st.floats(0, 1),
    words,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))


def scored(source: Path, which: str, *, seed: int = 3, span: tuple[str, str] | None = None) -> Scored:
    said = {"model": "sketch", "style": "piano", "hit_markers": which, "gates": "off"}
    chosen = Selection(range_text=span)
    return score(score_options(said, source=source, out=None, selection=chosen, seed=seed))


def markers_of(done: Scored) -> list[dict[str, Any]]:
    data = json.loads((done.folder / "scored.otio").read_text())
    found: list[dict[str, Any]] = data["tracks"]["markers"]
    return found


def ours(markers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [marker for marker in markers if "hitpoint" in marker["metadata"]]


@given(hits)
def test_a_marker_says_what_it_asks_for_and_is_known_again_where_it_was_put(hit: HitMarker) -> None:
    what, kind, strength = sign(hit.name)
    assert kind == hit.kind
    assert strength is None if kind != "would" else strength == pytest.approx(hit.strength, abs=0.0051)
    if what != kind:
        assert what == " ".join(hit.what.split())
    assert is_as_planned(hit.name, hit.note, hit.frame)
    assert not is_as_planned(hit.name, hit.note, hit.frame + 1)
    assert not is_as_planned(f"mine {hit.name}", hit.note, hit.frame)
    assert not is_as_planned(hit.name, "", hit.frame)


@given(
    st.lists(hits, max_size=6),
    st.lists(st.integers(0, 500), max_size=4),
    st.booleans(),
    st.sampled_from([0, 86_400]),
)
def test_the_editors_markers_stay_and_ours_are_there_once(
    found: list[HitMarker], others: list[int], absolute: bool, start: int
) -> None:
    found = [HitMarker("1m1", hit.frame % 500, hit.kind, hit.strength, "door") for hit in found]
    zero = start if absolute else 0
    at = {"OTIO_SCHEMA": "RationalTime.1", "rate": 24.0}
    editors = [
        {
            "OTIO_SCHEMA": "Marker.2",
            "name": "must: hers",
            "metadata": {"house": {"n": number}},
            "marked_range": {
                "OTIO_SCHEMA": "TimeRange.1",
                "start_time": {**at, "value": float(zero + frame)},
                "duration": {**at, "value": 1.0},
            },
        }
        for number, frame in enumerate(others)
    ]
    data = {"OTIO_SCHEMA": "Timeline.1", "tracks": {"OTIO_SCHEMA": "Stack.1", "markers": editors}}
    before = copy.deepcopy(data)
    how: dict[str, Any] = {"rate": FILM, "start_timecode_frame": start, "frames": 500}
    once = with_hit_markers(data, found, [(0, 500)], **how)
    assert data == before
    assert once["tracks"]["markers"][: len(editors)] == editors
    # The next plan's stand in their place, and taking them away leaves what was there.
    again = with_hit_markers(once, found, [(0, 500)], **how)
    assert again == once
    assert with_hit_markers(once, (), [(0, 500)], **how)["tracks"]["markers"] == editors
    assert with_hit_markers(once, (), [(500, 900)], **how) is once
    assert without_our_markers(once) == {**once, "tracks": {**once["tracks"], "markers": editors}}
    assert without_our_markers(data) is data


def test_hits_are_marked_only_when_asked_for_where_the_report_has_them_with_a_note_for_resolve(
    tmp_path: Path,
) -> None:
    source = timeline(tmp_path)
    editors = json.loads(source.read_text())["tracks"]["markers"]
    assert markers_of(scored(source, "none")) == editors
    done = scored(source, "strong")
    found = markers_of(done)
    assert found[: len(editors)] == editors
    strong = [hit for hit in done.report["cues"][0]["hits"] if hit["strength"] >= 0.5]
    assert len(found) == len(editors) + len(strong) > len(editors)
    for marker, hit in zip(found[len(editors) :], strong, strict=True):
        assert marker["marked_range"]["start_time"] == {
            "OTIO_SCHEMA": "RationalTime.1", "rate": 24.0, "value": round(hit["time_s"] * 24),
        }  # fmt: skip
        assert marker["metadata"]["hitpoint"]["strength"] == hit["strength"]
        assert marker["metadata"]["Resolve_OTIO"]["Note"] == marker["comment"]
        assert (marker["OTIO_SCHEMA"], marker["color"]) == ("Marker.2", "YELLOW")
    weak = markers_of(scored(source, "all"))
    assert len(ours(weak)) == len(done.report["cues"][0]["hits"])


def test_an_untouched_marker_of_ours_asks_for_nothing_and_makes_way(tmp_path: Path) -> None:
    source = timeline(tmp_path)
    editors = read_timeline(source).markers
    done = scored(source, "strong")
    first = ours(markers_of(done))
    source.write_bytes((done.folder / "scored.otio").read_bytes())
    assert read_timeline(source).markers == editors
    again = scored(source, "strong", seed=4)
    assert ours(markers_of(again)) == first != []
    # Of a stretch that is not scored again they stay.
    source.write_bytes((again.folder / "scored.otio").read_bytes())
    staying = ours(markers_of(scored(source, "none", span=("0", "7"))))
    assert staying == [one for one in first if one["metadata"]["hitpoint"]["frame"] >= 168] != first


@pytest.mark.parametrize("kept", [True, False])
def test_a_marker_of_ours_that_was_moved_or_renamed_is_the_editors_and_stays(
    tmp_path: Path, kept: bool
) -> None:
    source = timeline(tmp_path)
    data = json.loads((scored(source, "strong").folder / "scored.otio").read_text())
    moved, renamed = ours(data["tracks"]["markers"])[:2]
    moved["marked_range"]["start_time"]["value"] += 7
    renamed["name"] = "must: the door"
    at = [round(one["marked_range"]["start_time"]["value"]) for one in (moved, renamed)]
    if not kept:
        # Programs that drop what they do not know: the comment is what is left.
        for marker in ours(data["tracks"]["markers"]):
            del marker["metadata"]["hitpoint"]
    source.write_text(json.dumps(data))
    asked = [marker for marker in read_timeline(source).markers if marker.hit is not None]
    assert [(one.in_frame, one.hit, one.strength, one.name) for one in asked] == [
        (at[0], "would", sign(moved["name"])[2], "cut"),
        (at[1], "must", None, "the door"),
    ]
    done = scored(source, "strong", seed=5)
    found = markers_of(done)
    assert moved in found and renamed in found
    # Where the editor's asks, no second one is put.
    asking = [one for one in found if sign(one["name"])[1] is not None]
    frames = [round(one["marked_range"]["start_time"]["value"]) for one in asking]
    assert frames.count(at[0]) == frames.count(at[1]) == 1
    wanted = {round(hit["time_s"] * 24): hit["kind"] for hit in done.report["cues"][0]["hits"]}
    assert (wanted[at[0]], wanted[at[1]]) == ("would", "must")


def test_a_name_asks_for_more_than_what_was_noted_on_the_marker(tmp_path: Path) -> None:
    source = timeline(tmp_path)
    data = json.loads(source.read_text())
    noted = {"hitpoint": {"schema": "Hit.1", "kind": "would", "strength": 0.7}}
    marker = {**data["tracks"]["markers"][0], "metadata": noted, "name": "must: door"}
    data["tracks"]["markers"] = [marker]
    source.write_text(json.dumps(data))
    (found,) = read_timeline(source).markers
    assert (found.hit, found.strength) == ("must", None)
    assert isinstance(found, Marker)
