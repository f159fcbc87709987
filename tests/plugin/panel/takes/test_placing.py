"""The chosen takes lie on the timeline as `hitpoint score` would lay them, and nothing else is touched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from films import SHOTS
from hitpoint.engine.errors import InputError, SelectionError, StaleResult
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.serial import from_json, to_json
from hitpoint.engine.store.journal import Journal
from hitpoint.engine.wishes import NO_WISHES
from hitpoint.export.earlier import is_our_track
from hitpoint.plugin.hosts.base import Landing
from hitpoint.plugin.panel.letters import opened
from hitpoint.plugin.panel.opening import open_timeline
from hitpoint.plugin.panel.placing import place_takes, preview_place
from hitpoint.plugin.runfolder import SESSION, default_folder
from hitpoint.ui.ports import Placed, PlaceRow, Timeline
from hitpoint.ui.session import CueState, Session

if TYPE_CHECKING:
    from conftest import Film


@pytest.fixture(scope="module")
def shared(new_film: Callable[[], Film]) -> Film:
    film = new_film()
    film.take("t0001")
    film.take("t0002", seed=4)
    return film


@pytest.fixture
def film(shared: Film) -> Iterator[Film]:
    """With two takes, and the timeline as it was read."""
    whole = shared.source.read_bytes()
    yield shared
    shared.source.write_bytes(whole)


def placed(session: Session) -> Placed:
    return from_json(Placed, json.loads(json.dumps(to_json(place_takes(session, silent, Cancel())))))


def rows(session: Session) -> list[PlaceRow]:
    return [from_json(PlaceRow, row) for row in preview_place(session, Cancel())]


@contextmanager
def edited(film: Film) -> Iterator[dict[str, Any]]:
    data = json.loads(film.source.read_text())
    yield data
    film.source.write_text(json.dumps(data))


def read_again(film: Film, session: Session) -> Session:
    read = from_json(Timeline, opened(open_timeline(film.source, silent)))
    return replace(session, sha256=read.sha256)


def audio_of(path: str) -> dict[str, list[dict[str, Any]]]:
    stack = json.loads(Path(path).read_text())["tracks"]["children"]
    return {
        track["name"]: [item for item in track["children"] if item["OTIO_SCHEMA"].startswith("Clip")]
        for track in stack
        if is_our_track(track)
    }


def test_a_take_is_placed_with_its_own_bytes_and_all_the_sheets(film: Film) -> None:
    take = film.take("t0001")
    session = film.session(take, heard="t0001")
    expected = rows(session)
    done = placed(session)
    folder = Path(done.folder)
    assert folder == default_folder(film.source)
    names = {path.name for path in folder.iterdir()}
    assert {"report.json", "credits.json", "score.json", "score.mid", "scored.otio", "mix.wav"} <= names
    assert {"stems", "cuesheet.csv", "markers.csv", "fit.png", "session", SESSION} <= names
    assert (done.timeline, done.midi) == (str(folder / "scored.otio"), str(folder / "score.mid"))
    report = json.loads((folder / "report.json").read_text())
    (cue,) = report["cues"]
    assert (cue["name"], cue["out_s"]) == ("1m1", 6.0)
    assert {stem["name"]: stem["sha256"] for stem in cue["stems"]} == {
        name: sha256 for name, _, sha256 in take.stems
    }
    for name, path, _ in take.stems:
        assert (folder / "stems" / f"{name}.wav").read_bytes() == Path(path).read_bytes()
    tracks = audio_of(done.timeline)
    assert [row.track for row in expected] == list(tracks)
    assert {row.what for row in expected} == {"add"}
    for row in expected:
        (clip,) = tracks[row.track]
        assert clip["source_range"]["duration"]["value"] == row.out_frame_exclusive - row.in_frame == 144
    # What the timeline refers to is kept as long as it is there.
    assert set(Journal().referred()) >= {sha256 for *_, sha256 in take.stems}


def test_approved_is_placed_rather_than_heard_and_rejected_never(film: Film) -> None:
    one, other = film.take("t0001"), film.take("t0002", seed=4)
    placed(film.session(one, other, heard="t0001", approved="t0002"))
    report = json.loads((default_folder(film.source) / "report.json").read_text())
    assert [take["take"] for take in report["request"]["takes"]] == ["t0002"]
    assert report["seed"] == 4
    rejected = film.session(replace(one, rejected=True), heard="t0001")
    for ask in (placed, rows):
        with pytest.raises(SelectionError, match="no take to place"):
            ask(rejected)


def test_placing_again_moves_the_earlier_run_away_and_leaves_takes_and_session(film: Film) -> None:
    one, other = film.take("t0001"), film.take("t0002", seed=4)
    folder = default_folder(film.source)
    placed(film.session(one, heard="t0001"))
    runs = len(list((folder / "earlier").iterdir())) if (folder / "earlier").is_dir() else 0
    (folder / SESSION).write_text(json.dumps({**json.loads((folder / SESSION).read_text()), "mine": 1}))
    placed(film.session(other, heard="t0002"))
    assert len(list((folder / "earlier").iterdir())) == runs + 1
    assert json.loads((folder / SESSION).read_text())["mine"] == 1
    assert all(Path(path).is_file() for take in (one, other) for _, path, _ in take.stems)


def test_a_scored_timeline_that_is_scored_again_has_its_tracks_replaced_or_kept(
    new_film: Callable[[], Film],
) -> None:
    film = new_film()
    session = film.session(film.take("t0001"), heard="t0001")
    done = placed(session)
    film.source.write_bytes(Path(done.timeline).read_bytes())
    with edited(film) as data:
        ours = [track for track in data["tracks"]["children"] if is_our_track(track)]
        # By hand: the first is trimmed, the others are as we left them.
        ours[0]["children"][0]["source_range"]["duration"]["value"] -= 10
    again = rows(read_again(film, session))
    what = {(row.what, row.track) for row in again if row.what != "add"}
    assert what == {("disable", ours[0]["name"])} | {("replace", track["name"]) for track in ours[1:]}
    added = [row.track for row in again if row.what == "add"]
    assert f"{ours[0]['name']} v2" in added
    done = placed(read_again(film, session))
    assert set(audio_of(done.timeline)) == {*added, ours[0]["name"]}
    assert any("changed by hand" in text for text in done.problems)


def test_an_edit_that_the_panel_has_not_read_is_refused_and_one_that_it_has_is_told(film: Film) -> None:
    session = film.session(film.take("t0001"), heard="t0001")
    with edited(film) as data:
        clips = data["tracks"]["children"][0]["children"]
        clips[1]["source_range"]["duration"]["value"] -= 12
    for ask in (placed, rows):
        with pytest.raises(StaleResult, match=r"changed between 01:00:02:00 and .* read it again"):
            ask(session)
    done = placed(read_again(film, session))
    assert any("its hits may be off" in text for text in done.problems)


def test_an_edit_elsewhere_is_no_reason_to_refuse(film: Film) -> None:
    session = film.session(film.take("t0001"), heard="t0001")
    with edited(film) as data:
        data["tracks"]["children"][0]["children"][-1]["source_range"]["duration"]["value"] += 24
        data["tracks"]["children"][0]["children"][0]["name"] = "renamed"
    done = placed(session)
    assert not any("hits may be off" in text for text in done.problems)
    last = json.loads(Path(done.timeline).read_text())["tracks"]["children"][0]["children"][-1]
    assert last["source_range"]["duration"]["value"] == SHOTS[-1] + 24


def test_media_that_were_exported_anew_count_as_another_edit(new_film: Callable[[], Film]) -> None:
    film = new_film()
    session = film.session(film.take("t0001"), heard="t0001")
    still = film.source.parent / "still1.png"
    other = (film.source.parent / "still5.png").read_bytes()
    still.write_bytes(other)
    done = placed(session)
    assert any("the edit changed between 01:00:00:00 and 01:00:06:00" in text for text in done.problems)


def test_a_timeline_that_ends_under_the_music_is_refused(film: Film) -> None:
    session = film.session(film.take("t0001"), heard="t0001")
    with edited(film) as data:
        del data["tracks"]["children"][0]["children"][2:]
    with pytest.raises(StaleResult, match="1m1 ends after the timeline does"):
        placed(session)


def test_several_cues_lie_one_after_the_other_under_their_present_names(new_film: Callable[[], Film]) -> None:
    film = new_film()
    later = film.timeline.cue("1m2", 192, 336, NO_WISHES)
    one = film.take("t0001")
    two = film.take("t0002", cue=later, seed=8)
    states = (
        CueState("2m1", 192, 336, takes=(two,), approved="t0002"),
        CueState("1m1", 0, 150, takes=(one,), heard="t0001"),
    )
    done = placed(replace(film.session(), cues=states))
    report = json.loads((Path(done.folder) / "report.json").read_text())
    assert [cue["name"] for cue in report["cues"]] == ["1m1", "2m1"]
    assert (Path(done.folder) / "cue02-mix.wav").is_file()
    assert any("made for other edges" in text for text in done.problems)
    for clips in audio_of(done.timeline).values():
        assert {clip["metadata"]["hitpoint"]["cue"] for clip in clips} <= {"1m1", "2m1"}
    overlapping = (replace(states[0], takes=(film.take("t0003", cue=film.cue),), approved="t0003"), states[1])
    with pytest.raises(SelectionError, match="would overlap"):
        placed(replace(film.session(), cues=overlapping))


def test_sound_that_is_gone_is_refused_and_nothing_is_written(film: Film) -> None:
    take = film.take("t0001")
    session = film.session(replace(take, folder=take.folder + "x"), heard="t0001")
    before = sorted(default_folder(film.source).iterdir())
    with pytest.raises(InputError, match=r"not in .* any more"):
        placed(session)
    assert sorted(default_folder(film.source).iterdir()) == before


def test_a_program_is_given_the_same_stems_in_files_that_no_later_run_moves(film: Film) -> None:
    one, other = film.take("t0001"), film.take("t0002", seed=4)
    done = placed(film.session(one, heard="t0001"))
    assert done.landing is not None
    landing = from_json(Landing, opened(dict(done.landing)))
    assert landing.take == "sketch, seed 3"
    assert {(p.stem, p.sha256) for p in landing.placements} == {
        (name, sha256) for name, _, sha256 in one.stems
    }
    assert [(span.in_frame, span.out_frame_exclusive) for span in landing.spans] == [(0, 144)]
    before = {p.path: Path(p.path).read_bytes() for p in landing.placements}
    again = placed(film.session(one, other, heard="t0002"))
    assert again.landing is not None
    later = from_json(Landing, opened(dict(again.landing)))
    assert later.job != landing.job
    assert {path: Path(path).read_bytes() for path in before} == before
    # The same takes again are the same music: a program that has it does nothing.
    third = placed(film.session(one, heard="t0001"))
    assert third.landing is not None
    assert from_json(Landing, opened(dict(third.landing))) == landing


def test_hits_that_the_editor_marked_in_the_timeline_get_no_second_marker(film: Film) -> None:
    take = film.take("t0001")
    plain = placed(film.session(take, heard="t0001"))
    assert plain.landing is not None
    markers = from_json(Landing, opened(dict(plain.landing))).markers
    assert markers and all(one.ident == f"1m1@{one.in_frame}" for one in markers)
    frame = markers[0].in_frame
    with edited(film) as data:
        marker = dict(data["tracks"]["markers"][0], name="must: hers")
        at = json.loads(json.dumps(marker["marked_range"]))
        at["start_time"]["value"], at["duration"]["value"] = float(frame), 1.0
        data["tracks"]["markers"].append({**marker, "marked_range": at})
    marked = placed(read_again(film, film.session(take, heard="t0001")))
    assert marked.landing is not None
    frames = [one.in_frame for one in from_json(Landing, opened(dict(marked.landing))).markers]
    assert frames == [one.in_frame for one in markers if one.in_frame != frame]
