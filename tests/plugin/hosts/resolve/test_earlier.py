"""Music of ours that lies in the timeline already: what nobody touched gives way, what somebody worked on
stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.landings import landing
from fakes.resolve.fake import FakeResolve
from fakes.resolve.made import made, put
from fakes.resolve.state import Lane, Medium
from fakes.resolve.traps import Traps

from hitpoint.plugin.hosts.base import HostError, Landed
from hitpoint.plugin.hosts.resolve.host import ResolveHost

CUE = (50, 130)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    # No power cut is tried here, and waiting for the disk takes most of the time.
    monkeypatch.setattr("hitpoint.engine.store.durable.sync_descriptor", lambda descriptor: None)
    monkeypatch.setattr("hitpoint.engine.store.durable.sync_folder", lambda folder: None)


def host_of(fake: FakeResolve, tmp_path: Path) -> ResolveHost:
    return ResolveHost(fake.resolve, folder=str(tmp_path / "media"), sleep=lambda seconds: None)


def place(fake: FakeResolve, tmp_path: Path, job: str, *cues: tuple[int, int], hits: bool = True) -> Landed:
    host = host_of(fake, tmp_path)
    music = landing(host.read(), tmp_path / "stems", *(cues or (CUE,)), stems=("drums",), job=job, hits=hits)
    return host.place(music)


def lane(fake: FakeResolve, name: str) -> Lane:
    (found,) = [one for one in fake.edit.of_kind("audio") if one.name == name]
    return found


def media(found: Lane) -> list[tuple[str, int, int]]:
    """(file, first frame, frames) of all on a track; frames from the timeline's start at 86400."""
    return [
        (Path(one.source.medium.path).name if one.source else "", one.start - 86400, one.frames)
        for one in found.sorted()
    ]


def test_untouched_music_gives_way_on_its_own_track(tmp_path: Path) -> None:
    fake = made()
    place(fake, tmp_path, "first")
    track = lane(fake, "Stem: drums").ident
    landed = place(fake, tmp_path, "second")
    assert (landed.added, landed.replaced, landed.kept) == (("Stem: drums",), ("Stem: drums",), ())
    assert lane(fake, "Stem: drums").ident == track
    assert media(lane(fake, "Stem: drums")) == [("second-1m1-drums.wav", 50, 80)]


def test_music_of_other_cues_stays_where_it_is(tmp_path: Path) -> None:
    fake = made()
    place(fake, tmp_path, "first", (10, 40), (50, 130))
    place(fake, tmp_path, "second", (50, 130))
    assert media(lane(fake, "Stem: drums")) == [
        ("first-1m1-drums.wav", 10, 30),
        ("second-1m1-drums.wav", 50, 80),
    ]
    assert host_of(fake, tmp_path).verify("second") == ()
    assert host_of(fake, tmp_path).verify("first") == ()


def _trim(fake: FakeResolve) -> None:
    lane(fake, "Stem: drums").pieces[0].frames -= 5


def _move(fake: FakeResolve) -> None:
    lane(fake, "Stem: drums").pieces[0].start += 1


def _level(fake: FakeResolve) -> None:
    lane(fake, "Stem: drums").pieces[0].level_db = -6.0


def _duck(fake: FakeResolve) -> None:
    lane(fake, "Stem: drums").pieces[0].level_keys = {0: 0.0, 20: -9.0}


def _switch_off(fake: FakeResolve) -> None:
    lane(fake, "Stem: drums").pieces[0].enabled = False


def _slip(fake: FakeResolve) -> None:
    piece = lane(fake, "Stem: drums").pieces[0]
    piece.source_start += 3
    piece.source_end += 3


def _lock(fake: FakeResolve) -> None:
    lane(fake, "Stem: drums").locked = True


def _add_own(fake: FakeResolve) -> None:
    assert fake.film is not None
    song = fake.know(Medium("/music/other.wav", samples=48_000 * 60, channels=2))
    source = fake.take_in(fake.film, fake.film.root, song.path)
    put(fake, lane(fake, "Stem: drums"), source, 86400 + 200, 40)


@pytest.mark.parametrize("touch", [_trim, _move, _level, _duck, _switch_off, _slip, _lock, _add_own])
def test_a_track_that_somebody_worked_on_stays_switched_off(
    touch: Callable[[FakeResolve], None], tmp_path: Path
) -> None:
    fake = made()
    place(fake, tmp_path, "first")
    touch(fake)
    worked_on = media(lane(fake, "Stem: drums"))
    landed = place(fake, tmp_path, "second")
    assert (landed.added, landed.replaced, landed.kept) == (("Stem: drums v2",), (), ("Stem: drums",))
    assert any("'Stem: drums' was changed by hand" in text for text in landed.problems)
    assert media(lane(fake, "Stem: drums")) == worked_on
    assert not lane(fake, "Stem: drums").enabled
    assert media(lane(fake, "Stem: drums v2")) == [("second-1m1-drums.wav", 50, 80)]
    # The third gives way to nothing of the second's that nobody touched.
    third = place(fake, tmp_path, "third")
    assert (third.added, third.replaced) == (("Stem: drums v2",), ("Stem: drums v2",))


def test_a_renamed_track_is_known_and_kept(tmp_path: Path) -> None:
    fake = made()
    place(fake, tmp_path, "first")
    lane(fake, "Stem: drums").name = "Drums, loud"
    landed = place(fake, tmp_path, "second")
    assert (landed.added, landed.kept) == (("Stem: drums",), ("Drums, loud",))
    assert not lane(fake, "Drums, loud").enabled


def test_untouched_music_moves_from_a_track_that_is_switched_off(tmp_path: Path) -> None:
    fake = made()
    place(fake, tmp_path, "first", (10, 40), (50, 130))
    lane(fake, "Stem: drums").sorted()[1].frames -= 5
    place(fake, tmp_path, "second", (50, 130))
    assert media(lane(fake, "Stem: drums v2")) == [
        ("first-1m1-drums.wav", 10, 30),
        ("second-1m1-drums.wav", 50, 80),
    ]
    heard = [one for one in fake.render() if one.track.startswith("Stem")]
    assert [(one.sample, one.source_sample) for one in heard] == [(20_000, 20_000), (100_000, 96_000)]
    # It keeps its job.
    host_of(fake, tmp_path).remove("first")
    assert media(lane(fake, "Stem: drums v2")) == [("second-1m1-drums.wav", 50, 80)]


def test_a_track_of_the_editors_with_our_name_is_not_ours(tmp_path: Path) -> None:
    fake = made()
    lane(fake, "Music").name = "Stem: drums"
    before = fake.frozen()
    landed = place(fake, tmp_path, "first")
    assert landed.added == ("Stem: drums v2",)
    assert before.lost_in(fake.frozen()) == ()


def test_without_its_note_music_of_ours_is_taken_for_somebodys_work(tmp_path: Path) -> None:
    fake = made()
    place(fake, tmp_path, "first")
    for note in (tmp_path / "home").rglob("placed-*.json"):
        note.unlink()
    landed = place(fake, tmp_path, "second")
    assert (landed.added, landed.kept) == (("Stem: drums v2",), ("Stem: drums",))


def test_a_note_that_cannot_be_read_stops_before_anything_is_done(tmp_path: Path) -> None:
    fake = made()
    place(fake, tmp_path, "first")
    for note in (tmp_path / "home").rglob("placed-*.json"):
        note.write_text("{", encoding="utf-8")
    with pytest.raises(HostError, match="move it away"):
        place(fake, tmp_path, "second")


def test_numbers_that_are_others_after_the_project_was_opened_again_do_no_harm(tmp_path: Path) -> None:
    fake = made()
    place(fake, tmp_path, "first")
    for _, piece in fake.edit.pieces():
        piece.ident = f"{piece.ident}-again"
    assert host_of(fake, tmp_path).verify("first") == ()
    assert place(fake, tmp_path, "second").replaced == ("Stem: drums",)


def test_where_levels_cannot_be_read_music_counts_as_worked_on(tmp_path: Path) -> None:
    fake = made(Traps(version="18.1.4.9"))
    place(fake, tmp_path, "first")
    assert place(fake, tmp_path, "second").kept == ("Stem: drums",)


def test_a_file_written_again_is_not_taken_for_what_it_was(tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    music = landing(host.read(), tmp_path / "stems", (10, 40), stems=("drums",), job="first")
    host.place(music)
    (one,) = music.placements
    again = landing(host.read(), tmp_path / "stems", (150, 180), stems=("drums",), job="second")
    Path(again.placements[0].path).replace(one.path)
    moved = replace(again, placements=tuple(replace(each, path=one.path) for each in again.placements))
    host.place(moved)
    first, second = lane(fake, "Stem: drums").sorted()
    assert first.source is not None and second.source is not None
    assert first.source.medium.path == one.path
    assert Path(second.source.medium.path).parent == tmp_path / "media" / "a-film" / "sound"


# --- verify and remove ---


@pytest.mark.parametrize(
    ("touch", "said"),
    [
        (_trim, "'drums' of '1m1' on 'Stem: drums' was trimmed or slipped"),
        (_slip, "'drums' of '1m1' on 'Stem: drums' was trimmed or slipped"),
        (_move, "'drums' of '1m1' lies at 01:00:02:03 instead of 01:00:02:02"),
        (_switch_off, "'drums' of '1m1' on 'Stem: drums' is switched off"),
        (
            lambda fake: lane(fake, "Stem: drums").pieces.clear(),
            "'drums' of '1m1' is gone from 'Stem: drums'",
        ),
        (
            lambda fake: setattr(lane(fake, "Stem: drums"), "enabled", False),
            "'drums' of '1m1' is silent: its track 'Stem: drums' is switched off",
        ),
        (
            lambda fake: setattr(lane(fake, "Stem: drums"), "name", "loud"),
            "'drums' of '1m1' lies on 'loud' instead of 'Stem: drums'",
        ),
    ],
)
def test_what_is_not_where_it_was_placed_is_told(
    touch: Callable[[FakeResolve], None], said: str, tmp_path: Path
) -> None:
    fake = made()
    place(fake, tmp_path, "first")
    assert host_of(fake, tmp_path).verify("first") == ()
    touch(fake)
    assert host_of(fake, tmp_path).verify("first") == (said,)


def test_a_job_that_is_not_noted_is_told() -> None:
    (said,) = host_of(made(), Path("/nowhere")).verify("unheard of")
    assert "nothing of this music is noted on 'cut'" in said


def test_removing_leaves_the_timeline_as_it_was(tmp_path: Path) -> None:
    fake = made()
    before = fake.frozen()
    place(fake, tmp_path, "first", (10, 40), (50, 130))
    gone = host_of(fake, tmp_path).remove("first")
    assert (gone.replaced, gone.kept) == (("Stem: drums",), ())
    assert fake.frozen().without("bin", "bin lies in", "clip") == before.without("bin", "bin lies in", "clip")
    assert before.lost_in(fake.frozen()) == ()
    with pytest.raises(HostError, match="it is gone already"):
        host_of(fake, tmp_path).remove("first")


def test_removing_leaves_what_somebody_worked_on(tmp_path: Path) -> None:
    fake = made()
    place(fake, tmp_path, "first", (10, 40), (50, 130))
    lane(fake, "Stem: drums").sorted()[1].frames -= 5
    (moved,) = [mark for mark in fake.edit.marks if mark.custom == "1m2@50"]
    moved.frame += 2
    gone = host_of(fake, tmp_path).remove("first")
    assert gone.kept == ("Stem: drums",)
    assert media(lane(fake, "Stem: drums")) == [("first-1m2-drums.wav", 50, 75)]
    assert [mark.custom for mark in fake.edit.marks if mark.custom] == ["1m2@50"]


def test_placing_writes_the_hits_in_place_of_the_cues_older_ones(tmp_path: Path) -> None:
    fake = made()
    place(fake, tmp_path, "first", (10, 40), (60, 130))
    before = [mark.custom for mark in fake.edit.marks]
    place(fake, tmp_path, "second", (12, 40))
    after = [mark.custom for mark in fake.edit.marks]
    assert sorted(set(before) - set(after)) == ["1m1@10", "1m1@20"]
    assert sorted(set(after) - set(before)) == ["1m1@12", "1m1@22"]
    place(fake, tmp_path, "third", (14, 40), hits=False)
    assert [mark.custom for mark in fake.edit.marks] == after


def test_a_hit_where_the_editor_has_a_marker_lies_on_the_next_free_frame(tmp_path: Path) -> None:
    fake = made()
    landed = place(fake, tmp_path, "first", (48, 100))
    assert (
        "the marker 'must: door' lies at 01:00:02:01, 1 frame late: one of yours is at its frame"
        in landed.problems
    )
    (mark,) = [mark for mark in fake.edit.marks if mark.custom == "1m1@48"]
    assert mark.frame == 49
